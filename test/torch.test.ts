/** @file PyTorch trains what the builtin engine trains: the same batches, the same losses, the same model. */

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { readRecord, recordPath, verifyRecord } from "../src/record/record.ts";
import { readRunSeries, readWholeRunSeries } from "../src/record/run-series.ts";
import { columnOf } from "../src/record/series.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, incidentsOf, longrun, ranksOf } from "./support/processes.ts";
import { describeTorch } from "./support/torch.ts";

const TRAINERS = join(import.meta.dirname, "..", "trainers", "torch");
/** Steps of 512 tokens: long enough for an error of the tenth digit in one step to show. */
const NUM_STEPS = 100;

describeTorch("PyTorch", (python) => {
  const base = mkdtempSync(join(tmpdir(), "longrun-torch-"));
  afterAll(() => rmSync(base, { recursive: true }));

  const seriesOf = (folder: string) =>
    readWholeRunSeries(join(folder, "series", readdirSync(join(folder, "series"))[0]!), NUM_STEPS);
  const furthestApart = (a: Float64Array, b: Float64Array) =>
    Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

  const eventsIn = (folder: string) => (existsSync(recordPath(folder)) ? readRecord(folder).events : []);
  const checkpointsIn = (folder: string) =>
    eventsIn(folder).filter(({ kind }) => kind === "checkpoint-written").length;
  /** The last step that the series of a run that is training knows. */
  const stepIn = (folder: string) => {
    const series = existsSync(join(folder, "series")) ? readdirSync(join(folder, "series")) : [];
    if (series.length === 0) return 0;
    return readRunSeries(join(folder, "series", series[0]!)).values.step?.at(-1) ?? 0;
  };
  const inTorch = ["--trainer", "torch", "--python", python];
  const argumentsOf = (file: string, folder: string, ...options: string[]) => [
    ...["run", join(base, file), "--folder", folder, "--threads", "1", "--json"],
    ...options,
  ];

  async function train(...where: Parameters<typeof argumentsOf>): Promise<Record<string, number>> {
    const { code, stdout, stderr } = await longrun(...argumentsOf(...where));
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
    return JSON.parse(stdout).summary.heldOut.all;
  }

  /** As the builtin engine has them; `batch` tells one step's tokens from another's. */
  function expectSameLosses(folder: string): void {
    const [ours, theirs] = [seriesOf(join(base, "builtin")), seriesOf(folder)];
    for (const column of ["loss", "gradientNorm"])
      expect(furthestApart(columnOf(ours, column), columnOf(theirs, column)), column).toBeLessThan(1e-4);
    for (const column of ["step", "tokens", "learningRate", "batch"])
      expect(columnOf(theirs, column)).toEqual(columnOf(ours, column));
  }

  let builtin: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    writeTexts(base);
    const file = parse(readFileSync(writeRun(base), "utf8"));
    const run = { ...file.run, numSteps: NUM_STEPS, checkpointSeconds: 0.5 };
    const write = (name: string, torch: object) =>
      writeFileSync(join(base, name), stringify({ ...file, torch, run }));
    write("short.yaml", {});
    write("fsdp2.yaml", { parallel: "fsdp2" });
    write("bf16.yaml", { precision: "bf16" });
    builtin = await train("short.yaml", join(base, "builtin"));
  }, 120_000);

  test("reads the batches of docs/batch-order.md", () => {
    const [, json] = /```json\n(.*?)```/s.exec(
      readFileSync(join(import.meta.dirname, "..", "docs", "batch-order.md"), "utf8"),
    )!;
    const vectors = JSON.parse(json!);
    const program = `
import json, sys
import torch
from data import Batch, hash32, mix32, permute, place_of
v = json.load(sys.stdin)
order = v["order"]
shares, lengths = ([source[key] for source in order["sources"]] for key in ("share", "tokens"))
places = [place_of(shares, lengths, order["seed"], order["sequenceLength"], s["sequence"]) for s in order["sequences"]]
print(json.dumps({
    "mix32": [[x, mix32(x)] for x, _ in v["mix32"]],
    "hash32": [{"words": h["words"], "hash": hash32(*h["words"])} for h in v["hash32"]],
    "permute": [{**p, "order": [permute(i, p["size"], p["key"]) for i in range(p["size"])]} for p in v["permute"]],
    "checksum": {**v["checksum"], "crc32": Batch(*(torch.tensor([v["checksum"][key]]) for key in ("inputs", "targets"))).checksum()},
    "order": {**order, "sequences": [
        {"sequence": s["sequence"], "source": source, "epoch": epoch, "start": start}
        for s, (source, epoch, start) in zip(order["sequences"], places)]},
}))`;
    const found = execFileSync(python, ["-c", program], { cwd: TRAINERS, input: json, encoding: "utf8" });
    expect(JSON.parse(found)).toEqual(vectors);
  }, 60_000);

  test("the checksum of a replica tells any bit, its place, and before a save those of the moments", () => {
    const program = `
import torch
from replicas import BLOCK, EVERY_STEPS, Replicas, checksums_in
model = torch.nn.Module()
model.long = torch.nn.Parameter(torch.arange(BLOCK + 3.0))
model.short = torch.nn.Parameter(torch.arange(5.0))
optimiser = torch.optim.AdamW(model.parameters())
for value in model.parameters():
    optimiser.state[value] = {"exp_avg": torch.zeros_like(value), "exp_avg_sq": torch.zeros_like(value)}
replicas = Replicas(model, optimiser, 1, 3)
step = lambda: replicas.checksum(list(model.parameters()))
save = lambda: checksums_in(replicas.tell_save())
before, saved = step(), save()
assert checksums_in(replicas.tell_step()) == ["0" * 16, f"{before:016x}", "0" * 16]
assert [bool(replicas.tell_step()) for _ in range(2 * EVERY_STEPS)].count(True) == 2
def changes(tensor, change):
    bits = tensor.detach().view(torch.int32)
    kept = bits.clone()
    change(bits)
    found = step() != before, save() != saved
    bits.copy_(kept)
    return found
def swap(bits):
    bits[:2] = bits[:2].flip(0)
for value in model.parameters():
    for bit in (0, 22, 31):
        for at in (0, len(value) - 1):
            flip = lambda bits: bits[at : at + 1].bitwise_xor_(1 << bit if bit < 31 else -(1 << 31))
            assert changes(value, flip) == (True, True)
            for moment in ("exp_avg", "exp_avg_sq"):
                assert changes(optimiser.state[value][moment], flip) == (False, True)
    assert changes(value, swap) == (True, True)
assert changes(model.long, lambda bits: None) == (False, False)
def across(bits):
    bits[[1, BLOCK]] = bits[[BLOCK, 1]]
assert changes(model.long, across) == (True, True)
assert Replicas(model, optimiser, 0, 1).tell_save() == []
print("all told")
`;
    const found = execFileSync(python, ["-c", program], { cwd: TRAINERS, encoding: "utf8" });
    expect(found).toBe("all told\n");
  }, 60_000);

  const CASES: readonly {
    readonly name: string;
    readonly file?: string;
    readonly options: readonly string[];
  }[] = [
    { name: "one rank", options: [] },
    { name: "two replicas", options: ["--ranks", "2"] },
    { name: "three replicas, of unequal parts", options: ["--ranks", "3"] },
    { name: "one model on two ranks (FSDP2)", file: "fsdp2.yaml", options: ["--ranks", "2"] },
  ];

  test.each(CASES)(
    "gives the builtin engine's losses with $name: 100 steps within 1e-4",
    async ({ name, file = "short.yaml", options }) => {
      const folder = join(base, name);
      const torch = await train(file, folder, ...inTorch, ...options);
      expectSameLosses(folder);
      const environment = eventsIn(folder).findLast((event) => event.kind === "environment");
      expect(environment?.data.versions).toMatchObject({
        python: expect.stringMatching(/^3\.\d+/),
        torch: expect.stringMatching(/^2\.\d+/),
      });
      const [run] = readdirSync(join(folder, "runs"));
      expect(readdirSync(join(folder, "runs", run!)).sort()).toEqual([
        "attempts",
        "checkpoints",
        "fence.json",
      ]);
      const { natsPerToken, bitsPerByte, ...counts } = builtin;
      expect(torch).toMatchObject({
        ...counts,
        natsPerToken: expect.closeTo(natsPerToken!, 3),
        bitsPerByte: expect.closeTo(bitsPerByte!, 3),
      });
      const sampled = await longrun("sample", join(folder, "model"), "--tokens", "5", "--json");
      expect(sampled.code).toBe(0);
    },
    300_000,
  );

  test("stopped on two ranks goes on on one, killed there goes on again: the same losses, the same tokens", async () => {
    const folder = join(base, "disturbed");
    using first = new Command(argumentsOf("fsdp2.yaml", folder, ...inTorch, "--ranks", "2"));
    while (stepIn(folder) < 20 && !first.hasEnded) await sleep(20);
    process.kill(first.pid, "SIGINT");
    expect((await first.ended).code).toBe(130);
    const stoppedAt = stepIn(folder);
    expect(stoppedAt).toBeLessThan(NUM_STEPS);
    using second = new Command(argumentsOf("fsdp2.yaml", folder, ...inTorch));
    while (stepIn(folder) < stoppedAt + 20 && !second.hasEnded) await sleep(20);
    for (const pid of ranksOf(folder)) process.kill(pid, "SIGKILL");
    const { code, stderr } = await second.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`goes on from step ${stoppedAt}`);
    expect(incidentsOf(folder)).toEqual(["the run's process died"]);
    expectSameLosses(folder);
    expect(verifyRecord(folder)).toMatchObject({ ok: true });
  }, 300_000);

  test("a step after a restart has the bits that it would have had", async () => {
    const folder = join(base, "restarted");
    using command = new Command(argumentsOf("short.yaml", folder, ...inTorch));
    while (checkpointsIn(folder) < 2 && !command.hasEnded) await sleep(10);
    for (const pid of ranksOf(folder)) process.kill(pid, "SIGKILL");
    expect((await command.ended).code).toBe(0);
    const [straight, restarted] = [seriesOf(join(base, "one rank")), seriesOf(folder)];
    for (const column of ["loss", "gradientNorm"])
      expect(columnOf(restarted, column)).toEqual(columnOf(straight, column));
    const modelIn = (path: string) => readFileSync(join(path, "model", "model.safetensors"));
    expect(modelIn(folder).equals(modelIn(join(base, "one rank")))).toBe(true);
  }, 300_000);

  test("computes in bfloat16 where it is told to: losses near those in float32, and not the same", async () => {
    await train("bf16.yaml", join(base, "bf16"), ...inTorch);
    const [ours, theirs] = [seriesOf(join(base, "builtin")), seriesOf(join(base, "bf16"))];
    const apart = furthestApart(columnOf(ours, "loss"), columnOf(theirs, "loss"));
    expect(apart).toBeGreaterThan(1e-4);
    expect(apart).toBeLessThan(0.2);
  }, 300_000);

  test("ranks that would have nothing to do are refused", async () => {
    const refused = await longrun(
      ...argumentsOf("short.yaml", join(base, "idle"), ...inTorch, "--ranks", "9"),
    );
    expectRefusal(refused, /a batch of 8 sequences on 9 ranks/, /--ranks/);
  }, 60_000);

  test("a shard that was changed is refused", async () => {
    const folder = join(base, "shard");
    cpSync(join(base, "builtin", "corpus"), join(folder, "corpus"), { recursive: true });
    const path = join(folder, "corpus", "tokens", "notes.train.00000.bin");
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    const refused = await longrun(...argumentsOf("short.yaml", folder, ...inTorch));
    expectRefusal(refused, /notes\.train\.00000\.bin is damaged/, /prepare the corpus again/);
  }, 60_000);
});

describe("a Python that cannot train", () => {
  const base = mkdtempSync(join(tmpdir(), "longrun-python-"));
  afterAll(() => rmSync(base, { recursive: true }));
  beforeAll(() => {
    writeTexts(base);
    writeRun(base);
  });
  const pythonThatSays = (name: string, says: string) => {
    const path = join(base, name);
    writeFileSync(path, `#!/bin/sh\n${says}\n`, { mode: 0o755 });
    return path;
  };

  test.each([
    ["none", "echo 3.11.7 none", /none has no PyTorch/],
    ["old", "echo 3.11.7 2.7.1+cpu", /old has PyTorch 2\.7\.1\+cpu/],
    ["python3.9", "echo 3.9.2 2.8.0", /python3\.9 is Python 3\.9\.2/],
    ["broken", "exit 3", /broken does not run \(3\)/],
  ])("is refused before anything is prepared: %s", async (name, says, found) => {
    const folder = join(base, "run");
    const refused = await longrun(
      ...["run", join(base, "run.yaml"), "--folder", folder, "--trainer", "torch"],
      ...["--python", pythonThatSays(name, says)],
    );
    expectRefusal(refused, found, /--python.*longrun fleet install-torch \(about 6 GB\)/);
  });

  test("has none installed for it that is too old", async () => {
    vi.stubEnv("XDG_DATA_HOME", join(base, "data"));
    const old = pythonThatSays("python3.8", "echo 3.8.1 none");
    const refused = await longrun("fleet", "install-torch", "--python", old);
    vi.unstubAllEnvs();
    expectRefusal(refused, /python3\.8 is Python 3\.8\.1/, /install Python 3\.10 or later/);
    expect(existsSync(join(base, "data"))).toBe(false);
  });

  test("that is not there is refused", async () => {
    const refused = await longrun(
      ...["run", join(base, "run.yaml"), "--trainer", "torch", "--python", join(base, "nowhere")],
    );
    expectRefusal(refused, /nowhere is not there/, /--python/);
  });
});

/** @file PyTorch trains what the builtin engine trains: the same batches, the same losses, the same model. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { readWholeRunSeries } from "../src/record/run-series.ts";
import { columnOf } from "../src/record/series.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { longrun } from "./support/processes.ts";
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

  async function train(folder: string, ...options: string[]) {
    const { code, stdout, stderr } = await longrun(
      ...["run", join(base, "short.yaml"), "--folder", folder, "--threads", "1", "--json", ...options],
    );
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
    return JSON.parse(stdout) as { readonly summary: { readonly heldOut: { readonly all: object } } };
  }

  let builtin: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    writeTexts(base);
    const file = parse(readFileSync(writeRun(base), "utf8"));
    const run = { ...file.run, numSteps: NUM_STEPS, checkpointSeconds: 5 };
    writeFileSync(join(base, "short.yaml"), stringify({ ...file, run }));
    builtin = await train(join(base, "builtin"));
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

  const CASES: readonly { readonly name: string; readonly options: readonly string[] }[] = [
    { name: "one rank", options: [] },
    { name: "two replicas", options: ["--ranks", "2"] },
  ];

  test.each(CASES)(
    "gives the builtin engine's losses with $name: 100 steps within 1e-4",
    async ({ name, options }) => {
      const folder = join(base, name);
      const torch = await train(folder, "--trainer", "torch", "--python", python, ...options);
      const [ours, theirs] = [seriesOf(join(base, "builtin")), seriesOf(folder)];
      for (const column of ["loss", "gradientNorm"])
        expect(furthestApart(columnOf(ours, column), columnOf(theirs, column)), column).toBeLessThan(1e-4);
      for (const column of ["step", "tokens", "learningRate", "batch"])
        expect(columnOf(theirs, column)).toEqual(columnOf(ours, column));
      expect(torch.summary.heldOut.all).toMatchObject({
        ...builtin.summary.heldOut.all,
        natsPerToken: expect.closeTo(
          (builtin.summary.heldOut.all as Record<string, number>).natsPerToken!,
          3,
        ),
        bitsPerByte: expect.closeTo((builtin.summary.heldOut.all as Record<string, number>).bitsPerByte!, 3),
      });
      const sampled = await longrun("sample", join(folder, "model"), "--tokens", "5", "--json");
      expect(sampled.code).toBe(0);
    },
    300_000,
  );
});

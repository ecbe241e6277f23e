/** @file A whole campaign by the command line: what it leaves, once, and that no kill changes a number. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { historyOf } from "../src/campaign/account/history.ts";
import { ladderTable } from "../src/campaign/account/ladder-table.ts";
import { readRunTable } from "../src/cli/laws/run-table.ts";
import { numbersOf } from "../src/fleet/chaos/numbers.ts";
import { forecastAt } from "../src/laws/forecast/forecast.ts";
import { study } from "../src/laws/forecast/study.ts";
import { Random } from "../src/math/random.ts";
import { type EventKind, eventsOf as eventsOfKind, type RecordEvent } from "../src/record/events.ts";
import { readRecord, verifyRecord } from "../src/record/record.ts";
import { type RunSummary, runSummarySchema } from "../src/train/summary.ts";
import { writeCampaign, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, killAll, longrun, type Outcome } from "./support/processes.ts";

/** A dozen launches take half a minute alone, and several on a machine that is busy with something else. */
const SLOW_MS = 300_000;

const base = mkdtempSync(join(tmpdir(), "longrun-campaign-"));
const whole = join(base, "whole");
let file: string;
let first: Outcome;

beforeAll(async () => {
  writeTexts(base);
  file = writeCampaign(base);
  first = await launch(whole);
}, SLOW_MS);

afterAll(() => rmSync(base, { recursive: true }));

const launchArguments = (folder: string) => ["launch", file, "--folder", folder, "--json"];
const launch = (folder: string) => longrun(...launchArguments(folder));

/** What `launch --json` prints. */
const resultSchema = z.strictObject({
  verdict: z
    .array(
      z.strictObject({
        run: z.string(),
        quantity: z.string(),
        unit: z.string(),
        basis: z.string().min(1),
        lockedSequence: z.int(),
        predicted: z.strictObject({ median: z.number(), lo: z.number(), hi: z.number() }),
        measured: z.number(),
        gapPercent: z.number(),
        inside: z.boolean(),
        causes: z.array(z.strictObject({ name: z.string(), percent: z.number() })),
      }),
    )
    .min(1),
  reach: z.number(),
  seconds: z.number().positive(),
  peakBytes: z.number().positive(),
  report: z.string(),
  sample: z.string().min(1),
  head: z.string(),
});
function resultOf({ code, stdout, stderr }: Outcome) {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return resultSchema.parse(JSON.parse(stdout));
}

const eventsOf = <K extends EventKind>(folder: string, kind: K) =>
  eventsOfKind(readRecord(folder).events, kind);

/** The target's only finish. */
function targetOf(folder: string): { readonly run: string; readonly summary: RunSummary } {
  const [finished, ...more] = eventsOf(folder, "run-finished").filter(({ run }) => run.startsWith("target"));
  expect(more).toEqual([]);
  return { run: finished!.run, summary: runSummarySchema.parse(finished!.data.summary) };
}

describe("a campaign from text to verdict", () => {
  test("ends with a verdict on every quantity, from the run that the record knows", () => {
    const { verdict, reach, peakBytes, head } = resultOf(first);
    const { run, summary } = targetOf(whole);
    expect(verdict.map(({ quantity }) => quantity)).toEqual([
      "held-out loss",
      "held-out loss, tales",
      "held-out loss, notes",
      "loss curve inside its band",
      "step time",
      "wall time",
      "peak memory",
    ]);
    expect(new Set(verdict.map((row) => row.run))).toEqual(new Set([run]));
    const measured = Object.fromEntries(verdict.map((row) => [row.quantity, row.measured]));
    expect(measured).toMatchObject({
      "held-out loss": summary.heldOut.all.bitsPerByte,
      "held-out loss, notes": summary.heldOut.sources.notes!.bitsPerByte,
      "step time": summary.medianStepSeconds,
      "wall time": summary.wallSeconds,
      "peak memory": summary.peakBytes,
    });
    expect(summary.curve).toHaveLength(64);
    expect(reach).toBeCloseTo(3, 1);
    expect(peakBytes).toBeGreaterThanOrEqual(summary.peakBytes);
    expect(verifyRecord(whole)).toMatchObject({ ok: true, head });
  });

  test("learns: the target does better than the largest rung, and that one better than the smallest", () => {
    const bits = Object.entries(numbersOf(whole).runs)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([, { bitsPerByte }]) => bitsPerByte);
    expect(bits.at(-1)).toBeLessThan(bits.at(-2)!);
    expect(bits.at(-2)).toBeLessThan(bits[0]! - 0.2);
  });

  test("locks every prediction before the target's first step", () => {
    const { run } = targetOf(whole);
    const started = eventsOf(whole, "run-started").find((event) => event.run === run)!;
    const predictions = eventsOf(whole, "prediction");
    expect(predictions.length).toBe(resultOf(first).verdict.length);
    for (const { sequence } of predictions) expect(sequence).toBeLessThan(started.sequence);
  });

  test("locks what `laws forecast` says of its folder, and of the same ladder as a table", async () => {
    const ladder = ladderTable(whole);
    const { target } = historyOf(readRecord(whole).events).planned.plan;
    const csv = join(base, "ladder.csv");
    const rows = ladder.runs.toReversed().map(({ n, d, c, loss, seed }) => [n, d, c, loss, seed].join());
    writeFileSync(csv, ["n,d,c,loss,seed", ...rows].join("\n"));
    const { predicted } = resultOf(first).verdict.find(({ quantity }) => quantity === "held-out loss")!;
    const design = { n: target.matrixParameters, d: target.tokens, c: target.flops };
    for (const runs of [ladder.runs, readRunTable(csv, {}).runs])
      expect(forecastAt(study(runs), design)).toMatchObject(predicted);
  });

  test("explains loss, times and memory by causes that add up to the gap", () => {
    const explained = resultOf(first).verdict.filter(({ causes }) => causes.length > 0);
    expect(explained.map(({ quantity }) => quantity)).toEqual(
      expect.arrayContaining(["held-out loss", "step time", "wall time", "peak memory"]),
    );
    for (const { causes, gapPercent } of explained) {
      const sum = causes.reduce((total, { percent }) => total + percent, 0);
      expect(sum).toBeCloseTo(gapPercent, 6);
    }
  });

  test("writes a report whose figures are there, without a number that is none", () => {
    const { report } = resultOf(first);
    expect(report).toBe(join(whole, "report.md"));
    const text = readFileSync(report, "utf8");
    const figures = [...text.matchAll(/\]\((figures\/[^)]+)\)/g)].map(([, path]) => join(whole, path!));
    expect(figures.length).toBe(5);
    for (const content of [text, ...figures.map((path) => readFileSync(path, "utf8"))])
      expect(content).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  test("leaves a model folder that can be sampled", async () => {
    const model = join(whole, "model");
    expect(readdirSync(model)).toEqual(
      expect.arrayContaining(["config.json", "model.safetensors", "tokenizer.json", "README.md"]),
    );
    const { code, stdout } = await longrun("sample", model, "--prompt", "The ", "--tokens", "12", "--json");
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { text: string }).text.length).toBeGreaterThan(0);
  });

  test("does nothing when launched again", async () => {
    const before = readFileSync(join(whole, "record.jsonl"), "utf8");
    const again = await launch(whole);
    expect(resultOf(again).verdict).toEqual(resultOf(first).verdict);
    expect(again.stderr.match(/^stage \w+: .*$/gm)).toEqual(
      ["prepare", "ladder", "fit", "target", "verdict"].map(
        (stage) => `stage ${stage}: done before, nothing has changed`,
      ),
    );
    expect(locked(again)).toBe(locked(first));
    expect(readFileSync(join(whole, "record.jsonl"), "utf8")).toBe(before);
  });
});

describe("files that the record vouches for", () => {
  const at = (path: string) => join(whole, path);
  const series = () => `series/${targetOf(whole).run}/1/steps.series`;
  const MODEL = "model/model.safetensors";
  const MANIFEST = "corpus/manifest.json";

  /** Damages files, lets the command run, and puts back what was there. */
  async function damaged(
    paths: readonly string[],
    damage: (content: Buffer) => Uint8Array,
    ...args: readonly string[]
  ): Promise<Outcome & { readonly after: readonly Buffer[] }> {
    const before = paths.map((path) => readFileSync(at(path)));
    try {
      for (const [i, path] of paths.entries()) writeFileSync(at(path), damage(Buffer.from(before[i]!)));
      const outcome = await longrun(...args);
      return { ...outcome, after: paths.map((path) => readFileSync(at(path))) };
    } finally {
      for (const [i, path] of paths.entries()) writeFileSync(at(path), before[i]!);
    }
  }
  const flip = (content: Buffer) => {
    content[content.length >> 1]! ^= 1;
    return content;
  };
  const truncate = (content: Buffer) => content.subarray(0, -1);

  test("are each named where a byte is flipped or lost: every kind of file of a finished campaign", async () => {
    const files = ["corpus", "series", "runs", "model"].flatMap((place) =>
      readdirSync(at(place), { recursive: true, encoding: "utf8" }).map((name) => `${place}/${name}`),
    );
    // A checkpoint whose state.json is damaged says nothing of its other files: one of each two is damaged.
    // What processes and supervisor said to each other on the way is vouched for by nobody.
    const isSkipped = (path: string) => /rung.*state.json$|\/attempts\/|fence.json$/.test(path);
    const paths = files.filter((path) => statSync(at(path)).isFile() && !isSkipped(path)).sort();
    const targets = paths.filter((path) => !/target.*checkpoints.*safetensors|optimiser/.test(path));
    const verify = ["record", "verify", whole, "--all", "--json"];
    for (const damage of [flip, truncate]) {
      const { code, stdout, stderr } = await damaged(targets, damage, ...verify);
      const { ok, files } = JSON.parse(stdout) as { ok: boolean; files: { damaged: { path: string }[] } };
      expect(ok).toBe(false);
      expect(files.damaged.map(({ path }) => path).sort()).toEqual(targets);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^found: .* \(and \d+ more\)\nexpected: \d+ bytes with the SHA-256 .* as event \d+ says/,
      );
    }
    const { code, stdout } = await longrun(...verify);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, files: { damaged: [], numCheckpoints: 8 } });
    expect(code).toBe(0);
  });

  /** The record up to an event, cut at the end of a line; nothing but a longer witness shows that. */
  const cutAt = (pattern: string) => () => {
    const text = readFileSync(at("record.jsonl"), "utf8");
    return Buffer.from(text.slice(0, text.lastIndexOf("\n", text.indexOf(pattern)) + 1));
  };

  test.each([
    ["emptied", ["record.jsonl"], () => Buffer.alloc(0), /none of the 0 events .*, which .*report.md names/],
    ["cut, the report there", ["record.jsonl"], cutAt('"stage":"verdict"'), /report.md names as its head/],
    ["cut, no report", ["record.jsonl", "report.md"], cutAt('"kind":"prediction"'), /model, of which none/],
  ] as const)("tell of a record that was %s, before anything is written", async (_, paths, cut, found) => {
    const readers = "record verify,record show,record hash,status,report,eval,laws fit,laws curve --campaign";
    for (const command of [...readers.split(","), `launch ${file} --folder`]) {
      const outcome = await damaged(paths, cut, ...command.split(" "), whole);
      expectRefusal(outcome, found, /put back an unchanged copy/);
      expect(outcome.after[0]).toEqual(cut());
    }
  });

  const weights = () => {
    const place = `runs/${targetOf(whole).run}/checkpoints`;
    return `${place}/${readdirSync(at(place)).sort().at(-1)}/model.safetensors`;
  };
  const missed = { status: weights, report: series, "laws curve --campaign": series };
  test.each(Object.entries(missed))("are missed by %s", async (command, pathOf) => {
    const path = pathOf();
    const { code, stderr } = await damaged([path], flip, ...command.split(" "), whole);
    expect(stderr).toMatch(
      new RegExp(`found: .*${path} (has the SHA-256 \\w{64}|does not have its checksum)\n`),
    );
    expect(stderr).toMatch(/remedy: put back an unchanged copy/);
    expect(code).toBe(2);
    const report = readFileSync(at("report.md"), "utf8");
    if (command === "report") expect(report).toContain(`- ${path} has the SHA-256`);
  });

  test.each([
    ["sample", MODEL],
    ["eval", MANIFEST],
  ])("are not used by %s", async (command, path) => {
    const { code, stderr } = await damaged([path], flip, command, whole);
    expect(stderr).toMatch(new RegExp(`found: .*${path} has the SHA-256`));
    expect(code).toBe(2);
  });

  test("are made anew by the next launch where they follow from what is whole, and it says so", async () => {
    const record = readFileSync(at("record.jsonl"));
    const before = [MANIFEST, MODEL, "corpus/tokens/tales.train.00000.bin"].map(
      (path) => [path, readFileSync(at(path))] as const,
    );
    const paths = before.map(([path]) => path);
    const { code, stderr, after } = await damaged(paths, flip, ...launchArguments(whole));
    expect(stderr).toMatch(
      /^corpus.* has the SHA-256 .*, as event \d+ says, 1 more file too: the corpus is prepared anew$/m,
    );
    expect(stderr).toMatch(
      /^model\/model.safetensors has .*; expected: \d+ bytes.*: the model is written anew$/m,
    );
    expect(code).toBe(0);
    expect(after).toEqual(before.map(([, content]) => content));
    expect(readFileSync(at("record.jsonl"))).toEqual(record);
  });
});

/** The line that a person may publish. */
const locked = ({ stderr }: Outcome) =>
  /^predictions are locked up to event.*$/m.exec(stderr)?.[0] ?? "never locked";

/** Everything that may not depend on kills; times and memory may. */
function outcomeOf(folder: string) {
  const losses = eventsOf(folder, "prediction").filter(({ data }) => data.unit === "bits per byte");
  return {
    ...numbersOf(folder),
    predictions: losses.map(({ run, data: { quantity, median, lo, hi } }) => ({
      run,
      quantity,
      median,
      lo,
      hi,
    })),
  };
}

function expectNothingTwice(folder: string): void {
  const predicted = eventsOf(folder, "prediction").map(({ run, data }) => `${run} ${data.quantity}`);
  expect(predicted).toEqual([...new Set(predicted)]);
  const finished = eventsOf(folder, "run-finished").map(({ run }) => run);
  expect(finished).toEqual([...new Set(finished)]);
}

/** Every attempt goes on from the last checkpoint that the record knows, or from a later one. */
function expectNoCheckpointLost(folder: string): void {
  for (const { run, sequence, data } of eventsOf(folder, "run-started")) {
    const known = eventsOf(folder, "checkpoint-written").filter(
      (event) => event.run === run && event.sequence < sequence,
    );
    expect(data.fromStep).toBeGreaterThanOrEqual(known.at(-1)?.data.step ?? 0);
  }
}

/** What a run has done since its last checkpoint, or its start, is no more than the time between. */
function expectLittleLost(folder: string, killedAt: number): void {
  expect(verifyRecord(folder)).toMatchObject({ ok: true });
  const lastSign = new Map<string, RecordEvent>();
  for (const event of readRecord(folder).events) if (event.run !== null) lastSign.set(event.run, event);
  for (const { kind, time } of lastSign.values())
    if (kind === "run-started" || kind === "checkpoint-written")
      expect(killedAt - Date.parse(time)).toBeLessThanOrEqual(10_000);
}

/** When to kill: at most so many milliseconds after a line of progress, or after the stage is done. */
const KILLS = [
  { after: /^/, withinMs: 500 },
  { after: /stage prepare: /, withinMs: 60 },
  { after: /stage prepare: /, withinMs: 120 },
  { after: /stage ladder: /, withinMs: 800 },
  { after: /stage ladder: /, withinMs: 1500 },
  { after: /rung-\d-seed-\d: 0 %|stage ladder: done/, withinMs: 100 },
  { after: /bits per byte held out|stage ladder: done/, withinMs: 500 },
  { after: /rung-5-seed-1: 0 %|stage ladder: done/, withinMs: 300 },
  { after: /stage fit: /, withinMs: 600 },
  { after: /predictions are locked/, withinMs: 30 },
  { after: /stage target: /, withinMs: 800 },
  { after: /target: 0 %|stage target: done/, withinMs: 300 },
  { after: /stage verdict: /, withinMs: 60 },
] as const;

describe("a campaign that is stopped on its way", { timeout: SLOW_MS }, () => {
  test("by kill -9 at random moments of all stages ends with the same numbers", async () => {
    const folder = join(base, "killed");
    const random = new Random(20, "kills");
    const killedIn: string[] = [];
    for (const { after, withinMs } of KILLS) {
      using command = new Command(launchArguments(folder));
      await command.saw(after);
      await sleep(random.uniform() * withinMs);
      if (random.uniform() < 0.5) await killAll(command, folder);
      command.signalGroup("SIGKILL");
      const { killedBy, stderr } = await command.ended;
      if (killedBy !== "SIGKILL") continue;
      killedIn.push([...stderr.matchAll(/^stage (\w+):/gm)].at(-1)?.[1] ?? "plan");
      if (existsSync(join(folder, "record.jsonl"))) expectLittleLost(folder, Date.now());
    }
    expect(killedIn.length).toBeGreaterThanOrEqual(10);
    expect(new Set(killedIn).size).toBeGreaterThanOrEqual(5);
    const last = await launch(folder);
    const { head } = resultOf(last);
    expect(outcomeOf(folder)).toEqual(outcomeOf(whole));
    expectNothingTwice(folder);
    expectNoCheckpointLost(folder);
    expect(verifyRecord(folder)).toMatchObject({ ok: true, head });
  });

  test("by Ctrl-C in prepare, ladder and target exits with 130 and ends with the same numbers", async () => {
    const folder = join(base, "interrupted");
    for (const moment of [
      /stage prepare: started/,
      /stage ladder: started/,
      /rung-5-seed-1: 0 %/,
      /target: 0 %/,
    ]) {
      using command = new Command(launchArguments(folder));
      await command.saw(moment);
      const inLadder = moment.source.includes("ladder");
      if (inLadder) expect((await longrun("status", folder)).stdout).toMatch(/^tiny: stage ladder; /);
      command.signalGroup("SIGINT");
      const { code, stdout, stderr } = await command.ended;
      expect(code, stderr).toBe(130);
      expect(JSON.parse(stdout)).toEqual({ interrupted: expect.stringMatching(/^(in|before) (stage|run) /) });
      expect(stderr).toContain("stopping after this step; the same command goes on");
      if (!inLadder) continue;
      const said = (await longrun("status", folder)).stdout;
      expect(said).toMatch(/^tiny: interrupted, in (stage ladder|run rung-\d)/);
      expect(said).toMatch(/campaign: interrupted .*; the same command goes on$/m);
    }
    const { report } = resultOf(await launch(folder));
    expect(outcomeOf(folder)).toEqual(outcomeOf(whole));
    expectNothingTwice(folder);
    expectNoCheckpointLost(folder);
    const resumed = eventsOf(folder, "run-started").filter(({ data }) => data.fromStep > 0);
    expect(resumed.length).toBeGreaterThanOrEqual(1);
    const stopped = eventsOf(folder, "interrupted").filter(({ run }) => run === null);
    expect(stopped).toHaveLength(4);
    expect(readFileSync(report, "utf8")).toContain("the same command went on");
  });
});

/** @file A campaign with a feature on trial: what it runs, predicts, concludes, writes, a kill included. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { RecordEvent } from "../src/record/events.ts";
import { readRecord, verifyRecord } from "../src/record/record.ts";
import { writeCampaign, writeTexts } from "./support/campaigns.ts";
import { Command, killAll, longrun, type Outcome } from "./support/processes.ts";

const SLOW_MS = 300_000;

const base = mkdtempSync(join(tmpdir(), "longrun-features-"));
const folder = join(base, "campaign");
let outcome: Outcome;
let killedBy: string | null;

beforeAll(async () => {
  writeTexts(base);
  const file = writeCampaign(base, {
    budget: "105GFLOP",
    recipe: { sequenceLength: 32, tokensPerParameter: 4, feedForward: "gelu" },
    features: [{ name: "swiglu", change: { feedForward: "swiglu" }, adopt: true }],
  });
  const launch = ["launch", file, "--folder", folder, "--json"];
  using command = new Command(launch);
  await command.saw(/no-swiglu-rung-4-seed-1: .*bits per byte/);
  ({ killedBy } = await killAll(command, folder));
  outcome = await longrun(...launch);
}, SLOW_MS);

afterAll(() => rmSync(base, { recursive: true }));

const rangeSchema = z.object({
  median: z.number().nullable(),
  lo: z.number().nullable(),
  hi: z.number().nullable(),
});
const featuresSchema = z.array(
  z.object({
    name: z.string(),
    change: z.string(),
    adopted: z.boolean(),
    reach: z.number(),
    onLargestRung: z.object({
      median: z.number(),
      lo: z.number(),
      hi: z.number(),
      measured: z.number(),
    }),
    scales: z.array(z.object({ c: z.number(), numPairs: z.number(), effectPercent: rangeSchema })),
    atTarget: z.object({ effectPercent: rangeSchema, probabilityHelps: z.number().min(0).max(1) }),
    verdict: z.object({ decision: z.enum(["adopt", "drop", "undecided"]), reason: z.string().min(20) }),
  }),
);

const featuresOf = ({ stdout }: Outcome) =>
  featuresSchema.parse((JSON.parse(stdout) as { features: unknown }).features);
const events = () => readRecord(folder).events;

test("killed among the feature's runs, it goes on and ends with a verdict on it", () => {
  expect(killedBy).toBe("SIGKILL");
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(verifyRecord(folder)).toMatchObject({ ok: true });
  const [feature, ...more] = featuresOf(outcome);
  expect(more).toEqual([]);
  expect(feature).toMatchObject({
    name: "swiglu",
    change: "feedForward swiglu instead of gelu",
    adopted: true,
  });
  // Two seeds of the smallest rung, one of each of the others.
  expect(feature!.scales.map(({ numPairs }) => numPairs)).toEqual([2, 1, 1, 1, 1, 1]);
  expect(feature!.reach).toBeCloseTo(3, 1);
});

test("every run is finished once, each of the feature's beside one of the ladder's, of another shape", () => {
  const finished = events().flatMap((event) => (event.kind === "run-finished" ? [event.run] : []));
  expect(new Set(finished).size).toBe(finished.length);
  expect(finished).toHaveLength(7 + 7 + 1);
  const settings = new Map(
    events().flatMap((event) =>
      event.kind === "run-started" && event.data.spec !== null
        ? [[event.run.replace(/\.\w+$/, ""), event.data.spec as { shape: object; seed: number }] as const]
        : [],
    ),
  );
  for (const [name, { shape, ...rest }] of settings) {
    if (!name.startsWith("no-")) continue;
    const { shape: ladderShape, ...ladderRest } = settings.get(name.replace("no-swiglu-", ""))!;
    expect(rest).toEqual(ladderRest);
    expect(shape).toMatchObject({ feedForward: "gelu" });
    expect(ladderShape).not.toHaveProperty("feedForward");
  }
});

/** Of the feature, by quantity. */
function predictions() {
  const own = events().filter(
    (event) => event.kind === "prediction" && event.run?.startsWith("feature-swiglu."),
  ) as Extract<RecordEvent, { readonly kind: "prediction" }>[];
  const quantities = own.map(({ data }) => data.quantity);
  expect(new Set(quantities).size).toBe(quantities.length);
  return new Map(own.map((event) => [event.data.quantity, event]));
}

const startOf = (name: string) =>
  events().find((event) => event.kind === "run-started" && event.run.startsWith(name))!.sequence;

test("the largest rung is predicted from those below before it runs, and what it came to is measured", () => {
  const { sequence, run, data } = predictions().get("effect on the held-out loss on the largest rung")!;
  expect(sequence).toBeLessThan(startOf("no-swiglu-rung-5"));
  expect(sequence).toBeGreaterThan(startOf("no-swiglu-rung-4"));
  const measured = events().filter((event) => event.kind === "measurement" && event.run === run);
  const value = featuresOf(outcome)[0]!.scales.at(-1)!.effectPercent.median;
  expect(measured.map((event) => event.kind === "measurement" && event.data.value)).toEqual([value]);
  const { median, lo, hi } = data;
  expect(featuresOf(outcome)[0]!.onLargestRung).toEqual({ median, lo, hi, measured: value });
});

test("what is expected at the target is in the record before the target starts", () => {
  const { sequence, data } = predictions().get("effect on the held-out loss at the target")!;
  expect(data.unit).toBe("percent");
  expect(data.median).toBe(featuresOf(outcome)[0]!.atTarget.effectPercent.median);
  expect(sequence).toBeLessThan(startOf("target"));
});

test("status and report say the same", async () => {
  const status = await longrun("status", folder, "--json");
  expect(featuresOf(status)).toEqual(featuresOf(outcome));
  const { reason } = featuresOf(outcome)[0]!.verdict;
  expect((await longrun("status", folder)).stdout).toContain(
    `swiglu (feedForward swiglu instead of gelu): ${reason}`,
  );
  const report = readFileSync(join(folder, "report.md"), "utf8");
  const [, section] = report.split("## The features on trial\n");
  expect(section).toContain(reason.slice(reason.indexOf(":")));
  expect(existsSync(join(folder, "figures", "feature-swiglu.svg"))).toBe(true);
  for (const text of [report, readFileSync(join(folder, "figures", "feature-swiglu.svg"), "utf8")])
    expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manifestWith } from "../../corpus/fixture.ts";
import { runName } from "../../fleet/recorded-run.ts";
import type { EventDraft } from "../../record/events.ts";
import { sha256 } from "../../record/files.ts";
import { openRecord } from "../../record/record.ts";
import { SeriesWriter, seriesPath } from "../../record/series.ts";
import { inputsHashOf } from "../context.ts";
import { environment, ladderRunWith, storedFit, targetForecast } from "../fixture.ts";
import { planCampaign } from "../planning/plan.ts";
import { lockPredictions } from "../predictions.ts";
import { targetQuantities } from "../quantities.ts";
import { campaignSchema } from "../spec.ts";
import { fitInputs } from "../stages/fit.ts";
import { targetName } from "../stages/ladder.ts";
import { curveState } from "./curve-state.ts";

const campaign = campaignSchema.parse({
  name: "one",
  budget: "2TFLOP",
  corpus: { sources: [{ name: "tales", path: "tales" }] },
  vocabularySize: 512,
});
const plan = planCampaign(campaign, 2e12);
const manifest = manifestWith("corpus", 512);
const runs = plan.rungs.flatMap((rung) =>
  rung.runs.map((run) => ({
    ...ladderRunWith({}, runName(run, manifest.hash)),
    rung: rung.index,
    seed: run.spec.seed,
  })),
);
const name = targetName(plan, manifest, runs);
const { numSteps } = plan.target.spec;

const stored = {
  campaign: "one",
  budget: campaign.budget,
  seed: 1,
  splitRule: "by passage",
  plan,
  expectedSeconds: 60,
  targetStepSeconds: 0.01,
  command: "longrun launch",
};

function finished(
  stage: "prepare" | "fit",
  result: unknown,
  inputs: unknown = null,
): EventDraft<"stage-finished"> {
  const data = { stage, inputsHash: inputsHashOf(inputs), result, seconds: 1 };
  return { run: null, kind: "stage-finished", data };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "curve-state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A campaign whose target has done `steps` steps, all of them at this loss in bits per byte. */
function campaignAt(steps: number, bitsPerByte: number, isForecast = true): void {
  using record = openRecord(folder);
  record.append(environment);
  record.append({ run: null, kind: "campaign-planned", data: { specHash: sha256("spec"), plan: stored } });
  record.append(finished("prepare", manifest));
  const data = { attempt: 1, fromStep: 0, exact: true, numThreads: 2, spec: {} };
  for (const { name: run, summary } of runs) {
    record.append({ run, kind: "run-started", data });
    record.append({ run, kind: "run-finished", data: { summary } });
  }
  if (isForecast) {
    lockPredictions(record, name, targetQuantities(manifest), targetForecast);
    record.append(finished("fit", storedFit, fitInputs(runs, name)));
  }
  if (steps === 0) return;
  record.append({ run: name, kind: "run-started", data });
  using series = new SeriesWriter(seriesPath(folder, name, 1), [
    { name: "step", unit: "" },
    { name: "loss", unit: "nats per token" },
  ]);
  const loss = bitsPerByte * Math.LN2 * manifest.tokenizer.trainBytesPerToken;
  for (let step = 1; step <= steps; step++) series.append({ step, loss });
}

describe("where a campaign's target is in its band", () => {
  test("stands by the locked forecast before the first step", () => {
    campaignAt(0, 2);
    const { run, step, seen, now, locked } = curveState(folder);
    expect({ run, step, seen }).toEqual({ run: name, step: 0, seen: { points: [], scored: 0, inside: 0 } });
    expect(now).toMatchObject({ median: locked.median, lo: locked.lo, hi: locked.hi });
  });

  test("moves the forecast towards a curve that runs above its band", () => {
    campaignAt(Math.ceil(numSteps / 2), 2.2);
    const { step, seen, now } = curveState(folder);
    expect(step).toBe(Math.ceil(numSteps / 2));
    expect(seen.points).toHaveLength(32);
    // The first three of 64 points lie in the warm-up.
    expect(seen).toMatchObject({ scored: 29, inside: 0 });
    expect(seen.points[0]!.loss).toBeCloseTo(2.2, 12);
    expect(now.onTrack).toBe("above");
    // The distance of 10 % counts by the share of the run that is seen.
    expect(now.median).toBeCloseTo(2 * 1.1 ** seen.points.at(-1)!.fraction, 10);
    expect(now.reason).toContain("the loss is +10.00 % from the expected curve, above its band");
  });

  test("refuses a campaign that has no forecast yet", () => {
    campaignAt(0, 2, false);
    expect(() => curveState(folder)).toThrow(/has not forecast its target yet/);
  });
});

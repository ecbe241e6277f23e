/** @file Stage 6: every prediction scored, every gap explained, the model written out, and a sample of what it learnt to say. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { tokenizerPath } from "../../corpus/steps.ts";
import { readTokenizer } from "../../corpus/tokenizer.ts";
import { scoreBand } from "../../figures/curve-figure.ts";
import type { Interval } from "../../math/interval.ts";
import type { RecordEvent } from "../../record/events.ts";
import { score } from "../../record/score.ts";
import type { ScoredRow } from "../../report/data.ts";
import { exportRun } from "../../train/export-run.ts";
import { modelCard } from "../../train/model-card.ts";
import { sampleText } from "../../train/sample.ts";
import { WARM_UP_SHARE } from "../../train/schedule.ts";
import {
  causesOfLoss,
  causesOfMemory,
  causesOfSource,
  causesOfStepTime,
  causesOfWallTime,
} from "../account/causes.ts";
import type { Context } from "../context.ts";
import { runStage } from "../context.ts";
import type { Plan } from "../planning/plan.ts";
import { lossOfSource, QUANTITIES } from "../quantities.ts";
import type { FitResult } from "./fit.ts";
import type { TargetResult } from "./target.ts";

export const verdictSchema = z.strictObject({
  sample: z.strictObject({
    prompt: z.string(),
    text: z.string(),
    temperature: z.number(),
    topTokens: z.number(),
    seed: z.number(),
  }),
  curveInside: z.number(),
});

export type VerdictResult = z.infer<typeof verdictSchema>;

const SAMPLE = { prompt: "The ", numTokens: 160, temperature: 0.8, topTokens: 40 };

export function verdictInputs(target: TargetResult, fit: FitResult): unknown {
  return { target: target.name, fit: fit.runs };
}

export async function verdict(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  fit: FitResult,
  target: TargetResult,
): Promise<VerdictResult> {
  return runStage(context, "verdict", verdictInputs(target, fit), verdictSchema, async () => {
    const { record, workspace, campaign, machine } = context;
    const curveInside = shareInside(fit, target, plan);
    const measure = (quantity: string, unit: string, value: number, source: string) =>
      record.append({ run: target.name, kind: "measurement", data: { quantity, unit, value, source } });
    const { heldOut, medianStepSeconds, wallSeconds, peakBytes } = target.summary;
    const scored = `${heldOut.all.numTokens} held-out tokens`;
    measure(QUANTITIES.loss, "bits per byte", heldOut.all.bitsPerByte, scored);
    for (const [name, own] of Object.entries(heldOut.sources))
      measure(lossOfSource(name), "bits per byte", own.bitsPerByte, `${own.numTokens} held-out tokens`);
    measure(QUANTITIES.curve, "share", curveInside, "points of the training curve after the warm-up");
    measure(QUANTITIES.stepTime, "s", medianStepSeconds, "median over all steps, wall clock");
    measure(
      QUANTITIES.wallTime,
      "s",
      wallSeconds,
      "wall clock of the run's process, what a kill made it repeat left out",
    );
    measure(QUANTITIES.memory, "bytes", peakBytes, "largest resident size of the run's process");
    const card = modelCard(campaign.name, plan.target.spec, manifest, target.summary);
    const model = exportRun(workspace, target.name, plan.target.spec, card);
    const tokenizer = readTokenizer(tokenizerPath(workspace.corpus));
    const options = { ...SAMPLE, seed: campaign.seed, numThreads: machine.numThreads };
    const text = await sampleText(model, tokenizer, options);
    const { prompt, temperature, topTokens } = SAMPLE;
    return { sample: { prompt, text, temperature, topTokens, seed: campaign.seed }, curveInside };
  });
}

/** Points of the loss curve after the warm-up that lie inside the band. */
function shareInside({ band }: FitResult, { summary }: TargetResult, { target }: Plan): number {
  const { points, intervals } = curveInTokens(band, summary.curve, target.tokens);
  const { inside, scored } = scoreBand(points, intervals, WARM_UP_SHARE * target.tokens);
  return inside / scored;
}

/** Curve and band over tokens instead of fractions of the run. */
export function curveInTokens(band: FitResult["band"], curve: readonly number[], totalTokens: number) {
  return {
    points: curve.map((bitsPerByte, i) => ({
      tokens: ((i + 0.5) / curve.length) * totalTokens,
      bitsPerByte,
    })),
    intervals: band.map(({ fraction, ...interval }): Interval & { readonly tokens: number } => ({
      tokens: fraction * totalTokens,
      ...interval,
    })),
  };
}

/** The verdict's rows: the predictions of one run, scored, each gap with its causes. */
export function scoredRows(
  events: readonly RecordEvent[],
  run: string,
  fit: FitResult,
  summary: TargetResult["summary"] | null,
): readonly ScoredRow[] {
  const rows = score(events).filter((row) => row.run === run);
  const sharedGap = rows.find(({ quantity }) => quantity === QUANTITIES.loss)?.gapPercent ?? 0;
  const causesOf = (quantity: string, gapPercent: number): ScoredRow["causes"] => {
    if (!summary) return [];
    switch (quantity) {
      case QUANTITIES.loss:
        return causesOfLoss(fit, gapPercent, summary.curve);
      case QUANTITIES.stepTime:
        return causesOfStepTime(fit, summary);
      case QUANTITIES.wallTime:
        return causesOfWallTime(fit, summary);
      case QUANTITIES.memory:
        return causesOfMemory(fit, summary, gapPercent);
      case QUANTITIES.curve:
        return [{ name: "points of the curve outside the band", percent: gapPercent }];
      default:
        return causesOfSource(gapPercent, sharedGap);
    }
  };
  return rows.map((row) => ({
    ...row,
    about: aboutOf(row.quantity),
    causes: row.gapPercent === null ? [] : causesOf(row.quantity, row.gapPercent),
  }));
}

function aboutOf(quantity: string): ScoredRow["about"] {
  switch (quantity) {
    case QUANTITIES.loss:
      return "loss";
    case QUANTITIES.stepTime:
      return "step-time";
    case QUANTITIES.wallTime:
      return "wall-time";
    case QUANTITIES.memory:
      return "memory";
    default:
      return "other";
  }
}

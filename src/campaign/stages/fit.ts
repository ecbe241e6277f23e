/** @file Stage 3: laws from the ladder, and the target's predictions, locked before a step at its shape. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { computeLaw, tiedChinchillaLaw } from "../../law/formulas/power-laws.ts";
import type { Law } from "../../law/law.ts";
import { predict } from "../../law/predict.ts";
import { parameterIntervals } from "../../laws/fit/parameters.ts";
import { forecastCurve } from "../../laws/forecast/curve.ts";
import { forecastAt } from "../../laws/forecast/forecast.ts";
import { type Study, study } from "../../laws/forecast/study.ts";
import { curveFractions } from "../../train/curve.ts";
import { type Context, runStage } from "../context.ts";
import { estimateRuns } from "../planning/estimate.ts";
import type { Plan } from "../planning/plan.ts";
import { forecastCost } from "../planning/time-forecast.ts";
import { lockPredictions, predictionsOf } from "../predictions.ts";
import { type PartedPrediction, targetQuantities } from "../quantities.ts";
import { type LadderRun, observationOf } from "./ladder.ts";

const interval = { median: z.number(), lo: z.number(), hi: z.number() };
const intervalSchema = z.strictObject(interval);
/** In the record null is what the ladder sets no limit to: JSON has no infinity. */
const open = (infinite: number) =>
  z
    .number()
    .nullable()
    .transform((value) => value ?? infinite);
const openInterval = { median: open(Infinity), lo: open(-Infinity), hi: open(Infinity) };

const lawSchema = z.strictObject({
  name: z.string(),
  formula: z.string(),
  weight: z.number(),
  target: intervalSchema,
  parameters: z.array(z.strictObject({ name: z.string(), unit: z.string(), ...openInterval })),
});

/** What the record keeps of the forecast beside the predictions that it locks. */
export const fitSchema = z.strictObject({
  reach: z.number(),
  laws: z.array(lawSchema),
  backTest: z.array(
    z.strictObject({
      cut: z.number(),
      reach: z.number(),
      predicted: z.number(),
      lo: z.number(),
      hi: z.number(),
      actual: z.number(),
      errorPercent: z.number(),
      inside: z.boolean(),
    }),
  ),
  widening: z.number(),
  /** One standard deviation of the final loss from seed to seed. */
  noisePercent: z.number(),
  /** Median and 90 % interval along the compute-optimal line, for the figure, to beyond the target. */
  line: z.array(z.strictObject({ flops: z.number(), ...interval })),
  band: z.array(z.strictObject({ fraction: z.number(), ...interval })),
});

export type FitResult = z.infer<typeof fitSchema> & {
  /** What is locked of the target, by quantity. */
  readonly predictions: ReadonlyMap<string, PartedPrediction>;
};

/** What the forecast rests on, and the run that it is made for. */
export function fitInputs(runs: readonly LadderRun[], targetName: string): unknown {
  return { runs: runs.map(({ name, summary }) => [name, summary.heldOut]), target: targetName };
}

export async function fit(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  runs: readonly LadderRun[],
  targetName: string,
): Promise<FitResult> {
  const { record } = context;
  const stored = await runStage(context, "fit", fitInputs(runs, targetName), fitSchema, async () => {
    // Timed first: computing the laws leaves the process busy with collecting garbage for a moment.
    const cost = await forecastTimes(context, plan, runs);
    const { loss, sources, ...forecasts } = forecastLosses(plan, manifest, runs);
    lockPredictions(record, targetName, targetQuantities(manifest), { loss, sources, cost });
    return forecasts;
  });
  return { ...stored, predictions: predictionsOf(record.events, targetName) };
}

/** The target's losses, and its curve, from the ladder. */
export function forecastLosses(plan: Plan, manifest: Manifest, runs: readonly LadderRun[]) {
  const { target } = plan;
  const design = { n: target.matrixParameters, d: target.tokens, c: target.flops };
  const observations = runs.map(observationOf);
  const studied = study(observations);
  const all = forecastAt(studied, design);
  const perSource = manifest.sources.map(({ name }) => {
    const own = runs.map((run) => ({
      ...observationOf(run),
      loss: run.summary.heldOut.sources[name]!.bitsPerByte,
    }));
    const { median, lo, hi, basis } = forecastAt(study(own), design);
    return [name, { median, lo, hi, basis }] as const;
  });
  const curves = runs.map((run) => ({ ...observationOf(run), losses: run.summary.curve }));
  return {
    loss: { median: all.median, lo: all.lo, hi: all.hi, basis: all.basis },
    sources: Object.fromEntries(perSource),
    reach: all.reach,
    laws: all.laws.map((law) => ({
      name: law.name,
      formula: law.formula,
      weight: law.weight,
      target: { median: law.median, lo: law.lo, hi: law.hi },
      parameters: parameterIntervals(lawNamed(law.name), observations).map(({ median, lo, hi, ...rest }) => ({
        ...rest,
        median: finite(median),
        lo: finite(lo),
        hi: finite(hi),
      })),
    })),
    backTest: [...all.backTest],
    widening: all.widening,
    noisePercent: all.scatterPercent,
    line: forecastLine(plan, studied),
    band: [...forecastCurve(curves, design, curveFractions()).points],
  };
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

function lawNamed(name: string): Law {
  return name === tiedChinchillaLaw.name ? tiedChinchillaLaw : computeLaw;
}

/** Points of the line: at rungs, the target and ten times its compute, N and D growing alike between. */
function forecastLine({ rungs, target }: Plan, { posterior }: Study) {
  const from = rungs[0]!.flops;
  const to = 10 * target.flops;
  const numPoints = 41;
  return Array.from({ length: numPoints }, (_, i) => {
    const c = from * (to / from) ** (i / (numPoints - 1));
    const growth = Math.sqrt(c / target.flops);
    const design = { n: target.matrixParameters * growth, d: target.tokens * growth, c };
    return { flops: c, ...predict(posterior, design) };
  });
}

/**
 * Rungs and target are timed now, one after the other: the speed at which the rungs really ran then carries
 * over to the target, whatever else the machine was doing while the plan was made.
 */
async function forecastTimes({ machine }: Context, plan: Plan, runs: readonly LadderRun[]) {
  const alike = runs.filter(({ numThreads }) => numThreads === machine.numThreads);
  // None is alike where the campaign has moved to other cores since; then every rung says what it can.
  const rungs = alike.length > 0 ? alike : runs;
  const placed = rungs.map(({ rung, numThreads }) => ({ run: plan.rungs[rung]!.runs[0]!, numThreads }));
  const estimates = await estimateRuns(
    [...placed, { run: plan.target, numThreads: machine.numThreads }],
    machine,
  );
  return forecastCost(
    plan.target,
    estimates.at(-1)!,
    rungs.map((run, i) => ({ run, estimate: estimates[i]! })),
    // Of PyTorch every rank is a process, and small rungs have fewer.
    (plan.target.spec.torch ? rungs : runs).map(({ summary }) => summary),
  );
}

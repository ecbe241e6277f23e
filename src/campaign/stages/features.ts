/** @file The stage between ladder and fit: each feature on trial on every rung, in pairs. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { runName } from "../../fleet/recorded-run.ts";
import type { Design } from "../../law/law.ts";
import { type FeatureReport, judgeFeature, studyFeature } from "../../laws/decide/feature/feature.ts";
import type { TableRun } from "../../laws/table/run-table.ts";
import type { Interval } from "../../math/interval.ts";
import type { RecordEvent } from "../../record/events.ts";
import { sha256 } from "../../record/files.ts";
import { score } from "../../record/score.ts";
import type { PlannedRun } from "../../train/planned-run.ts";
import { type Context, runStage } from "../context.ts";
import { placeFeatures } from "../planning/estimate.ts";
import { type Plan, type PlannedFeature, runsOf } from "../planning/plan.ts";
import { lockPredictions } from "../predictions.ts";
import { EFFECT_ON_RUNG, FEATURE_QUANTITIES } from "../quantities.ts";
import { featureReportSchema, storedReport } from "./feature-report.ts";
import { finishedRuns, type LadderRun, observationOf, trainAll } from "./ladder.ts";

/** What the record keeps of each feature beside its runs and predictions, in the order of the plan. */
export const featuresSchema = z.array(
  z.strictObject({
    report: featureReportSchema,
    /** The effect in percent along the ladder and on to the target, for the figure. */
    line: z.array(z.strictObject({ flops: z.number(), median: z.number(), lo: z.number(), hi: z.number() })),
  }),
);

/** A feature that has been tried on every rung. */
export type FeatureResult = Pick<PlannedFeature, "name" | "change" | "adopted"> &
  z.infer<typeof featuresSchema>[number] & {
    /** The feature's runs, smallest rung first, seeds in order; the ladder has one of each rung and seed. */
    readonly runs: readonly LadderRun[];
    /** The effect on the largest rung in percent, from those below and as measured; null if not predicted. */
    readonly onLargestRung: (Interval & { readonly measured: number }) | null;
  };

/** Empty, without a stage, where the campaign has no feature on trial. */
export async function features(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  ladder: readonly LadderRun[],
): Promise<readonly FeatureResult[]> {
  const planned = plan.features ?? [];
  if (planned.length === 0) return [];
  const { record } = context;
  const inputs = featuresInputs(plan, manifest, ladder);
  const stored = await runStage(context, "features", inputs, featuresSchema, async () => {
    const isLargest = (run: PlannedRun) =>
      planned.some((feature) => feature.rungs.at(-1)!.runs.includes(run));
    const nameOf = (run: PlannedRun) => runName(run, manifest.hash);
    const placed = placeFeatures(plan, context.machine);
    await trainAll(
      context,
      nameOf,
      placed.filter(({ run }) => !isLargest(run)),
    );
    for (const feature of planned) predictLargest(context, plan, manifest, ladder, feature);
    await trainAll(
      context,
      nameOf,
      placed.filter(({ run }) => isLargest(run)),
    );
    return planned.map((feature) => {
      const runs = finishedRuns(record.events, feature.rungs, manifest)!;
      const target = designOf(plan.target);
      const sides = sidesOf(feature.adopted, runs, ladder);
      const study = studyFeature(...sides, target);
      const { report } = study;
      const subject = subjectOf(feature, plan, manifest);
      measureLargest(context, subject, report);
      lockPredictions(record, subject, FEATURE_QUANTITIES, report);
      return { report: storedReport(report), line: [...study.band()] };
    });
  });
  return featureResults(record.events, plan, manifest, stored);
}

/** The features with what stands of them in the events of their runs and predictions. */
export function featureResults(
  events: readonly RecordEvent[],
  plan: Plan,
  manifest: Manifest,
  stored: z.infer<typeof featuresSchema>,
): readonly FeatureResult[] {
  return (plan.features ?? []).map((feature, i): FeatureResult => {
    const { name, change, adopted, rungs } = feature;
    const runs = finishedRuns(events, rungs, manifest)!;
    const onLargestRung = largestRungOf(events, subjectOf(feature, plan, manifest));
    return { name, change, adopted, runs, onLargestRung, ...stored[i]! };
  });
}

/** From the rungs below it, before any of its runs has begun. */
function predictLargest(
  { record }: Context,
  plan: Plan,
  manifest: Manifest,
  ladder: readonly LadderRun[],
  feature: PlannedFeature,
): void {
  const { index, runs } = feature.rungs.at(-1)!;
  const names = runs.map((run) => runName(run, manifest.hash));
  if (record.events.some((event) => event.kind === "run-started" && names.includes(event.run))) return;
  const own = finishedRuns(record.events, feature.rungs.slice(0, -1), manifest)!;
  const ladderBelow = ladder.filter(({ rung }) => rung < index);
  const largest = designOf(plan.rungs.at(-1)!.runs[0]!);
  const report = judgeFeature(...sidesOf(feature.adopted, own, ladderBelow), largest);
  const from = { report, numPairs: runs.length };
  lockPredictions(record, subjectOf(feature, plan, manifest), [EFFECT_ON_RUNG], from);
}

/** Once, and only where it was predicted. */
function measureLargest({ record }: Context, subject: string, report: FeatureReport): void {
  const { name: quantity, unit, measure } = EFFECT_ON_RUNG;
  const own = record.events.filter(({ run }) => run === subject);
  const isMeasured = own.some(({ kind }) => kind === "measurement");
  if (own.length > 0 && !isMeasured)
    record.append({ run: subject, kind: "measurement", data: { quantity, unit, ...measure(report) } });
}

function largestRungOf(events: readonly RecordEvent[], subject: string): FeatureResult["onLargestRung"] {
  const row = score(events).find(({ run, quantity }) => run === subject && quantity === EFFECT_ON_RUNG.name);
  return row && row.measured !== null ? { ...row.predicted, measured: row.measured } : null;
}

/** What the judgement rests on. */
export function featuresInputs(plan: Plan, manifest: Manifest, ladder: readonly LadderRun[]): unknown {
  const own = (plan.features ?? []).map(({ name, change, adopted, rungs }) => [
    name,
    change,
    adopted,
    runsOf(rungs).map((run) => runName(run, manifest.hash)),
  ]);
  return { features: own, ladder: ladder.map(({ name }) => name), target: designOf(plan.target) };
}

function designOf({ matrixParameters, tokens, flops }: PlannedRun): Design {
  return { n: matrixParameters, d: tokens, c: flops };
}

/** Runs without the change, and runs with it. */
function sidesOf(
  adopted: boolean,
  own: readonly LadderRun[],
  ladder: readonly LadderRun[],
): readonly [readonly TableRun[], readonly TableRun[]] {
  const [without, withIt] = adopted ? [own, ladder] : [ladder, own];
  return [without.map(tableRun), withIt.map(tableRun)];
}

/** By rung and seed: the same on both sides of a pair. */
function tableRun(run: LadderRun): TableRun {
  return { ...observationOf(run), run: `rung-${run.rung}` };
}

/** What the predictions are of: runs with the change against those without, here and at this target. */
function subjectOf({ name, rungs }: PlannedFeature, plan: Plan, manifest: Manifest): string {
  const names = [...runsOf(rungs), ...runsOf(plan.rungs)].map((run) => runName(run, manifest.hash));
  return `feature-${name}.${sha256(JSON.stringify([names, designOf(plan.target)])).slice(0, 8)}`;
}

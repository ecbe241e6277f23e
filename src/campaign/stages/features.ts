/**
 * @file The stage between ladder and fit: every rung once more for each feature on trial, on the same seeds and batches, and what the pairs
 * say of the target.
 */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import type { Placed } from "../../fleet/recorded-run.ts";
import { runName } from "../../fleet/recorded-run.ts";
import type { Design } from "../../law/law.ts";
import { judgeFeature, studyFeature } from "../../laws/decide/feature/feature.ts";
import type { TableRun } from "../../laws/table/table.ts";
import { sha256 } from "../../record/files.ts";
import type { PlannedRun } from "../../train/planned-run.ts";
import type { Context } from "../context.ts";
import { runStage } from "../context.ts";
import { placeFeatures } from "../planning/estimate.ts";
import type { Plan, PlannedFeature } from "../planning/plan.ts";
import { runsOf } from "../planning/plan.ts";
import { foretoldSchema, measureRung, predictRung, predictTarget } from "./feature-predictions.ts";
import { featureReportSchema, storedReport } from "./feature-report.ts";
import type { LadderRun } from "./ladder.ts";
import { ladderSchema, observationOf, trainRungs } from "./ladder.ts";

const featureResultSchema = z.strictObject({
  name: z.string(),
  change: z.string(),
  adopted: z.boolean(),
  /** The feature's own runs, smallest rung first, seeds in order: beside each stands the ladder's of the same rung and seed. */
  runs: ladderSchema,
  report: featureReportSchema,
  foretold: foretoldSchema.nullable(),
  /** The effect in percent along the ladder and on to the target, for the figure. */
  line: z.array(z.strictObject({ flops: z.number(), median: z.number(), lo: z.number(), hi: z.number() })),
});

export const featuresSchema = z.array(featureResultSchema);

/** A feature that has been tried on every rung. */
export type FeatureResult = z.infer<typeof featureResultSchema>;

/** Empty, without a stage, where the campaign has no feature on trial. */
export async function features(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  ladder: readonly LadderRun[],
): Promise<readonly FeatureResult[]> {
  const planned = plan.features ?? [];
  if (planned.length === 0) return [];
  const inputs = featuresInputs(plan, manifest, ladder);
  return runStage(context, "features", inputs, featuresSchema, async () => {
    const rungs = planned.flatMap((feature) => feature.rungs);
    const isLargest = (run: PlannedRun) =>
      planned.some((feature) => feature.rungs.at(-1)!.runs.includes(run));
    const placed = placeFeatures(plan, context.machine);
    const train = (some: readonly Placed[]) => trainRungs(context, manifest, rungs, some);
    const below = await train(placed.filter(({ run }) => !isLargest(run)));
    for (const feature of planned) foretellLargest(context, plan, manifest, ladder, feature, below);
    const largest = await train(placed.filter(({ run }) => isLargest(run)));
    const done = new Map([...below, ...largest]);
    return planned.map((feature): FeatureResult => {
      const { name, change, adopted } = feature;
      const runs = runsOf(feature.rungs).map((run) => done.get(run.name)!);
      const target = designOf(plan.target);
      const sides = sidesOf(adopted, runs, ladder);
      const study = studyFeature(...sides, target);
      const report = storedReport(study.report);
      const subject = subjectOf(feature, plan, manifest);
      const foretold = measureRung(context, subject, report);
      predictTarget(context, subject, report);
      return { name, change, adopted, runs, report, foretold, line: [...study.band()] };
    });
  });
}

/** From the rungs below it, before any of its runs has begun. */
function foretellLargest(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  ladder: readonly LadderRun[],
  feature: PlannedFeature,
  below: ReadonlyMap<string, LadderRun>,
): void {
  const { index, runs } = feature.rungs.at(-1)!;
  const names = runs.map((run) => runName(run, manifest.hash));
  const begun = context.record.events.some(
    (event) => event.kind === "run-started" && names.includes(event.run),
  );
  if (begun) return;
  const own = runsOf(feature.rungs.slice(0, -1)).map((run) => below.get(run.name)!);
  const ladderBelow = ladder.filter(({ rung }) => rung < index);
  const largest = designOf(plan.rungs.at(-1)!.runs[0]!);
  const report = storedReport(judgeFeature(...sidesOf(feature.adopted, own, ladderBelow), largest));
  predictRung(context, subjectOf(feature, plan, manifest), report, runs.length);
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

/** Who is foretold: runs with the change against runs without, on this ladder and at this target. */
function subjectOf({ name, rungs }: PlannedFeature, plan: Plan, manifest: Manifest): string {
  const names = [...runsOf(rungs), ...runsOf(plan.rungs)].map((run) => runName(run, manifest.hash));
  return `feature-${name}.${sha256(JSON.stringify([names, designOf(plan.target)])).slice(0, 8)}`;
}

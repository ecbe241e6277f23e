/** @file The features on trial for their readers: each rung's losses without the change and with it. */

import { mean, median } from "../../math/statistics.ts";
import type { FeatureFacts, FeatureRung } from "../../report/data.ts";
import type { LadderRun } from "../stages/ladder.ts";
import type { History } from "./history.ts";

/** Every feature that has been tried. */
export function featureFacts({
  ladder,
  features,
}: Pick<History, "ladder" | "features">): readonly FeatureFacts[] {
  return (features ?? []).map(({ name, change, adopted, runs, report, onLargestRung, line }) => {
    const [base, feature] = adopted ? [runs, ladder ?? []] : [ladder ?? [], runs];
    return {
      name,
      change,
      adopted,
      rungs: rungsOf(base, feature),
      report,
      onLargestRung,
      line,
      stepTimeRatio: stepTimeRatio(base, feature),
    };
  });
}

function rungsOf(base: readonly LadderRun[], feature: readonly LadderRun[]): readonly FeatureRung[] {
  const indices = [...new Set(base.map(({ rung }) => rung))].toSorted((a, b) => a - b);
  return indices.map((index) => {
    const [without, withIt] = [base, feature].map((runs) => runs.filter(({ rung }) => rung === index)) as [
      LadderRun[],
      LadderRun[],
    ];
    return { flops: without[0]!.summary.flops, without: lossOf(without), with: lossOf(withIt) };
  });
}

/** Pair by pair. */
function stepTimeRatio(
  base: readonly LadderRun[],
  feature: readonly LadderRun[],
): FeatureFacts["stepTimeRatio"] {
  const largest = Math.max(...base.map(({ rung }) => rung));
  const ratios = base.flatMap((run) => {
    const other = feature.find(({ rung, seed }) => rung === run.rung && seed === run.seed);
    return other && run.rung === largest
      ? [other.summary.medianStepSeconds / run.summary.medianStepSeconds]
      : [];
  });
  return { median: median(ratios), lo: Math.min(...ratios), hi: Math.max(...ratios) };
}

const lossOf = (runs: readonly LadderRun[]) =>
  mean(runs.map(({ summary }) => summary.heldOut.all.bitsPerByte));

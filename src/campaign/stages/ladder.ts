/** @file Stage 2: the ladder, small rungs side by side on the cores, the largest on all of them. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { finishedSummary, type Placed, runName, trainPlanned } from "../../fleet/recorded-run.ts";
import { runTogether } from "../../fleet/side-by-side.ts";
import type { TableRun } from "../../laws/table/run-table.ts";
import { eventsOf, type RecordEvent } from "../../record/events.ts";
import type { PlannedRun } from "../../train/planned-run.ts";
import type { RunEvent } from "../../train/run-event.ts";
import type { RunSummary } from "../../train/summary.ts";
import { type Context, runStage } from "../context.ts";
import { placeLadder } from "../planning/estimate.ts";
import { type Plan, type Rung, runsOf } from "../planning/plan.ts";

/** A finished run of the ladder, or of a feature beside it. */
export type LadderRun = {
  readonly name: string;
  readonly rung: number;
  readonly seed: number;
  readonly numThreads: number;
  readonly summary: RunSummary;
};

/** Smallest rung first, seeds in order. */
export async function ladder(
  context: Context,
  plan: Plan,
  manifest: Manifest,
): Promise<readonly LadderRun[]> {
  const specs = runsOf(plan.rungs).map(({ spec }) => spec);
  await runStage(context, "ladder", { specs, corpus: manifest.hash }, z.null(), async () => {
    const nameOf = (run: PlannedRun) => runName(run, manifest.hash);
    await trainAll(context, nameOf, placeLadder(plan, context.machine));
    return null;
  });
  return finishedRuns(context.record.events, plan.rungs, manifest)!;
}

/** Trains runs in order, as many side by side as there is room for. */
export async function trainAll(
  context: Context,
  nameOf: (run: PlannedRun) => string,
  placements: readonly Placed[],
  onEvent?: (event: RunEvent) => void,
): Promise<void> {
  const tasks = placements.map((placed) => ({ ...placed, numRanks: numRanksOf(context, placed) }));
  await runTogether(tasks, context.leases, context.signal, async (task, backend, signal) => {
    const torch = context.torch && { ...context.torch, numRanks: task.numRanks };
    await trainPlanned({ ...context, backend, torch, signal }, task, nameOf(task.run), onEvent);
  });
}

/** Small rungs, side by side on a thread each, get a rank each; and no rank is left without a sequence. */
function numRanksOf({ torch, machine }: Context, { run, numThreads }: Placed): number {
  if (torch === null) return 1;
  const most = numThreads === machine.numThreads ? torch.numRanks : numThreads;
  return Math.min(most, torch.numRanks, run.spec.batchSequences);
}

/** The runs of these rungs in the record, smallest first, seeds in order; null until all are finished. */
export function finishedRuns(
  events: readonly RecordEvent[],
  rungs: readonly Rung[],
  manifest: Manifest,
): readonly LadderRun[] | null {
  const runs = rungs.flatMap(({ index, runs: planned }) =>
    planned.flatMap((run): readonly LadderRun[] => {
      const name = runName(run, manifest.hash);
      const started = eventsOf(events, "run-started", name).at(-1);
      const summary = finishedSummary(events, name);
      if (!started || !summary) return [];
      return [{ name, rung: index, seed: run.spec.seed, numThreads: started.data.numThreads, summary }];
    }),
  );
  return runs.length === runsOf(rungs).length ? runs : null;
}

/** The target's name: another ladder would be another bet, and so another run. */
export function targetName(plan: Plan, manifest: Manifest, runs: readonly LadderRun[]): string {
  return runName(plan.target, JSON.stringify([manifest.hash, runs.map(({ name }) => name)]));
}

/** What the laws see of a run: bits per byte of held-out text against N, D and C. */
export function observationOf({ name, seed, summary }: LadderRun): TableRun {
  const { matrixParameters, tokens, flops, heldOut } = summary;
  return { run: name, seed, n: matrixParameters, d: tokens, c: flops, loss: heldOut.all.bitsPerByte };
}

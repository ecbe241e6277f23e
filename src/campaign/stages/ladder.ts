/** @file Stage 2: the ladder, small rungs side by side on the cores, the largest on all of them. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { runTogether } from "../../fleet/local.ts";
import type { Placed } from "../../fleet/recorded-run.ts";
import { runName, trainPlanned } from "../../fleet/recorded-run.ts";
import type { Observation } from "../../laws/forecast/forecast.ts";
import { runSummarySchema } from "../../train/summary.ts";
import type { Context } from "../context.ts";
import { runStage } from "../context.ts";
import { placeLadder } from "../planning/estimate.ts";
import type { Plan, Rung } from "../planning/plan.ts";
import { runsOf } from "../planning/plan.ts";

const ladderRunSchema = z.strictObject({
  name: z.string(),
  rung: z.int(),
  seed: z.int(),
  numThreads: z.int(),
  batchSequences: z.int(),
  summary: runSummarySchema,
});

export const ladderSchema = z.array(ladderRunSchema);

/** A finished run of the ladder. */
export type LadderRun = z.infer<typeof ladderRunSchema>;

/** Smallest rung first, seeds in order. */
export async function ladder(
  context: Context,
  plan: Plan,
  manifest: Manifest,
): Promise<readonly LadderRun[]> {
  const specs = runsOf(plan.rungs).map(({ spec }) => spec);
  return runStage(context, "ladder", { specs, corpus: manifest.hash }, ladderSchema, async () => {
    const done = await trainRungs(context, manifest, plan.rungs, placeLadder(plan, context.machine));
    return runsOf(plan.rungs).map((run) => done.get(run.name)!);
  });
}

/** Trains runs of these rungs, in order, as many side by side as there are threads; by their names in the plan. */
export async function trainRungs(
  context: Context,
  manifest: Manifest,
  rungs: readonly Rung[],
  placements: readonly Placed[],
): Promise<ReadonlyMap<string, LadderRun>> {
  const done = new Map<string, LadderRun>();
  await runTogether(placements, context.machine.numThreads, context.signal, async (placed, signal) => {
    const { run, numThreads } = placed;
    const name = runName(run, manifest.hash);
    const summary = await trainPlanned({ ...context, signal }, placed, name);
    const { index: rung } = rungs.find(({ runs }) => runs.includes(run))!;
    const { seed, batchSequences } = run.spec;
    done.set(run.name, { name, rung, seed, numThreads, batchSequences, summary });
  });
  return done;
}

/** The target's name: another ladder would be another bet, and so another run. */
export function targetName(plan: Plan, manifest: Manifest, runs: readonly LadderRun[]): string {
  return runName(plan.target, JSON.stringify([manifest.hash, runs.map(({ name }) => name)]));
}

/** What the laws see of a run: bits per byte of held-out text against N, D and C. */
export function observationOf({ name, seed, summary }: LadderRun): Observation {
  const { matrixParameters, tokens, flops, heldOut } = summary;
  return { run: name, seed, n: matrixParameters, d: tokens, c: flops, loss: heldOut.all.bitsPerByte };
}

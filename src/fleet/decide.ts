/** @file What to do when a run's process dies: a pure rule with its reason in words. */

/** Crashes in a row without a step of progress that are taken for a fault that will not go away by itself. */
const MAX_CRASHES_WITHOUT_PROGRESS = 3;

/** What there is to decide on. */
export type CrashFacts = {
  /** The step reached at each crash of this run so far, oldest first. */
  readonly stepsAtCrash: readonly number[];
};

/** What to do, and why in a sentence with numbers. */
export type Decision<D extends string> = {
  readonly decision: D;
  readonly reason: string;
};

/** Worth restarting while it makes progress between its deaths; not once it dies at the same step again. */
export function decideAfterCrash({ stepsAtCrash }: CrashFacts): Decision<"restart" | "stop"> {
  const last = stepsAtCrash.at(-1) ?? 0;
  const recent = stepsAtCrash.slice(-MAX_CRASHES_WITHOUT_PROGRESS);
  const stuck = recent.length === MAX_CRASHES_WITHOUT_PROGRESS && recent.every((step) => step <= recent[0]!);
  if (stuck)
    return { decision: "stop", reason: `crashed ${recent.length} times without getting past step ${last}` };
  return {
    decision: "restart",
    reason: `crash ${stepsAtCrash.length}, at step ${last}: restarted from the last checkpoint`,
  };
}

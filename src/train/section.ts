/** @file The parts of a run by what it does: whoever watches it has patience with each for itself. */

/** Parts of a run that take their own time: a watcher's patience is learnt for each. */
export const SECTIONS = ["start", "step", "checkpoint", "evaluation"] as const;
/** One of them. */
export type Section = (typeof SECTIONS)[number];

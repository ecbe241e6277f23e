/** @file How long a process may be silent: learnt for each section of a run from how long it took so far. */

import type { Section } from "../../train/section.ts";
import { formatSeconds } from "../../units/print.ts";
import type { Probe } from "../backend.ts";

/** Before a section has been seen: imports, compilation, a first evaluation may take minutes. */
const UNSEEN_SECONDS: Readonly<Record<Section, number>> = {
  start: 600,
  step: 300,
  checkpoint: 600,
  evaluation: 600,
};

/**
 * The longest silence seen in a section, doubled, and this on top: until the incident is on the disk another
 * 0.1 to 0.4 s pass on two busy cores (polls, the ranks' end), and 1 s in all is promised.
 */
const SLACK_SECONDS = 0.6;

/**
 * A process that computes is slow, not hung, until it has been silent for so many times its limit: machines
 * get busy, and the first step after a start may compile.
 */
const BUSY_FACTOR = 10;
const LEAST_BUSY_SECONDS = 60;

/** Share of the silence that a process has to spend on a processor to be taken for busy. */
const BUSY_SHARE = 0.05;

/** Nobody waits for a process that was stopped from outside to go on by itself. */
const MOST_STOPPED_SECONDS = 10;

/** The longest silences of a run, by section. */
export class SilenceSeen {
  readonly #longest = new Map<Section, number>();
  #leastSeconds: number;

  constructor(leastSeconds = 0) {
    this.#leastSeconds = leastSeconds;
  }

  /** The longest ones that a process tells of itself. */
  observe(longest: Readonly<Partial<Record<Section, number>>>): void {
    for (const [section, seconds] of Object.entries(longest) as [Section, number][])
      this.#longest.set(section, Math.max(seconds, this.#longest.get(section) ?? 0));
  }

  /** From here on no section has less. */
  atLeast(seconds: number): void {
    this.#leastSeconds = Math.max(this.#leastSeconds, seconds);
  }

  /** How long a process may be silent in this section. */
  limitSeconds(section: Section): number {
    const longest = this.#longest.get(section);
    if (longest === undefined) return UNSEEN_SECONDS[section];
    return Math.max(this.#leastSeconds, 2 * longest + SLACK_SECONDS);
  }
}

export type Silence = {
  readonly section: Section;
  readonly seconds: number;
  readonly limitSeconds: number;
  /** Share of the silence spent on a processor; null: the process cannot be looked at. */
  readonly cpuShare: number | null;
  readonly state: Probe["state"] | null;
};

/** Null while the silence is none to worry about; else what it is taken for, in words. */
export function hangIn({ section, seconds, limitSeconds: learnt, cpuShare, state }: Silence): string | null {
  const limitSeconds = state === "stopped" ? Math.min(learnt, MOST_STOPPED_SECONDS) : learnt;
  if (seconds <= limitSeconds) return null;
  // One that waits for a processor among many gets little of it; one that hangs waits for none.
  const isBusy = state === "running" || (state !== "stopped" && cpuShare !== null && cpuShare > BUSY_SHARE);
  if (isBusy && seconds <= Math.max(LEAST_BUSY_SECONDS, BUSY_FACTOR * limitSeconds)) return null;
  const what =
    state === "stopped"
      ? "stopped by a signal"
      : isBusy
        ? "computing without progress"
        : "hung, not computing";
  return (
    `${what}: silent for ${formatSeconds(seconds)} in section ${section}, ` +
    `where ${formatSeconds(limitSeconds)} are allowed`
  );
}

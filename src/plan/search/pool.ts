/**
 * @file What a search keeps of a long stream of layouts: the fastest, the Pareto set of speed against memory,
 * the fastest of each way to cut the model and with each thing chosen.
 */

import type { Layout } from "../layout/layout.ts";

/** A layout with the two numbers that it is chosen by. */
export type Candidate = {
  readonly layout: Layout;
  readonly seconds: number;
  readonly bytes: number;
};

/** Faster first; of equals the smaller; of layouts equal in both the one met first (a stable sort). */
export function bySpeed(a: Candidate, b: Candidate): number {
  return a.seconds - b.seconds || a.bytes - b.bytes;
}

/** The `count` fastest, fastest first. */
export function fastestOf(candidates: readonly Candidate[], count: number): readonly Candidate[] {
  return candidates.toSorted(bySpeed).slice(0, count);
}

/** Those that need less memory than everything faster, fastest first. */
export function paretoSet(candidates: readonly Candidate[]): readonly Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates.toSorted(bySpeed))
    if (candidate.bytes < (kept.at(-1)?.bytes ?? Number.POSITIVE_INFINITY)) kept.push(candidate);
  return kept;
}

/** Candidates that wait until they are sorted. */
const WAITING = 2048;

/** The `count` fastest of a stream. */
export class FastestPool {
  readonly #count: number;
  #waiting: Candidate[] = [];
  /** What the last place took when it was last looked at: nothing slower can come in. */
  #limit = Number.POSITIVE_INFINITY;

  constructor(count: number) {
    this.#count = count;
  }

  add(layout: Layout, seconds: number, bytes: number): void {
    if (seconds > this.#limit) return;
    this.#waiting.push({ layout, seconds, bytes });
    if (this.#waiting.length < WAITING + this.#count) return;
    this.#waiting = [...this.items()];
    this.#limit = this.#waiting.at(-1)!.seconds;
  }

  items(): readonly Candidate[] {
    return fastestOf(this.#waiting, this.#count);
  }
}

/** The Pareto set of a stream, piece by piece: what a piece loses has its better in it or its successor. */
export class ParetoPool {
  #kept: readonly Candidate[] = [];
  #waiting: Candidate[] = [];

  add(layout: Layout, seconds: number, bytes: number): void {
    if (this.#isBeaten(seconds, bytes)) return;
    this.#waiting.push({ layout, seconds, bytes });
    if (this.#waiting.length < WAITING) return;
    this.#kept = this.items();
    this.#waiting = [];
  }

  items(): readonly Candidate[] {
    return paretoSet([...this.#kept, ...this.#waiting]);
  }

  /** Whether the slowest kept that is at least as fast is at least as small: no other of those is smaller. */
  #isBeaten(seconds: number, bytes: number): boolean {
    let [low, high] = [0, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#kept[middle]!.seconds <= seconds) low = middle + 1;
      else high = middle;
    }
    return low > 0 && this.#kept[low - 1]!.bytes <= bytes;
  }
}

const AXES = ["schedule", "sharding", "recompute", "precision"] as const;

/** Layouts with the same key cut the model in the same way. */
export function cutKey({ tensor, pipeline, context, expert }: Layout): string {
  return `${tensor},${pipeline},${context},${expert}`;
}

export class Winners {
  readonly #cuts = new Map<string, Candidate>();
  readonly #choices = new Map<(typeof AXES)[number], Map<string, Candidate>>(
    AXES.map((axis) => [axis, new Map()]),
  );

  /** Of equals, what was added first stays. */
  add(candidate: Candidate): void {
    keepFaster(this.#cuts, cutKey(candidate.layout), candidate);
    for (const axis of AXES)
      keepFaster(this.#choices.get(axis)!, choiceOf(axis, candidate.layout), candidate);
  }

  /** Fastest first. */
  ofCuts(): readonly Candidate[] {
    return [...this.#cuts.values()].sort(bySpeed);
  }

  /** By axis, fastest first. */
  ofChoices(): readonly { axis: (typeof AXES)[number]; choice: string; candidate: Candidate }[] {
    return AXES.flatMap((axis) =>
      [...this.#choices.get(axis)!]
        .map(([choice, candidate]) => ({ axis, choice, candidate }))
        .sort((a, b) => bySpeed(a.candidate, b.candidate)),
    );
  }
}

/** Without a pipeline there is no schedule, whatever the layout has in its place. */
function choiceOf(axis: (typeof AXES)[number], layout: Layout): string {
  return axis === "schedule" && layout.pipeline === 1 ? "no pipeline" : layout[axis];
}

function keepFaster(kept: Map<string, Candidate>, key: string, candidate: Candidate): void {
  const rival = kept.get(key);
  if (!rival || bySpeed(candidate, rival) < 0) kept.set(key, candidate);
}

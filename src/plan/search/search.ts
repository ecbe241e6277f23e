/** @file Ranks every valid layout of a model on a cluster by step time, those that do not fit set aside. */

import { CONSTANTS, type Constants } from "../constants.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { stepModel } from "../step/predict.ts";
import type { StepPrediction } from "../step/prediction.ts";
import { ALL_CHOICES, type Choices } from "./choices.ts";
import { layoutFamilies } from "./enumerate.ts";
import { type Candidate, cutKey, FastestPool, ParetoPool, Winners } from "./pool.ts";

/** A layout and what is expected of it. */
export type PlannedLayout = {
  readonly layout: Layout;
  readonly prediction: StepPrediction;
};

/** The fastest layout with one thing chosen. */
export type ChoiceWinner = PlannedLayout & {
  readonly axis: "schedule" | "sharding" | "recompute" | "precision";
  readonly choice: string;
};

/** What a search found. */
export type SearchResult = {
  /** Layouts that divide as they must. */
  readonly numValid: number;
  /** Step times of all layouts that fit, rising. */
  readonly stepSeconds: Float64Array;
  /** The fastest of those that fit, fastest first. */
  readonly best: readonly PlannedLayout[];
  /** The fastest of each way to cut the model (tp, pp, cp, ep; dp follows), fastest first. */
  readonly cuts: readonly PlannedLayout[];
  /** The fastest of each schedule, sharding, recomputation and precision: what a choice costs. */
  readonly choices: readonly ChoiceWinner[];
  /** Layouts to which no other is better in both time and memory, fastest first. */
  readonly pareto: readonly PlannedLayout[];
  /** Of each cut, the layout that would be faster than the best, short of least memory. Least short first. */
  readonly nearMisses: readonly PlannedLayout[];
  /** The layout that needs least memory, whether it fits or not; null if no layout is valid. */
  readonly smallest: PlannedLayout | null;
};

/** What a search may choose from. */
export type SearchOptions = {
  readonly choices?: Choices;
  readonly constants?: Constants;
  /** How many of the best. */
  readonly count?: number;
};

/**
 * Layouts that need up to so many times a device's memory are timed although they do not fit: near misses.
 */
const NEAR = 1.25;

/** Searches all valid layouts. The same question gives the same answer, in the same order. */
export function searchLayouts(
  setup: Setup,
  { choices = ALL_CHOICES, constants = CONSTANTS, count = 20 }: SearchOptions = {},
): SearchResult {
  const predict = stepModel(setup, constants);
  const best = new FastestPool(count);
  const pareto = new ParetoPool();
  const winners = new Winners();
  const tooBig: Candidate[] = [];
  const times: number[] = [];
  let numValid = 0;
  let smallest: Candidate | null = null;
  for (const family of layoutFamilies(setup, choices)) {
    numValid += family.length;
    let winner: Candidate | null = null;
    for (const layout of family) {
      const { stepSeconds: seconds, memory } = predict(layout);
      const { totalBytes: bytes, capacityBytes, fits } = memory;
      if (smallest === null || bytes < smallest.bytes) smallest = { layout, seconds, bytes };
      // The rest of the family has larger micro batches, and memory does not fall with them: what is kept for
      // the backward pass is min(micro batches left, stages ahead) x their size, and a batch has size x
      // number the same; logits and buffers grow with the size.
      if (bytes > NEAR * capacityBytes) break;
      if (!fits) {
        tooBig.push({ layout, seconds, bytes });
        continue;
      }
      times.push(seconds);
      best.add(layout, seconds, bytes);
      pareto.add(layout, seconds, bytes);
      if (winner === null || seconds < winner.seconds) winner = { layout, seconds, bytes };
    }
    if (winner) winners.add(winner);
  }
  const planned = ({ layout }: Candidate): PlannedLayout => ({ layout, prediction: predict(layout) });
  const fastest = best.items();
  return {
    numValid,
    stepSeconds: Float64Array.from(times).sort(),
    best: fastest.map(planned),
    cuts: winners.ofCuts().map(planned),
    choices: winners
      .ofChoices()
      .map(({ axis, choice, candidate }) => ({ axis, choice, ...planned(candidate) })),
    pareto: pareto.items().map(planned),
    nearMisses: nearMisses(tooBig, fastest[0]).map(planned),
    smallest: smallest && planned(smallest),
  };
}

/** One for each cut: the one that is least too big among those faster than the best. */
function nearMisses(tooBig: readonly Candidate[], best: Candidate | undefined): readonly Candidate[] {
  const nearest = new Map<string, Candidate>();
  for (const candidate of tooBig) {
    if (best && candidate.seconds >= best.seconds) continue;
    const key = cutKey(candidate.layout);
    const rival = nearest.get(key);
    if (!rival || candidate.bytes < rival.bytes) nearest.set(key, candidate);
  }
  return [...nearest.values()].sort((a, b) => a.bytes - b.bytes);
}

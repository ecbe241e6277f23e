/** @file How long a pipeline takes: micro batches through stages, by schedule. */

import type { Layout } from "./layout.ts";

/** Seconds of one micro batch forward and backward on each kind of stage. */
export type StageSeconds = {
  readonly first: number;
  readonly inner: number;
  readonly last: number;
};

/** The slowest stage's time for one micro batch. */
export function slowest({ first, inner, last }: StageSeconds, pipeline: number): number {
  if (pipeline === 1) return first;
  return pipeline > 2 ? Math.max(first, inner, last) : Math.max(first, last);
}

/** A forward pass is a third of a micro batch's work, a backward pass two thirds. */
const FORWARD_SHARE = 1 / 3;

/**
 * Time beyond the slowest stage's own work. One forward and one backward (arXiv 2104.04473, section 2.2.1):
 * through stage i passes the path of all its micro batches; before it the stages ahead fill and behind it
 * they drain, and it waits for the first gradient to come back from the stages after it, less the forwards
 * that it does meanwhile. The longest such path is the step. Even stages: (p - 1) of a micro batch.
 * Interleaved: a v-th of that. Zero bubble: the weights' gradients fill two thirds of it (arXiv 2401.10241,
 * table 1: H1). DualPipe: both ends feed, and forward and backward overlap (arXiv 2412.19437, table 2): about
 * a quarter.
 */
export function bubbleSeconds(layout: Layout, stages: StageSeconds, numMicroBatches: number): number {
  const { pipeline, virtualStages, schedule } = layout;
  if (pipeline === 1) return 0;
  const { first, inner, last } = stages;
  const numInner = pipeline - 2;
  const share = {
    gpipe: 1,
    "1f1b": 1,
    interleaved: 1 / virtualStages,
    "zero-bubble": 1 / 3,
    dualpipe: 1 / 4,
  }[schedule];
  const through = (own: number, before: number, after: number, numAfter: number) =>
    numMicroBatches * own + share * (before + Math.max(0, after - numAfter * FORWARD_SHARE * own));
  const paths = [
    through(first, 0, numInner * inner + last, pipeline - 1),
    numInner > 0 ? through(inner, first + (numInner - 1) * inner, last, 1) : 0,
    through(last, first + numInner * inner, 0, 0),
  ];
  return Math.max(...paths) - numMicroBatches * slowest(stages, pipeline);
}

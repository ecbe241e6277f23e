/** @file What a finished run leaves to reason about: losses, curve, times by operation, memory. */

import { z } from "zod";
import type { ProfileEntry } from "../engine/session.ts";
import { median } from "../math/statistics.ts";
import { matrixParameters } from "../model/shape.ts";
import { readWholeRunSeries } from "../record/run-series.ts";
import { columnOf } from "../record/series.ts";
import { bitsPerByte } from "./bits-per-byte.ts";
import { curveOf } from "./curve.ts";
import type { HeldOut } from "./held-out.ts";
import { type RunSpec, tokensOf } from "./run-spec.ts";

const scoreSchema = z.strictObject({
  numTokens: z.number(),
  numBytes: z.number(),
  natsPerToken: z.number(),
  bitsPerByte: z.number(),
});

export const runSummarySchema = z.strictObject({
  /** N: parameters in matrix products, head included, input embedding not. */
  matrixParameters: z.number(),
  numSteps: z.number(),
  /** D */
  tokens: z.number(),
  /** C: forward and backward, counted from the table of operations, with attention; evaluation is apart. */
  flops: z.number(),
  heldOut: z.strictObject({ all: scoreSchema, sources: z.record(z.string(), scoreSchema) }),
  /** Mean training loss, bits per byte, of each 1/64 of the run. */
  curve: z.array(z.number()),
  medianStepSeconds: z.number(),
  /** All of the run: start, steps, checkpoints, evaluation; without what a kill made it repeat. */
  wallSeconds: z.number(),
  startSeconds: z.number(),
  /** Time in optimiser steps, and between them (batches, checkpoints, series). */
  stepsSeconds: z.number(),
  betweenStepsSeconds: z.number(),
  evaluationSeconds: z.number(),
  /** Mean seconds a step in each operation. */
  operationSeconds: z.record(z.string(), z.number()),
  arenaBytes: z.number(),
  /** Largest resident size of the process. */
  peakBytes: z.number(),
  numAttempts: z.number(),
});

/** What a finished run came to: losses, times, memory. */
export type RunSummary = z.infer<typeof runSummarySchema>;

export type SummaryFacts = {
  readonly spec: RunSpec;
  readonly seriesFolder: string;
  readonly heldOut: HeldOut;
  readonly bytesPerToken: number;
  readonly startSeconds: number;
  readonly evaluationSeconds: number;
  readonly flopsPerStep: number;
  /** In all steps together. */
  readonly operationSeconds: Readonly<Record<string, number>>;
  readonly arenaBytes: number;
  readonly peakBytes: number;
  readonly attempt: number;
};

export function summarise(facts: SummaryFacts): RunSummary {
  const { spec, seriesFolder, heldOut, startSeconds, evaluationSeconds } = facts;
  const series = readWholeRunSeries(seriesFolder, spec.numSteps);
  const sum = (name: string) => columnOf(series, name).reduce((total, value) => total + value, 0);
  const stepsSeconds = sum("stepSeconds");
  const betweenStepsSeconds = sum("otherSeconds");
  return {
    matrixParameters: matrixParameters(spec.shape),
    numSteps: spec.numSteps,
    tokens: tokensOf(spec),
    flops: facts.flopsPerStep * spec.numSteps,
    heldOut,
    curve: curveOf(columnOf(series, "loss")).map((nats) => bitsPerByte(nats, facts.bytesPerToken)),
    medianStepSeconds: median(columnOf(series, "stepSeconds")),
    wallSeconds: startSeconds + stepsSeconds + betweenStepsSeconds + evaluationSeconds,
    startSeconds,
    stepsSeconds,
    betweenStepsSeconds,
    evaluationSeconds,
    operationSeconds: perStep(facts.operationSeconds, spec.numSteps),
    arenaBytes: facts.arenaBytes,
    peakBytes: facts.peakBytes,
    numAttempts: facts.attempt,
  };
}

/** Seconds summed over the instructions of each operation. */
export function secondsByOperation(profile: readonly ProfileEntry[]): Record<string, number> {
  const seconds: Record<string, number> = {};
  for (const { instruction, seconds: spent } of profile)
    seconds[instruction.operation] = (seconds[instruction.operation] ?? 0) + spent;
  return seconds;
}

function perStep(seconds: Readonly<Record<string, number>>, numSteps: number): Record<string, number> {
  return Object.fromEntries(Object.entries(seconds).map(([operation, sum]) => [operation, sum / numSteps]));
}

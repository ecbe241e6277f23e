/** @file Small results of stages for tests, every number of them made up and easy to reckon with. */

import type { Manifest } from "../corpus/manifest.ts";
import type { EventDraft } from "../record/events.ts";
import type { RunSummary } from "../train/summary.ts";
import { NUM_CURVE_POINTS } from "../train/summary.ts";
import type { TargetForecast } from "./quantities.ts";
import type { FitResult } from "./stages/fit.ts";
import type { LadderRun } from "./stages/ladder.ts";

const score = (bitsPerByte: number) => ({
  numTokens: 1000,
  numBytes: 3000,
  natsPerToken: 3 * Math.LN2 * bitsPerByte,
  bitsPerByte,
});

/** A run of 100 steps in 2 s: 1 s in steps of 0.01 s, and 0.1, 0.5 and 0.4 s between them, before and after. */
export function summaryWith(changes: Partial<RunSummary>): RunSummary {
  return {
    matrixParameters: 10_000,
    numSteps: 100,
    tokens: 100_000,
    flops: 6e9,
    heldOut: { all: score(2), sources: { tales: score(2) } },
    curve: new Array<number>(NUM_CURVE_POINTS).fill(2),
    medianStepSeconds: 0.01,
    wallSeconds: 2,
    startSeconds: 0.5,
    stepsSeconds: 1,
    betweenStepsSeconds: 0.1,
    evaluationSeconds: 0.4,
    operationSeconds: { matmul: 0.008, add: 0.001 },
    arenaBytes: 1e6,
    peakBytes: 101e6,
    numAttempts: 1,
    ...changes,
  };
}

export function ladderRunWith(changes: Partial<RunSummary>, name = "rung-0-seed-1"): LadderRun {
  return { name, rung: 0, seed: 1, numThreads: 2, summary: summaryWith(changes) };
}

const around = (median: number) => ({
  median,
  lo: 0.9 * median,
  hi: 1.1 * median,
  basis: "made up for a test",
});

/** Forecasts what `summaryWith({})` measured. */
export const forecast: TargetForecast = {
  loss: around(2),
  sources: { tales: around(2) },
  cost: {
    stepSeconds: around(0.01),
    wallSeconds: around(2),
    peakBytes: around(101e6),
    operationSeconds: { matmul: 0.008, add: 0.002 },
    parts: { steps: 1, betweenSteps: 0.1, start: 0.5, evaluation: 0.4 },
    arenaBytes: 1e6,
  },
};

/** What the fit stage keeps in the record. */
export const storedFit: Omit<FitResult, "predictions"> = {
  reach: 8,
  laws: [],
  backTest: [],
  widening: 1,
  noisePercent: 0.5,
  line: [],
  band: Array.from({ length: NUM_CURVE_POINTS }, (_, i) => ({
    fraction: (i + 0.5) / NUM_CURVE_POINTS,
    median: 2,
    lo: 1.9,
    hi: 2.1,
  })),
};

/** The event that says where a campaign was planned. */
export const environment: EventDraft<"environment"> = {
  run: null,
  kind: "environment",
  data: {
    commit: null,
    versions: {},
    processor: "a test's",
    instructionSet: "baseline",
    cores: 2,
    memoryBytes: 1e9,
  },
};

/** A corpus of one source and a vocabulary. */
export function manifestWith(hash: string, vocabularySize: number): Manifest {
  const none = {
    windows1252Documents: 0,
    utf16Documents: 0,
    byteOrderMarks: 0,
    carriageReturns: 0,
    gutenbergHeaders: 0,
    gutenbergFooters: 0,
  };
  const dropped = {
    symbolicLinks: 0,
    binaryDocuments: 0,
    emptyDocuments: 0,
    duplicateDocuments: 0,
    duplicateDocumentBytes: 0,
    duplicatePassages: 0,
    duplicatePassageBytes: 0,
  };
  const part = { passages: 10, bytes: 30_000, tokens: 10_000, shards: [] };
  return {
    version: 1,
    hash,
    inputHash: "input",
    seed: 1,
    passageBytes: 3000,
    heldOutFraction: 0.05,
    tokenizer: {
      hash: "tokenizer",
      vocabularySize,
      distinctWords: 100,
      droppedWords: 0,
      trainBytesPerToken: 3,
      heldOutBytesPerToken: 3,
    },
    sources: [
      {
        name: "tales",
        weight: 1,
        share: 1,
        licence: null,
        package: null,
        files: 1,
        documents: 1,
        bytesRead: 60_000,
        repairs: none,
        dropped,
        train: part,
        heldOut: part,
      },
    ],
  };
}

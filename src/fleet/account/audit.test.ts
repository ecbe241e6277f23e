import { describe, expect, test } from "vitest";
import { batchAt, batchChecksum } from "../../corpus/batches.ts";
import type { Corpus } from "../../corpus/corpus.ts";
import { type Draft, recordOf } from "../../record/fixture.ts";
import { optimiserOf } from "../../train/planned-run.ts";
import { batchStepOf } from "../../train/run.ts";
import { type AuditFacts, auditRun } from "./audit.ts";
import { lineageOf } from "./lineage.ts";

const sources = [
  { name: "a", share: 0.7, train: Uint16Array.from({ length: 400 }, (_, i) => i) },
  { name: "b", share: 0.3, train: Uint16Array.from({ length: 300 }, (_, i) => 1000 + i) },
];
const corpus = { sources } as unknown as Corpus;

const NUM_STEPS = 12;
const ORDER = { seed: 5, sequenceLength: 8, batchSequences: 2 };
const SPEC = {
  role: "single",
  shape: {
    vocabularySize: 300,
    width: 16,
    numLayers: 1,
    numHeads: 1,
    numKeyValueHeads: 1,
    headDim: 16,
    feedForwardWidth: 32,
    tiedEmbeddings: false,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
  },
  optimiser: optimiserOf({ learningRate: 0.01, weightDecay: 0.1 }),
  ...ORDER,
  numSteps: NUM_STEPS,
  heldOutTokens: 100,
  checkpointSeconds: 1,
};

const start = (attempt: number, fromStep: number): Draft => ({
  run: "r",
  kind: "run-started",
  data: { attempt, fromStep, exact: true, numThreads: 1, spec: attempt === 1 ? SPEC : null },
});
const saved = (step: number): Draft => ({ run: "r", kind: "checkpoint-written", data: { step, bytes: 1 } });

/** Rows of steps `from` + 1 to `to`, on their own batches but for those that are given. */
function rows(from: number, to: number, batches: Readonly<Record<number, number>> = {}) {
  const step = Float64Array.from({ length: to - from }, (_, i) => from + i + 1);
  const own = (at: number) => batchChecksum(batchAt(sources, { ...ORDER, step: at - 1 }));
  const values = {
    step,
    tokens: step.map((at) => 16 * at),
    batch: step.map((at) => batches[at] ?? own(at)),
  };
  return { columns: [], numRows: step.length, values, warnings: [] };
}

const KILLED = [start(1, 0), saved(6), start(2, 6), saved(12)];

const audit = (drafts: readonly Draft[], facts: Partial<AuditFacts>) =>
  auditRun({
    events: recordOf(drafts),
    run: "r",
    series: new Map(),
    corpus,
    toldCheckpoints: new Set(),
    ...facts,
  });

const certified = (step: number): Draft => ({
  run: "r",
  kind: "checkpoint-certified",
  data: { step, throughStep: step + 2 },
});

describe("the audit of a run's data", () => {
  test("names a certificate of a checkpoint that nobody has written, and no other", () => {
    const series = new Map([[1, rows(0, 12)]]);
    expect(audit([start(1, 0), saved(6), certified(6), saved(12)], { series }).disagreement).toBeNull();
    expect(audit([start(1, 0), saved(6), certified(7), saved(12)], { series }).disagreement).toEqual({
      step: 7,
      found: "the record certifies a checkpoint of this step, and had told of none",
      expected: "checkpoint-written before checkpoint-certified",
    });
  });

  test("proves each step of a killed run once, on its own batch", () => {
    const series = new Map([
      [1, rows(0, 9)],
      [2, rows(6, 12)],
    ]);
    expect(audit(KILLED, { series })).toEqual({
      run: "r",
      numSteps: 12,
      plannedSteps: 12,
      tokens: 192,
      numAttempts: 2,
      batchesProven: 12,
      skipped: [],
      unproven: [],
      disagreement: null,
    });
  });

  test("names the first step that was trained on another batch, in the attempt that stands", () => {
    const other = batchChecksum(batchAt(sources, { ...ORDER, step: 0 }));
    const disturbed = new Map([
      [1, rows(0, 9, { 8: other })],
      [2, rows(6, 12, { 10: other, 11: other })],
    ]);
    const { disagreement, batchesProven } = audit(KILLED, { series: disturbed });
    expect(disagreement).toMatchObject({
      step: 10,
      found: `trained on a batch with the checksum ${other}`,
    });
    expect(batchesProven).toBe(9);
  });

  test("names the step that lacks a row, and one that nobody has done", () => {
    const gap = new Map([
      [1, rows(0, 9)],
      [2, rows(7, 12)],
    ]);
    expect(audit(KILLED, { series: gap }).disagreement).toEqual({
      step: 7,
      found: "no row in the series of attempt 2, which began after step 6",
      expected: "one row for each step of the surviving history",
    });
    const orphan = new Map([
      [1, rows(0, 4)],
      [2, rows(6, 12)],
    ]);
    expect(audit(KILLED, { series: orphan }).disagreement).toMatchObject({ step: 6 });
  });

  test("names tokens that are not those of so many steps", () => {
    const twice = rows(6, 12);
    twice.values.tokens[2]! += 16;
    const series = new Map([
      [1, rows(0, 9)],
      [2, twice],
    ]);
    expect(audit(KILLED, { series }).disagreement).toMatchObject({
      step: 9,
      found: "160 tokens trained on so far",
      expected: "144, as in an undisturbed run",
    });
  });

  test("says what it could not prove: without corpus, without checksums, without a word of a checkpoint", () => {
    const unsummed = new Map([
      [1, rows(0, 9)],
      [2, rows(6, 12, { 7: Number.NaN })],
    ]);
    expect(audit(KILLED, { series: unsummed, corpus: "there is none" })).toMatchObject({
      batchesProven: 0,
      unproven: ["no batch was computed anew: there is none"],
      disagreement: null,
    });
    const drafts = [start(1, 0), start(2, 6), saved(12)];
    expect(audit(drafts, { series: unsummed })).toMatchObject({
      batchesProven: 11,
      unproven: [
        "the checkpoint of step 6, from which attempt 2 went on, is in no event: it was saved to memory, or its process was killed before it could say so",
        "1 steps have no checksum of their batch in the series",
      ],
    });
    expect(audit(drafts, { series: unsummed, toldCheckpoints: new Set([6]) }).unproven).toHaveLength(1);
  });

  test("names the steps of an altered run, and proves the batches they had instead", () => {
    const response = { action: "rewind", reason: "a spike", toStep: 6, skip: [8, 9] };
    const data = { what: "loss spike", evidence: {}, severity: "warning", response } as const;
    const spike = { run: "r", kind: "incident", data } as Draft;
    const instead = (step: number) =>
      batchChecksum(batchAt(sources, { ...ORDER, step: batchStepOf(step, NUM_STEPS, [8, 9]) - 1 }));
    const series = new Map([
      [1, rows(0, 9)],
      [2, rows(6, 12, { 8: instead(8), 9: instead(9) })],
    ]);
    const drafts = [start(1, 0), saved(6), spike, start(2, 6), saved(12)];
    expect(audit(drafts, { series })).toMatchObject({
      skipped: [8, 9],
      batchesProven: 12,
      disagreement: null,
    });
  });
});

test("a run's lineage passes over a branch that was left without a step", () => {
  const steps: Readonly<Record<number, number>> = { 1: 9, 2: 0, 3: 12 };
  const starts = [
    { attempt: 1, fromStep: 0 },
    { attempt: 2, fromStep: 3 },
    { attempt: 3, fromStep: 6 },
  ];
  expect(lineageOf(starts, (attempt, step) => step <= steps[attempt]!)).toEqual({
    stretches: [
      { attempt: 1, from: 0, to: 6 },
      { attempt: 3, from: 6, to: Number.POSITIVE_INFINITY },
    ],
    orphan: null,
  });
});

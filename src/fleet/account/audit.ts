/**
 * @file Whether a run was trained on the data of an undisturbed one, each step once, whatever befell it: its
 * attempts, its numbers per step and the corpus held against each other.
 */

import { batchAt, batchChecksum } from "../../corpus/batches.ts";
import type { Corpus } from "../../corpus/corpus.ts";
import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import { parseStored } from "../../record/read-back.ts";
import type { Series } from "../../record/series.ts";
import { batchStepOf } from "../../train/run.ts";
import { type RunSpec, runSpecSchema } from "../../train/run-spec.ts";
import { formatWhole } from "../../units/print.ts";
import { skippedSteps } from "../attempt-start.ts";
import { standingOf } from "../certify/certificates.ts";
import { lineageOf, type Stretch } from "./lineage.ts";

/** Where it is not so. */
export type Disagreement = { readonly step: number; readonly found: string; readonly expected: string };

/** What could be shown of a run's data. */
export type RunAudit = {
  readonly run: string;
  /** Steps of the surviving history that were looked at, from 1 on. */
  readonly numSteps: number;
  /** Of how many the run is to have. */
  readonly plannedSteps: number;
  readonly tokens: number;
  readonly numAttempts: number;
  /** Steps whose batch was computed anew from the corpus and has the checksum in the series. */
  readonly batchesProven: number;
  /** Not empty: the run is altered, these steps were trained on other batches than their own. */
  readonly skipped: readonly number[];
  readonly unproven: readonly string[];
  /** The first one; null: none. */
  readonly disagreement: Disagreement | null;
};

export type AuditFacts = {
  readonly events: readonly RecordEvent[];
  readonly run: string;
  /** By attempt; missing: it has left no numbers. */
  readonly series: ReadonlyMap<number, Series>;
  /** Why there is none, in words. */
  readonly corpus: Corpus | string;
  /** Checkpoints that a process has told of, though no supervisor lived to hear it. */
  readonly toldCheckpoints: ReadonlySet<number>;
};

/** The run must have started. */
export function auditRun(facts: AuditFacts): RunAudit {
  const { events, run, series } = facts;
  const starts = eventsOf(events, "run-started", run);
  if (isCommand(starts[0]!)) return auditOfCommand(facts, starts);
  const spec = parseStored(runSpecSchema, starts[0]!.data.spec, `the specification of ${run}`);
  const numSteps = stepsToShow(facts, starts, spec);
  const unproven = [...unspokenCheckpoints(facts)];
  const skipped = skippedSteps(events, run);
  const { stretches, orphan } = lineageOf(
    starts.map(({ data }) => data),
    (attempt, step) => series.get(attempt)?.values.step?.includes(step) ?? false,
  );
  let disagreement = orphan === null ? unfounded(events, run) : nobodysStep(orphan);
  let [batchesProven, unsummed] = [0, 0];
  const rowOf = rowFinder(stretches, series);
  for (let step = 1; step <= numSteps && disagreement === null; step++) {
    const row = rowOf(step);
    const seen = "found" in row ? row : checkRow(facts, spec, skipped, step, row);
    if (seen === "proven") batchesProven++;
    else if (seen === "unsummed") unsummed++;
    else disagreement = seen;
  }
  if (typeof facts.corpus === "string") unproven.push(`no batch was computed anew: ${facts.corpus}`);
  else if (unsummed > 0)
    unproven.push(`${formatWhole(unsummed)} steps have no checksum of their batch in the series`);
  return {
    run,
    numSteps,
    plannedSteps: spec.numSteps,
    tokens: numSteps * spec.batchSequences * spec.sequenceLength,
    numAttempts: starts.length,
    batchesProven,
    skipped,
    unproven,
    disagreement,
  };
}

const isCommand = ({ data }: Start) => (data.spec as { readonly role?: unknown } | null)?.role === "command";

/** A command reads what it will; nobody but itself knows its order. */
const auditOfCommand = ({ run }: AuditFacts, { length: numAttempts }: readonly Start[]): RunAudit => ({
  run,
  numSteps: 0,
  plannedSteps: 0,
  tokens: 0,
  numAttempts,
  batchesProven: 0,
  skipped: [],
  unproven: ["a command of your own: what it reads is its own"],
  disagreement: null,
});

const nobodysStep = (step: number): Disagreement => ({
  step,
  found: "an attempt went on from this step, to which no attempt before it has come",
  expected: "a step that an earlier attempt has told of",
});

/** A certificate of a checkpoint that nobody has written. */
function unfounded(events: readonly RecordEvent[], run: string): Disagreement | null {
  const step = standingOf(events, run).unfounded[0];
  const found = "the record certifies a checkpoint of this step, and had told of none";
  return step === undefined
    ? null
    : { step, found, expected: "checkpoint-written before checkpoint-certified" };
}

type Start = EventOf<"run-started">;
type Row = { readonly tokens: number; readonly batch: number };

/** A finished run has all; of one under way, those up to its last row. */
function stepsToShow({ events, run, series }: AuditFacts, starts: readonly Start[], spec: RunSpec): number {
  if (eventsOf(events, "run-finished", run).length > 0) return spec.numSteps;
  const { attempt, fromStep } = starts.at(-1)!.data;
  return series.get(attempt)?.values.step?.at(-1) ?? fromStep;
}

/** Rows of growing steps, each from the attempt whose step stands. */
function rowFinder(stretches: readonly Stretch[], series: ReadonlyMap<number, Series>) {
  let [stretch, i] = [0, 0];
  return (step: number): Row | Disagreement => {
    while (step > stretches[stretch]!.to) [stretch, i] = [stretch + 1, 0];
    const { attempt, from } = stretches[stretch]!;
    const { step: steps = [], tokens, batch } = series.get(attempt)?.values ?? {};
    while (i < steps.length && steps[i]! < step) i++;
    if (steps[i] === step) return { tokens: tokens?.[i] ?? Number.NaN, batch: batch?.[i] ?? Number.NaN };
    return {
      step,
      found: `no row in the series of attempt ${attempt}, which began after step ${from}`,
      expected: "one row for each step of the surviving history",
    };
  };
}

function checkRow(
  { corpus }: AuditFacts,
  spec: RunSpec,
  skipped: readonly number[],
  step: number,
  { tokens, batch }: Row,
): "proven" | "unsummed" | Disagreement {
  const { seed, sequenceLength, batchSequences } = spec;
  const due = step * batchSequences * sequenceLength;
  if (!Number.isNaN(tokens) && tokens !== due) {
    const expected = `${formatWhole(due)}, as in an undisturbed run`;
    return { step, found: `${formatWhole(tokens)} tokens trained on so far`, expected };
  }
  if (typeof corpus === "string" || Number.isNaN(batch)) return "unsummed";
  const at = batchStepOf(step, spec.numSteps, skipped) - 1;
  const own = batchChecksum(batchAt(corpus.sources, { seed, sequenceLength, batchSequences, step: at }));
  if (own === batch) return "proven";
  return {
    step,
    found: `trained on a batch with the checksum ${batch}`,
    expected: `the checksum ${own}, of the batch that the corpus has for this step`,
  };
}

/** A save to memory is in no event; one to the disk may have been the last deed of its process. */
function unspokenCheckpoints({ events, run, toldCheckpoints }: AuditFacts): readonly string[] {
  const saves = eventsOf(events, "checkpoint-written", run);
  return eventsOf(events, "run-started", run).flatMap(({ sequence, data: { attempt, fromStep } }) => {
    const isKnown =
      fromStep === 0 ||
      toldCheckpoints.has(fromStep) ||
      saves.some((save) => save.sequence < sequence && save.data.step === fromStep);
    if (isKnown) return [];
    const what = `the checkpoint of step ${fromStep}, from which attempt ${attempt} went on, is in no event`;
    return [`${what}: it was saved to memory, or its process was killed before it could say so`];
  });
}

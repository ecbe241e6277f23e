/**
 * @file One run from start, or from its last checkpoint, to its held-out loss, as one flat stream of events.
 * It knows nothing of campaigns, processes or terminals. The numbers depend on the spec and the corpus alone.
 */

import { setImmediate } from "node:timers/promises";
import { batchAt, batchChecksum } from "../corpus/batches.ts";
import type { Corpus } from "../corpus/corpus.ts";
import { flopsOf } from "../engine/compile.ts";
import { Session } from "../engine/session.ts";
import { readWholeRunSeries } from "../record/run-series.ts";
import { SeriesWriter, seriesPath } from "../record/series.ts";
import { isDraining, seriesFolder } from "../record/workspace.ts";
import { removeCheckpoint } from "./checkpoint.ts";
import { scoreHeldOut } from "./held-out.ts";
import { MemoryGuard } from "./memory-guard.ts";
import { hyperAt } from "./optimiser.ts";
import { trainingPrograms } from "./programs.ts";
import type { RunEvent } from "./run-event.ts";
import type { RunSpec } from "./run-spec.ts";
import { SaveRhythm } from "./save-rhythm.ts";
import { learningRateAt } from "./schedule.ts";
import type { Section } from "./section.ts";
import { SERIES_COLUMNS } from "./series-columns.ts";
import { type RunCost, restoreOrInitialise, TrainingState } from "./state.ts";
import { secondsByOperation, summarise } from "./summary.ts";

/** Where a run reads and writes, and with how many threads. */
export type RunPlace = {
  /** Holds `series/<name>/` and `runs/<name>/checkpoints/`. */
  readonly folder: string;
  readonly name: string;
  /** 1, 2, 3 ...: the numbers per step of each attempt lie apart. */
  readonly attempt: number;
  readonly corpus: Corpus;
  readonly numThreads: number;
  readonly instructionSet: string;
  /** Bytes that the checkpoints of one run may take together. */
  readonly checkpointBytes: number;
  /** Start from this step's checkpoint, or an older one, and delete the later ones; null: from the newest. */
  readonly fromStep: number | null;
  /** Ascending: steps that train on other batches than their own. */
  readonly skip: readonly number[];
  /** Mean time between the failures of this run so far; null: none is known. */
  readonly failureSeconds: number | null;
  readonly watch: RunWatch;
};

/** What a run owes to whoever watches over it. */
export type RunWatch = {
  /** Says that it is alive: at the beginning of a section, and at each step or batch in it. */
  beat(section: Section, step: number): void;
  /** Throws where a later attempt has taken over: this one may change nothing any more. */
  assertCurrent(): void;
};

/** Nobody watches: for a run in the caller's own process. */
export const UNWATCHED: RunWatch = { beat() {}, assertCurrent() {} };

/** Whoever follows a run sees its numbers at most so much later. */
const FLUSH_MS = 1000;

/** Trains to the end unless `signal` aborts; then writes a checkpoint and ends with `stopped`. */
export async function* trainRun(
  spec: RunSpec,
  place: RunPlace,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const beganAt = performance.now();
  const executable = trainingPrograms(
    spec.shape,
    { batch: spec.batchSequences, sequenceLength: spec.sequenceLength },
    spec.optimiser,
  );
  const { watch } = place;
  watch.beat("start", 0);
  const session = new Session(executable, place);
  const state = new TrainingState(session, spec, place);
  const { fromStep, cost: costBefore, ...start } = restoreOrInitialise(state);
  // What is missing from its curve now would be missed only at its end.
  if (fromStep > 0) readWholeRunSeries(seriesFolder(place.folder, place.name), fromStep);
  const guard = new MemoryGuard(session, spec);
  const cost = () => addCost(costBefore, session);
  const seconds = (performance.now() - beganAt) / 1000;
  yield { kind: "started", attempt: place.attempt, fromStep, ...start, seconds };

  using series = new SeriesWriter(seriesPath(place.folder, place.name, place.attempt), SERIES_COLUMNS);
  let flushedAt = performance.now();
  let endedAt = performance.now();
  const saves = new SaveRhythm(spec.checkpointSeconds, place.failureSeconds, state.numBytes());
  let saveSeconds = 0;
  const startSeconds = (endedAt - beganAt) / 1000;

  for (let step = fromStep + 1; step <= spec.numSteps; step++) {
    const trained = await trainStep(session, spec, place, step);
    const { loss, gradientNorm, stepSeconds } = trained;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      // The optimiser changed nothing (native/README.md): parameters in memory are what they were.
      yield corrupted(step, guard.changedSinceStep()) ??
        diverged(step, "its loss or gradient", loss, gradientNorm);
      return;
    }
    const early = corrupted(step, guard.changedBeforeStep());
    if (early) {
      yield early;
      return;
    }
    const now = performance.now();
    const otherSeconds = (now - endedAt) / 1000 - stepSeconds;
    endedAt = now;
    const tokens = step * spec.batchSequences * spec.sequenceLength;
    series.append({ step, tokens, ...trained, otherSeconds, saveSeconds });
    saveSeconds = 0;
    watch.beat("step", step);
    yield { kind: "step", step, loss, stepSeconds };
    if (now - flushedAt >= FLUSH_MS) {
      series.flush("kill");
      flushedAt = now;
    }
    let stopping = signal.aborted;
    const due = stopping || step === spec.numSteps ? "power cut" : saves.due();
    const survives = due === "kill" && isDraining(place.folder) ? "power cut" : due;
    if (survives !== null) {
      // No loss has seen the last update yet, and a checkpoint of it would be of no use.
      if (!state.isFinite()) {
        yield corrupted(step, guard.changedSinceStep()) ?? diverged(step, "a parameter", loss, gradientNorm);
        return;
      }
      watch.beat("checkpoint", step);
      series.flush(survives);
      watch.assertCurrent();
      const saved = state.save(step, cost(), survives);
      const late = corrupted(step, guard.changedSinceStep());
      if (late) {
        removeCheckpoint(saved.path);
        yield late;
        return;
      }
      saveSeconds = (performance.now() - now) / 1000;
      saves.saved(survives, saveSeconds);
      if (survives === "power cut") {
        yield { kind: "checkpoint", step, ...saved, seconds: saveSeconds };
        stopping ||= isDraining(place.folder);
      }
      watch.beat("step", step);
    }
    if (stopping) {
      yield { kind: "stopped", step };
      return;
    }
    // A step may resolve without a turn of the event loop; signals and messages must get through.
    if (step % 16 === 0) await setImmediate();
  }

  yield { kind: "evaluating" };
  const evaluatedAt = performance.now();
  const onBatch = () => watch.beat("evaluation", spec.numSteps);
  onBatch();
  const heldOut = await scoreHeldOut(session, place.corpus, spec, onBatch);
  const last = corrupted(spec.numSteps, guard.changedSinceStep());
  if (last) {
    yield last;
    return;
  }
  if (!Number.isFinite(heldOut.all.natsPerToken)) {
    yield diverged(spec.numSteps, "its held-out loss", heldOut.all.natsPerToken);
    return;
  }
  yield {
    kind: "finished",
    summary: summarise({
      spec,
      seriesFolder: seriesFolder(place.folder, place.name),
      heldOut,
      bytesPerToken: place.corpus.manifest.tokenizer.trainBytesPerToken,
      startSeconds,
      evaluationSeconds: (performance.now() - evaluatedAt) / 1000,
      flopsPerStep: flopsOf(executable.programs.get("train")!),
      arenaBytes: session.numBytes,
      attempt: place.attempt,
      ...cost(),
    }),
  };
}

/** Null where no parameter has changed. */
const corrupted = (step: number, parameter: string | null): RunEvent | null =>
  parameter === null ? null : { kind: "corrupted", step, parameter };

function diverged(
  step: number,
  what: Extract<RunEvent, { readonly kind: "diverged" }>["what"],
  loss: number,
  gradientNorm = Number.NaN,
): RunEvent {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { kind: "diverged", step, what, loss: finite(loss), gradientNorm: finite(gradientNorm) };
}

/**
 * The step whose batch is trained on: a step's own; for one that is skipped, that of a step beyond the run's
 * end, which nothing else has read.
 * @param skip ascending
 */
export function batchStepOf(step: number, numSteps: number, skip: readonly number[]): number {
  const at = skip.indexOf(step);
  return at < 0 ? step : numSteps + 1 + at;
}

/** Trains on one step's batch. Of its seconds, those in which the programs ran. */
async function trainStep(session: Session, spec: RunSpec, { corpus, skip }: RunPlace, step: number) {
  const { seed, sequenceLength, batchSequences, optimiser } = spec;
  const learningRate = learningRateAt(step, spec.numSteps, optimiser.learningRate);
  const batch = { seed, sequenceLength, batchSequences, step: batchStepOf(step, spec.numSteps, skip) - 1 };
  const tokens = batchAt(corpus.sources, batch);
  session.integers("tokens").set(tokens.inputs);
  session.integers("targets").set(tokens.targets);
  session.floats("hyper").set(hyperAt(step, learningRate, optimiser));
  const ranAt = performance.now();
  await session.run("train");
  const stepSeconds = (performance.now() - ranAt) / 1000;
  const loss = session.output("train", "loss")[0]!;
  const gradientNorm = Math.sqrt(session.output("train", "squaredNorm")[0]!);
  return { loss, gradientNorm, learningRate, stepSeconds, batch: batchChecksum(tokens) };
}

/** What the earlier attempts and this one have cost together. */
function addCost(before: RunCost, session: Session): RunCost {
  const operationSeconds = { ...before.operationSeconds };
  for (const [operation, seconds] of Object.entries(secondsByOperation(session.profile("train"))))
    operationSeconds[operation] = (operationSeconds[operation] ?? 0) + seconds;
  return { operationSeconds, peakBytes: Math.max(before.peakBytes, process.resourceUsage().maxRSS * 1024) };
}

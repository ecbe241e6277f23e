/** @file What a step of one of our decoders takes here: seconds by instruction, memory to the byte. */

import type { Executable } from "../engine/compile.ts";
import type { ProfileEntry, Session, SessionOptions } from "../engine/session.ts";
import { UserError } from "../errors.ts";
import { allParameters } from "../model/shape.ts";
import { hyperAt } from "../train/optimiser.ts";
import { trainingPrograms } from "../train/programs.ts";
import type { RunSpec } from "../train/run-spec.ts";
import { formatBytes } from "../units/print.ts";
import { timeInstructions } from "./time-instructions.ts";

/** All of a run that its step time and its memory depend on. */
export type StepSpec = Pick<RunSpec, "shape" | "batchSequences" | "sequenceLength">;

/** Any do: the optimiser's settings are numbers that change neither. */
const OPTIMISER: RunSpec["optimiser"] = {
  learningRate: 0.01,
  baseWidth: 64,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

/** What one step should take here. */
export type StepEstimate = {
  readonly numThreads: number;
  readonly stepSeconds: number;
  /** Seconds of every instruction; with waking the threads they add up to the step. */
  readonly instructions: readonly ProfileEntry[];
  readonly arenaBytes: number;
};

/**
 * A step's instructions find less of what they need in the caches than a list of the distinct ones does: 2 to
 * 9 % slower on eleven decoders, on one thread (docs/log.md, 2026-11-30).
 */
const COLD_CACHES = 1.05;

/** A process beside its arena: Node, addon, corpus. As in First light's runs (assumption for others). */
const PROCESS_BYTES = 2e8;

/** The programs that such a run trains with. */
export function programsOf({ shape, batchSequences, sequenceLength }: StepSpec): Executable {
  return trainingPrograms(shape, { batch: batchSequences, sequenceLength }, OPTIMISER);
}

/** Memory of a process that trains with these programs. */
export const processBytes = ({ numFloats }: Executable) => 4 * numFloats + PROCESS_BYTES;

/** Itself and its two moments. */
const LEAST_BYTES_PER_PARAMETER = 12;

/** Refuses a run that needs more memory than there is, before anything of its size is allocated. */
export function requireMemory(spec: StepSpec, memoryBytes: number, what: string, remedy: string): void {
  const { shape, batchSequences, sequenceLength } = spec;
  // Programs of what could never fit would take long to compile.
  const least = LEAST_BYTES_PER_PARAMETER * allParameters(shape);
  const needed = least > memoryBytes ? least : processBytes(programsOf(spec));
  if (needed <= memoryBytes) return;
  throw new UserError(
    `${what} needs ${formatBytes(needed)} of memory (width ${shape.width}, ${shape.numLayers} layers, ` +
      `${batchSequences} sequences of ${sequenceLength} a batch), the machine has ${formatBytes(memoryBytes)}`,
    `${what} that fits into memory`,
    remedy,
  );
}

/**
 * Measures: about half a second, or two passes over the distinct instructions where these take longer. No
 * step is made, no parameter trained, no loss seen. The caller has made sure that the arena fits into memory.
 */
export async function estimateStep(spec: StepSpec, options: SessionOptions): Promise<StepEstimate> {
  const executable = programsOf(spec);
  const timed = await timeInstructions(executable, "train", options, (session) => fillLeaves(session, spec));
  const instructions = timed.instructions.map(({ instruction, seconds }) => ({
    instruction,
    seconds: COLD_CACHES * seconds,
  }));
  const { numThreads } = options;
  const stepSeconds = instructions.reduce((sum, { seconds }) => sum + seconds, timed.wakeSeconds);
  return { numThreads, stepSeconds, instructions, arenaBytes: 4 * executable.numFloats };
}

/**
 * Tokens from all of the vocabulary, and an optimiser at its start: without it AdamW would divide zero by
 * zero, and then do nothing for want of a finite gradient. All else may stay zero, and then does: the time of
 * no other kernel depends on its numbers.
 */
export function fillLeaves(session: Session, { shape }: StepSpec): void {
  session.floats("hyper").set(hyperAt(1, OPTIMISER.learningRate, OPTIMISER));
  for (const name of ["tokens", "targets"])
    session.integers(name).forEach((_, i, all) => {
      // Any order does that meets all of the vocabulary: 7919 is prime.
      all[i] = (7919 * (i + 1)) % shape.vocabularySize;
    });
}

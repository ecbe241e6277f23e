/** @file The plan for this machine: does the decoder fit, how long is a step of it, how long the run. */

import { type Executable, flopsOf } from "../../engine/compile.ts";
import type { ProfileEntry } from "../../engine/session.ts";
import { UserError } from "../../errors.ts";
import { estimateStep, processBytes, programsOf, type StepSpec } from "../../machine/step.ts";
import { type Machine, measuredPeak, memoryBytes, thisMachine } from "../../machine/this-machine.ts";
import { type Interval, scaledBy, within } from "../../math/interval.ts";
import { allParameters } from "../../model/shape.ts";
import { formatBytes } from "../../units/print.ts";

export type QuestionHere = StepSpec & {
  readonly name: string;
  readonly numThreads: number;
  readonly tokens: number | null;
};

export type OperationTime = {
  readonly operation: string;
  readonly count: number;
  readonly seconds: number;
  readonly flops: number;
};

export type StepHere = {
  readonly stepSeconds: Interval;
  readonly tokensPerSecond: number;
  /** FLOPs by the engine's table of operations: every operation counted once, causal attention by half. */
  readonly flops: number;
  /** flops over the measured peak of multiply-adds. */
  readonly peakShare: number;
  /** Slowest first; with waking the threads they add up to the middle of stepSeconds. */
  readonly operations: readonly OperationTime[];
  readonly memory: {
    readonly weights: number;
    readonly optimiser: number;
    /** Gradients, activations, batch: whatever is not needed at the same time shares its place. */
    readonly rest: number;
    readonly totalBytes: number;
    readonly capacityBytes: number;
  };
};

export type PlanHere = {
  readonly model: { readonly name: string; readonly parameters: number };
  readonly machine: Pick<Machine, "processor" | "instructionSet" | "numThreads" | "memoryBytes"> & {
    /** Multiply-adds in registers, FLOP/s of these threads. */
    readonly peakFlops: number;
  };
  readonly batch: { readonly batch: number; readonly sequenceLength: number; readonly tokens: number };
  readonly step: StepHere;
  readonly run: { readonly tokens: number; readonly numSteps: number; readonly seconds: Interval } | null;
};

/** Standard deviation of the log: shared machines drift by this; decoders scatter by half of it. */
const LOG_DEVIATION = 0.05;
/** Weights, gradients and two moments in float32: no batch makes it less. */
const LEAST_BYTES_PER_PARAMETER = 16;

/**
 * Checks memory, and has the step's instructions timed: about half a second.
 * Throws a `UserError` where the step does not fit into memory
 */
export async function planHere({ name, numThreads, tokens, ...spec }: QuestionHere): Promise<PlanHere> {
  const { shape, batchSequences: batch, sequenceLength } = spec;
  const parameters = allParameters(shape);
  const least = LEAST_BYTES_PER_PARAMETER * parameters;
  if (least > memoryBytes()) throw tooBig(name, least, "a smaller model, or another --cluster");
  const executable = programsOf(spec);
  if (processBytes(executable) > memoryBytes())
    throw tooBig(name, processBytes(executable), smallerBatch(spec));
  const { processor, instructionSet, memoryBytes: capacityBytes } = thisMachine(".");
  const { stepSeconds, instructions } = await estimateStep(spec, { numThreads, instructionSet });
  const peakFlops = measuredPeak(numThreads, instructionSet);
  const flops = flopsOf(executable.programs.get("train")!);
  const step: StepHere = {
    stepSeconds: within(stepSeconds, LOG_DEVIATION),
    tokensPerSecond: (batch * sequenceLength) / stepSeconds,
    flops,
    peakShare: flops / stepSeconds / peakFlops,
    operations: operationTimes(instructions),
    memory: memoryHere(executable, parameters, capacityBytes),
  };
  const numSteps = Math.ceil((tokens ?? 0) / (batch * sequenceLength));
  return {
    model: { name, parameters },
    machine: { processor, instructionSet, numThreads, memoryBytes: capacityBytes, peakFlops },
    batch: { batch, sequenceLength, tokens: batch * sequenceLength },
    step,
    run: tokens === null ? null : { tokens, numSteps, seconds: scaledBy(step.stepSeconds, numSteps) },
  };
}

export function operationTimes(instructions: readonly ProfileEntry[]): readonly OperationTime[] {
  const groups = Map.groupBy(instructions, ({ instruction }) => instruction.operation);
  return [...groups]
    .map(([operation, entries]) => ({
      operation,
      count: entries.length,
      seconds: entries.reduce((sum, { seconds }) => sum + seconds, 0),
      flops: entries.reduce((sum, { instruction }) => sum + instruction.cost.flops, 0),
    }))
    .toSorted((a, b) => b.seconds - a.seconds);
}

function memoryHere({ numFloats }: Executable, parameters: number, capacityBytes: number) {
  const weights = 4 * parameters;
  const totalBytes = 4 * numFloats;
  return { weights, optimiser: 2 * weights, rest: totalBytes - 3 * weights, totalBytes, capacityBytes };
}

function tooBig(name: string, bytes: number, remedy: string): UserError {
  return new UserError(
    `${name} needs ${formatBytes(bytes)} on this machine`,
    `at most its memory, ${formatBytes(memoryBytes())}`,
    remedy,
  );
}

/** The largest batch, halved and halved again, that fits. */
function smallerBatch(spec: StepSpec): string {
  for (let fewer = spec.batchSequences >> 1; fewer >= 1; fewer >>= 1)
    if (processBytes(programsOf({ ...spec, batchSequences: fewer })) <= memoryBytes())
      return `--batch-sequences ${fewer} fits`;
  return "shorter sequences, a smaller model, or another --cluster";
}

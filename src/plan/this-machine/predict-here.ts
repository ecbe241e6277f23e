/** @file The step of one of our decoders on this machine: time by operation, memory to the byte, from rates that the probe has found. Pure. */

import { type Executable, flopsOf } from "../../engine/compile.ts";
import { type Interval, within } from "../../math/interval.ts";
import type { BatchShape } from "../../model/decoder.ts";
import { allParameters, type DecoderShape } from "../../model/shape.ts";
import { instructionSeconds, type MachineRates } from "./probe.ts";
import { workOf } from "./work.ts";

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
  /** Slowest first; they add up to the middle of stepSeconds. */
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

/** Least relative uncertainty, one standard deviation: a shared machine drifts by as much from one minute to the next. */
const LEAST_DEVIATION = 0.05;

/** Adds up the instructions of a compiled step. */
export function predictHere(
  rates: MachineRates,
  executable: Executable,
  shape: DecoderShape,
  { batch, sequenceLength }: BatchShape,
): StepHere {
  const width = { ...rates, arenaBytes: 4 * executable.numFloats };
  const program = executable.programs.get("train")!;
  const timed = program.instructions.map((instruction) => ({
    operation: instruction.operation,
    flops: instruction.cost.flops,
    seconds:
      rates.slowdown * instructionSeconds(rates.weights, workOf(instruction, width)) + rates.meetingSeconds,
  }));
  const sum = (rows: readonly { readonly seconds: number }[]) =>
    rows.reduce((total, { seconds }) => total + seconds, 0);
  const operations = [...Map.groupBy(timed, ({ operation }) => operation)].map(([operation, rows]) => ({
    operation,
    count: rows.length,
    seconds: sum(rows),
    flops: rows.reduce((total, { flops }) => total + flops, 0),
  }));
  const seconds = sum(timed);
  const flops = flopsOf(program);
  return {
    stepSeconds: within(seconds, Math.max(LEAST_DEVIATION, rates.logDeviation)),
    tokensPerSecond: (batch * sequenceLength) / seconds,
    flops,
    peakShare: flops / seconds / rates.peakFlops,
    operations: operations.toSorted((a, b) => b.seconds - a.seconds),
    memory: memoryHere(executable, shape, rates.memoryBytes),
  };
}

function memoryHere(executable: Executable, shape: DecoderShape, capacityBytes: number): StepHere["memory"] {
  const weights = 4 * allParameters(shape);
  const totalBytes = 4 * executable.numFloats;
  return { weights, optimiser: 2 * weights, rest: totalBytes - 3 * weights, totalBytes, capacityBytes };
}

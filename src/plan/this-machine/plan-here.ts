/** @file The plan for this machine: does the decoder fit, how long is a step of it, how long the run. */

import { UserError } from "../../errors.ts";
import { type Interval, scaledBy } from "../../math/interval.ts";
import type { BatchShape } from "../../model/decoder.ts";
import { allParameters, type DecoderShape } from "../../model/shape.ts";
import { formatBytes } from "../../units/print.ts";
import { predictHere, type StepHere } from "./predict-here.ts";
import { type MachineRates, memoryBytes, probeMachine } from "./probe.ts";
import { stepProgram } from "./program.ts";

export type QuestionHere = {
  readonly name: string;
  readonly decoder: DecoderShape;
  readonly batchShape: BatchShape;
  readonly numThreads: number;
  readonly tokens: number | null;
};

export type PlanHere = {
  readonly model: { readonly name: string; readonly parameters: number };
  readonly machine: Pick<
    MachineRates,
    "processor" | "instructionSet" | "numThreads" | "memoryBytes" | "peakFlops" | "slowdown"
  >;
  readonly batch: BatchShape & { readonly tokens: number };
  readonly step: StepHere;
  readonly run: { readonly tokens: number; readonly numSteps: number; readonly seconds: Interval } | null;
};

/** Node, the addon and the corpus, beside the arena: the ladder's runs of the default campaign take about as much (assumption for others). */
const PROCESS_BYTES = 2e8;
/** Weights, gradients and two moments in float32: no batch makes it less. */
const LEAST_BYTES_PER_PARAMETER = 16;

/**
 * Checks memory, probes the machine and predicts. Takes a second or two, for the probe.
 * Throws a `UserError` where the step does not fit into memory
 */
export async function planHere({
  name,
  decoder,
  batchShape,
  numThreads,
  tokens,
}: QuestionHere): Promise<PlanHere> {
  const parameters = allParameters(decoder);
  const capacity = memoryBytes() - PROCESS_BYTES;
  if (LEAST_BYTES_PER_PARAMETER * parameters > capacity)
    throw tooBig(name, LEAST_BYTES_PER_PARAMETER * parameters, "a smaller model, or another --cluster");
  const executable = stepProgram(decoder, batchShape);
  if (4 * executable.numFloats > capacity)
    throw tooBig(name, 4 * executable.numFloats, smallerBatch(decoder, batchShape, capacity));
  const rates = await probeMachine(numThreads);
  const step = predictHere(rates, executable, decoder, batchShape);
  const batchTokens = batchShape.batch * batchShape.sequenceLength;
  const { processor, instructionSet, peakFlops, slowdown } = rates;
  const numSteps = Math.ceil((tokens ?? 0) / batchTokens);
  return {
    model: { name, parameters },
    machine: {
      processor,
      instructionSet,
      numThreads,
      memoryBytes: rates.memoryBytes,
      peakFlops,
      slowdown,
    },
    batch: { ...batchShape, tokens: batchTokens },
    step,
    run: tokens === null ? null : { tokens, numSteps, seconds: scaledBy(step.stepSeconds, numSteps) },
  };
}

function tooBig(name: string, bytes: number, remedy: string): UserError {
  return new UserError(
    `${name} needs ${formatBytes(bytes)} on this machine`,
    `at most ${formatBytes(memoryBytes() - PROCESS_BYTES)}, its memory less what the process itself takes`,
    remedy,
  );
}

/** The largest batch, halved and halved again, that fits. */
function smallerBatch(
  decoder: DecoderShape,
  { batch, sequenceLength }: BatchShape,
  capacity: number,
): string {
  for (let fewer = batch >> 1; fewer >= 1; fewer >>= 1)
    if (4 * stepProgram(decoder, { batch: fewer, sequenceLength }).numFloats <= capacity)
      return `--batch-sequences ${fewer} fits`;
  return "shorter sequences, a smaller model, or another --cluster";
}

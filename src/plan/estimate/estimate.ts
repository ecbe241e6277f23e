/** @file The back of an envelope: memory, communication and time of one step, formulas filled in. */

import { UserError } from "../../errors.ts";
import type { Interval } from "../../math/interval.ts";
import { formatBytes, formatCount } from "../../units/print.ts";
import { refuseMfuAboveOne, TYPICAL_MFU } from "../typical-runs.ts";
import {
  activationLines,
  communicationLines,
  type EstimatedShape,
  type EstimateFacts,
  type EstimateLine,
  memoryLines,
  STATE_BYTES,
  timeLines,
} from "./lines.ts";

/** All of them. */
export type RoughEstimate = {
  readonly lines: readonly EstimateLine[];
  readonly verdicts: readonly string[];
  readonly assumed: readonly string[];
};

/** All lines. Throws a `UserError` for amounts whose units look wrong. */
export function roughEstimate(facts: EstimateFacts): RoughEstimate {
  checkUnits(facts);
  const { shape, assumed } = shapeOf(facts);
  const time = timeLines(facts);
  const computeSeconds = time.at(-1)!.value;
  const communication = communicationLines(facts, computeSeconds);
  const lines = [...memoryLines(facts), ...activationLines(facts, shape), ...time, ...communication];
  return {
    lines,
    verdicts: [memoryVerdict(facts, lines), hidingVerdict(facts, communication.at(-1)!.value)],
    assumed: [
      ...assumed,
      ...(facts.mfu === null ? [`an MFU of ${TYPICAL_MFU.lo} to ${TYPICAL_MFU.hi}`] : []),
      "6 FLOPs for each parameter and token: attention scores and a partly used vocabulary are left out",
    ],
  };
}

function checkUnits({ parameters, batchSequences, sequence, mfu }: EstimateFacts): void {
  const count = formatCount;
  if (parameters < 1e5)
    throw new UserError(
      `${count(parameters)} parameters`,
      "at least 100 k",
      `perhaps ${parameters}B or ${parameters}M was meant`,
    );
  if (parameters > 1e15)
    throw new UserError(`${count(parameters)} parameters`, "at most 1e15", "check the unit");
  if (sequence > 1e8 || sequence < 16)
    throw new UserError(
      `a sequence of ${count(sequence)} tokens`,
      "16 tokens to 100 M",
      "give --sequence in tokens",
    );
  if (batchSequences > 1e6) {
    const sequences = count(Math.ceil(batchSequences / sequence));
    throw new UserError(
      `a batch of ${count(batchSequences)} sequences`,
      "at most a million sequences",
      `--batch-sequences counts sequences: ${count(batchSequences)} tokens are ${sequences} of them`,
    );
  }
  refuseMfuAboveOne(mfu);
}

/** Width over layers of published decoders: GPT-3 128, Llama 3 8B 128, 70B 102, 405B 130. */
const WIDTH_PER_LAYER = 128;
const HEAD_DIM = 128;

/**
 * What is not given of layers and width: 12 L h^2 parameters and h = 128 L, so L = (N / (12 x 128^2))^(1/3).
 */
function shapeOf(facts: EstimateFacts): {
  readonly shape: EstimatedShape;
  readonly assumed: readonly string[];
} {
  const { parameters } = facts;
  const numLayers =
    facts.numLayers ?? Math.max(1, Math.round((parameters / (12 * WIDTH_PER_LAYER ** 2)) ** (1 / 3)));
  const hidden = facts.hidden ?? Math.max(8, Math.round(Math.sqrt(parameters / (12 * numLayers)) / 8) * 8);
  const numHeads = facts.numHeads ?? Math.max(1, Math.round(hidden / HEAD_DIM));
  const isGuessed = facts.numLayers === null || facts.hidden === null;
  const guess =
    `${numLayers} layers of width ${hidden}, from 12 L h^2 parameters and h / L near ${WIDTH_PER_LAYER} ` +
    "as in published decoders; give --layers and --hidden";
  const heads = facts.numHeads === null ? [`heads of ${HEAD_DIM} channels`] : [];
  return { shape: { numLayers, hidden, numHeads, isGuessed }, assumed: isGuessed ? [guess] : heads };
}

/** Whether states and one sequence fit on a device. */
function memoryVerdict(facts: EstimateFacts, lines: readonly EstimateLine[]): string {
  const has = facts.memoryBytesPerDevice;
  const states = (STATE_BYTES.hi * facts.parameters) / facts.numDevices;
  const one = lines.find(({ id }) => id === "activationsFlash")!.value.median;
  const sizes = [states, one, has].map((bytes) => formatBytes(bytes));
  const text = `${sizes[0]} of states and ${sizes[1]} for one sequence on ${sizes[2]}`;
  if (states > has) {
    const least = formatCount(Math.ceil((STATE_BYTES.hi * facts.parameters) / has));
    return `The states do not fit even when shared out in full: ${text}. At least ${least} devices would do.`;
  }
  return states + one > has
    ? `States shared out in full fit, but not beside one sequence: ${text}. ` +
        "Recompute, or split the model (tensor, pipeline, context)."
    : `Shared out in full, states and one sequence fit: ${text}.`;
}

/** Whether the network hides the gradients behind the backward pass; `needed`: bytes a second. */
function hidingVerdict({ networkBandwidth: has, numDevices }: EstimateFacts, needed: Interval): string {
  if (numDevices === 1) return "One device: no gradients to exchange.";
  const rate = (bytes: number) => `${formatBytes(bytes)}/s`;
  const interval = `90 % interval ${rate(needed.lo)} to ${rate(needed.hi)}`;
  const text = `${rate(needed.median)} needed (${interval}), ${rate(has)} there`;
  if (needed.hi <= has) return `Data-parallel gradients hide behind the backward pass: ${text}.`;
  return needed.lo > has
    ? `Data-parallel gradients do not hide behind the backward pass: ${text}. ` +
        "A larger batch, fewer replicas of a tensor-parallel group, or more network would."
    : `Whether data-parallel gradients hide behind the backward pass depends on the MFU: ${text}.`;
}

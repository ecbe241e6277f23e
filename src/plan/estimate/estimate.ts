/**
 * @file The back of an envelope: memory, communication and time of one training step, each line a formula
 * with its numbers filled in.
 */

import { UserError } from "../../errors.ts";
import { formatCount } from "../../units/print.ts";
import { refuseMfuAboveOne, USUAL_MFU } from "../usual.ts";
import type { EstimateFacts, EstimateLine, Shape } from "./facts.ts";
import { activationLines, memoryLines, memoryVerdicts } from "./memory.ts";
import { communicationLines, timeLines } from "./step.ts";

export type Estimate = {
  readonly lines: readonly EstimateLine[];
  readonly verdicts: readonly string[];
  readonly assumed: readonly string[];
};

/** Width over layers of published decoders: GPT-3 128, Llama 3 8B 128, 70B 102, 405B 130. */
const WIDTH_PER_LAYER = 128;
const HEAD_DIM = 128;
/** All lines. Throws a `UserError` for amounts whose units look wrong. */
export function estimate(facts: EstimateFacts): Estimate {
  checkUnits(facts);
  const shape = shapeOf(facts);
  const time = timeLines(facts);
  const lines = [...memoryLines(facts), ...activationLines(facts, shape), ...time.lines];
  const communication = communicationLines(facts, time.computeSeconds);
  return {
    lines: [...lines, ...communication.lines],
    verdicts: [...memoryVerdicts(facts, lines), communication.verdict],
    assumed: [
      ...shape.assumed,
      ...(facts.mfu === null ? [`an MFU of ${USUAL_MFU.lo} to ${USUAL_MFU.hi}`] : []),
      "6 FLOPs for each parameter and token: attention scores and a partly used vocabulary are left out",
    ],
  };
}

function checkUnits({ parameters, batchSequences, sequence, mfu }: EstimateFacts): void {
  const wrong = (found: string, expected: string, remedy: string) => new UserError(found, expected, remedy);
  if (parameters < 1e5) {
    throw wrong(
      `${formatCount(parameters)} parameters`,
      "at least 100 k",
      `perhaps ${parameters}B or ${parameters}M was meant`,
    );
  }
  if (parameters > 1e15)
    throw wrong(`${parameters.toExponential(1)} parameters`, "at most 1e15", "check the unit");
  if (sequence > 1e8 || sequence < 16) {
    throw wrong(
      `a sequence of ${formatCount(sequence)} tokens`,
      "16 tokens to 100 M",
      "give --sequence in tokens",
    );
  }
  if (batchSequences > 1e6) {
    throw wrong(
      `a batch of ${formatCount(batchSequences)} sequences`,
      "at most a million sequences",
      `--batch-sequences counts sequences: ${formatCount(batchSequences)} tokens are ${formatCount(Math.ceil(batchSequences / sequence))} of them`,
    );
  }
  refuseMfuAboveOne(mfu);
}

/**
 * Layers and width where they are not given: 12 L h^2 parameters and h = 128 L, so L = (N / (12 x
 * 128^2))^(1/3).
 */
function shapeOf({ parameters, numLayers, hidden, numHeads }: EstimateFacts): Shape {
  if (numLayers !== null && hidden !== null) {
    return {
      numLayers,
      hidden,
      numHeads: numHeads ?? Math.max(1, Math.round(hidden / HEAD_DIM)),
      isGuessed: false,
      assumed: numHeads === null ? [`heads of ${HEAD_DIM} channels`] : [],
    };
  }
  const layers = numLayers ?? Math.max(1, Math.round((parameters / (12 * WIDTH_PER_LAYER ** 2)) ** (1 / 3)));
  const width = hidden ?? Math.max(8, Math.round(Math.sqrt(parameters / (12 * layers)) / 8) * 8);
  return {
    numLayers: layers,
    hidden: width,
    numHeads: numHeads ?? Math.max(1, Math.round(width / HEAD_DIM)),
    isGuessed: true,
    assumed: [
      `${layers} layers of width ${width}, from 12 L h^2 parameters and h / L near ${WIDTH_PER_LAYER} as in published decoders; give --layers and --hidden`,
    ],
  };
}

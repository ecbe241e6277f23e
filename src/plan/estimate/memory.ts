/** @file Memory by rule of thumb: states, activations, and whether they fit. */

import { certain, type Interval, scaledBy, within } from "../../math/interval.ts";
import { formatBytes, formatCount } from "../../units/print.ts";
import type { EstimateFacts, EstimateLine, Shape } from "./facts.ts";

/** The formulas of activations leave out what an allocator and a kernel's workspace take. */
const ACTIVATIONS_LOG_SD = 0.1;
/** Guessed layers and width change activations by about a fifth either way. */
const GUESSED_LOG_SD = 0.2;

/** Bytes of a parameter: 16, with gradients in bf16; 18 where they are accumulated in fp32. */
const STATE_BYTES: Interval = { median: 16, lo: 16, hi: 18 };

/**
 * Mixed precision with Adam (ZeRO, arXiv 1910.02054, section 3.1): 2 for weights, 2 for gradients, 12 for
 * what the optimiser keeps.
 */
export function memoryLines({ parameters, numDevices }: EstimateFacts): readonly EstimateLine[] {
  const n = formatCount(parameters);
  const devices = formatCount(numDevices);
  const line = (id: string, name: string, formula: string, value: Interval): EstimateLine => ({
    id,
    name,
    group: "memory",
    unit: "bytes",
    formula,
    value,
  });
  const optimiser = 12 * parameters;
  return [
    line("weights", "weights, bf16", `2 bytes x ${n}`, certain(2 * parameters)),
    line("gradients", "gradients, bf16 (up to fp32)", `2 (to 4) bytes x ${n}`, {
      median: 2 * parameters,
      lo: 2 * parameters,
      hi: 4 * parameters,
    }),
    line(
      "optimiser",
      "optimiser: fp32 weights and Adam's two moments",
      `(4 + 4 + 4) bytes x ${n}`,
      certain(optimiser),
    ),
    line("states", "all states", `16 (to 18) bytes x ${n}`, scaledBy(STATE_BYTES, parameters)),
    line(
      "statesSharedOptimiser",
      `on each of ${devices} devices, optimiser shared out (ZeRO-1)`,
      `4 (to 6) bytes x ${n} + 12 bytes x ${n} / ${devices}`,
      {
        median: 4 * parameters + optimiser / numDevices,
        lo: 4 * parameters + optimiser / numDevices,
        hi: 6 * parameters + optimiser / numDevices,
      },
    ),
    line(
      "statesShared",
      `on each of ${devices} devices, all shared out (ZeRO-3, FSDP)`,
      `16 (to 18) bytes x ${n} / ${devices}`,
      scaledBy(STATE_BYTES, parameters / numDevices),
    ),
  ];
}

/**
 * Korthikanti et al. (arXiv 2205.05198), equation 2 and section 4: bytes a layer and sequence, in 16 bits,
 * without tensor parallelism.
 */
export function activationLines(
  { sequence, batchSequences, numDevices }: EstimateFacts,
  { numLayers, hidden, numHeads, isGuessed }: Shape,
): readonly EstimateLine[] {
  const [s, h, a, l] = [sequence, hidden, numHeads, numLayers];
  const spread = Math.hypot(ACTIVATIONS_LOG_SD, isGuessed ? GUESSED_LOG_SD : 0);
  const line = (id: string, name: string, formula: string, bytes: number): EstimateLine => ({
    id,
    name,
    group: "activations",
    unit: "bytes",
    formula,
    value: within(bytes, spread),
  });
  const flash = l * 34 * s * h;
  const perDevice = Math.ceil(batchSequences / numDevices);
  return [
    line(
      "activationsScoresKept",
      "one sequence, scores kept",
      `L (34 s h + 5 a s^2) = ${l} x (34 x ${s} x ${h} + 5 x ${a} x ${s}^2)`,
      l * (34 * s * h + 5 * a * s * s),
    ),
    line(
      "activationsFlash",
      "one sequence, flash or selective recomputation",
      `L 34 s h = ${l} x 34 x ${s} x ${h}`,
      flash,
    ),
    line(
      "activationsRecomputed",
      "one sequence, full recomputation",
      `L 2 s h + 34 s h = ${l} x 2 x ${s} x ${h} + 34 x ${s} x ${h}`,
      (2 * l + 34) * s * h,
    ),
    line(
      "activationsOfBatch",
      "the whole batch at once, flash",
      `${formatCount(batchSequences)} sequences x ${formatBytes(flash)}`,
      batchSequences * flash,
    ),
    line(
      "activationsOnDevice",
      "on each device without accumulation, flash",
      `${perDevice} sequences x ${formatBytes(flash)}`,
      perDevice * flash,
    ),
  ];
}

/** Whether states and one sequence fit on a device. */
export function memoryVerdicts(facts: EstimateFacts, lines: readonly EstimateLine[]): readonly string[] {
  const has = facts.memoryBytesPerDevice;
  const states = (STATE_BYTES.hi * facts.parameters) / facts.numDevices;
  const one = lines.find(({ id }) => id === "activationsFlash")!.value.median;
  const text = `${formatBytes(states)} of states and ${formatBytes(one)} for one sequence on ${formatBytes(has)}`;
  if (states > has) {
    const least = Math.ceil((STATE_BYTES.hi * facts.parameters) / has);
    return [
      `The states do not fit even when shared out in full: ${text}. At least ${formatCount(least)} devices would hold them.`,
    ];
  }
  return states + one > has
    ? [
        `States shared out in full fit, but not beside one sequence: ${text}. Recompute, or split the model (tensor, pipeline, context).`,
      ]
    : [`Shared out in full, states and one sequence fit: ${text}.`];
}

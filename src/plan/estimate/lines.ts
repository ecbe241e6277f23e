/**
 * @file The lines of an estimate by group: what, the formula with its numbers, the value with its interval.
 */

import { trainingFlops } from "../../law/training-flops.ts";
import { certain, type Interval, mapInterval, scaledBy, within } from "../../math/interval.ts";
import { formatBytes, formatCount, formatFlops, formatSeconds, significant } from "../../units/print.ts";
import { ADAM, GRADIENT_BYTES, WEIGHT_BYTES } from "../optimiser.ts";
import { TYPICAL_MFU } from "../typical-runs.ts";

/** What the rules of thumb are filled in with. */
export type EstimateFacts = {
  readonly parameters: number;
  /** Sequences of one optimiser step, over all devices. */
  readonly batchSequences: number;
  readonly sequence: number;
  readonly numDevices: number;
  readonly deviceName: string;
  readonly peakFlopsPerDevice: number;
  readonly memoryBytesPerDevice: number;
  /** Bytes a second and direction of one device to the others. */
  readonly networkBandwidth: number;
  readonly mfu: Interval | null;
  readonly numLayers: number | null;
  readonly hidden: number | null;
  readonly numHeads: number | null;
};

/** Layers, width and heads, given or guessed. */
export type EstimatedShape = {
  readonly numLayers: number;
  readonly hidden: number;
  readonly numHeads: number;
  readonly isGuessed: boolean;
};

/** One rule of thumb, filled in. */
export type EstimateLine = {
  readonly id: string;
  readonly name: string;
  readonly group: "memory" | "activations" | "time" | "communication";
  readonly unit: "bytes" | "FLOP" | "s" | "bytes/s" | "count";
  readonly formula: string;
  readonly value: Interval;
};

/** A line: id, name, formula, value, and its unit where it is not bytes. */
type Row = readonly [string, string, string, Interval, EstimateLine["unit"]?];

/** Lines of a group. */
function linesOf(group: EstimateLine["group"], rows: readonly Row[]): readonly EstimateLine[] {
  return rows.map(([id, name, formula, value, unit = "bytes"]) => ({
    id,
    name,
    group,
    unit,
    formula,
    value,
  }));
}

const upTo = (lo: number, hi: number): Interval => ({ median: lo, lo, hi });

/** Bytes of a parameter's weight and gradient, 4 to 6, and of all its state with Adam, 16 to 18. */
const GRADIENT = upTo(GRADIENT_BYTES.least, GRADIENT_BYTES.most);
const COPIES = upTo(WEIGHT_BYTES + GRADIENT.lo, WEIGHT_BYTES + GRADIENT.hi);
export const STATE_BYTES = upTo(COPIES.lo + ADAM.keptBytes, COPIES.hi + ADAM.keptBytes);

const rangeText = ({ lo, hi }: Interval) => `${lo} (to ${hi}) bytes`;

/** Mixed precision with Adam. */
export function memoryLines({ parameters, numDevices }: EstimateFacts): readonly EstimateLine[] {
  const n = formatCount(parameters);
  const d = formatCount(numDevices);
  const share = (ADAM.keptBytes * parameters) / numDevices;
  return linesOf("memory", [
    ["weights", "weights, bf16", `${WEIGHT_BYTES} bytes x ${n}`, certain(WEIGHT_BYTES * parameters)],
    [
      "gradients",
      "gradients, bf16 (up to fp32)",
      `${rangeText(GRADIENT)} x ${n}`,
      scaledBy(GRADIENT, parameters),
    ],
    [
      "optimiser",
      "optimiser: fp32 weights and Adam's two moments",
      `(4 + 4 + 4) bytes x ${n}`,
      certain(ADAM.keptBytes * parameters),
    ],
    ["states", "all states", `${rangeText(STATE_BYTES)} x ${n}`, scaledBy(STATE_BYTES, parameters)],
    [
      "statesSharedOptimiser",
      `on each of ${d} devices, optimiser shared out (ZeRO-1)`,
      `${rangeText(COPIES)} x ${n} + ${ADAM.keptBytes} bytes x ${n} / ${d}`,
      upTo(COPIES.lo * parameters + share, COPIES.hi * parameters + share),
    ],
    [
      "statesShared",
      `on each of ${d} devices, all shared out (ZeRO-3, FSDP)`,
      `${rangeText(STATE_BYTES)} x ${n} / ${d}`,
      scaledBy(STATE_BYTES, parameters / numDevices),
    ],
  ]);
}

/** The formulas of activations leave out what an allocator and a kernel's workspace take. */
const ACTIVATIONS_LOG_SD = 0.1;
/** Guessed layers and width change activations by about a fifth either way. */
const GUESSED_LOG_SD = 0.2;

/** Korthikanti et al. (arXiv 2205.05198), equation 2: bytes a layer and sequence in 16 bits, unsplit. */
export function activationLines(
  { sequence: s, batchSequences, numDevices }: EstimateFacts,
  { numLayers: l, hidden: h, numHeads: a, isGuessed }: EstimatedShape,
): readonly EstimateLine[] {
  const logSd = Math.hypot(ACTIVATIONS_LOG_SD, isGuessed ? GUESSED_LOG_SD : 0);
  const about = (bytes: number) => within(bytes, logSd);
  const flash = l * 34 * s * h;
  const perDevice = Math.ceil(batchSequences / numDevices);
  return linesOf("activations", [
    [
      "activationsScoresKept",
      "one sequence, scores kept",
      `L (34 s h + 5 a s^2) = ${l} x (34 x ${s} x ${h} + 5 x ${a} x ${s}^2)`,
      about(l * (34 * s * h + 5 * a * s * s)),
    ],
    [
      "activationsFlash",
      "one sequence, flash or selective recomputation",
      `L 34 s h = ${l} x 34 x ${s} x ${h}`,
      about(flash),
    ],
    [
      "activationsRecomputed",
      "one sequence, full recomputation",
      `L 2 s h + 34 s h = ${l} x 2 x ${s} x ${h} + 34 x ${s} x ${h}`,
      about((2 * l + 34) * s * h),
    ],
    [
      "activationsOfBatch",
      "the whole batch at once, flash",
      `${formatCount(batchSequences)} sequences x ${formatBytes(flash)}`,
      about(batchSequences * flash),
    ],
    [
      "activationsOnDevice",
      "on each device without accumulation, flash",
      `${perDevice} sequences x ${formatBytes(flash)}`,
      about(perDevice * flash),
    ],
  ]);
}

/** 6 N D over what the devices reach; the last line is the time of a step. */
export function timeLines(facts: EstimateFacts): readonly EstimateLine[] {
  const { parameters, batchSequences, sequence, numDevices, peakFlopsPerDevice, deviceName } = facts;
  const tokens = batchSequences * sequence;
  const flops = trainingFlops(parameters, tokens);
  const mfu = facts.mfu ?? TYPICAL_MFU;
  const atPeak = flops / (numDevices * peakFlopsPerDevice);
  const count = formatCount;
  const devices = `${count(numDevices)} ${deviceName} x ${formatFlops(peakFlopsPerDevice)}/s`;
  return linesOf("time", [
    ["tokens", "tokens of a step", `${count(batchSequences)} x ${count(sequence)}`, certain(tokens), "count"],
    [
      "flops",
      "work of a step",
      `6 N D = 6 x ${count(parameters)} x ${count(tokens)}`,
      certain(flops),
      "FLOP",
    ],
    [
      "stepSeconds",
      "time of a step",
      `${formatFlops(flops)} / (${devices} x MFU ${significant(mfu.median, 2)})`,
      mapInterval(mfu, (share) => atPeak / share),
      "s",
    ],
  ]);
}

/**
 * Gradients in bf16 around a ring: each device sends and receives 2 (n - 1) / n of them; two thirds of the
 * work is backward. The last line is the bandwidth that hides them.
 */
export function communicationLines(
  { parameters, numDevices, networkBandwidth }: EstimateFacts,
  computeSeconds: Interval,
): readonly EstimateLine[] {
  const sent = ((2 * (numDevices - 1)) / numDevices) * 2 * parameters;
  const backward = scaledBy(computeSeconds, 2 / 3);
  const ring = `2 x ${formatCount(numDevices - 1)} / ${formatCount(numDevices)}`;
  return linesOf("communication", [
    [
      "allReduceBytes",
      "gradient all-reduce, sent by each device",
      `2 (n - 1) / n x 2 bytes x N = ${ring} x 2 bytes x ${formatCount(parameters)}`,
      certain(sent),
    ],
    [
      "allReduceSeconds",
      "time for it on the network",
      `${formatBytes(sent)} / ${formatBytes(networkBandwidth)}/s`,
      certain(sent / networkBandwidth),
      "s",
    ],
    [
      "backwardSeconds",
      "backward pass to hide it behind",
      `2 / 3 of ${formatSeconds(computeSeconds.median)}`,
      backward,
      "s",
    ],
    [
      "bandwidthToHide",
      "bandwidth to hide it",
      `${formatBytes(sent)} / ${formatSeconds(backward.median)}`,
      mapInterval(backward, (seconds) => sent / seconds),
      "bytes/s",
    ],
  ]);
}

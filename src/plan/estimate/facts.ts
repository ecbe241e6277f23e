/** @file What the back of an envelope starts from, and what each of its lines is. */

import type { Interval } from "../../math/interval.ts";

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

/** One line: what, the formula with numbers, the value with its interval. */
export type EstimateLine = {
  readonly id: string;
  readonly name: string;
  readonly group: "memory" | "activations" | "time" | "communication";
  readonly unit: "bytes" | "FLOP" | "s" | "bytes/s" | "count";
  readonly formula: string;
  readonly value: Interval;
};

/** Layers, width and heads, given or guessed. */
export type Shape = {
  readonly numLayers: number;
  readonly hidden: number;
  readonly numHeads: number;
  readonly isGuessed: boolean;
  readonly assumed: readonly string[];
};

/** @file What a co-design answers, in plain numbers. */

import type { Interval } from "../../math/interval.ts";
import type { Precision } from "../hardware/accelerator.ts";
import type { Layout } from "../layout/layout.ts";
import type { Price } from "./candidate.ts";
import type { Routing } from "./shapes.ts";

/** A model with its layout, in plain numbers. */
export type Design = {
  readonly name: string;
  readonly hidden: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly feedForwardWidth: number;
  readonly routing: Routing;
  /** Hidden width over layers. */
  readonly aspect: number;
  /** Parameters in matrix products, head included, input embedding not: those a token meets, and all. */
  readonly activeParameters: number;
  readonly allParameters: number;
  readonly tokens: Interval;
  readonly tokensPerParameter: number;
  readonly loss: Interval;
  readonly layout: Layout;
  readonly stepSeconds: Interval;
  readonly mfu: number;
  readonly memoryBytes: number;
};

export type Rounded = {
  readonly grid: string;
  /** What the grid asks for, in words. */
  readonly rule: string;
  /** Null: nothing of it fits. */
  readonly answer: { readonly design: Design; readonly price: Price } | null;
};

export type DomainAnswer = {
  readonly domainSize: number;
  readonly isOwn: boolean;
  /** `price`: against the cluster as it is; negative where this one is better. Null: nothing fits. */
  readonly answer: { readonly design: Design; readonly price: Price } | null;
  /** The best of each size. */
  readonly sizes: readonly SizePoint[];
};

export type SizePoint = {
  readonly activeParameters: number;
  readonly loss: number;
  readonly mfu: number;
};

export type Codesign = {
  readonly cluster: {
    readonly accelerator: string;
    readonly acceleratorLabel: string;
    readonly numDevices: number;
    /** Devices that the best design's layout does not use. */
    readonly idleDevices: number;
    readonly domainSize: number;
  };
  readonly days: number;
  readonly goodput: Interval;
  readonly sequence: number;
  readonly batchTokens: number;
  readonly precision: Precision;
  readonly law: {
    readonly name: string;
    readonly formula: string;
    readonly counts: string;
    readonly numDraws: number;
  };
  readonly best: Design;
  /** FLOPs of the whole run. */
  readonly compute: number;
  /** Training compute over that of the law's largest run; null: not known. */
  readonly reach: number | null;
  /** The law's own optimum for the same FLOPs, whatever runs them; of dense models. */
  readonly lawAlone: {
    readonly params: Interval;
    readonly tokens: Interval;
    readonly loss: Interval;
    /** Its valley, for the same FLOPs. */
    readonly valley: readonly { readonly params: number; readonly loss: number }[];
  };
  /** Model and layout chosen apart: the law's own size in a middle shape. Null: it does not fit. */
  readonly apart: { readonly design: Design; readonly price: Price } | null;
  readonly rounded: readonly Rounded[];
  /** The best of those tried with hidden / layers from 80 to 140, whatever the grid. Null: none fits. */
  readonly moderate: { readonly design: Design; readonly price: Price } | null;
  readonly domains: readonly DomainAnswer[];
  readonly frontier: readonly Design[];
  readonly numTried: number;
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
};

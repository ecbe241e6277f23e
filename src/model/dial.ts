/** @file One dial sets every size of a decoder: its width. Ladder and target differ in nothing else. */

import type { DecoderShape } from "./shape.ts";

/** Widths are multiples of this: one AVX-512 register, and the smallest head. */
export const WIDTH_STEP = 16;

/** Channels a layer: the depth follows the width, as it does in most published families at this end (GPT-2 small: 64). */
const WIDTH_PER_LAYER = 32;
const FEWEST_LAYERS = 2;

/** Gated feed-forward: 8/3 of the width costs as much as an ungated one of 4 (Shazeer 2020, arXiv 2002.05202). */
const FEED_FORWARD_RATIO = 8 / 3;

export interface DialSettings {
  readonly vocabularySize: number;
  /** Query heads that share a key/value head; 1 is plain multi-head attention. */
  readonly queriesPerKeyValue: number;
  readonly tiedEmbeddings: boolean;
}

/** The decoder of a width. */
export function shapeOfWidth(width: number, settings: DialSettings): DecoderShape {
  const headDim = headDimOf(width);
  const numHeads = width / headDim;
  return {
    vocabularySize: settings.vocabularySize,
    width,
    numLayers: Math.max(FEWEST_LAYERS, Math.round(width / WIDTH_PER_LAYER)),
    numHeads,
    numKeyValueHeads: Math.max(1, largestDivisorUpTo(numHeads, Math.floor(numHeads / settings.queriesPerKeyValue))),
    headDim,
    feedForwardWidth: WIDTH_STEP * Math.round((FEED_FORWARD_RATIO * width) / WIDTH_STEP),
    tiedEmbeddings: settings.tiedEmbeddings,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
  };
}

/** Small models get small heads, so that there are always several of them. */
function headDimOf(width: number): number {
  if (width >= 1024 && width % 64 === 0) return 64;
  return width >= 256 && width % 32 === 0 ? 32 : 16;
}

function largestDivisorUpTo(number: number, limit: number): number {
  for (let divisor = Math.max(1, limit); divisor > 1; divisor--) if (number % divisor === 0) return divisor;
  return 1;
}

/** Share of N that the head should have: less starves the input of whole words, more starves the layers. */
const HEAD_SHARE = 0.15;
const SMALLEST_VOCABULARY = 512;
const LARGEST_VOCABULARY = 65_536;

/**
 * The power of two at which the head has about 15 % of N: 12 L d^2 are in the layers, V d in the head. An assumption, in the spirit of
 * vocabularies that grow with the model (Tao et al. 2024, arXiv 2407.13623), not a fit.
 */
export function vocabularyFor({ width, numLayers }: Pick<DecoderShape, "width" | "numLayers">): number {
  const wanted = (HEAD_SHARE / (1 - HEAD_SHARE)) * 12 * numLayers * width;
  const power = 2 ** Math.round(Math.log2(wanted));
  return Math.min(LARGEST_VOCABULARY, Math.max(SMALLEST_VOCABULARY, power));
}

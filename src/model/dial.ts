/**
 * @file One dial sets every size of a family of decoders: its width. Rungs and target share their depth,
 * because mu-P carries a learning rate across widths but not across depths, and because a ladder that changes
 * its depth on the way has a kink where it does.
 */

import type { DecoderShape, FeedForward } from "./shape.ts";

/** Widths are multiples of this: small enough that a ladder's tokens per parameter stay even. */
export const WIDTH_STEP = 4;

/** Channels a layer in a family's largest model: an assumption for widths near 100; GPT-2 small has 64. */
const WIDTH_PER_LAYER = 32;
const FEWEST_LAYERS = 2;
/** Deeper programs take minutes to compile; such widths need more than one machine anyway. */
const MOST_LAYERS = 64;

/** The depth of a family whose largest model has this width. */
export function layersForWidth(width: number): number {
  return Math.min(MOST_LAYERS, Math.max(FEWEST_LAYERS, Math.round(width / WIDTH_PER_LAYER)));
}

/** Gated feed-forward: 8/3 of the width costs as much as ungated 4 (Shazeer 2020, arXiv 2002.05202). */
const FEED_FORWARD_RATIO = 8 / 3;
/** Half an AVX-512 register: rounding to whole ones would move N by percents at the smallest widths. */
const FEED_FORWARD_STEP = 8;

/** What all members of a family have in common. */
export type Family = {
  readonly vocabularySize: number;
  readonly numLayers: number;
  /** Query heads that share a key/value head; 1 is plain multi-head attention. */
  readonly queriesPerKeyValue: number;
  readonly tiedEmbeddings: boolean;
  /** swiglu unless given. */
  readonly feedForward?: FeedForward | undefined;
  readonly queryKeyNorm?: boolean | undefined;
};

/** The decoder of a width. */
export function shapeOfWidth(width: number, family: Family): DecoderShape {
  const headDim = headDimOf(width);
  const { queriesPerKeyValue, feedForward, queryKeyNorm } = family;
  const gatedWidth = FEED_FORWARD_STEP * Math.round((FEED_FORWARD_RATIO * width) / FEED_FORWARD_STEP);
  // Rounded up to whole groups: heads of another size learn differently and put a kink into the ladder.
  const numKeyValueHeads = Math.ceil(width / (headDim * queriesPerKeyValue));
  return {
    vocabularySize: family.vocabularySize,
    width,
    numLayers: family.numLayers,
    numHeads: numKeyValueHeads * queriesPerKeyValue,
    numKeyValueHeads,
    headDim,
    feedForwardWidth: feedForward === "gelu" ? (3 / 2) * gatedWidth : gatedWidth,
    tiedEmbeddings: family.tiedEmbeddings,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
    // Left out of the plain decoder: a run's name is a hash of its shape, and what is trained stays trained.
    ...(feedForward === "gelu" ? { feedForward } : {}),
    ...(queryKeyNorm ? { queryKeyNorm } : {}),
  };
}

/** Small models get small heads, so that all have several of them but the width of 16, which has one. */
function headDimOf(width: number): number {
  if (width >= 1024) return 64;
  return width >= 256 ? 32 : 16;
}

/** Share of N that the head should have: less starves the input of whole words, more starves the layers. */
const HEAD_SHARE = 0.2;
const SMALLEST_VOCABULARY = 512;
const LARGEST_VOCABULARY = 65_536;

/**
 * The power of two at which the head has about 20 % of N: 12 L d^2 are in the layers, V d in the head. An
 * assumption, in the spirit of vocabularies that grow with the model (Tao et al. 2024, arXiv 2407.13623), not
 * a fit.
 */
export function vocabularyFor({ width, numLayers }: Pick<DecoderShape, "width" | "numLayers">): number {
  const wanted = (HEAD_SHARE / (1 - HEAD_SHARE)) * 12 * numLayers * width;
  const power = 2 ** Math.round(Math.log2(wanted));
  return Math.min(LARGEST_VOCABULARY, Math.max(SMALLEST_VOCABULARY, power));
}

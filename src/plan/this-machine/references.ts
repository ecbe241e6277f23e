/** @file The small decoders whose instructions the probe times: no model of anyone's, spread over the lengths that a CPU trains. */

import type { BatchShape } from "../../model/decoder.ts";
import type { DecoderShape, FeedForward } from "../../model/shape.ts";

export type Reference = {
  readonly shape: DecoderShape;
  readonly batchShape: BatchShape;
};

/** Sizes as DecoderShape names them. */
type Sizes = {
  readonly V: number;
  readonly C: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  readonly F: number;
  readonly B: number;
  readonly T: number;
  readonly L: number;
  readonly feedForward: FeedForward;
  readonly queryKeyNorm: boolean;
};

function reference({ V, C, H, G, D, F, B, T, L, feedForward, queryKeyNorm }: Sizes): Reference {
  return {
    shape: {
      vocabularySize: V,
      width: C,
      numLayers: L,
      numHeads: H,
      numKeyValueHeads: G,
      headDim: D,
      feedForwardWidth: F,
      tiedEmbeddings: false,
      ropeBase: 10_000,
      normEpsilon: 1e-5,
      feedForward,
      queryKeyNorm,
    },
    batchShape: { batch: B, sequenceLength: T },
  };
}

const gated = { feedForward: "swiglu" } as const;
const plain = { feedForward: "gelu" } as const;
const normed = { queryKeyNorm: true } as const;
const bare = { queryKeyNorm: false } as const;

/**
 * Every length takes several values, in mixed company, so that each quantity of `work.ts` can be told from the others; two
 * decoders, a shallow and a wide one, are larger than most caches.
 */
export const REFERENCES: readonly Reference[] = [
  { V: 256, C: 32, H: 2, G: 2, D: 16, F: 88, B: 8, T: 64, L: 1, ...gated, ...normed },
  { V: 512, C: 48, H: 3, G: 1, D: 16, F: 200, B: 4, T: 256, L: 1, ...plain, ...bare },
  { V: 1024, C: 64, H: 4, G: 4, D: 16, F: 160, B: 20, T: 128, L: 1, ...plain, ...bare },
  { V: 256, C: 64, H: 1, G: 1, D: 64, F: 400, B: 80, T: 64, L: 1, ...gated, ...normed },
  { V: 1024, C: 96, H: 3, G: 3, D: 32, F: 256, B: 10, T: 64, L: 1, ...gated, ...bare },
  { V: 512, C: 144, H: 4, G: 2, D: 32, F: 512, B: 6, T: 256, L: 1, ...plain, ...bare },
  { V: 1024, C: 232, H: 4, G: 4, D: 64, F: 624, B: 2, T: 192, L: 3, ...gated, ...normed },
].map(reference);

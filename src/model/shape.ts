/** @file The shape of a Llama-like decoder and its variants, parameters by name and role, and size. */

/**
 * V vocabulary, C width, L layers, H query heads, G key/value heads, D head dim, F feed-forward width.
 * Equal to what `LlamaForCausalLM` calls vocab_size, hidden_size, num_hidden_layers, num_attention_heads,
 * num_key_value_heads, head_dim, intermediate_size, tie_word_embeddings, rope_theta, rms_norm_eps.
 */
export type DecoderShape = {
  readonly vocabularySize: number;
  readonly width: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly feedForwardWidth: number;
  readonly tiedEmbeddings: boolean;
  readonly ropeBase: number;
  readonly normEpsilon: number;
  /**
   * swiglu unless given: silu(gate) up, three matrices (Shazeer 2020, arXiv 2002.05202). gelu: one matrix up,
   * one down, 3/2 as many features, so that both have as many parameters.
   */
  readonly feedForward?: FeedForward | undefined;
  /** RMS norm of query and key heads before the rotation (Dehghani et al. 2023, arXiv 2302.05442). */
  readonly queryKeyNorm?: boolean | undefined;
};

export const FEED_FORWARDS = ["swiglu", "gelu"] as const;

/** The kind of the feed-forward layers. */
export type FeedForward = (typeof FEED_FORWARDS)[number];

/**
 * What a parameter does decides how it is initialised and how fast it learns:
 * - embedding: looked up, not multiplied
 * - hidden: a matrix between two widths that grow with the model
 * - residual: a hidden matrix that writes into the residual stream
 * - norm: a gain
 * - head: the matrix from the width to the vocabulary
 */
export type Role = "embedding" | "hidden" | "residual" | "norm" | "head";

/** One parameter by name: what it is, and its shape. */
export type Parameter = {
  readonly name: string;
  readonly role: Role;
  /** Matrices are [out, in]. */
  readonly shape: readonly number[];
};

/** All parameters in the order in which the model uses them. */
export function parametersOf(shape: DecoderShape): readonly Parameter[] {
  const {
    vocabularySize: V,
    width: C,
    numHeads: H,
    numKeyValueHeads: G,
    headDim: D,
    feedForwardWidth: F,
  } = shape;
  const layers = Array.from({ length: shape.numLayers }, (_, layer): readonly Parameter[] => {
    const name = (part: string) => `layers.${layer}.${part}`;
    return [
      { name: name("attentionNorm"), role: "norm", shape: [C] },
      { name: name("queryKeyValue"), role: "hidden", shape: [(H + 2 * G) * D, C] },
      ...(shape.queryKeyNorm
        ? ([
            { name: name("queryNorm"), role: "norm", shape: [D] },
            { name: name("keyNorm"), role: "norm", shape: [D] },
          ] as const)
        : []),
      { name: name("attentionOutput"), role: "residual", shape: [C, H * D] },
      { name: name("feedForwardNorm"), role: "norm", shape: [C] },
      shape.feedForward === "gelu"
        ? { name: name("up"), role: "hidden", shape: [F, C] }
        : { name: name("gateUp"), role: "hidden", shape: [2 * F, C] },
      { name: name("down"), role: "residual", shape: [C, F] },
    ];
  });
  return [
    { name: "embedding", role: shape.tiedEmbeddings ? "head" : "embedding", shape: [V, C] },
    ...layers.flat(),
    { name: "finalNorm", role: "norm", shape: [C] },
    ...(shape.tiedEmbeddings ? [] : [{ name: "head", role: "head", shape: [V, C] } as const]),
  ];
}

/** Numbers in a parameter. */
export function lengthOf(parameter: Parameter): number {
  return parameter.shape.reduce((product, length) => product * length, 1);
}

/** N: parameters in matrix products, the head included, the input embedding and the gains not. */
export function matrixParameters(shape: DecoderShape): number {
  return parametersOf(shape)
    .filter(({ role }) => role === "hidden" || role === "residual" || role === "head")
    .reduce((sum, parameter) => sum + lengthOf(parameter), 0);
}

/** Every number that is trained: what the checkpoint holds. */
export function allParameters(shape: DecoderShape): number {
  return parametersOf(shape).reduce((sum, parameter) => sum + lengthOf(parameter), 0);
}

/** What a decoder is made of, in words. */
export function architectureText({
  feedForward,
  queryKeyNorm,
}: Pick<DecoderShape, "feedForward" | "queryKeyNorm">): string {
  const features = feedForward === "gelu" ? "plain feed-forward with GELU" : "gated feed-forward";
  const norm = queryKeyNorm ? ", RMS norm of each head's queries and keys" : "";
  return `Llama-like decoder: RMS norm, rotary positions, ${features}, causal attention${norm}`;
}

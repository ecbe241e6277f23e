/** @file A model as the planner sees it: a decoder, dense or with experts, grouped or latent attention. */

/** Queries and keys per head; all heads' keys shared by groups of query heads. */
export type GroupedAttention = {
  readonly kind: "grouped";
  readonly numHeads: number;
  /** = numHeads: multi-head. 1: multi-query. */
  readonly numKeyValueHeads: number;
  readonly headDim: number;
};

/** Multi-head latent attention, DeepSeek-V2 (arXiv 2405.04434) section 2.1. */
export type LatentAttention = {
  readonly kind: "latent";
  readonly numHeads: number;
  /** 0: queries are not compressed. */
  readonly queryRank: number;
  readonly keyValueRank: number;
  /** Part of a head that carries no position. */
  readonly plainDim: number;
  /** Part that is rotated; its key is shared by all heads. */
  readonly rotaryDim: number;
  readonly valueDim: number;
};

/** How queries meet keys: grouped heads, or a shared latent. */
export type Attention = GroupedAttention | LatentAttention;

/** Numbers of one head's query or key, and of its value. */
export function headDims(attention: Attention): { readonly queryDim: number; readonly valueDim: number } {
  if (attention.kind === "grouped") return { queryDim: attention.headDim, valueDim: attention.headDim };
  return { queryDim: attention.plainDim + attention.rotaryDim, valueDim: attention.valueDim };
}

/** Heads of keys and values; with latent attention every head has its own once they are expanded. */
export function numKeyHeads(attention: Attention): number {
  return attention.kind === "grouped" ? attention.numKeyValueHeads : attention.numHeads;
}

/** Layers whose feed-forward part is a choice among experts. */
export type Experts = {
  readonly count: number;
  /** Experts a token goes to. */
  readonly topK: number;
  readonly width: number;
  /** Width of what every token goes through beside them; 0: none. */
  readonly sharedWidth: number;
  /** The first layers that stay dense. */
  readonly denseFirst: number;
  /** 1: every layer after those has experts; 2: every second one. */
  readonly every: number;
};

/** A model to be planned for, ours or published. */
export type ModelShape = {
  readonly name: string;
  readonly numLayers: number;
  readonly hidden: number;
  readonly vocabularySize: number;
  readonly attention: Attention;
  /** Width of the dense layers' feed-forward part; 0 if no layer is dense. */
  readonly feedForwardWidth: number;
  /** Three matrices (gate, up, down) rather than two. */
  readonly gated: boolean;
  readonly tiedEmbeddings: boolean;
  /** Rows of a learned table of positions; 0 for rotary or ALiBi. */
  readonly learnedPositions: number;
  /** Vectors beside the matrices, and norms with a shift. */
  readonly biases: boolean;
  readonly experts: Experts | null;
  /** Further tokens predicted, by one more layer each and the shared head (arXiv 2412.19437, section 2.2). */
  readonly extraPredictions: number;
};

/** A model as a configuration or a published row describes it, and what that leaves open. */
export type DescribedModel = { readonly model: ModelShape; readonly notes: readonly string[] };

/** Layers with experts. */
export function numExpertLayers(shape: ModelShape): number {
  const { experts } = shape;
  return experts ? Math.ceil((shape.numLayers - experts.denseFirst) / experts.every) : 0;
}

/** @file The model of a published row: its cells, then the published model of that name, then its size. */

import type { Attention, DescribedModel, Experts, ModelShape } from "../shape/model-shape.ts";
import { countParameters } from "../shape/parameters.ts";
import { findPreset } from "../shape/presets.ts";
import { type Cells, positiveIn, textIn } from "./cells.ts";

/** GPT-2's vocabulary rounded up to a multiple of 1024, as Megatron trains: for rows that do not say. */
const ASSUMED_VOCABULARY = 51200;

/** The model; or in words why there is none to predict; null where neither row nor presets know it. */
export function modelOfRow(cells: Cells): DescribedModel | string | null {
  const name = cells.model ?? "";
  if (
    /nemotron[-_ ]?(h|3|nano|super)|mamba|jamba|zamba|hyena/i.test(name) &&
    !/nemotron[-_ ]?340/i.test(name)
  )
    return "state-space layers are not modelled";
  const known = findPreset(name);
  const notes: string[] = [];
  const hidden = positiveIn(cells, "hidden") ?? known?.hidden;
  if (hidden === undefined) return null;
  const attention = attentionOf(cells, hidden, known, notes);
  const experts = expertsOf(cells, known);
  const width = positiveIn(cells, "ffn") ?? known?.feedForwardWidth ?? 4 * hidden;
  const vocabularySize = positiveIn(cells, "vocab") ?? known?.vocabularySize ?? ASSUMED_VOCABULARY;
  const base: ModelShape = {
    name,
    numLayers: 1,
    hidden,
    vocabularySize,
    attention,
    feedForwardWidth: experts && experts.denseFirst === 0 && experts.every === 1 ? 0 : width,
    gated: known?.gated ?? false,
    tiedEmbeddings: known?.tiedEmbeddings ?? true,
    learnedPositions: 0,
    biases: known?.biases ?? true,
    experts,
    extraPredictions: /w\/o mtp|without mtp/i.test(name) ? 0 : (known?.extraPredictions ?? 0),
  };
  const numLayers = layersOf(cells, base, known, notes);
  if (numLayers === null) return "number of layers not stated";
  const shape = { ...base, numLayers };
  const paramsB = positiveIn(cells, "params_b");
  return { model: known || paramsB === null || experts ? shape : likeliest(shape, paramsB * 1e9), notes };
}

/** Two or three matrices, tied or not: the closest to the stated parameters; ties go to the simpler. */
function likeliest(shape: ModelShape, parameters: number): ModelShape {
  const candidates = [false, true].flatMap((gated) =>
    [true, false].map((tiedEmbeddings) => ({ ...shape, gated, tiedEmbeddings, biases: !gated })),
  );
  const error = (each: ModelShape) => Math.abs(Math.log(countParameters(each).total / parameters));
  // A better match than by 2 % is needed to leave the plain, tied GPT: sizes are printed rounded.
  return candidates.reduce((best, each) => (error(each) < error(best) - 0.02 ? each : best));
}

function attentionOf(cells: Cells, hidden: number, known: ModelShape | null, notes: string[]): Attention {
  const numHeads = positiveIn(cells, "heads");
  if (known && (known.attention.kind === "latent" || textIn(cells, "kv_heads") === "mla"))
    return known.attention;
  if (known?.hidden === hidden && (numHeads === null || numHeads === known.attention.numHeads))
    return known.attention;
  const heads = numHeads ?? assumedHeads(cells, hidden);
  if (numHeads === null) notes.push(`heads not stated: ${heads}`);
  return {
    kind: "grouped",
    numHeads: heads,
    numKeyValueHeads: positiveIn(cells, "kv_heads") ?? heads,
    headDim: hidden / heads,
  };
}

/**
 * The BLOOM layout search prints its heads in the text around the tables (chronicles-prequel.md): 64, but for
 * a width of 14400: 96, and 32 in the model of 8 layers. Elsewhere heads of 128 are assumed, as many as
 * divide over the tensor ranks.
 */
function assumedHeads(cells: Cells, hidden: number): number {
  if (/bloom/i.test(cells.model ?? "")) {
    if (hidden % 64 === 0 && hidden !== 14400) return 64;
    return positiveIn(cells, "layers") === 8 ? 32 : 96;
  }
  const tensor = positiveIn(cells, "tp") ?? 1;
  return Math.max(1, Math.ceil(Math.round(hidden / 128) / tensor)) * tensor;
}

function expertsOf(cells: Cells, known: ModelShape | null): Experts | null {
  const count = positiveIn(cells, "experts");
  const topK = positiveIn(cells, "topk");
  if (count === null || topK === null) return known?.experts ?? null;
  const width = positiveIn(cells, "moe_ffn") ?? known?.experts?.width ?? positiveIn(cells, "ffn") ?? 0;
  if (known?.experts) return { ...known.experts, count, topK, width };
  return { count, topK, width, sharedWidth: 0, denseFirst: 0, every: 1 };
}

function layersOf(cells: Cells, base: ModelShape, known: ModelShape | null, notes: string[]): number | null {
  const stated = positiveIn(cells, "layers");
  const chunks = (positiveIn(cells, "pp") ?? 1) * (positiveIn(cells, "vp") ?? 1);
  if (stated !== null) {
    // A table that prints another model's layers contradicts its own cut into stages.
    if (known && stated % chunks !== 0 && known.numLayers % chunks === 0) {
      notes.push(`layers ${stated} do not divide into ${chunks} chunks: ${known.numLayers}`);
      return known.numLayers;
    }
    return stated;
  }
  if (known) return known.numLayers;
  const parameters = positiveIn(cells, "params_b");
  if (parameters === null) return null;
  const one = countParameters(base).total;
  const each = countParameters({ ...base, numLayers: 2 }).total - one;
  const pipeline = positiveIn(cells, "pp") ?? 1;
  const layers = Math.round((parameters * 1e9 - (one - each)) / each / pipeline) * pipeline;
  notes.push(`layers not stated: ${layers} from ${parameters} billion parameters`);
  return layers > 0 ? layers : null;
}

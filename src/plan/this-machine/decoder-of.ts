/** @file A planner's model as a decoder of our own engine, or the parts that it has no operations for. */

import { UserError } from "../../errors.ts";
import type { DecoderShape } from "../../model/shape.ts";
import type { ModelShape } from "../shape/model-shape.ts";

/**
 * The same sizes for our engine.
 * Throws a `UserError` naming every part that it lacks
 */
export function decoderOf(model: ModelShape): DecoderShape {
  const { attention } = model;
  const missing = [
    ...(model.experts ? ["experts"] : []),
    ...(attention.kind === "latent" ? ["latent attention"] : []),
    ...(model.learnedPositions > 0 ? ["learned positions"] : []),
    ...(model.biases ? ["biases"] : []),
    ...(model.extraPredictions > 0 ? ["several predicted tokens"] : []),
  ];
  if (missing.length > 0 || attention.kind === "latent")
    throw new UserError(
      `${model.name} on this machine: our engine has no operations for ${missing.join(", ")}`,
      "a dense decoder with RMS norm, rotary positions, grouped attention and a gated or plain feed-forward part, without biases",
      "give a campaign's or a run's YAML file, or another --cluster",
    );
  const { numHeads, numKeyValueHeads, headDim } = attention;
  return {
    vocabularySize: model.vocabularySize,
    width: model.hidden,
    numLayers: model.numLayers,
    numHeads,
    numKeyValueHeads,
    headDim,
    feedForwardWidth: model.feedForwardWidth,
    tiedEmbeddings: model.tiedEmbeddings,
    // Neither changes the time of a step.
    ropeBase: 10_000,
    normEpsilon: 1e-5,
    feedForward: model.gated ? "swiglu" : "gelu",
  };
}

/** @file The decoder as a graph: RMS norm, rotary positions, grouped-query attention, feed-forward. */

import { attention } from "../engine/operations/attention.ts";
import { add } from "../engine/operations/elementwise.ts";
import { embed } from "../engine/operations/embed.ts";
import { gelu } from "../engine/operations/gelu.ts";
import { headNorm } from "../engine/operations/head-norm.ts";
import { matmul } from "../engine/operations/matmul.ts";
import { rmsNorm } from "../engine/operations/norm.ts";
import { rotary } from "../engine/operations/rotary.ts";
import { swiglu } from "../engine/operations/swiglu.ts";
import { leaf, type Tensor } from "../engine/tensor.ts";
import { type DecoderShape, parametersOf } from "./shape.ts";

/** A batch of B sequences of T tokens. */
export type BatchShape = {
  readonly batch: number;
  readonly sequenceLength: number;
};

/** The decoder's graph for one batch shape. */
export type Decoder = {
  /** Leaves by parameter name, in the order of `parametersOf`. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The final hidden states, normalised: [B T, C]. */
  readonly hidden: Tensor;
  /** The matrix [V, C] that turns them into logits. */
  readonly head: Tensor;
};

/** Records the forward pass over tokens[B T]. */
export function decoder(shape: DecoderShape, { batch, sequenceLength }: BatchShape, tokens: Tensor): Decoder {
  const { numHeads, numKeyValueHeads, headDim, ropeBase, normEpsilon, numLayers } = shape;
  const parameters = new Map(
    parametersOf(shape).map((parameter) => [parameter.name, leaf(parameter.name, parameter.shape)]),
  );
  const get = (name: string) => parameters.get(name)!;
  const linear = (x: Tensor, name: string) => matmul(x, get(name), { transposeB: true });
  const rotation = {
    sequenceLength,
    numHeads: numHeads + numKeyValueHeads,
    headDim,
    base: ropeBase,
    sign: 1,
  } as const;
  const heads = { batch, sequenceLength, numHeads, numKeyValueHeads, headDim, scale: 1 / Math.sqrt(headDim) };

  let x_MC = embed(tokens, get("embedding"));
  for (let layer = 0; layer < numLayers; layer++) {
    const name = (part: string) => `layers.${layer}.${part}`;
    const attentionInput = rmsNorm(x_MC, get(name("attentionNorm")), normEpsilon);
    const projected = linear(attentionInput, name("queryKeyValue"));
    const gains = () => ({ query: get(name("queryNorm")), key: get(name("keyNorm")) });
    const normed = shape.queryKeyNorm
      ? headNorm(projected, gains(), { numHeads, numKeyValueHeads, headDim, epsilon: normEpsilon })
      : projected;
    const queryKeyValue = rotary(normed, rotation);
    x_MC = add(x_MC, linear(attention(queryKeyValue, heads), name("attentionOutput")));
    const feedForwardInput = rmsNorm(x_MC, get(name("feedForwardNorm")), normEpsilon);
    const features =
      shape.feedForward === "gelu"
        ? gelu(linear(feedForwardInput, name("up")))
        : swiglu(linear(feedForwardInput, name("gateUp")));
    x_MC = add(x_MC, linear(features, name("down")));
  }
  const hidden = rmsNorm(x_MC, get("finalNorm"), normEpsilon);
  return { parameters, hidden, head: get(shape.tiedEmbeddings ? "embedding" : "head") };
}

/** @file A run's two programs on the same parameters: `train`, one step, and `evaluate`, loss by row. */

import { compile, type Executable, type Graphs } from "../engine/compile.ts";
import { differentiate } from "../engine/differentiate.ts";
import { fill, mean } from "../engine/operations/elementwise.ts";
import { headLoss } from "../engine/operations/loss.ts";
import { leaf } from "../engine/tensor.ts";
import { type BatchShape, decoder } from "../model/decoder.ts";
import { type DecoderShape, parametersOf } from "../model/shape.ts";
import { type OptimiserSettings, updates } from "./optimiser.ts";

/**
 * Leaves: the parameters, their moments, `tokens` and `targets` [B T], `hyper`.
 * Outputs: train.loss [1] (mean nats a token), train.squaredNorm [1], evaluate.losses [B T].
 */
export function trainingPrograms(
  shape: DecoderShape,
  batchShape: BatchShape,
  optimiser: OptimiserSettings,
): Executable {
  return compile(trainingGraphs(shape, batchShape, optimiser));
}

/** The same, not yet compiled. */
export function trainingGraphs(
  shape: DecoderShape,
  batchShape: BatchShape,
  optimiser: OptimiserSettings,
): Graphs {
  const numRows = batchShape.batch * batchShape.sequenceLength;
  const tokens = leaf("tokens", [numRows], "i32");
  const targets = leaf("targets", [numRows], "i32");
  const { parameters, hidden, head } = decoder(shape, batchShape, tokens);
  const losses = headLoss(hidden, head, targets);
  const loss = mean(losses);
  const tensors = [...parameters.values()];
  const gradients = differentiate([loss], [fill([1], 1)], tensors);
  const entries = parametersOf(shape).map((parameter, i) => ({
    parameter,
    tensor: tensors[i]!,
    gradient: gradients[i]!,
  }));
  const { squaredNorm, updated } = updates(entries, shape.width, optimiser);
  return {
    train: { loss, squaredNorm, ...Object.fromEntries(updated.map((tensor, i) => [`updated.${i}`, tensor])) },
    evaluate: { losses },
  };
}

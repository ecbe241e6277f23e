/** @file Reverse-mode differentiation: extends a graph by gradients, by the table's gradient column. */

import { assert } from "../errors.ts";
import { add } from "./operations/elementwise.ts";
import { type Node, nodesReaching, producerOf, type Tensor } from "./tensor.ts";

/**
 * Gradients of sum_i <outputs[i], cotangents[i]> with respect to `targets`.
 * @param cotangents one for each output, of its shape; for a scalar loss `fill([1], 1)`
 * @returns one tensor for each target, in order; a target that the outputs do not depend on is an error
 */
export function differentiate(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  targets: readonly Tensor[],
): readonly Tensor[] {
  assert(outputs.length === cotangents.length, "one cotangent for each output");
  const gradients = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor) => {
    const known = gradients.get(tensor);
    gradients.set(tensor, known ? add(known, gradient) : gradient);
  };
  for (const [i, output] of outputs.entries()) accumulate(output, cotangents[i]!);
  const needed = nodesDependingOn(targets, nodesReaching(outputs));
  for (const node of needed.toReversed()) {
    const { operation } = node;
    const outputGradients = node.outputs.map((output) => gradients.get(output) ?? null);
    if (outputGradients.every((gradient) => gradient === null)) continue;
    assert(operation.gradient, `${operation.name} has no gradient`);
    for (const [i, gradient] of operation.gradient(node, outputGradients).entries()) {
      const input = node.inputs[i];
      if (gradient && input) accumulate(input, gradient);
    }
  }
  return targets.map((target, i) => {
    const gradient = gradients.get(target);
    assert(gradient, `the outputs do not depend on target ${i}`);
    return gradient;
  });
}

/** The nodes through which a gradient can reach a target, in the order given. */
function nodesDependingOn(targets: readonly Tensor[], nodes: readonly Node[]): readonly Node[] {
  const wanted = new Set(targets);
  const dependent = new Set<Node>();
  for (const node of nodes) {
    const depends = node.inputs.some((input) => {
      if (!input) return false;
      const producer = producerOf(input);
      return wanted.has(input) || (producer !== null && dependent.has(producer));
    });
    if (depends) dependent.add(node);
  }
  return nodes.filter((node) => dependent.has(node));
}

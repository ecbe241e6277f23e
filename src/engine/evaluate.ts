/** @file Computes a graph in float64 by the table's reference column: what kernels are checked against. */

import { assert } from "../errors.ts";
import { type Node, nodesReaching, shapesOf, sizeOf, type Tensor } from "./tensor.ts";

/**
 * The outputs, given the leaves by name. Leaves that a node updates in place are changed in the map given.
 */
export function evaluate(
  outputs: readonly Tensor[],
  leaves: Map<string, Float64Array>,
): readonly Float64Array[] {
  const values = new Map<Tensor, Float64Array>();
  const valuesOf = (tensor: Tensor): Float64Array => {
    const { source } = tensor;
    const value = source.kind === "leaf" ? leaves.get(source.name) : values.get(tensor);
    assert(
      value,
      source.kind === "leaf" ? `leaf ${source.name} has no value` : "used before it was computed",
    );
    assert(
      value.length === sizeOf(tensor.shape),
      `a value of ${value.length} numbers for the shape [${tensor.shape}]`,
    );
    return value;
  };
  for (const node of nodesReaching(outputs)) {
    const inputs = node.inputs.map((input) => (input ? valuesOf(input) : null));
    const { operation, attributes } = node;
    const lengths = operation.lengths(shapesOf(node.inputs), attributes);
    const results = operation.reference(inputs, lengths, attributes);
    for (const [i, output] of node.outputs.entries()) values.set(output, results[i]!);
    storeUpdates(node, results, leaves);
  }
  return outputs.map(valuesOf);
}

function storeUpdates(node: Node, results: readonly Float64Array[], leaves: Map<string, Float64Array>): void {
  for (const [output, input] of (node.operation.updates ?? []).entries()) {
    const source = node.inputs[input]?.source;
    if (source?.kind === "leaf") leaves.set(source.name, results[output]!);
  }
}

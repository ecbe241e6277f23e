/**
 * @file Rewrites a graph into an equal one that does less work: additions become the optional operand of the
 * kernel that produced one side, and a loss whose gradient pass computes it anyway is not computed twice. It
 * reads the table, and knows no model.
 */

import { addRow } from "./operations/elementwise.ts";
import { headLossGradientRow, headLossRow } from "./operations/loss.ts";
import { dependsOn, type Node, nodesReaching, producerOf, rebuild, type Tensor } from "./tensor.ts";

/** The same outputs, computed by fewer instructions. */
export function fuse(outputs: readonly Tensor[]): readonly Tensor[] {
  return foldAdditions(shareLosses(outputs));
}

/** headLossGradient yields the loss as well: where both stand on the same operands, the loss alone goes. */
function shareLosses(outputs: readonly Tensor[]): readonly Tensor[] {
  const nodes = nodesReaching(outputs);
  const gradientPasses = nodes.filter((node) => node.operation === headLossGradientRow);
  return rewrite(outputs, nodes, (node) => {
    if (node.operation !== headLossRow) return null;
    const pass = gradientPasses.find((candidate) =>
      node.inputs.every((input, i) => input === candidate.inputs[i]),
    );
    return pass ? [pass.outputs[0]!] : null;
  });
}

/** One addition after the other: each fold changes who uses what. */
function foldAdditions(outputs: readonly Tensor[]): readonly Tensor[] {
  for (;;) {
    const nodes = nodesReaching(outputs);
    const found = findFold(nodes, outputs);
    if (!found) return outputs;
    const { addition, producer, addend } = found;
    const folded = producer.outputs[producer.operation.addend!.output]!;
    outputs = rewrite(
      outputs,
      nodes,
      (node) => (node === addition ? [folded] : null),
      new Map([[producer, addend]]),
    );
  }
}

type Fold = {
  readonly addition: Node;
  readonly producer: Node;
  readonly addend: Tensor;
};

function findFold(nodes: readonly Node[], outputs: readonly Tensor[]): Fold | null {
  const numUses = countUses(nodes, outputs);
  for (const addition of nodes) {
    if (addition.operation !== addRow) continue;
    const [a, b] = addition.inputs as readonly [Tensor, Tensor];
    for (const [summand, addend] of [
      [b, a],
      [a, b],
    ] as const) {
      const producer = producerOf(summand);
      const slot = producer?.operation.addend;
      if (!producer || !slot || producer.inputs[slot.input] || producer.outputs[slot.output] !== summand)
        continue;
      // Another reader wants the value without the addend; and an addend computed from the producer would be
      // a cycle.
      if (numUses.get(summand) !== 1 || dependsOn(addend, producer)) continue;
      return { addition, producer, addend };
    }
  }
  return null;
}

function countUses(nodes: readonly Node[], outputs: readonly Tensor[]): ReadonlyMap<Tensor, number> {
  const counts = new Map<Tensor, number>();
  const count = (tensor: Tensor) => counts.set(tensor, (counts.get(tensor) ?? 0) + 1);
  for (const output of outputs) count(output);
  for (const node of nodes) for (const input of node.inputs) if (input) count(input);
  return counts;
}

/**
 * Rebuilds a graph with some nodes replaced by outputs of others and some given their optional addend.
 * Recursion follows the inputs, so a replacement may be recorded later than what it replaces. `nodes` are all
 * that the outputs need, inputs before users.
 */
function rewrite(
  outputs: readonly Tensor[],
  nodes: readonly Node[],
  replace: (node: Node) => readonly Tensor[] | null,
  addends: ReadonlyMap<Node, Tensor> = new Map(),
): readonly Tensor[] {
  const rebuilt = new Map<Node, readonly Tensor[]>();
  const visit = (tensor: Tensor): Tensor => {
    const node = producerOf(tensor);
    return node ? visitNode(node)[node.outputs.indexOf(tensor)]! : tensor;
  };
  const visitNode = (node: Node): readonly Tensor[] => {
    const known = rebuilt.get(node);
    if (known) return known;
    const replacement = replace(node);
    const result = replacement ? replacement.map(visit) : rewriteNode(node);
    rebuilt.set(node, result);
    return result;
  };
  const rewriteNode = (node: Node): readonly Tensor[] => {
    const addend = addends.get(node);
    const inputs = node.inputs.map((input, i) => {
      if (addend && i === node.operation.addend?.input) return visit(addend);
      return input ? visit(input) : null;
    });
    return inputs.every((input, i) => input === node.inputs[i]) ? node.outputs : rebuild(node, inputs);
  };
  // Inputs before users, so that the recursion stays shallow however many layers there are.
  for (const node of nodes) visitNode(node);
  return outputs.map(visit);
}

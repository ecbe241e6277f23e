/**
 * @file Symbolic tensors: what a graph is made of. Calling an operation on tensors records a node; nothing is
 * computed. A graph has no object of its own: it is whatever the wanted outputs reach.
 */

import { assert } from "../errors.ts";

/** Lengths of the axes, the slowest first. */
export type Shape = readonly number[];

/** Floats, or token ids. */
export type DataType = "f32" | "i32";

/**
 * A value to be computed, or a leaf that is filled from outside. Identity matters: one object is one value.
 */
export type Tensor = {
  readonly shape: Shape;
  readonly dataType: DataType;
  readonly source: Leaf | NodeOutput;
};

/** A named place in the arena that outlives a run: parameters, moments, tokens, hyper-parameters. */
export type Leaf = {
  readonly kind: "leaf";
  readonly name: string;
};

/** The `index`-th output of a node. */
export type NodeOutput = {
  readonly kind: "output";
  readonly node: Node;
  readonly index: number;
};

/** One use of one row of the table of operations. */
export type Node = {
  /** Order of recording; breaks ties wherever an order is free, so that programs are reproducible. */
  readonly id: number;
  readonly operation: Operation<unknown>;
  /** null stands for an optional operand left out. */
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: unknown;
  readonly outputs: readonly Tensor[];
};

/** What one use of an operation costs. */
export type Cost = {
  readonly flops: number;
  /** Operands read and written, each once. */
  readonly bytes: number;
};

/** Operands as shapes, with null where an optional one is left out. */
export type OperandShapes = readonly (Shape | null)[];
/** Operands as numbers in float64, with null where an optional one is left out. */
export type OperandValues = readonly (Float64Array | null)[];

/**
 * A row of the table of operations: everything longrun knows about one operation. `A` is the type of its
 * attributes, `L` that of the lengths of its axes. Methods are declared in method syntax on purpose: a row
 * for its own A and L may then stand in a table of rows.
 */
export type Operation<A, L = unknown> = {
  /** Also the native kernel's name. */
  readonly name: string;
  /** Checks the operands, and reads the lengths of their axes: all that the other methods need of shapes. */
  lengths(inputs: OperandShapes, attributes: A): L;
  outputShapes(lengths: L): readonly Shape[];
  /** The kernel's attributes, in its own order (native/kernels/). */
  encode(lengths: L, attributes: A): readonly number[];
  /** Gradients by the inputs, in terms of other rows; null where none flows. Left out: not differentiable. */
  gradient?(node: Node, outputGradients: readonly (Tensor | null)[]): readonly (Tensor | null)[];
  /** Additions, multiplications, divisions, roots, exponentials, one each; without what is recomputed. */
  flops(lengths: L): number;
  /** Slow, obvious, float64: what the kernel is tested against. */
  reference(values: OperandValues, lengths: L, attributes: A): readonly Float64Array[];
  /** Where an addition of one output to another tensor can be folded into the kernel as an optional input. */
  readonly addend?: { readonly input: number; readonly output: number };
  /** Inputs whose storage output 0 may take over when nobody else needs them. */
  readonly mayOverwrite?: readonly number[];
  /** Outputs written in place of an input: `updates[output] = input`. They are no operands of their own. */
  readonly updates?: readonly number[];
  /** An output that is made of the bits of float32: float64 has no such thing to hold it against. */
  readonly bits?: number;
};

let numNodes = 0;

/** Records one use of an operation. `inputs` carries null for optional operands left out. */
export function apply<A, L>(
  operation: Operation<A, L>,
  inputs: readonly (Tensor | null)[],
  attributes: A,
): readonly Tensor[] {
  return record(numNodes++, operation, inputs, attributes);
}

/** The same use of an operation on other operands; it keeps its place in the order of recording. */
export function rebuild(node: Node, inputs: readonly (Tensor | null)[]): readonly Tensor[] {
  return record(node.id, node.operation, inputs, node.attributes);
}

function record<A, L>(
  id: number,
  operation: Operation<A, L>,
  inputs: readonly (Tensor | null)[],
  attributes: A,
): readonly Tensor[] {
  const shapes = operation.outputShapes(operation.lengths(shapesOf(inputs), attributes));
  const outputs: Tensor[] = [];
  const node: Node = { id, operation, inputs, attributes, outputs };
  for (const [index, shape] of shapes.entries())
    outputs.push({ shape, dataType: "f32", source: { kind: "output", node, index } });
  return outputs;
}

/** A leaf. Leaves of the same name are the same storage, also across the programs of one session. */
export function leaf(name: string, shape: Shape, dataType: DataType = "f32"): Tensor {
  return { shape, dataType, source: { kind: "leaf", name } };
}

export function shapesOf(tensors: readonly (Tensor | null)[]): OperandShapes {
  return tensors.map((tensor) => tensor?.shape ?? null);
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The node that computes a tensor, or null for a leaf. */
export function producerOf(tensor: Tensor): Node | null {
  return tensor.source.kind === "output" ? tensor.source.node : null;
}

/** The nodes that the outputs need, inputs before users; of free ones the earliest recorded first. */
export function nodesReaching(outputs: readonly Tensor[]): readonly Node[] {
  return inOrder([...reach(outputs)]);
}

function reach(outputs: readonly Tensor[]): ReadonlySet<Node> {
  const found = new Set<Node>();
  const pending = outputs.map(producerOf);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node === null || found.has(node)) continue;
    found.add(node);
    for (const input of node.inputs) if (input) pending.push(producerOf(input));
  }
  return found;
}

/**
 * Orders nodes so that inputs come before users, and so that what updates a leaf in place comes after
 * everything else that reads this leaf: the readers mean the value before the update.
 */
function inOrder(nodes: readonly Node[]): readonly Node[] {
  const users = new Map<Node, Node[]>();
  const numMissing = new Map<Node, number>();
  const readers = new Map<string, Node[]>();
  for (const node of nodes)
    for (const input of node.inputs)
      if (input?.source.kind === "leaf") pushTo(readers, input.source.name, node);
  for (const node of nodes) {
    const needed = new Set([...node.inputs.flatMap((input) => (input && producerOf(input)) ?? [])]);
    for (const reader of readersOfUpdated(node, readers)) needed.add(reader);
    for (const other of needed) pushTo(users, other, node);
    numMissing.set(node, needed.size);
  }
  // Latest recorded first in the list, so that the earliest is at its end.
  const ready = nodes.filter((node) => numMissing.get(node) === 0).sort((a, b) => b.id - a.id);
  const ordered: Node[] = [];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    ordered.push(node);
    for (const user of users.get(node) ?? []) {
      const missing = numMissing.get(user)! - 1;
      numMissing.set(user, missing);
      if (missing === 0) ready.splice(placeOf(user, ready), 0, user);
    }
  }
  assert(ordered.length === nodes.length, "the graph has a cycle");
  return ordered;
}

/** Where a node belongs among thousands that are sorted latest first. */
function placeOf({ id }: Node, sorted: readonly Node[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.id > id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readersOfUpdated(node: Node, readers: ReadonlyMap<string, readonly Node[]>): readonly Node[] {
  return (node.operation.updates ?? []).flatMap((input) => {
    const updated = node.inputs[input];
    assert(
      updated?.source.kind === "leaf",
      `${node.operation.name} updates operand ${input}, which must be a leaf`,
    );
    return (readers.get(updated.source.name) ?? []).filter((other) => other !== node);
  });
}

/** Whether computing a tensor needs this node. */
export function dependsOn(tensor: Tensor, node: Node): boolean {
  return reach([tensor]).has(node);
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/**
 * @file From graphs to flat programs: fuse, order, plan memory, emit. Several programs (train, evaluate)
 * share their leaves in one arena; since only one runs at a time, their intermediate values share the rest.
 */

import { assert } from "../errors.ts";
import { fuse } from "./fuse.ts";
import { aligned, planMemory } from "./memory.ts";
import { type Cost, type Node, nodesReaching, shapesOf, sizeOf, type Tensor } from "./tensor.ts";

/** Outputs by name, for each program by name. */
export type Graphs = Readonly<Record<string, Readonly<Record<string, Tensor>>>>;

/** A stretch of the arena, in floats. */
export type Region = {
  readonly offset: number;
  readonly size: number;
  readonly dataType: "f32" | "i32";
};

/** One kernel call. */
export type Instruction = {
  /** Name of the row and of the kernel. */
  readonly operation: string;
  /** Offsets in floats of inputs, then outputs; -1 where an optional one is left out. */
  readonly operands: readonly number[];
  /** Lengths and other numbers, as the row encodes them. */
  readonly attributes: readonly number[];
  readonly cost: Cost;
};

/** Instructions in order, and where their outputs lie. */
export type Program = {
  readonly instructions: readonly Instruction[];
  readonly outputs: ReadonlyMap<string, Region>;
};

/** Programs that share one arena. */
export type Executable = {
  readonly programs: ReadonlyMap<string, Program>;
  readonly leaves: ReadonlyMap<string, Region>;
  /** Size of the arena. */
  readonly numFloats: number;
};

/** Compiles programs that share leaves by name. */
export function compile(graphs: Graphs): Executable {
  const fused = Object.entries(graphs).map(([name, outputs]) => {
    const names = Object.keys(outputs);
    const tensors = fuse(Object.values(outputs));
    return { name, names, tensors, nodes: nodesReaching(tensors) };
  });
  const leaves = placeLeaves(fused.flatMap(({ nodes }) => nodes));
  const start = Math.max(0, ...leaves.values().map(({ offset, size }) => offset + aligned(size)));
  let numFloats = start;
  const programs = new Map<string, Program>();
  for (const { name, names, tensors, nodes } of fused) {
    const { offsets, end } = planMemory(nodes, tensors, start);
    numFloats = Math.max(numFloats, end);
    const offsetOf = (tensor: Tensor) => offsetIn(tensor, leaves, offsets);
    programs.set(name, {
      instructions: nodes.map((node) => instructionOf(node, offsetOf)),
      outputs: new Map(
        tensors.map((tensor, i) => [
          names[i]!,
          { offset: offsetOf(tensor), size: sizeOf(tensor.shape), dataType: tensor.dataType },
        ]),
      ),
    });
  }
  return { programs, leaves, numFloats };
}

/** FLOPs of one run of a program, counted from the table of operations. */
export function flopsOf(program: Program): number {
  return program.instructions.reduce((sum, { cost }) => sum + cost.flops, 0);
}

/** Which nodes of a graph are left when it is fused, by its structure: no choice of `fuse` reads a length. */
const knownSurvivors = new Map<string, readonly number[]>();

/** What `flopsOf` counts of each program, without compiling it: for searches over many shapes. */
export function countFlops(graphs: Graphs): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(graphs).map(([name, outputs]) => {
      const tensors = Object.values(outputs);
      const nodes = nodesReaching(tensors);
      const structure = structureOf(nodes, tensors);
      const survivors = knownSurvivors.get(structure) ?? survivorsOf(nodes, tensors);
      knownSurvivors.set(structure, survivors);
      const flops = survivors.map((i) => {
        const { operation, inputs, attributes } = nodes[i]!;
        return operation.flops(operation.lengths(shapesOf(inputs), attributes));
      });
      return [name, flops.reduce((sum, own) => sum + own, 0)];
    }),
  );
}

/** Places in `nodes` of those that stay; fused, a node keeps its place in the order of recording. */
function survivorsOf(nodes: readonly Node[], outputs: readonly Tensor[]): readonly number[] {
  const places = new Map(nodes.map(({ id }, i) => [id, i]));
  return nodesReaching(fuse(outputs)).map(({ id }) => places.get(id)!);
}

/** Operations and who reads what, without lengths. */
function structureOf(nodes: readonly Node[], outputs: readonly Tensor[]): string {
  const numbers = new Map<Tensor, number>();
  const numberOf = (tensor: Tensor | null) => {
    if (tensor && !numbers.has(tensor)) numbers.set(tensor, numbers.size);
    return tensor ? numbers.get(tensor)! : "";
  };
  const parts = nodes.map(
    (node) =>
      `${node.operation.name}:${node.inputs.map(numberOf).join()}>${node.outputs.map(numberOf).join()}`,
  );
  return [...parts, outputs.map(numberOf).join()].join(" ");
}

function placeLeaves(nodes: readonly Node[]): ReadonlyMap<string, Region> {
  const leaves = new Map<string, Region>();
  let end = 0;
  for (const input of nodes.flatMap((node) => node.inputs)) {
    if (input?.source.kind !== "leaf") continue;
    const { name } = input.source;
    const size = sizeOf(input.shape);
    const known = leaves.get(name);
    assert(
      !known || (known.size === size && known.dataType === input.dataType),
      `leaf ${name} is used with two shapes`,
    );
    if (known) continue;
    leaves.set(name, { offset: end, size, dataType: input.dataType });
    end += aligned(size);
  }
  return leaves;
}

/** An output that updates a leaf lives where the leaf lives. */
function offsetIn(
  tensor: Tensor,
  leaves: ReadonlyMap<string, Region>,
  offsets: ReadonlyMap<Tensor, number>,
): number {
  const { source } = tensor;
  if (source.kind === "leaf") return leaves.get(source.name)!.offset;
  const updated = source.node.operation.updates?.[source.index];
  if (updated !== undefined) return offsetIn(source.node.inputs[updated]!, leaves, offsets);
  const offset = offsets.get(tensor);
  assert(offset !== undefined, `${source.node.operation.name} has no place in memory`);
  return offset;
}

function instructionOf(
  { operation, inputs, outputs, attributes }: Node,
  offsetOf: (tensor: Tensor) => number,
): Instruction {
  const lengths = operation.lengths(shapesOf(inputs), attributes);
  const written = operation.updates ? [] : outputs;
  const numNumbers = [...inputs, ...outputs].reduce(
    (sum, tensor) => sum + (tensor ? sizeOf(tensor.shape) : 0),
    0,
  );
  return {
    operation: operation.name,
    operands: [...inputs, ...written].map((tensor) => (tensor ? offsetOf(tensor) : -1)),
    attributes: operation.encode(lengths, attributes),
    cost: { flops: operation.flops(lengths), bytes: 4 * numNumbers },
  };
}

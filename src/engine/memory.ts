/**
 * @file Where each intermediate value lives. Two values share storage when one is dead before the other is
 * born, or when a kernel may write over an operand that nobody else needs. Placement is greedy by size,
 * largest first, each at the lowest free offset.
 */

import { type Node, producerOf, sizeOf, type Tensor } from "./tensor.ts";

/** Floats; 64 bytes, a cache line and an AVX-512 register. */
const ALIGNMENT = 16;

export const aligned = (numFloats: number) => Math.ceil(numFloats / ALIGNMENT) * ALIGNMENT;

export type MemoryPlan = {
  /** Offset in floats of each value that a node computes. */
  readonly offsets: ReadonlyMap<Tensor, number>;
  /** First float after all of them. */
  readonly end: number;
};

type Buffer = {
  readonly tensors: Tensor[];
  readonly size: number;
  readonly firstStep: number;
  lastStep: number;
};

/**
 * Plans the values of nodes in their order of execution.
 * @param start first free float: leaves lie before it
 * @param kept values that are read after the program has ended
 */
export function planMemory(nodes: readonly Node[], kept: readonly Tensor[], start: number): MemoryPlan {
  const buffers = buffersOf(nodes, lastUses(nodes, kept));
  const offsets = new Map<Tensor, number>();
  const placed: { readonly buffer: Buffer; readonly offset: number }[] = [];
  let end = start;
  for (const buffer of buffers.toSorted((a, b) => b.size - a.size || a.firstStep - b.firstStep)) {
    const neighbours = placed
      .filter(({ buffer: other }) => other.firstStep <= buffer.lastStep && buffer.firstStep <= other.lastStep)
      .sort((a, b) => a.offset - b.offset);
    let offset = start;
    for (const other of neighbours) {
      if (offset + buffer.size <= other.offset) break;
      offset = Math.max(offset, other.offset + other.buffer.size);
    }
    placed.push({ buffer, offset });
    for (const tensor of buffer.tensors) offsets.set(tensor, offset);
    end = Math.max(end, offset + buffer.size);
  }
  return { offsets, end };
}

function lastUses(nodes: readonly Node[], kept: readonly Tensor[]): ReadonlyMap<Tensor, number> {
  const last = new Map<Tensor, number>();
  for (const [step, node] of nodes.entries()) {
    for (const output of node.outputs) last.set(output, step);
    for (const input of node.inputs) if (input && producerOf(input)) last.set(input, step);
  }
  for (const tensor of kept) if (producerOf(tensor)) last.set(tensor, nodes.length);
  return last;
}

function buffersOf(nodes: readonly Node[], last: ReadonlyMap<Tensor, number>): readonly Buffer[] {
  const bufferOf = new Map<Tensor, Buffer>();
  const buffers: Buffer[] = [];
  for (const [step, node] of nodes.entries()) {
    if (node.operation.updates) continue; // its outputs are leaves
    for (const [index, output] of node.outputs.entries()) {
      const lastStep = last.get(output) ?? step;
      const taken = index === 0 ? takenOver(node, step, bufferOf) : null;
      if (taken) {
        taken.tensors.push(output);
        taken.lastStep = lastStep;
        bufferOf.set(output, taken);
        continue;
      }
      const buffer = { tensors: [output], size: aligned(sizeOf(output.shape)), firstStep: step, lastStep };
      bufferOf.set(output, buffer);
      buffers.push(buffer);
    }
  }
  return buffers;
}

/** The buffer of an operand that dies here, is as large as the output, and that the kernel may write over. */
function takenOver(node: Node, step: number, bufferOf: ReadonlyMap<Tensor, Buffer>): Buffer | null {
  const size = aligned(sizeOf(node.outputs[0]!.shape));
  for (const index of node.operation.mayOverwrite ?? []) {
    const input = node.inputs[index];
    const buffer = input ? bufferOf.get(input) : undefined;
    const readTwice = node.inputs.filter((other) => other === input).length > 1;
    if (buffer && buffer.size === size && buffer.lastStep === step && !readTwice) return buffer;
  }
  return null;
}

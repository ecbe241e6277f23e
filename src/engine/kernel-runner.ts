/** @file Runs one row of the table of operations natively, on operands given as numbers: for tests. */

import { native } from "./native.ts";
import { type OperandShapes, type Operation, sizeOf } from "./tensor.ts";

/** Operands in float64 (int32 for token ids), null where an optional one is left out. */
export type Operands = readonly (Float64Array | Int32Array | null)[];

export type KernelOptions = {
  readonly instructionSet: string;
  readonly numThreads: number;
  /** `share[output] = input`: the output is the storage of that input. */
  readonly share?: Readonly<Record<number, number>>;
};

/**
 * Floats that must keep their value between and after the operands: a kernel that writes there is found out.
 */
const GUARD = 16;
const GUARD_VALUE = 12345.5;

const aligned = (size: number): number => Math.ceil(size / 16) * 16;

/** The outputs of one run, in float32. Throws if the kernel wrote outside its outputs. */
export async function runKernel<A, L>(
  operation: Operation<A, L>,
  operands: Operands,
  shapes: OperandShapes,
  attributes: A,
  { instructionSet, numThreads, share = {} }: KernelOptions,
): Promise<readonly Float32Array[]> {
  const lengths = operation.lengths(shapes, attributes);
  const outputSizes = operation.outputShapes(lengths).map(sizeOf);
  const inputOffsets: number[] = [];
  let end = GUARD;
  const place = (size: number): number => {
    const offset = end;
    end = aligned(offset + size) + GUARD;
    return offset;
  };
  for (const operand of operands) inputOffsets.push(operand ? place(operand.length) : -1);
  const outputOffsets = outputSizes.map((size, output) => {
    const inPlace = operation.updates?.[output] ?? share[output];
    return inPlace === undefined ? place(size) : inputOffsets[inPlace]!;
  });

  const arena = native.allocate(end);
  const floats = new Float32Array(arena).fill(GUARD_VALUE);
  for (const [i, operand] of operands.entries()) {
    if (operand instanceof Int32Array) new Int32Array(arena).set(operand, inputOffsets[i]!);
    else if (operand) floats.set(operand, inputOffsets[i]!);
  }
  const before = floats.slice();
  const instruction = {
    operation: operation.name,
    operands: [...inputOffsets, ...(operation.updates ? [] : outputOffsets)],
    attributes: operation.encode(lengths, attributes),
  };
  await native.run(native.load([instruction], end, instructionSet), arena, native.createPool(numThreads));

  const results = outputSizes.map((size, i) => floats.slice(outputOffsets[i]!, outputOffsets[i]! + size));
  for (const [i, size] of outputSizes.entries()) before.set(results[i]!.subarray(0, size), outputOffsets[i]!);
  assertSameBits(floats, before, operation.name);
  return results;
}

function assertSameBits(found: Float32Array, expected: Float32Array, name: string): void {
  const [a, b] = [found, expected].map((x) => new Int32Array(x.buffer, x.byteOffset, x.length)) as [
    Int32Array,
    Int32Array,
  ];
  for (let i = 0; i < a.length; i++)
    if (a[i] !== b[i]) throw new Error(`${name} wrote ${found[i]} outside its outputs, at float ${i}`);
}

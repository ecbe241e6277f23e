/** @file A kernel held against its row's float64 reference, for tests: all instruction sets and threads. */

import { expect } from "vitest";
import { type KernelOptions, type Operands, runKernel } from "./kernel-runner.ts";
import { native } from "./native.ts";
import { type Operation, type Shape, sizeOf } from "./tensor.ts";

/** A fixed stream of numbers in (-1, 1), rounded to float32 so that kernel and reference see the same. */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  };
}

export type Operand =
  | Shape
  | { readonly shape: Shape; readonly numbers: readonly number[]; readonly integer?: true }
  | null;

export function tokens(numbers: readonly number[]): Operand {
  return { shape: [numbers.length], numbers, integer: true };
}

function valuesOf(operand: Operand, next: () => number): Float64Array | Int32Array | null {
  if (!operand) return null;
  if (!("numbers" in operand)) return Float64Array.from({ length: sizeOf(operand) }, next);
  return operand.integer ? Int32Array.from(operand.numbers) : Float64Array.from(operand.numbers);
}

type Case<A, L> = {
  readonly operation: Operation<A, L>;
  readonly operands: readonly Operand[];
  readonly attributes: A;
  readonly share?: Readonly<Record<number, number>>;
  /** Largest error, in units of the largest number of the output. */
  readonly tolerance?: number;
};

/** Runs the kernel on all sets and 1, 2, 3 threads; against the reference, and threads bit by bit. */
export async function check<A, L>({
  operation,
  operands,
  attributes,
  share = {},
  tolerance = 2e-6,
}: Case<A, L>): Promise<void> {
  const shapes = operands.map((operand) => (operand && "numbers" in operand ? operand.shape : operand));
  const next = stream(sizeOf(shapes.map((shape) => (shape ? sizeOf(shape) : 1))));
  const values: Operands = operands.map((operand) => valuesOf(operand, next));
  const exact = operation.reference(
    values.map((value) => value && Float64Array.from(value)),
    operation.lengths(shapes, attributes),
    attributes,
  );
  for (const instructionSet of native.instructionSets()) {
    const run = (numThreads: number) => {
      const options: KernelOptions = { instructionSet, numThreads, share };
      return runKernel(operation, values, shapes, attributes, options);
    };
    const found = await run(1);
    for (const [i, output] of found.entries()) {
      if (i === operation.bits) continue;
      const scale = exact[i]!.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1e-3);
      const error = output.reduce((largest, x, j) => Math.max(largest, Math.abs(x - exact[i]![j]!)), 0);
      expect(
        error / scale,
        `${operation.name} output ${i} on ${instructionSet}, operands ${JSON.stringify(shapes)}`,
      ).toBeLessThan(tolerance);
    }
    for (const numThreads of [2, 3]) expect(await run(numThreads)).toStrictEqual(found);
  }
}

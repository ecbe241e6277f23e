/** @file Small helpers of the rows: reading operands that must be there. */

import { assert } from "../../errors.ts";
import { type OperandShapes, type OperandValues, type Shape, sizeOf } from "../tensor.ts";

/** The shape of an operand that is not optional. */
export function shapeOf(shapes: OperandShapes, index: number): Shape {
  const shape = shapes[index];
  assert(shape, `operand ${index} is missing`);
  return shape;
}

/** The values of an operand that is not optional. */
export function valuesOf(values: OperandValues, index: number): Float64Array {
  const value = values[index];
  assert(value, `operand ${index} is missing`);
  return value;
}

/** Rows and columns of an operand that must be a matrix. */
export function matrix(shapes: OperandShapes, index: number, name: string): readonly [number, number] {
  const shape = shapeOf(shapes, index);
  const [rows, columns] = shape;
  assert(
    shape.length === 2 && rows !== undefined && columns !== undefined,
    `${name}: operand ${index} is [${shape}], expected two axes`,
  );
  return [rows, columns];
}

export function assertShape(shapes: OperandShapes, index: number, expected: Shape, name: string): void {
  const shape = shapeOf(shapes, index);
  const same = shape.length === expected.length && shape.every((length, axis) => length === expected[axis]);
  assert(same, `${name}: operand ${index} is [${shape}], expected [${expected}]`);
}

/** Checks an optional operand where it is given. */
export function assertOptionalShape(
  shapes: OperandShapes,
  index: number,
  expected: Shape,
  name: string,
): void {
  if (shapes[index]) assertShape(shapes, index, expected, name);
}

/** N numbers, of whatever shape. */
export type Flat = {
  readonly N: number;
  readonly shape: Shape;
};

export function flat(shape: Shape): Flat {
  return { N: sizeOf(shape), shape };
}

/** Adds an optional operand into a result of the reference. */
export function addOptional(result: Float64Array, addend: Float64Array | null | undefined): void {
  if (addend) for (let i = 0; i < result.length; i++) result[i]! += addend[i]!;
}

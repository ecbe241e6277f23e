/** @file Least squares for laws that are linear on logarithms: their only start, since their objective has one valley. */

import { assert } from "../../errors.ts";

/** The coefficients of `columns` (one list per run) that bring their weighted sum nearest to `values`. A ridge of 1e-12 settles ties. */
export function linearFit(columns: readonly (readonly number[])[], values: readonly number[]): number[] {
  const size = columns[0]!.length;
  const scale = Array.from(
    { length: size },
    (_, k) => Math.sqrt(columns.reduce((sum, row) => sum + row[k]! ** 2, 0)) || 1,
  );
  const system = Array.from({ length: size }, (_, j) =>
    Array.from({ length: size + 1 }, (_unused, k) => {
      const sum = columns.reduce(
        (total, row, i) => total + (row[j]! / scale[j]!) * (k < size ? row[k]! / scale[k]! : values[i]!),
        0,
      );
      return j === k ? sum + 1e-12 : sum;
    }),
  );
  for (let pivot = 0; pivot < size; pivot++) {
    const head = system[pivot]!;
    assert(head[pivot]! > 0, "normal equations with a ridge have positive pivots");
    for (let i = 0; i < size; i++) {
      if (i === pivot) continue;
      const factor = system[i]![pivot]! / head[pivot]!;
      for (let k = pivot; k <= size; k++) system[i]![k]! -= factor * head[k]!;
    }
  }
  return system.map((row, k) => row[size]! / row[k]! / scale[k]!);
}

/** The line level + slope x nearest to the values. */
export function straightLine(x: readonly number[], y: readonly number[]): { level: number; slope: number } {
  const [level, slope] = linearFit(
    x.map((value) => [1, value]),
    y,
  );
  return { level: level!, slope: slope! };
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { differentiate } from "./differentiate.ts";
import { evaluate } from "./evaluate.ts";
import { type Case, differentiableCases, leavesFor, noise } from "./operation-cases.ts";
import { add, broadcast } from "./operations/elementwise.ts";
import { OPERATIONS } from "./operations/table.ts";
import { leaf, nodesReaching, producerOf, sizeOf, type Tensor } from "./tensor.ts";

const cases = differentiableCases(4);

/** d/d target of <output, cotangent>, by central differences. */
function numericGradient(
  testCase: Case,
  leaves: Map<string, Float64Array>,
  cotangent: Float64Array,
  target: Tensor,
): Float64Array {
  const name = target.source.kind === "leaf" ? target.source.name : "";
  const values = leaves.get(name)!;
  const step = 1e-5;
  const at = (i: number, change: number) => {
    const moved = values.slice();
    moved[i]! += change;
    const [output] = evaluate([testCase.output], new Map([...leaves, [name, moved]]));
    return output!.reduce((sum, value, k) => sum + value * cotangent[k]!, 0);
  };
  return values.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
}

describe("gradients agree with central differences in float64", () => {
  for (const [name, arbitrary] of Object.entries(cases))
    test(name, () => {
      fc.assert(
        fc.property(arbitrary, fc.integer({ min: 0, max: 999 }), (testCase, seed) => {
          const leaves = leavesFor(testCase, seed);
          const cotangent = noise(sizeOf(testCase.output.shape), seed + 77);
          const seedLeaf = leaf("cotangent", testCase.output.shape);
          const gradients = differentiate([testCase.output], [seedLeaf], testCase.targets);
          const values = evaluate(gradients, new Map([...leaves, ["cotangent", cotangent]]));
          for (const [i, target] of testCase.targets.entries()) {
            const expected = numericGradient(testCase, leaves, cotangent, target);
            for (const [k, value] of values[i]!.entries())
              expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-7 * (1 + Math.abs(value)));
          }
        }),
        { numRuns: 25, seed: 1 },
      );
    });

  test("every differentiable row is covered", () => {
    const covered = new Set(
      Object.values(cases).flatMap((arbitrary) =>
        fc
          .sample(arbitrary, { numRuns: 1, seed: 1 })
          .flatMap(({ output }) => nodesReaching([output]).map((node) => node.operation.name)),
      ),
    );
    const differentiable = OPERATIONS.filter((row) => row.gradient).map((row) => row.name);
    expect([...covered].sort()).toEqual(differentiable.sort());
  });
});

test("a tensor used twice receives both gradients", () => {
  const x = leaf("x", [1]);
  const [dx] = differentiate([add(x, x)], [broadcast(leaf("one", [1]), [1], 1)], [x]);
  expect(
    evaluate(
      [dx!],
      new Map([
        ["x", Float64Array.of(3)],
        ["one", Float64Array.of(1)],
      ]),
    )[0],
  ).toEqual(Float64Array.of(2));
  expect(producerOf(dx!)?.operation.name).toBe("add");
});

test("a target the outputs do not depend on is an error", () => {
  const x = leaf("x", [1]);
  expect(() => differentiate([add(x, x)], [x], [leaf("other", [1])])).toThrow("do not depend on target 0");
});

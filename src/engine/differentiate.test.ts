import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { differentiate } from "./differentiate.ts";
import { evaluate } from "./evaluate.ts";
import { attention } from "./operations/attention.ts";
import { add, broadcast, mean } from "./operations/elementwise.ts";
import { embed } from "./operations/embed.ts";
import { headLoss } from "./operations/loss.ts";
import { matmul } from "./operations/matmul.ts";
import { rmsNorm } from "./operations/norm.ts";
import { rotary } from "./operations/rotary.ts";
import { swiglu } from "./operations/swiglu.ts";
import { OPERATIONS } from "./operations/table.ts";
import type { Shape, Tensor } from "./tensor.ts";
import { leaf, nodesReaching, producerOf, sizeOf } from "./tensor.ts";

/** Deterministic numbers in (-1, 1) without structure. */
function noise(size: number, seed: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}

interface Case {
  readonly output: Tensor;
  /** Leaves to differentiate by. */
  readonly targets: readonly Tensor[];
  /** Leaves that are integers, with the number of different values and the smallest. */
  readonly tokens?: readonly { readonly tensor: Tensor; readonly count: number; readonly smallest: number }[];
}

/** Every way an operation is used whose gradient is in the table, for random lengths. */
const small = fc.integer({ min: 1, max: 4 });
const cases: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  matmul: fc.record({ M: small, N: small, K: small, layout: fc.constantFrom("nn", "nt", "tn"), scale: fc.constantFrom(1, 0.5) }).map(
    ({ M, N, K, layout, scale }) => {
      const A = leaf("A", layout === "tn" ? [K, M] : [M, K]);
      const B = leaf("B", layout === "nt" ? [N, K] : [K, N]);
      return { output: matmul(A, B, { transposeA: layout === "tn", transposeB: layout === "nt", scale }), targets: [A, B] };
    },
  ),
  embed: fc.record({ M: small, V: small, C: small }).map(({ M, V, C }) => {
    const tokens = leaf("tokens", [M], "i32");
    const table = leaf("table", [V, C]);
    return { output: embed(tokens, table), targets: [table], tokens: [{ tensor: tokens, count: V, smallest: 0 }] };
  }),
  rmsNorm: fc.record({ M: small, C: small }).map(({ M, C }) => {
    const x = leaf("x", [M, C]);
    const gain = leaf("gain", [C]);
    return { output: rmsNorm(x, gain, 1e-5), targets: [x, gain] };
  }),
  rotary: fc.record({ B: small, T: small, heads: small, half: small, rest: small }).map(({ B, T, heads, half, rest }) => {
    const x = leaf("x", [B * T, 2 * half * heads + rest]);
    return { output: rotary(x, { sequenceLength: T, numHeads: heads, headDim: 2 * half, base: 100, sign: 1 }), targets: [x] };
  }),
  attention: fc.record({ B: fc.integer({ min: 1, max: 2 }), T: small, G: fc.integer({ min: 1, max: 2 }), groupSize: fc.integer({ min: 1, max: 2 }), D: small }).map(
    ({ B, T, G, groupSize, D }) => {
      const H = G * groupSize;
      const qkv = leaf("qkv", [B * T, (H + 2 * G) * D]);
      return {
        output: attention(qkv, { batch: B, sequenceLength: T, numHeads: H, numKeyValueHeads: G, headDim: D, scale: 0.7 }),
        targets: [qkv],
      };
    },
  ),
  swiglu: fc.record({ M: small, F: small }).map(({ M, F }) => {
    const gateUp = leaf("gateUp", [M, 2 * F]);
    return { output: swiglu(gateUp), targets: [gateUp] };
  }),
  headLoss: fc.record({ M: small, V: fc.integer({ min: 2, max: 5 }), C: small }).map(({ M, V, C }) => {
    const x = leaf("x", [M, C]);
    const head = leaf("head", [V, C]);
    const targets = leaf("targets", [M], "i32");
    return { output: headLoss(x, head, targets), targets: [x, head], tokens: [{ tensor: targets, count: V + 1, smallest: -1 }] };
  }),
  mean: small.map((N) => {
    const x = leaf("x", [N]);
    return { output: mean(x), targets: [x] };
  }),
  add: small.map((N) => {
    const a = leaf("a", [N]);
    const b = leaf("b", [N]);
    return { output: add(add(a, b), a), targets: [a, b] };
  }),
};

function leavesFor({ targets, tokens = [] }: Case, seed: number): Map<string, Float64Array> {
  const nameOf = (tensor: Tensor) => (tensor.source.kind === "leaf" ? tensor.source.name : "");
  return new Map([
    ...targets.map((target, i) => [nameOf(target), noise(sizeOf(target.shape), seed + i)] as const),
    ...tokens.map(({ tensor, count, smallest }) => {
      const values = noise(sizeOf(tensor.shape), seed + 9).map((x) => smallest + Math.floor((x + 1) * 0.4999 * count));
      return [nameOf(tensor), values] as const;
    }),
  ]);
}

/** d/d target of <output, cotangent>, by central differences. */
function numericGradient(testCase: Case, leaves: Map<string, Float64Array>, cotangent: Float64Array, target: Tensor): Float64Array {
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
            for (const [k, value] of values[i]!.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-7 * (1 + Math.abs(value)));
          }
        }),
        { numRuns: 25, seed: 1 },
      );
    });

  test("every differentiable row is covered", () => {
    const covered = new Set(
      Object.values(cases).flatMap((arbitrary) =>
        fc.sample(arbitrary, { numRuns: 1, seed: 1 }).flatMap(({ output }) => nodesReaching([output]).map((node) => node.operation.name)),
      ),
    );
    const differentiable = OPERATIONS.filter((row) => row.gradient).map((row) => row.name);
    expect([...covered].sort()).toEqual(differentiable.sort());
  });
});

test("a tensor used twice receives both gradients", () => {
  const x = leaf("x", [1]);
  const [dx] = differentiate([add(x, x)], [broadcast(leaf("one", [1]), [1] satisfies Shape, 1)], [x]);
  expect(evaluate([dx!], new Map([["x", Float64Array.of(3)], ["one", Float64Array.of(1)]]))[0]).toEqual(Float64Array.of(2));
  expect(producerOf(dx!)?.operation.name).toBe("add");
});

test("a target the outputs do not depend on is an error", () => {
  const x = leaf("x", [1]);
  expect(() => differentiate([add(x, x)], [x], [leaf("other", [1])])).toThrow("do not depend on target 0");
});

/** @file Random uses of every operation, for tests of gradients in float64 and of kernels. */

import fc from "fast-check";
import { attention } from "./operations/attention.ts";
import { add, broadcast, fill, mean, sumOfSquares } from "./operations/elementwise.ts";
import { embed } from "./operations/embed.ts";
import { gelu } from "./operations/gelu.ts";
import { headNorm } from "./operations/head-norm.ts";
import { headLoss } from "./operations/loss.ts";
import { matmul } from "./operations/matmul.ts";
import { rmsNorm } from "./operations/norm.ts";
import { adamw, HYPER } from "./operations/optimiser.ts";
import { rotary } from "./operations/rotary.ts";
import { swiglu } from "./operations/swiglu.ts";
import { leaf, sizeOf, type Tensor } from "./tensor.ts";

/** Deterministic numbers in (-1, 1) without structure. */
export function noise(size: number, seed: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const x = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}

export type Case = {
  readonly output: Tensor;
  /** Leaves to differentiate by. */
  readonly targets: readonly Tensor[];
  /** Leaves that are integers, with the number of different values and the smallest. */
  readonly tokens?: readonly { readonly tensor: Tensor; readonly count: number; readonly smallest: number }[];
};

/** Every operation with a gradient in the table, for random lengths up to about `longest`. */
export function differentiableCases(longest: number): Readonly<Record<string, fc.Arbitrary<Case>>> {
  const small = fc.integer({ min: 1, max: longest });
  return {
    matmul: fc
      .record({
        M: small,
        N: small,
        K: small,
        layout: fc.constantFrom("nn", "nt", "tn"),
        scale: fc.constantFrom(1, 0.5),
      })
      .map(({ M, N, K, layout, scale }) => {
        const A = leaf("A", layout === "tn" ? [K, M] : [M, K]);
        const B = leaf("B", layout === "nt" ? [N, K] : [K, N]);
        return {
          output: matmul(A, B, { transposeA: layout === "tn", transposeB: layout === "nt", scale }),
          targets: [A, B],
        };
      }),
    embed: fc.record({ M: small, V: small, C: small }).map(({ M, V, C }) => {
      const tokens = leaf("tokens", [M], "i32");
      const table = leaf("table", [V, C]);
      return {
        output: embed(tokens, table),
        targets: [table],
        tokens: [{ tensor: tokens, count: V, smallest: 0 }],
      };
    }),
    // One channel has no gradient but rounding: y = gain whatever x is. Two can come close to it.
    rmsNorm: fc.record({ M: small, C: fc.integer({ min: 3, max: longest + 2 }) }).map(({ M, C }) => {
      const x = leaf("x", [M, C]);
      const gain = leaf("gain", [C]);
      return { output: rmsNorm(x, gain, 1e-5), targets: [x, gain] };
    }),
    rotary: fc
      .record({ B: small, T: small, heads: small, half: small, rest: small })
      .map(({ B, T, heads, half, rest }) => {
        const x = leaf("x", [B * T, 2 * half * heads + rest]);
        return {
          output: rotary(x, { sequenceLength: T, numHeads: heads, headDim: 2 * half, base: 100, sign: 1 }),
          targets: [x],
        };
      }),
    attention: fc
      .record({
        B: fc.integer({ min: 1, max: 2 }),
        T: small,
        G: fc.integer({ min: 1, max: 2 }),
        groupSize: fc.integer({ min: 1, max: 2 }),
        D: small,
      })
      .map(({ B, T, G, groupSize, D }) => {
        const H = G * groupSize;
        const qkv = leaf("qkv", [B * T, (H + 2 * G) * D]);
        return {
          output: attention(qkv, {
            batch: B,
            sequenceLength: T,
            numHeads: H,
            numKeyValueHeads: G,
            headDim: D,
            scale: 0.7,
          }),
          targets: [qkv],
        };
      }),
    swiglu: fc.record({ M: small, F: small }).map(({ M, F }) => {
      const gateUp = leaf("gateUp", [M, 2 * F]);
      return { output: swiglu(gateUp), targets: [gateUp] };
    }),
    gelu: small.map((N) => {
      const x = leaf("x", [N]);
      return { output: gelu(x), targets: [x] };
    }),
    // Heads of three channels at least, as for rmsNorm.
    headNorm: fc
      .record({
        M: small,
        G: fc.integer({ min: 1, max: 2 }),
        groupSize: fc.integer({ min: 1, max: 2 }),
        D: fc.integer({ min: 3, max: longest + 2 }),
      })
      .map(({ M, G, groupSize, D }) => {
        const H = G * groupSize;
        const x = leaf("x", [M, (H + 2 * G) * D]);
        const query = leaf("queryGain", [D]);
        const key = leaf("keyGain", [D]);
        const attributes = { numHeads: H, numKeyValueHeads: G, headDim: D, epsilon: 1e-5 };
        return { output: headNorm(x, { query, key }, attributes), targets: [x, query, key] };
      }),
    headLoss: fc.record({ M: small, V: fc.integer({ min: 2, max: 5 }), C: small }).map(({ M, V, C }) => {
      const x = leaf("x", [M, C]);
      const head = leaf("head", [V, C]);
      const targets = leaf("targets", [M], "i32");
      return {
        output: headLoss(x, head, targets),
        targets: [x, head],
        tokens: [{ tensor: targets, count: V + 1, smallest: -1 }],
      };
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
}

/** The operations that no gradient flows through. */
export function otherCases(longest: number): Readonly<Record<string, fc.Arbitrary<Case>>> {
  const length = fc.integer({ min: 1, max: longest });
  return {
    broadcast: length.map((N) => {
      const x = leaf("x", [1]);
      return { output: broadcast(x, [N], 0.25), targets: [x] };
    }),
    fill: length.map((N) => ({ output: fill([N], 1.5), targets: [] })),
    sumOfSquares: length.map((N) => {
      const x = leaf("x", [N]);
      const y = leaf("y", [3]);
      return { output: add(sumOfSquares(x), sumOfSquares(y)), targets: [x, y] };
    }),
    adamw: length.map((N) => {
      const [parameter, gradient, first, second] = ["p", "g", "m", "v"].map((name) => leaf(name, [N])) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const operands = {
        parameter,
        gradient,
        first,
        second: second,
        squaredNorm: leaf("norm", [1]),
        hyper: leaf("hyper", [HYPER.length]),
        sums: leaf("sums", [2]),
      };
      const [updated] = adamw(operands, { learningRateScale: 0.5, weightDecay: 0.1 });
      return { output: updated!, targets: Object.values(operands) };
    }),
  };
}

export function leavesFor({ targets, tokens = [] }: Case, seed: number): Map<string, Float64Array> {
  const nameOf = (tensor: Tensor) => (tensor.source.kind === "leaf" ? tensor.source.name : "");
  return new Map([
    ...targets.map((target, i) => [nameOf(target), noise(sizeOf(target.shape), seed + i)] as const),
    ...tokens.map(({ tensor, count, smallest }) => {
      const values = noise(sizeOf(tensor.shape), seed + 9).map(
        (x) => smallest + Math.floor((x + 1) * 0.4999 * count),
      );
      return [nameOf(tensor), values] as const;
    }),
  ]);
}

import { describe, expect, test } from "vitest";
import { HYPER } from "../engine/operations/optimiser.ts";
import { leaf, nodesReaching, type Tensor } from "../engine/tensor.ts";
import type { Parameter } from "../model/shape.ts";
import { hyperAt, learningRateScale, momentNames, updates } from "./optimiser.ts";

const SETTINGS = {
  learningRate: 0.01,
  baseWidth: 64,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

describe("the learning rate of a role", () => {
  test.each(["hidden", "residual", "head"] as const)("%s falls as the width grows", (role) => {
    expect(learningRateScale(role, 64, 64)).toBe(1);
    expect(learningRateScale(role, 256, 64)).toBe(0.25);
    expect(learningRateScale(role, 16, 64)).toBe(4);
  });

  test.each(["embedding", "norm"] as const)("%s is the same at every width", (role) => {
    expect(learningRateScale(role, 256, 64)).toBe(1);
  });
});

describe("the numbers of a step", () => {
  test("stand where the kernel reads them", () => {
    const named = Object.fromEntries(hyperAt(2, 0.003, SETTINGS).map((value, i) => [HYPER[i], value]));
    expect(named).toEqual({
      learningRate: 0.003,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      correction1: 1 - 0.9 ** 2,
      correction2: 1 - 0.95 ** 2,
      clip: 1,
      unused: 0,
    });
  });

  test("correct the first step for moments that start at zero", () => {
    const [, , , , correction1, correction2] = hyperAt(1, 1, SETTINGS);
    expect(correction1).toBeCloseTo(0.1, 12);
    expect(correction2).toBeCloseTo(0.05, 12);
  });
});

test("every parameter is updated once, by its role, all with the norm of all gradients", () => {
  const entry = (name: string, role: Parameter["role"], shape: readonly number[]) => ({
    parameter: { name, role, shape },
    tensor: leaf(name, shape),
    gradient: leaf(`${name}.gradient`, shape),
  });
  const entries = [
    entry("table", "embedding", [4, 2]),
    entry("matrix", "hidden", [3, 2]),
    entry("gain", "norm", [2]),
  ];
  const { squaredNorm, updated } = updates(entries, 128, SETTINGS);
  const nodes = nodesReaching(updated).filter(({ operation }) => operation.name === "adamw");
  const leafName = (tensor: Tensor | null | undefined) =>
    tensor?.source.kind === "leaf" ? tensor.source.name : null;
  expect(nodes.map(({ inputs, attributes }) => [leafName(inputs[0]), attributes])).toEqual([
    ["table", { learningRateScale: 1, weightDecay: 0.1 }],
    ["matrix", { learningRateScale: 0.5, weightDecay: 0.1 }],
    ["gain", { learningRateScale: 1, weightDecay: 0 }],
  ]);
  for (const [i, { inputs }] of nodes.entries()) {
    const { first, second } = momentNames(entries[i]!.parameter.name);
    const gradient = `${entries[i]!.parameter.name}.gradient`;
    expect(inputs.slice(1, 4).map(leafName)).toEqual([gradient, first, second]);
    expect(inputs[4]).toBe(squaredNorm);
  }
  const squared = nodesReaching([squaredNorm]).flatMap(({ inputs }) => inputs.map(leafName));
  expect(squared.filter((name) => name !== null)).toEqual([
    "table.gradient",
    "matrix.gradient",
    "gain.gradient",
  ]);
});

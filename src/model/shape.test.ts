import { expect, test } from "vitest";
import {
  allParameters,
  architectureText,
  type DecoderShape,
  lengthOf,
  matrixParameters,
  parametersOf,
} from "./shape.ts";

const SMALL: DecoderShape = {
  vocabularySize: 10,
  width: 6,
  numLayers: 2,
  numHeads: 2,
  numKeyValueHeads: 1,
  headDim: 4,
  feedForwardWidth: 8,
  tiedEmbeddings: false,
  ropeBase: 10_000,
  normEpsilon: 1e-5,
};

// A layer: qkv (8 + 4 + 4) x 6 = 96, output 6 x 8 = 48, gate and up 16 x 6 = 96, down 6 x 8 = 48.
const LAYER = 96 + 48 + 96 + 48;

test("every parameter by name, role and shape", () => {
  const layer = (i: number) => [
    [`layers.${i}.attentionNorm`, "norm", [6]],
    [`layers.${i}.queryKeyValue`, "hidden", [16, 6]],
    [`layers.${i}.attentionOutput`, "residual", [6, 8]],
    [`layers.${i}.feedForwardNorm`, "norm", [6]],
    [`layers.${i}.gateUp`, "hidden", [16, 6]],
    [`layers.${i}.down`, "residual", [6, 8]],
  ];
  expect(parametersOf(SMALL).map(({ name, role, shape }) => [name, role, shape])).toEqual([
    ["embedding", "embedding", [10, 6]],
    ...layer(0),
    ...layer(1),
    ["finalNorm", "norm", [6]],
    ["head", "head", [10, 6]],
  ]);
});

test("N is the matrices and the head, without the input embedding and the gains", () => {
  expect(matrixParameters(SMALL)).toBe(2 * LAYER + 10 * 6);
});

test("a tied head is the input embedding: the same N, one matrix fewer to train", () => {
  const tied = { ...SMALL, tiedEmbeddings: true };
  expect(matrixParameters(tied)).toBe(matrixParameters(SMALL));
  expect(allParameters(SMALL) - allParameters(tied)).toBe(10 * 6);
  expect(parametersOf(tied)[0]).toEqual({ name: "embedding", role: "head", shape: [10, 6] });
  expect(parametersOf(tied).some(({ name }) => name === "head")).toBe(false);
});

test("a plain feed-forward of 3/2 as many features has as many parameters in one matrix fewer", () => {
  const gelu = { ...SMALL, feedForward: "gelu", feedForwardWidth: 12 } as const;
  expect(matrixParameters(gelu)).toBe(matrixParameters(SMALL));
  const own = parametersOf(gelu).filter(({ name }) => /^layers.0.(gateUp|up|down)/.test(name));
  expect(own).toEqual([
    { name: "layers.0.up", role: "hidden", shape: [12, 6] },
    { name: "layers.0.down", role: "residual", shape: [6, 12] },
  ]);
});

test("normalised queries and keys add two gains of a head's length to a layer, and nothing to N", () => {
  const normed = { ...SMALL, queryKeyNorm: true };
  expect(matrixParameters(normed)).toBe(matrixParameters(SMALL));
  expect(allParameters(normed) - allParameters(SMALL)).toBe(2 * 2 * 4);
  const own = parametersOf(normed).filter(({ name }) => /^layers.1.(query|key)Norm/.test(name));
  expect(own.map(({ role, shape }) => [role, shape])).toEqual([
    ["norm", [4]],
    ["norm", [4]],
  ]);
});

test.each([
  [{}, "gated feed-forward, causal attention"],
  [{ feedForward: "gelu" } as const, "plain feed-forward with GELU, causal attention"],
  [{ queryKeyNorm: true }, "causal attention, RMS norm of each head's queries and keys"],
])("%j in words", (changes, words) => {
  expect(architectureText(changes)).toContain(words);
});

test("all that is trained: N, the input embedding and five gains", () => {
  expect(allParameters(SMALL)).toBe(2 * LAYER + 2 * (10 * 6) + 5 * 6);
});

test("the parameters of a published model are counted as its publisher counts them", () => {
  // SmolLM2-135M: 134 515 008 parameters with tied embeddings (num_parameters() of its LlamaForCausalLM).
  const smolLM2: DecoderShape = {
    vocabularySize: 49_152,
    width: 576,
    numLayers: 30,
    numHeads: 9,
    numKeyValueHeads: 3,
    headDim: 64,
    feedForwardWidth: 1536,
    tiedEmbeddings: true,
    ropeBase: 100_000,
    normEpsilon: 1e-5,
  };
  expect(allParameters(smolLM2)).toBe(134_515_008);
});

test("the numbers in a parameter", () => {
  expect(lengthOf({ name: "a", role: "hidden", shape: [3, 5] })).toBe(15);
  expect(lengthOf({ name: "a", role: "norm", shape: [7] })).toBe(7);
});

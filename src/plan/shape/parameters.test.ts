import { expect, test } from "vitest";
import { countParameters } from "./parameters.ts";
import { findPreset, preset } from "./presets.ts";

const total = (name: string) => countParameters(preset(name)).total;

test("parameters are those that the makers count", () => {
  // Sum of the tensors in the published checkpoints.
  expect(total("llama3-8b")).toBe(8_030_261_248);
  expect(total("llama3-70b")).toBe(70_553_706_496);
  expect(total("llama3-405b")).toBe(405_853_388_800);
  expect(total("llama2-7b")).toBe(6_738_415_616);
  expect(total("mistral-7b")).toBe(7_241_732_096);
  expect(total("mixtral-8x7b")).toBe(46_702_792_704);
  // BLOOM's model card: 176,247,271,424, with a norm of the embeddings (2 x 14336) that the planner leaves
  // out.
  expect(total("bloom-176b")).toBe(176_247_271_424 - 2 * 14336);
  // GPT-3: arXiv 2005.14165, table 2.1, with Megatron's padded vocabulary.
  expect(total("gpt3-175b") / 1e9).toBeCloseTo(174.6, 1);
  // DeepSeek-V3: 671 billion, 37 active, beside 14 for the further prediction (its model card: 685 in all,
  // head and embedding counted again).
  const deepseek = countParameters({ ...preset("deepseek-v3"), extraPredictions: 0 });
  expect(deepseek.total).toBeCloseTo(671.03e9, -7);
  expect(deepseek.active / 1e9).toBeCloseTo(37.5, 0);
  // Qwen3: norms of queries and keys (2 x 128 a layer) are left out.
  expect(total("qwen3-30b-a3b")).toBe(30_532_122_624 - 48 * 256);
  expect(countParameters(preset("qwen3-235b-a22b")).active / 1e9).toBeCloseTo(22.2, 1);
});

test("models are found in the spellings of tables", () => {
  expect(findPreset("LLAMA3.1_405B")?.name).toBe("llama3-405b");
  expect(findPreset("Llama3-70B")?.name).toBe("llama3-70b");
  expect(findPreset("DeepSeekV3 (w/o MTP)")?.name).toBe("deepseek-v3");
  expect(findPreset("Qwen3_30B_a3B (tokendrop)")?.name).toBe("qwen3-30b-a3b");
  expect(findPreset("BLOOM-search 176B")).toBeNull();
  expect(() => preset("llama3-40b")).toThrow(/perhaps llama3-/);
});

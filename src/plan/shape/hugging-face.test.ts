import { expect, test } from "vitest";
import { modelOfConfig } from "./hugging-face.ts";
import { countParameters } from "./parameters.ts";
import { preset } from "./presets.ts";
import { furtherPredictionNote, refuseBeyondTable } from "./remarks.ts";

const shapeOf = (config: object, name = "given") => modelOfConfig(JSON.stringify(config), name).model;

test("Llama 3 70B's configuration is the preset", () => {
  const config = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    hidden_size: 8192,
    intermediate_size: 28672,
    num_attention_heads: 64,
    num_hidden_layers: 80,
    num_key_value_heads: 8,
    tie_word_embeddings: false,
    vocab_size: 128256,
  };
  expect(shapeOf(config, "llama3-70b")).toEqual(preset("llama3-70b"));
});

test(
  "DeepSeek-V3's configuration: 671 billion parameters, 37 active (arXiv 2412.19437), and one layer more " +
    "to predict a second token",
  () => {
    const config = {
      model_type: "deepseek_v3",
      first_k_dense_replace: 3,
      hidden_size: 7168,
      intermediate_size: 18432,
      kv_lora_rank: 512,
      moe_intermediate_size: 2048,
      n_routed_experts: 256,
      n_shared_experts: 1,
      num_attention_heads: 128,
      num_experts_per_tok: 8,
      num_hidden_layers: 61,
      num_key_value_heads: 128,
      num_nextn_predict_layers: 1,
      q_lora_rank: 1536,
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
      vocab_size: 129280,
    };
    expect(shapeOf(config, "deepseek-v3")).toEqual(preset("deepseek-v3"));
    const { total, active } = countParameters({ ...shapeOf(config), extraPredictions: 0 });
    expect(total / 1e9).toBeCloseTo(671, 0);
    expect(active / 1e9).toBeGreaterThan(36);
    expect(active / 1e9).toBeLessThan(39);
  },
);

test("Mixtral: the experts' width is intermediate_size, and no layer is dense", () => {
  const config = {
    model_type: "mixtral",
    hidden_size: 4096,
    intermediate_size: 14336,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    num_experts_per_tok: 2,
    num_local_experts: 8,
    vocab_size: 32000,
  };
  expect(shapeOf(config, "mixtral-8x7b")).toEqual(preset("mixtral-8x7b"));
});

test("GPT-2's names: 124 million parameters", () => {
  const shape = shapeOf({
    model_type: "gpt2",
    n_embd: 768,
    n_head: 12,
    n_layer: 12,
    n_positions: 1024,
    vocab_size: 50257,
  });
  expect(countParameters(shape).total).toBe(124_439_808);
});

test("a model that also sees keeps its decoder inside", () => {
  const inner = {
    model_type: "llama",
    hidden_size: 64,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    vocab_size: 100,
    intermediate_size: 256,
  };
  expect(shapeOf({ model_type: "llava", text_config: inner })).toEqual(shapeOf(inner));
});

const LLAMA = {
  model_type: "llama",
  hidden_size: 64,
  num_attention_heads: 4,
  num_hidden_layers: 2,
  vocab_size: 100,
  intermediate_size: 256,
};
const notesOf = (config: object) => modelOfConfig(JSON.stringify(config), "given").notes;

test("the family is the outer one's where the decoder inside does not say: Llama 4's shared expert", () => {
  const { model_type: _, ...nameless } = LLAMA;
  const inner = { ...nameless, num_local_experts: 4, num_experts_per_tok: 1 };
  const { experts } = shapeOf({ model_type: "llama4", text_config: inner });
  expect(experts!.sharedWidth).toBe(256);
  expect(notesOf({ model_type: "llama4", text_config: inner })).toEqual([]);
});

test("what is not modelled is said: a family nobody has heard of, a sliding window", () => {
  expect(notesOf(LLAMA)).toEqual([]);
  expect(notesOf({ ...LLAMA, model_type: "novel" })[0]).toContain("model_type novel is not known");
  expect(notesOf({ ...LLAMA, sliding_window: 4096 })[0]).toContain("sliding_window 4096 is left out");
  expect(notesOf({ ...LLAMA, sliding_window: 4096, use_sliding_window: false })).toEqual([]);
});

test("an encoder is no decoder, unless it says that it is used as one", () => {
  expect(() => shapeOf({ ...LLAMA, model_type: "bert" })).toThrow("an encoder");
  expect(() => shapeOf({ ...LLAMA, model_type: "xlm-roberta" })).toThrow("an encoder");
  expect(() => shapeOf({ ...LLAMA, model_type: "t5" })).toThrow("an encoder with a decoder");
  expect(() => shapeOf({ ...LLAMA, is_encoder_decoder: true })).toThrow("an encoder with a decoder");
  expect(shapeOf({ ...LLAMA, model_type: "bert", is_decoder: true }).hidden).toBe(64);
});

test("a learned table of positions ends where it ends", () => {
  const gpt2 = { ...shapeOf(LLAMA), learnedPositions: 1024 };
  expect(() => refuseBeyondTable(gpt2, 2048)).toThrow("2,048 tokens and a table of 1,024 positions");
  expect(() => refuseBeyondTable(gpt2, 1024)).not.toThrow();
  expect(() => refuseBeyondTable(shapeOf(LLAMA), 8192)).not.toThrow();
});

test("a further prediction layer is counted apart: DeepSeek-V3 is known for 671 B and 37 B", () => {
  expect(furtherPredictionNote(preset("deepseek-v3"))).toMatch(
    /^deepseek-v3: 671 B parameters, of which a token uses 37.\d B; with its further prediction layer 683 B/,
  );
  expect(furtherPredictionNote(shapeOf(LLAMA))).toBeNull();
});

test("what is no such file is refused", () => {
  const base = {
    model_type: "llama",
    hidden_size: 100,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    vocab_size: 100,
  };
  expect(() => modelOfConfig("{", "broken")).toThrow("broken is not JSON");
  expect(() => shapeOf({ model_type: "mamba", hidden_size: 64 })).toThrow("state-space");
  expect(() => shapeOf({ ...base, vocab_size: undefined })).toThrow("without vocab_size");
  expect(() => shapeOf({ ...base, vocab_size: "many" })).toThrow("vocab_size");
  expect(() => shapeOf({ ...base, num_attention_heads: 3 })).toThrow("heads that divide the width");
  expect(() => shapeOf({ ...base, num_key_value_heads: 3 })).toThrow("divisible by key-value heads");
});

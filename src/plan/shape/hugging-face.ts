/** @file Reads the shape of a decoder from a Hugging Face config.json, whatever its family calls things. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { parseJson } from "../../input-file.ts";
import type { Attention, DescribedModel, Experts, ModelShape } from "./model-shape.ts";

const count = z.int().positive().nullish();
const some = z.int().nonnegative().nullish();

/** The names that families of models use; the first that is there counts. */
const configSchema = z.looseObject({
  model_type: z.string().optional(),
  is_decoder: z.boolean().nullish(),
  is_encoder_decoder: z.boolean().nullish(),
  sliding_window: count,
  use_sliding_window: z.boolean().nullish(),
  hidden_size: count,
  n_embd: count,
  d_model: count,
  num_hidden_layers: count,
  n_layer: count,
  n_layers: count,
  num_attention_heads: count,
  n_head: count,
  n_heads: count,
  num_key_value_heads: count,
  head_dim: count,
  intermediate_size: count,
  n_inner: count,
  ffn_dim: count,
  ffn_hidden_size: count,
  intermediate_size_mlp: count,
  vocab_size: count,
  tie_word_embeddings: z.boolean().nullish(),
  max_position_embeddings: count,
  n_positions: count,
  n_routed_experts: some,
  num_local_experts: some,
  num_experts: some,
  num_experts_per_tok: some,
  moe_intermediate_size: count,
  n_shared_experts: some,
  shared_expert_intermediate_size: some,
  first_k_dense_replace: some,
  decoder_sparse_step: some,
  interleave_moe_layer_step: some,
  num_nextn_predict_layers: some,
  q_lora_rank: some,
  kv_lora_rank: some,
  qk_nope_head_dim: some,
  qk_rope_head_dim: some,
  v_head_dim: some,
});

type Config = z.infer<typeof configSchema>;

/** Families with one matrix up and one down, and with vectors beside the matrices. */
const PLAIN = /^(gpt2|gpt_neox|gpt_neo|gptj|gpt_bigcode|bloom|opt|mpt|falcon|starcoder2|phi)$/;
/** One matrix up and one down, no vectors. */
const PLAIN_WITHOUT_BIASES = /^(nemotron|arcee)$/;
/** Families whose positions are a table. */
const LEARNED = /^(gpt2|gpt_neo|gpt_bigcode|opt)$/;
/** What a missing tie_word_embeddings means differs: transformers' own default is true, these say false. */
const UNTIED = /^(llama|mistral|mixtral|qwen|deepseek|gpt_neox|gpt_oss|nemotron|kimi|glm|olmo|phi3|arcee)/;
const RECURRENT = /mamba|jamba|zamba|rwkv|nemotron_h|bamba|hyena|falcon_h1|granitemoehybrid|qwen3_next/;
/** Every token sees all others, and none is predicted from those before. */
const ENCODERS = `albert bert big_bird camembert data2vec-text deberta deberta-v2 distilbert electra ernie esm
  eurobert funnel layoutlm longformer megatron-bert modernbert mpnet neobert nomic_bert nystromformer rembert
  roberta roberta-prelayernorm roformer squeezebert xlm-roberta xlm-roberta-xl xmod`.split(/\s+/);
const ENCODER_DECODERS = `bart blenderbot led longt5 m2m_100 marian mbart mt5 pegasus t5 umt5 whisper`.split(
  " ",
);
/** Further families whose decoders are as taken here: gated, rotary, tied unless they say otherwise. */
const GATED =
  `gemma cohere stablelm granite internlm exaone hunyuan ernie4 minimax mimo smollm3 seed_oss yi dots1
  phimoe`.split(/\s+/);

/**
 * The shape that a configuration describes, with notes on what it leaves open.
 * Throws a `UserError` for what is no configuration of a decoder with attention in every layer.
 */
export function modelOfConfig(text: string, name: string): DescribedModel {
  const config = readConfig(text, name);
  return { model: shapeFrom(config, name), notes: notesOn(config, name) };
}

function notesOn(config: Config, name: string): readonly string[] {
  const type = config.model_type ?? "";
  const isKnown =
    PLAIN.test(type) ||
    PLAIN_WITHOUT_BIASES.test(type) ||
    UNTIED.test(type) ||
    GATED.some((family) => type.startsWith(family));
  const window = config.use_sliding_window === false ? null : config.sliding_window;
  return [
    ...(isKnown
      ? []
      : [
          `${name}: ${type === "" ? "no model_type" : `model_type ${type} is not known`}; it is taken ` +
            "as a decoder with gated feed-forward parts and no biases.",
        ]),
    ...(window
      ? [`${name}: sliding_window ${window} is left out: every layer attends to the whole sequence here.`]
      : []),
  ];
}

function refuseOtherKinds(config: Config, name: string): void {
  const type = config.model_type ?? "";
  if (RECURRENT.test(type))
    throw new UserError(
      `${name}: model_type ${type}`,
      "a decoder with attention in every layer",
      "state-space layers are not modelled",
    );
  if (ENCODERS.includes(type) && config.is_decoder !== true)
    throw new UserError(
      `${name}: model_type ${type}, an encoder`,
      `a decoder, which predicts the next token; not ${ENCODERS.join(", ")}`,
      "give the configuration of a decoder",
    );
  if (ENCODER_DECODERS.includes(type) || config.is_encoder_decoder === true)
    throw new UserError(
      `${name}: model_type ${type}, an encoder with a decoder`,
      `a decoder alone; not ${ENCODER_DECODERS.join(", ")}`,
      "give the configuration of a decoder",
    );
}

function shapeFrom(config: Config, name: string): ModelShape {
  refuseOtherKinds(config, name);
  const type = config.model_type ?? "";
  const hidden = needed(name, "hidden_size", config.hidden_size ?? config.n_embd ?? config.d_model);
  const heads = needed(
    name,
    "num_attention_heads",
    config.num_attention_heads ?? config.n_head ?? config.n_heads,
  );
  const experts = expertsOf(config, name);
  const width =
    config.intermediate_size_mlp ??
    config.intermediate_size ??
    config.n_inner ??
    config.ffn_dim ??
    config.ffn_hidden_size ??
    4 * hidden;
  const allSparse = experts !== null && experts.denseFirst === 0 && experts.every === 1;
  return {
    name,
    numLayers: needed(
      name,
      "num_hidden_layers",
      config.num_hidden_layers ?? config.n_layer ?? config.n_layers,
    ),
    hidden,
    vocabularySize: needed(name, "vocab_size", config.vocab_size),
    attention: attentionOf(config, hidden, heads, name),
    feedForwardWidth: allSparse ? 0 : width,
    gated: !PLAIN.test(type) && !PLAIN_WITHOUT_BIASES.test(type),
    tiedEmbeddings: config.tie_word_embeddings ?? !UNTIED.test(type),
    learnedPositions: LEARNED.test(type) ? (config.n_positions ?? config.max_position_embeddings ?? 0) : 0,
    biases: PLAIN.test(type),
    experts,
    extraPredictions: config.num_nextn_predict_layers ?? 0,
  };
}

function readConfig(text: string, name: string): Config {
  const expected = "a config.json as Hugging Face models have it";
  const json = parseJson(text, name, expected, "check the file");
  // Models that see or hear keep their decoder's configuration inside.
  const nested = z
    .looseObject({ model_type: z.string().optional(), text_config: z.looseObject({}) })
    .safeParse(json);
  // The inner one may leave out its family: it is the outer one's.
  const inner = nested.success ? { model_type: nested.data.model_type, ...nested.data.text_config } : json;
  const parsed = configSchema.safeParse(inner);
  if (parsed.success) return parsed.data;
  throw new UserError(`${name}: ${z.prettifyError(parsed.error)}`, expected, "correct the values named");
}

function needed(name: string, key: string, value: number | null | undefined): number {
  if (value != null) return value;
  throw new UserError(`${name} without ${key}`, "a config.json as Hugging Face models have it", `add ${key}`);
}

function attentionOf(config: Config, hidden: number, numHeads: number, name: string): Attention {
  if (config.kv_lora_rank)
    return {
      kind: "latent",
      numHeads,
      queryRank: config.q_lora_rank ?? 0,
      keyValueRank: config.kv_lora_rank,
      plainDim: needed(name, "qk_nope_head_dim", config.qk_nope_head_dim),
      rotaryDim: needed(name, "qk_rope_head_dim", config.qk_rope_head_dim),
      valueDim: needed(name, "v_head_dim", config.v_head_dim),
    };
  const headDim = config.head_dim ?? hidden / numHeads;
  if (!Number.isInteger(headDim))
    throw new UserError(
      `${name}: a width of ${hidden} and ${numHeads} heads`,
      "heads that divide the width, or head_dim",
      "correct one of them",
    );
  const numKeyValueHeads = config.num_key_value_heads ?? numHeads;
  if (numHeads % numKeyValueHeads !== 0)
    throw new UserError(
      `${name}: ${numHeads} heads and ${numKeyValueHeads} key-value heads`,
      "heads divisible by key-value heads",
      "correct one of them",
    );
  return { kind: "grouped", numHeads, numKeyValueHeads, headDim };
}

function expertsOf(config: Config, name: string): Experts | null {
  const total = config.n_routed_experts ?? config.num_local_experts ?? config.num_experts ?? 0;
  if (total < 2) return null;
  const width =
    config.moe_intermediate_size ?? needed(name, "moe_intermediate_size", config.intermediate_size);
  const shared = config.shared_expert_intermediate_size ?? (config.n_shared_experts ?? 0) * width;
  // Llama 4 runs one shared expert as wide as a routed one beside them, and has no key for it.
  const isLlama4 = config.model_type?.startsWith("llama4") ?? false;
  return {
    count: total,
    topK: needed(name, "num_experts_per_tok", config.num_experts_per_tok),
    width,
    sharedWidth: isLlama4 ? width : shared,
    denseFirst: config.first_k_dense_replace ?? 0,
    every: config.interleave_moe_layer_step || config.decoder_sparse_step || 1,
  };
}

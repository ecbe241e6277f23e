/**
 * @file A trained decoder as a folder that Hugging Face transformers loads, as `LlamaForCausalLM` or what its
 * variants are called there, and back again. Ours stores queries, keys and values in one matrix, and gate and
 * up in another; since matrices are [out, in], each is a stretch of rows.
 */

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { tokenizerConfig } from "../corpus/tokenizer-json.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import { UserError } from "../errors.ts";
import { isThere, parseJsonAs, readText } from "../input-file.ts";
import { type DecoderShape, lengthOf, parametersOf } from "../model/shape.ts";
import { makeFolder, writeFileAtomic } from "../record/files.ts";
import { readSafetensors, type TensorToWrite, writeSafetensors } from "./safetensors.ts";

/** A model and what is needed to use it. */
export type FinishedModel = {
  readonly shape: DecoderShape;
  readonly sequenceLength: number;
  /** By the names of `parametersOf`. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
};

/** One tensor of the folder: rows `from` to `to` of one of our parameters. */
type Stretch = {
  readonly name: string;
  readonly parameter: string;
  readonly fromRow: number;
  readonly toRow: number;
};

/** What transformers calls a Llama, one with a plain feed-forward, and one with normalised heads. */
const ARCHITECTURES = ["LlamaForCausalLM", "ArceeForCausalLM", "Qwen3ForCausalLM"] as const;
type Architecture = (typeof ARCHITECTURES)[number];
const MODEL_TYPES = {
  LlamaForCausalLM: "llama",
  ArceeForCausalLM: "arcee",
  Qwen3ForCausalLM: "qwen3",
} as const satisfies Record<Architecture, string>;

/** The class of transformers that holds a decoder. Throws a `UserError` where none does. */
export function architectureOf({
  feedForward,
  queryKeyNorm,
}: Pick<DecoderShape, "feedForward" | "queryKeyNorm">): Architecture {
  if (feedForward === "gelu" && queryKeyNorm)
    throw new UserError(
      "a decoder with both feedForward gelu and queryKeyNorm, to be written out for Hugging Face transformers",
      "swiglu with or without queryKeyNorm, or gelu without it: transformers has no class for the two together",
      "take one of them out of what the target is trained with",
    );
  if (feedForward === "gelu") return "ArceeForCausalLM";
  return queryKeyNorm ? "Qwen3ForCausalLM" : "LlamaForCausalLM";
}

/** Positions as our kernels turn them. transformers 5 writes `rope_parameters`; before it, two keys. */
const ropeSchema = z.object({
  rope_theta: z.number().positive(),
  rope_type: z.literal("default").optional(),
  type: z.literal("default").optional(),
  partial_rotary_factor: z.literal(1).optional(),
});

const keysSchema = z.object({
  architectures: z.tuple([z.enum(ARCHITECTURES)]),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive(),
  head_dim: z.int().positive(),
  intermediate_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  rms_norm_eps: z.number().positive(),
  tie_word_embeddings: z.boolean(),
  attention_bias: z.literal(false).optional(),
  mlp_bias: z.literal(false).optional(),
  use_sliding_window: z.literal(false).optional(),
  hidden_act: z.string().optional(),
  rope_theta: z.unknown().optional(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_parameters: z.record(z.string(), z.unknown()).optional(),
});

/** What a decoder of ours has for an activation, by the class that holds it. */
const ACTIVATIONS = {
  LlamaForCausalLM: "silu",
  ArceeForCausalLM: "gelu_pytorch_tanh",
  Qwen3ForCausalLM: "silu",
} as const satisfies Record<Architecture, string>;

const configSchema = keysSchema.transform((config, context) => {
  const activation = ACTIVATIONS[config.architectures[0]];
  if (config.hidden_act !== undefined && config.hidden_act !== activation)
    context.addIssue(`hidden_act ${config.hidden_act}, which has to be ${activation}`);
  const { rope_theta, rope_scaling, rope_parameters } = config;
  const rope = ropeSchema.safeParse(rope_parameters ?? { rope_theta, ...rope_scaling });
  if (rope.success) return { ...config, rope_theta: rope.data.rope_theta };
  context.addIssue(`rotary positions that longrun does not have: ${z.prettifyError(rope.error)}`);
  return z.NEVER;
});

/** Writes the folder. `card` is the model card: what it is, what it was trained on, how well it does. */
export function writeHuggingFace(
  folder: string,
  finished: FinishedModel,
  tokenizerPath: string,
  card: string,
): void {
  makeFolder(folder);
  const model = withDividingHeads(finished);
  const { shape, sequenceLength } = model;
  const config = configOf(shape, sequenceLength);
  writeSafetensors(join(folder, "model.safetensors"), huggingFaceTensors(model), { format: "pt" });
  writeJson(folder, "config.json", config);
  writeJson(folder, "generation_config.json", {
    bos_token_id: END_OF_TEXT_ID,
    eos_token_id: END_OF_TEXT_ID,
    do_sample: true,
  });
  writeJson(folder, "tokenizer_config.json", { ...tokenizerConfig, model_max_length: sequenceLength });
  copyFileSync(tokenizerPath, join(folder, "tokenizer.json"));
  writeFileAtomic(join(folder, "README.md"), card);
}

/** The parameters as transformers names and cuts them; views, not copies. */
export function huggingFaceTensors({ shape, parameters }: FinishedModel): readonly TensorToWrite[] {
  const lengths = rowLengths(shape);
  return stretches(shape).map(({ name, parameter, fromRow, toRow }): TensorToWrite => {
    const columns = lengths.get(parameter)!;
    const data = parameters.get(parameter)!.subarray(fromRow * columns, toRow * columns);
    const isVector = columns === 1;
    return { name, dtype: "F32", shape: isVector ? [toRow - fromRow] : [toRow - fromRow, columns], data };
  });
}

/**
 * The same function with a number of heads that divides the width: transformers refuses any other since its
 * version 5, even where head_dim is given (huggingface/transformers#46082). Heads of zeros are appended,
 * which attend to nothing and add nothing; where no number of whole groups divides the width, every query
 * head is first given a copy of its key/value head.
 */
function withDividingHeads(model: FinishedModel): FinishedModel {
  const { shape } = model;
  const heads = dividingHeads(shape);
  if (heads.numHeads === shape.numHeads) return model;
  const padded = { ...shape, ...heads };
  const numCopies = shape.numHeads / shape.numKeyValueHeads / (heads.numHeads / heads.numKeyValueHeads);
  const parameters = emptyParameters(padded);
  const [lengths, paddedLengths] = [rowLengths(shape), rowLengths(padded)];
  const places = stretches(padded);
  for (const [i, { name, parameter, fromRow, toRow }] of stretches(shape).entries()) {
    const [from, to] = [model.parameters.get(parameter)!, parameters.get(parameter)!];
    const columns = lengths.get(parameter)!;
    const copies = /[kv]_proj/.test(name) ? numCopies : 1;
    for (let row = 0; row < (toRow - fromRow) * copies; row++) {
      const head = Math.floor(row / (copies * shape.headDim));
      const source = fromRow + head * shape.headDim + (row % shape.headDim);
      to.set(
        from.subarray(source * columns, (source + 1) * columns),
        (places[i]!.fromRow + row) * paddedLengths.get(parameter)!,
      );
    }
  }
  return { ...model, shape: padded, parameters };
}

/** The fewest heads, no fewer than given, that divide the width; as given where they outnumber channels. */
function dividingHeads({
  width,
  numHeads,
  numKeyValueHeads,
}: DecoderShape): Pick<DecoderShape, "numHeads" | "numKeyValueHeads"> {
  const queriesPerKeyValue = numHeads / numKeyValueHeads;
  for (let groups = numKeyValueHeads; groups * queriesPerKeyValue <= width; groups++)
    if (width % (groups * queriesPerKeyValue) === 0)
      return { numHeads: groups * queriesPerKeyValue, numKeyValueHeads: groups };
  for (let heads = numHeads; heads <= width; heads++)
    if (width % heads === 0) return { numHeads: heads, numKeyValueHeads: heads };
  return { numHeads, numKeyValueHeads };
}

function emptyParameters(shape: DecoderShape): Map<string, Float32Array> {
  return new Map(
    parametersOf(shape).map((parameter) => [parameter.name, new Float32Array(lengthOf(parameter))]),
  );
}

/** Length of a row of each parameter; 1 where it is a vector. */
function rowLengths(shape: DecoderShape): ReadonlyMap<string, number> {
  return new Map(parametersOf(shape).map((parameter) => [parameter.name, parameter.shape[1] ?? 1]));
}

/** Reads a folder that `writeHuggingFace` has written. */
export function readHuggingFace(folder: string): FinishedModel {
  const path = join(folder, "config.json");
  if (!isThere(path))
    throw new UserError(
      `no config.json in ${folder}`,
      "the folder of a finished model",
      "give the `model` folder of a campaign that has finished",
    );
  const expected = `a model that longrun can run: ${ARCHITECTURES.join(", ")}, as it writes them`;
  const config = parseJsonAs(configSchema, readText(path, expected), path, expected, "choose another folder");
  const shape = shapeOf(config);
  const stored = new Map(
    readSafetensors(join(folder, "model.safetensors")).tensors.map((tensor) => [tensor.name, tensor.data]),
  );
  const described = `every tensor of the ${config.architectures[0]} that config.json describes`;
  const again = "fetch or write the folder again";
  // All sizes are checked before memory is taken for them.
  if (shape.numLayers > stored.size)
    throw new UserError(
      `${path} with ${shape.numLayers} layers, beside ${stored.size} tensors`,
      described,
      again,
    );
  const lengths = rowLengths(shape);
  const found = stretches(shape).map(({ name, parameter, fromRow, toRow }) => {
    const data = stored.get(name);
    const size = (toRow - fromRow) * lengths.get(parameter)!;
    if (data?.length === size) return { parameter, data, at: fromRow * lengths.get(parameter)! };
    throw new UserError(
      data ? `${name} in ${folder} has ${data.length} numbers` : `${folder} has no tensor ${name}`,
      `${described}, this one with ${size} numbers`,
      again,
    );
  });
  const parameters = emptyParameters(shape);
  for (const { parameter, data, at } of found) parameters.get(parameter)!.set(data, at);
  return { shape, sequenceLength: config.max_position_embeddings, parameters };
}

function stretches(shape: DecoderShape): readonly Stretch[] {
  const { width, numHeads, numKeyValueHeads, headDim, feedForwardWidth, vocabularySize, numLayers } = shape;
  const whole = (name: string, parameter: string, rows: number): Stretch => ({
    name: `${name}.weight`,
    parameter,
    fromRow: 0,
    toRow: rows,
  });
  const split = (names: readonly string[], parameter: string, rows: readonly number[]): readonly Stretch[] =>
    names.map((name, i) => {
      const fromRow = rows.slice(0, i).reduce((sum, count) => sum + count, 0);
      return { name: `${name}.weight`, parameter, fromRow, toRow: fromRow + rows[i]! };
    });
  const layers = Array.from({ length: numLayers }, (_, layer) => {
    const theirs = (part: string) => `model.layers.${layer}.${part}`;
    const ours = (part: string) => `layers.${layer}.${part}`;
    const projections = ["q", "k", "v"].map((letter) => theirs(`self_attn.${letter}_proj`));
    return [
      whole(theirs("input_layernorm"), ours("attentionNorm"), width),
      ...split(projections, ours("queryKeyValue"), [
        numHeads * headDim,
        numKeyValueHeads * headDim,
        numKeyValueHeads * headDim,
      ]),
      ...(shape.queryKeyNorm
        ? [
            whole(theirs("self_attn.q_norm"), ours("queryNorm"), headDim),
            whole(theirs("self_attn.k_norm"), ours("keyNorm"), headDim),
          ]
        : []),
      whole(theirs("self_attn.o_proj"), ours("attentionOutput"), width),
      whole(theirs("post_attention_layernorm"), ours("feedForwardNorm"), width),
      ...(shape.feedForward === "gelu"
        ? [whole(theirs("mlp.up_proj"), ours("up"), feedForwardWidth)]
        : split([theirs("mlp.gate_proj"), theirs("mlp.up_proj")], ours("gateUp"), [
            feedForwardWidth,
            feedForwardWidth,
          ])),
      whole(theirs("mlp.down_proj"), ours("down"), width),
    ];
  });
  return [
    whole("model.embed_tokens", "embedding", vocabularySize),
    ...layers.flat(),
    whole("model.norm", "finalNorm", width),
    ...(shape.tiedEmbeddings ? [] : [whole("lm_head", "head", vocabularySize)]),
  ];
}

function configOf(shape: DecoderShape, sequenceLength: number) {
  const architecture = architectureOf(shape);
  return {
    architectures: [architecture],
    model_type: MODEL_TYPES[architecture],
    vocab_size: shape.vocabularySize,
    hidden_size: shape.width,
    num_hidden_layers: shape.numLayers,
    num_attention_heads: shape.numHeads,
    num_key_value_heads: shape.numKeyValueHeads,
    head_dim: shape.headDim,
    intermediate_size: shape.feedForwardWidth,
    max_position_embeddings: sequenceLength,
    rope_theta: shape.ropeBase,
    rms_norm_eps: shape.normEpsilon,
    tie_word_embeddings: shape.tiedEmbeddings,
    hidden_act: ACTIVATIONS[architecture],
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: END_OF_TEXT_ID,
    eos_token_id: END_OF_TEXT_ID,
    torch_dtype: "float32",
  };
}

function shapeOf(config: z.infer<typeof configSchema>): DecoderShape {
  return {
    vocabularySize: config.vocab_size,
    width: config.hidden_size,
    numLayers: config.num_hidden_layers,
    numHeads: config.num_attention_heads,
    numKeyValueHeads: config.num_key_value_heads,
    headDim: config.head_dim,
    feedForwardWidth: config.intermediate_size,
    tiedEmbeddings: config.tie_word_embeddings,
    ropeBase: config.rope_theta,
    normEpsilon: config.rms_norm_eps,
    ...(config.architectures[0] === "ArceeForCausalLM" ? { feedForward: "gelu" } : {}),
    ...(config.architectures[0] === "Qwen3ForCausalLM" ? { queryKeyNorm: true } : {}),
  };
}

function writeJson(folder: string, name: string, value: unknown): void {
  writeFileAtomic(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}

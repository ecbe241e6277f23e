/**
 * @file A finished model as one GGUF file, which llama.cpp and what is built on it load: little-endian, named
 * values first, then where each tensor lies, then the numbers (docs/gguf.md of ggml-org/ggml).
 */

import { UserError } from "../errors.ts";
import type { DecoderShape } from "../model/shape.ts";
import { writeFileInParts } from "../record/files.ts";
import { architectureOf, type FinishedModel, huggingFaceTensors } from "./hugging-face.ts";
import type { TensorToWrite } from "./safetensors.ts";

/** What a tokenizer puts into the file: its tokens by id and its merges, spelled as in tokenizer.json. */
export type GgufVocabulary = {
  readonly tokens: readonly string[];
  readonly merges: readonly string[];
  readonly endOfTextId: number;
  /** llama.cpp's name for the pattern that cuts text into words. */
  readonly preTokenizer: string;
};

/** Types of values and tensors that we write, by their number in the format. */
const VALUE_TYPES = { uint32: 4, int32: 5, float32: 6, boolean: 7, string: 8, array: 9 } as const;
const TENSOR_F32 = 0;
const VERSION = 3;
/** Tensors begin at multiples of this. */
const ALIGNMENT = 32;
const TOKEN_TYPES = { normal: 1, control: 3, unused: 5 } as const;

type Scalar = "uint32" | "int32" | "float32" | "boolean" | "string";
type Value =
  | { readonly type: Scalar; readonly value: number | string | boolean }
  | { readonly type: "array"; readonly of: Scalar; readonly values: readonly (number | string)[] };

const uint32 = (value: number): Value => ({ type: "uint32", value });
const float32 = (value: number): Value => ({ type: "float32", value });
const string = (value: string): Value => ({ type: "string", value });

/** Writes the file. Throws a `UserError` for a decoder that llama.cpp has no graph for. */
export function writeGguf(
  path: string,
  model: FinishedModel,
  vocabulary: GgufVocabulary,
  name: string,
): void {
  const architecture = graphFor(model.shape);
  const values = { ...modelValues(model, architecture, name), ...tokenizerValues(model.shape, vocabulary) };
  const tensors = huggingFaceTensors(model).map((tensor) => asLlamaCpp(tensor, model.shape, architecture));
  writeFileInParts(path, ggufParts(values, tensors));
}

type Graph = "llama" | "qwen3";

function graphFor(shape: DecoderShape): Graph {
  const architecture = architectureOf(shape);
  if (architecture === "ArceeForCausalLM")
    throw new UserError(
      "a decoder with feedForward gelu, to be written out as GGUF",
      "swiglu: llama.cpp has no graph with RMS norms, rotary positions and a plain GELU",
      "use the model with transformers, or train the target with feedForward swiglu",
    );
  return architecture === "Qwen3ForCausalLM" ? "qwen3" : "llama";
}

function modelValues({ shape, sequenceLength }: FinishedModel, graph: Graph, name: string) {
  const ofGraph = {
    context_length: uint32(sequenceLength),
    embedding_length: uint32(shape.width),
    block_count: uint32(shape.numLayers),
    feed_forward_length: uint32(shape.feedForwardWidth),
    vocab_size: uint32(shape.vocabularySize),
    "attention.head_count": uint32(shape.numHeads),
    "attention.head_count_kv": uint32(shape.numKeyValueHeads),
    "attention.key_length": uint32(shape.headDim),
    "attention.value_length": uint32(shape.headDim),
    "attention.layer_norm_rms_epsilon": float32(shape.normEpsilon),
    "rope.dimension_count": uint32(shape.headDim),
    "rope.freq_base": float32(shape.ropeBase),
  };
  return {
    "general.architecture": string(graph),
    "general.name": string(name),
    "general.file_type": uint32(TENSOR_F32),
    ...Object.fromEntries(Object.entries(ofGraph).map(([key, value]) => [`${graph}.${key}`, value])),
  };
}

function tokenizerValues({ vocabularySize }: DecoderShape, vocabulary: GgufVocabulary) {
  const { tokens, merges, endOfTextId, preTokenizer } = vocabulary;
  // Text too short for all merges leaves ids that no text has.
  const ids = Array.from({ length: vocabularySize }, (_, id) => id);
  const typeOf = (id: number) =>
    id === endOfTextId ? TOKEN_TYPES.control : id < tokens.length ? TOKEN_TYPES.normal : TOKEN_TYPES.unused;
  return {
    "tokenizer.ggml.model": string("gpt2"),
    "tokenizer.ggml.pre": string(preTokenizer),
    "tokenizer.ggml.tokens": {
      type: "array",
      of: "string",
      values: ids.map((id) => tokens[id] ?? `<|unused ${id}|>`),
    },
    "tokenizer.ggml.token_type": { type: "array", of: "int32", values: ids.map(typeOf) },
    "tokenizer.ggml.merges": { type: "array", of: "string", values: merges },
    "tokenizer.ggml.bos_token_id": uint32(endOfTextId),
    "tokenizer.ggml.eos_token_id": uint32(endOfTextId),
    "tokenizer.ggml.add_bos_token": { type: "boolean", value: true },
  } as const satisfies Record<string, Value>;
}

/** What transformers' tensors are called there. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens\./, "token_embd."],
  [/^model\.norm\./, "output_norm."],
  [/^lm_head\./, "output."],
  [/^model\.layers\.(\d+)\./, "blk.$1."],
  [/\.input_layernorm\./, ".attn_norm."],
  [/\.self_attn\.([qkv])_proj\./, ".attn_$1."],
  [/\.self_attn\.o_proj\./, ".attn_output."],
  [/\.self_attn\.([qk])_norm\./, ".attn_$1_norm."],
  [/\.post_attention_layernorm\./, ".ffn_norm."],
  [/\.mlp\.(gate|up|down)_proj\./, ".ffn_$1."],
];

/**
 * Its name, and for the llama graph, whose rotary embedding turns neighbouring channels, the rows of queries
 * and keys reordered: channel i of a head's first half and channel i of its second become neighbours.
 */
function asLlamaCpp(tensor: TensorToWrite, { headDim }: DecoderShape, graph: Graph): TensorToWrite {
  const name = NAMES.reduce((text, [pattern, to]) => text.replace(pattern, to), tensor.name);
  if (graph !== "llama" || !/attn_[qk]\./.test(name) || tensor.dtype !== "F32") return { ...tensor, name };
  const [rows = 0, columns = 0] = tensor.shape;
  const data = new Float32Array(tensor.data.length);
  for (let row = 0; row < rows; row++) {
    const [head, channel] = [Math.floor(row / headDim), row % headDim];
    const from = head * headDim + (channel % 2) * (headDim / 2) + Math.floor(channel / 2);
    data.set(tensor.data.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return { ...tensor, name, data };
}

function ggufParts(values: Readonly<Record<string, Value>>, tensors: readonly TensorToWrite[]) {
  const padding = (length: number) => Buffer.alloc(-length & (ALIGNMENT - 1));
  let offset = 0;
  const infos = tensors.map(({ name, shape, data }) => {
    const info = [
      stringBytes(name),
      number(4, (b) => b.writeUInt32LE(shape.length)),
      // The fastest axis first.
      ...shape.toReversed().map((size) => uint64(size)),
      number(4, (b) => b.writeUInt32LE(TENSOR_F32)),
      uint64(offset),
    ];
    offset += data.byteLength + padding(data.byteLength).length;
    return Buffer.concat(info);
  });
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    number(4, (b) => b.writeUInt32LE(VERSION)),
    uint64(tensors.length),
    uint64(Object.keys(values).length),
    ...Object.entries(values).flatMap(([key, value]) => [stringBytes(key), valueBytes(value)]),
    ...infos,
  ]);
  const data = tensors.flatMap(({ data: { buffer, byteOffset, byteLength } }) => [
    new Uint8Array(buffer, byteOffset, byteLength),
    padding(byteLength),
  ]);
  return [head, padding(head.length), ...data];
}

function valueBytes(value: Value): Buffer {
  const type = number(4, (b) => b.writeUInt32LE(VALUE_TYPES[value.type]));
  if (value.type !== "array") return Buffer.concat([type, scalarBytes(value.type, value.value)]);
  const of = number(4, (b) => b.writeUInt32LE(VALUE_TYPES[value.of]));
  const items = value.values.map((item) => scalarBytes(value.of, item));
  return Buffer.concat([type, of, uint64(items.length), ...items]);
}

function scalarBytes(type: Scalar, value: number | string | boolean): Buffer {
  switch (type) {
    case "string":
      return stringBytes(String(value));
    case "boolean":
      return Buffer.from([Number(value)]);
    case "uint32":
      return number(4, (b) => b.writeUInt32LE(Number(value)));
    case "int32":
      return number(4, (b) => b.writeInt32LE(Number(value)));
    case "float32":
      return number(4, (b) => b.writeFloatLE(Number(value)));
  }
}

function number(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

const uint64 = (value: number) => number(8, (b) => b.writeBigUInt64LE(BigInt(value)));

function stringBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gguf } from "@huggingface/gguf";
import { afterAll, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { initialValues } from "../model/initialise.ts";
import { type DecoderShape, parametersOf } from "../model/shape.ts";
import { writeGguf } from "./gguf.ts";
import { huggingFaceTensors } from "./hugging-face.ts";

const SHAPE: DecoderShape = {
  vocabularySize: 262,
  width: 20,
  numLayers: 2,
  numHeads: 5,
  numKeyValueHeads: 5,
  headDim: 6,
  feedForwardWidth: 24,
  tiedEmbeddings: false,
  ropeBase: 5000,
  normEpsilon: 1e-6,
};
const VOCABULARY = {
  tokens: Array.from({ length: 260 }, (_, id) => `token ${id}`),
  merges: ["a b", "ab c"],
  endOfTextId: 256,
  preTokenizer: "qwen35",
};

const folder = mkdtempSync(join(tmpdir(), "longrun-gguf-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function written(changes: Partial<DecoderShape>) {
  const shape = { ...SHAPE, ...changes };
  const parameters = new Map(
    parametersOf(shape).map((parameter) => [parameter.name, initialValues(parameter, shape, 5)]),
  );
  const model = { shape, sequenceLength: 32, parameters };
  const path = join(folder, "model.gguf");
  writeGguf(path, model, VOCABULARY, "a model");
  const { tensorInfos, tensorDataOffset, ...file } = await gguf(path, { allowLocalFile: true });
  // Its types know the architectures of its time one by one.
  const metadata: Readonly<Record<string, unknown>> = { ...file.metadata };
  const bytes = readFileSync(path);
  const rowsOf = (name: string) => {
    const info = tensorInfos.find((tensor) => tensor.name === name)!;
    const [columns = 0, rows = 1] = info.shape.map(Number);
    const from = Number(tensorDataOffset + info.offset);
    const data = new Float32Array(bytes.buffer.slice(from, from + 4 * rows * columns));
    return Array.from({ length: rows }, (_, row) => data.subarray(row * columns, (row + 1) * columns));
  };
  const ours = new Map(huggingFaceTensors(model).map(({ name, data }) => [name, data]));
  return { metadata, names: tensorInfos.map(({ name }) => name), rowsOf, ours };
}

test("another reader finds every value, and every tensor by llama.cpp's names", async () => {
  const { metadata, names, rowsOf, ours } = await written({});
  expect(metadata).toMatchObject({
    version: 3,
    "general.architecture": "llama",
    "general.name": "a model",
    "llama.context_length": 32,
    "llama.embedding_length": 20,
    "llama.block_count": 2,
    "llama.feed_forward_length": 24,
    "llama.attention.head_count": 5,
    "llama.attention.head_count_kv": 5,
    "llama.attention.key_length": 6,
    "llama.rope.freq_base": 5000,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen35",
    "tokenizer.ggml.merges": ["a b", "ab c"],
    "tokenizer.ggml.bos_token_id": 256,
    "tokenizer.ggml.add_bos_token": true,
  });
  expect(metadata["tokenizer.ggml.tokens"]).toEqual([
    ...VOCABULARY.tokens,
    "<|unused 260|>",
    "<|unused 261|>",
  ]);
  const types = metadata["tokenizer.ggml.token_type"] as number[];
  expect([types[0], types[256], types[260]]).toEqual([1, 3, 5]);
  const layer = (i: number) =>
    "attn_norm attn_q attn_k attn_v attn_output ffn_norm ffn_gate ffn_up ffn_down"
      .split(" ")
      .map((name) => `blk.${i}.${name}.weight`);
  expect(names).toEqual([
    "token_embd.weight",
    ...layer(0),
    ...layer(1),
    "output_norm.weight",
    "output.weight",
  ]);
  expect(rowsOf("blk.1.ffn_down.weight")[3]).toEqual(
    ours.get("model.layers.1.mlp.down_proj.weight")!.subarray(3 * 24, 4 * 24),
  );
});

test("queries of the llama graph: halves of a head become neighbours; those of qwen3 stay", async () => {
  const llama = await written({});
  const row = (rows: Float32Array[], i: number) => [...rows[i]!];
  const flat = llama.ours.get("model.layers.0.self_attn.q_proj.weight")!;
  const theirs = llama.rowsOf("blk.0.attn_q.weight");
  // Of the second head, channels 0 3 1 4 2 5.
  for (const [place, channel] of [0, 3, 1, 4, 2, 5].entries())
    expect(row(theirs, 6 + place)).toEqual([...flat.subarray((6 + channel) * 20, (7 + channel) * 20)]);
  const qwen = await written({ queryKeyNorm: true });
  expect(qwen.metadata["general.architecture"]).toBe("qwen3");
  expect(qwen.names).toContain("blk.0.attn_q_norm.weight");
  const same = qwen.ours.get("model.layers.0.self_attn.q_proj.weight")!;
  expect(row(qwen.rowsOf("blk.0.attn_q.weight"), 1)).toEqual([...same.subarray(20, 40)]);
});

test("a decoder that llama.cpp has no graph for is refused", async () => {
  await expect(written({ feedForward: "gelu" })).rejects.toThrow(UserError);
  await expect(written({ feedForward: "gelu" })).rejects.toThrow(/llama\.cpp has no graph/);
});

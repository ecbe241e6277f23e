import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTokenizer, Tokenizer } from "../corpus/tokenizer.ts";
import { END_OF_TEXT_ID } from "../corpus/vocabulary.ts";
import { Session } from "../engine/session.ts";
import { UserError } from "../errors.ts";
import { initialValues } from "../model/initialise.ts";
import { type DecoderShape, parametersOf } from "../model/shape.ts";
import { type FinishedModel, readHuggingFace, writeHuggingFace } from "./hugging-face.ts";
import { trainingPrograms } from "./programs.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const SHAPE: DecoderShape = {
  vocabularySize: 300,
  width: 20,
  numLayers: 2,
  numHeads: 4,
  numKeyValueHeads: 2,
  headDim: 6,
  feedForwardWidth: 24,
  tiedEmbeddings: false,
  ropeBase: 5000,
  normEpsilon: 1e-6,
};

const folder = mkdtempSync(join(tmpdir(), "longrun-hugging-face-"));
// "th", "the" and " the".
const tokenizer = new Tokenizer([
  { left: 116, right: 104, id: 257 },
  { left: 257, right: 101, id: 258 },
  { left: 32, right: 258, id: 259 },
]);

function modelOf(shape: DecoderShape): FinishedModel {
  const parameters = new Map(
    parametersOf(shape).map((parameter, i) => {
      const values = initialValues(parameter, shape, 5);
      // Gains that can be told apart.
      return [parameter.name, parameter.role === "norm" ? values.map((_, k) => i + k / 64) : values] as const;
    }),
  );
  return { shape, sequenceLength: 32, parameters };
}

/** Of every token of two sequences. */
async function lossesOf({ shape, sequenceLength, parameters }: FinishedModel): Promise<Float32Array> {
  const optimiser = {
    learningRate: 1,
    baseWidth: 64,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: 1,
  };
  const session = new Session(trainingPrograms(shape, { batch: 2, sequenceLength }, optimiser), {
    numThreads: 1,
  });
  for (const [name, values] of parameters) session.floats(name).set(values);
  const tokens = Int32Array.from(
    { length: 2 * sequenceLength },
    (_, i) => (7 * i * i + i) % shape.vocabularySize,
  );
  session.integers("tokens").set(tokens);
  session.integers("targets").set(tokens.toReversed());
  await session.run("evaluate");
  return session.output("evaluate", "losses").slice();
}

function write(name: string, model: FinishedModel): string {
  const tokenizerPath = join(folder, "tokenizer.json");
  writeFileSync(tokenizerPath, tokenizer.json);
  const path = join(folder, name);
  writeHuggingFace(path, model, tokenizerPath, "# A card\n");
  return path;
}

const json = (path: string, name: string) => JSON.parse(readFileSync(join(path, name), "utf8")) as never;

let path = "";
beforeAll(() => {
  path = write("untied", modelOf(SHAPE));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a model folder", () => {
  test.each([
    ["an input embedding of its own", SHAPE],
    ["tied embeddings", { ...SHAPE, tiedEmbeddings: true }],
  ])("with %s is read as it was written, bit for bit", (name, shape) => {
    const model = modelOf(shape);
    const { shape: read, sequenceLength, parameters } = readHuggingFace(write(name, model));
    expect({ shape: read, sequenceLength }).toEqual({ shape, sequenceLength: 32 });
    expect([...parameters.keys()]).toEqual([...model.parameters.keys()]);
    for (const [key, values] of model.parameters) {
      const bytes = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      expect(bytes(parameters.get(key)!).equals(bytes(values)), key).toBe(true);
    }
  });

  test("has the tensors of LlamaForCausalLM, by name and shape", () => {
    const layer = (i: number) => ({
      [`model.layers.${i}.input_layernorm.weight`]: [20],
      [`model.layers.${i}.self_attn.q_proj.weight`]: [24, 20],
      [`model.layers.${i}.self_attn.k_proj.weight`]: [12, 20],
      [`model.layers.${i}.self_attn.v_proj.weight`]: [12, 20],
      [`model.layers.${i}.self_attn.o_proj.weight`]: [20, 24],
      [`model.layers.${i}.post_attention_layernorm.weight`]: [20],
      [`model.layers.${i}.mlp.gate_proj.weight`]: [24, 20],
      [`model.layers.${i}.mlp.up_proj.weight`]: [24, 20],
      [`model.layers.${i}.mlp.down_proj.weight`]: [20, 24],
    });
    const expected = {
      "model.embed_tokens.weight": [300, 20],
      ...layer(0),
      ...layer(1),
      "model.norm.weight": [20],
      "lm_head.weight": [300, 20],
    };
    const { tensors, metadata } = readSafetensors(join(path, "model.safetensors"));
    expect(Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]))).toEqual(expected);
    expect(metadata).toEqual({ format: "pt" });
    const tied = readSafetensors(
      join(write("tied", modelOf({ ...SHAPE, tiedEmbeddings: true })), "model.safetensors"),
    );
    expect(tied.tensors.map(({ name }) => name)).not.toContain("lm_head.weight");
  });

  test("has queries, keys and values, gate and up in the rows that the kernels read", () => {
    const model = modelOf(SHAPE);
    const { tensors } = readSafetensors(join(path, "model.safetensors"));
    const dataOf = (name: string) =>
      tensors.find((tensor) => tensor.name === `model.layers.1.${name}.weight`)!.data;
    const queryKeyValue = model.parameters.get("layers.1.queryKeyValue")!;
    expect(dataOf("self_attn.q_proj")).toEqual(queryKeyValue.slice(0, 24 * 20));
    expect(dataOf("self_attn.k_proj")).toEqual(queryKeyValue.slice(24 * 20, 36 * 20));
    expect(dataOf("self_attn.v_proj")).toEqual(queryKeyValue.slice(36 * 20));
    const gateUp = model.parameters.get("layers.1.gateUp")!;
    expect(dataOf("mlp.gate_proj")).toEqual(gateUp.slice(0, 24 * 20));
    expect(dataOf("mlp.up_proj")).toEqual(gateUp.slice(24 * 20));
  });

  test("says what transformers must know", () => {
    expect(json(path, "config.json")).toMatchObject({
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      vocab_size: 300,
      hidden_size: 20,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 6,
      intermediate_size: 24,
      max_position_embeddings: 32,
      rope_theta: 5000,
      rms_norm_eps: 1e-6,
      tie_word_embeddings: false,
      hidden_act: "silu",
      attention_bias: false,
      mlp_bias: false,
      bos_token_id: 256,
      eos_token_id: 256,
    });
    expect(json(path, "generation_config.json")).toEqual({
      bos_token_id: 256,
      eos_token_id: 256,
      do_sample: true,
    });
    expect(readFileSync(join(path, "README.md"), "utf8")).toBe("# A card\n");
  });

  test.each([
    [
      "gelu",
      { feedForward: "gelu" },
      { architectures: ["ArceeForCausalLM"], model_type: "arcee", hidden_act: "gelu_pytorch_tanh" },
    ],
    [
      "normed",
      { queryKeyNorm: true },
      { architectures: ["Qwen3ForCausalLM"], model_type: "qwen3", hidden_act: "silu" },
    ],
  ] as const)("of a variant is what transformers has for it: %s", async (name, variant, config) => {
    const model = modelOf({ ...SHAPE, ...variant, numHeads: 7, numKeyValueHeads: 7 });
    const written = write(name, model);
    expect(json(written, "config.json")).toMatchObject(config);
    const { tensors } = readSafetensors(join(written, "model.safetensors"));
    const names = tensors.flatMap(
      (tensor) => /^model\.layers\.0\.(?:mlp|self_attn)\.(\w+)/.exec(tensor.name)?.[1] ?? [],
    );
    expect(names.toSorted()).toEqual(
      name === "gelu"
        ? ["down_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
        : ["down_proj", "gate_proj", "k_norm", "k_proj", "o_proj", "q_norm", "q_proj", "up_proj", "v_proj"],
    );
    // Read back, with heads of zeros for transformers, it is the same function.
    const read = readHuggingFace(written);
    expect(read.shape).toMatchObject({ ...variant, numHeads: 10 });
    const [before, after] = [await lossesOf(model), await lossesOf(read)];
    expect(Math.max(...before.map((loss, i) => Math.abs(loss - after[i]!)))).toBeLessThan(1e-5);
  });

  test("is not written for a decoder that transformers has no class for", () => {
    const both = modelOf({ ...SHAPE, feedForward: "gelu", queryKeyNorm: true });
    expect(() => write("both", both)).toThrow(UserError);
    expect(() => write("both", both)).toThrow("no class for the two together");
  });

  test("has a tokenizer that the library of Hugging Face reads as ours", () => {
    const config: object = json(path, "tokenizer_config.json");
    expect(config).toEqual({
      tokenizer_class: "PreTrainedTokenizerFast",
      bos_token: "<|endoftext|>",
      eos_token: "<|endoftext|>",
      add_bos_token: true,
      clean_up_tokenization_spaces: false,
      model_max_length: 32,
    });
    const theirs = new HuggingFaceTokenizer(json(path, "tokenizer.json"), config);
    // Without its setting for blanks, theirs loses the ones before comma and full stop.
    const text = "the other , the path .";
    expect(theirs.encode(text).ids).toEqual([END_OF_TEXT_ID, ...tokenizer.encode(text)]);
    expect(theirs.decode(Array.from(tokenizer.encode(text)))).toBe(text);
  });
});

describe("a model folder that another program has saved again", () => {
  const changed = (name: string, change: (config: Record<string, unknown>) => void) => {
    const folder = write(name, modelOf(SHAPE));
    const config: Record<string, unknown> = json(folder, "config.json");
    change(config);
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    return folder;
  };

  test("is read as before: transformers 5 moves the angle's base, and spells the tokenizer anew", () => {
    const folder = changed("saved again", (config) => {
      delete config.rope_theta;
      config.rope_parameters = { rope_theta: 5000, rope_type: "default" };
      config.dtype = "float32";
    });
    expect(readHuggingFace(folder).shape).toEqual(SHAPE);
    const saved: { model: { merges: string[][]; vocab: object } } = json(folder, "tokenizer.json");
    const merges = saved.model.merges.map((pair) => pair.join(" "));
    writeFileSync(
      join(folder, "tokenizer.json"),
      JSON.stringify({ ...saved, padding: {}, model: { ...saved.model, merges } }),
    );
    expect(readTokenizer(join(folder, "tokenizer.json")).hash).toBe(tokenizer.hash);
  });

  test.each([
    ["rope_scaling", { rope_scaling: { type: "linear", factor: 2 } }, /rotary positions/],
    ["rope_parameters", { rope_parameters: { rope_type: "yarn", rope_theta: 5000 } }, /rotary positions/],
    ["hidden_act", { hidden_act: "gelu" }, /hidden_act gelu, which has to be silu/],
    ["attention_bias", { attention_bias: true }, /attention_bias/],
  ])("is refused where its %s asks for what our kernels do not do", (name, keys, message) => {
    const folder = changed(`asks for ${name}`, (config) => Object.assign(config, keys));
    expect(() => readHuggingFace(folder)).toThrow(UserError);
    expect(() => readHuggingFace(folder)).toThrow(message);
  });

  test.each(["", "[".repeat(100_000), "\u{feff}{", "null", '{"architectures": "x"}'])(
    "is refused in words where config.json holds %.10j",
    (text) => {
      const folder = changed("no config", () => {});
      writeFileSync(join(folder, "config.json"), text);
      expect(() => readHuggingFace(folder)).toThrow(UserError);
    },
  );
});

describe("a width that the number of heads does not divide, which transformers refuses", () => {
  test.each([
    [
      "seven heads of a width of 20",
      { numHeads: 7, numKeyValueHeads: 7 },
      { numHeads: 10, numKeyValueHeads: 10 },
    ],
    [
      "three pairs of a width of 20",
      { numHeads: 6, numKeyValueHeads: 3 },
      { numHeads: 10, numKeyValueHeads: 5 },
    ],
  ])("%s is given heads of zeros, and the losses stay", async (name, heads, padded) => {
    const model = modelOf({ ...SHAPE, ...heads });
    const read = readHuggingFace(write(`padded ${name}`, model));
    expect(read.shape).toEqual({ ...SHAPE, ...padded });
    const [before, after] = [await lossesOf(model), await lossesOf(read)];
    expect(Math.max(...before.map((loss, i) => Math.abs(loss - after[i]!)))).toBeLessThan(1e-5);
    expect(new Set(before).size).toBeGreaterThan(10);
    for (const [key, values] of read.parameters) {
      const own = model.parameters.get(key)!;
      expect(values.filter((value) => value !== 0)).toEqual(own.filter((value) => value !== 0));
    }
  });

  test("where no number of whole groups divides it, each query gets a copy of its key and value", async () => {
    // Three heads of one group of a width of 20: four heads of their own, of which the last is zero.
    const model = modelOf({ ...SHAPE, numHeads: 3, numKeyValueHeads: 1 });
    const read = readHuggingFace(write("groups of three", model));
    expect(read.shape).toEqual({ ...SHAPE, numHeads: 4, numKeyValueHeads: 4 });
    const [before, after] = [await lossesOf(model), await lossesOf(read)];
    expect(Math.max(...before.map((loss, i) => Math.abs(loss - after[i]!)))).toBeLessThan(1e-5);
  });

  test("stays as it is with more heads than channels", () => {
    const shape = { ...SHAPE, numHeads: 21, numKeyValueHeads: 21 };
    expect(readHuggingFace(write("many", modelOf(shape))).shape).toEqual(shape);
  });
});

describe("a folder is refused", () => {
  const broken = (name: string, change: (path: string) => void): string => {
    const copy = write(name, modelOf(SHAPE));
    change(copy);
    try {
      readHuggingFace(copy);
    } catch (error) {
      if (error instanceof UserError) return error.found.replace(copy, "FOLDER");
    }
    throw new Error("expected a UserError");
  };
  const config = (changes: object) => (copy: string) =>
    writeFileSync(
      join(copy, "config.json"),
      JSON.stringify({ ...(json(copy, "config.json") as object), ...changes }),
    );

  test("without a config", () => {
    const found = broken("no-config", (copy) => rmSync(join(copy, "config.json")));
    expect(found).toBe("no config.json in FOLDER");
  });

  test("of another architecture", () => {
    expect(broken("other", config({ architectures: ["GPT2LMHeadModel"] }))).toContain("LlamaForCausalLM");
    expect(broken("odd", config({ head_dim: 0 }))).toContain("head_dim");
  });

  test("whose weights lack a tensor, or have one of another size", () => {
    expect(broken("shallow", config({ num_hidden_layers: 3 }))).toBe(
      "FOLDER has no tensor model.layers.2.input_layernorm.weight",
    );
    const swap = (copy: string) => {
      const file = join(copy, "model.safetensors");
      const { tensors } = readSafetensors(file);
      writeSafetensors(
        file,
        tensors.map(({ name, shape, data }) => {
          const short = name === "model.norm.weight";
          return {
            name,
            dtype: "F32" as const,
            shape: short ? [19] : shape,
            data: (short ? data.slice(1) : data) as Float32Array,
          };
        }),
      );
    };
    expect(broken("short", swap)).toBe("model.norm.weight in FOLDER has 19 numbers");
  });
});

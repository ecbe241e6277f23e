/** @file Published models by name: shapes as their papers or configuration files give them. */

import { UserError } from "../../errors.ts";
import { perhaps } from "../../math/edit-distance.ts";
import type { Attention, Experts, ModelShape } from "./model-shape.ts";

/** Multi-head unless there are fewer heads of keys and values. */
function grouped(numHeads: number, headDim: number, numKeyValueHeads = numHeads): Attention {
  return { kind: "grouped", numHeads, numKeyValueHeads, headDim };
}

/** DeepSeek-V3 (arXiv 2412.19437), section 4.2; Kimi K2 changes the heads only. */
function latent(numHeads: number): Attention {
  return {
    kind: "latent",
    numHeads,
    queryRank: 1536,
    keyValueRank: 512,
    plainDim: 128,
    rotaryDim: 64,
    valueDim: 128,
  };
}

function routed(
  count: number,
  topK: number,
  width: number,
  sharedWidth = 0,
  denseFirst = 0,
  every = 1,
): Experts {
  return { count, topK, width, sharedWidth, denseFirst, every };
}

type Common = Pick<
  ModelShape,
  "gated" | "tiedEmbeddings" | "learnedPositions" | "biases" | "experts" | "extraPredictions"
>;

const LLAMA: Common = {
  gated: true,
  tiedEmbeddings: false,
  learnedPositions: 0,
  biases: false,
  experts: null,
  extraPredictions: 0,
};
const GPT: Common = { ...LLAMA, gated: false, tiedEmbeddings: true, learnedPositions: 2048, biases: true };
const NEMOTRON: Common = { ...LLAMA, gated: false };

function shape(
  name: string,
  numLayers: number,
  hidden: number,
  feedForwardWidth: number,
  vocabularySize: number,
  attention: Attention,
  common: Common,
): ModelShape {
  return { name, numLayers, hidden, feedForwardWidth, vocabularySize, attention, ...common };
}

/** Sources: Hugging Face; GPT-3: arXiv 2005.14165, MT-NLG: 2201.11990, Nemotron-4: 2402.16819, 2406.11704. */
export const PRESETS: readonly ModelShape[] = [
  shape("llama1-7b", 32, 4096, 11008, 32000, grouped(32, 128), LLAMA),
  shape("llama1-13b", 40, 5120, 13824, 32000, grouped(40, 128), LLAMA),
  shape("llama1-33b", 60, 6656, 17920, 32000, grouped(52, 128), LLAMA),
  shape("llama1-65b", 80, 8192, 22016, 32000, grouped(64, 128), LLAMA),
  shape("llama2-7b", 32, 4096, 11008, 32000, grouped(32, 128), LLAMA),
  shape("llama2-13b", 40, 5120, 13824, 32000, grouped(40, 128), LLAMA),
  shape("llama2-70b", 80, 8192, 28672, 32000, grouped(64, 128, 8), LLAMA),
  shape("llama3-8b", 32, 4096, 14336, 128256, grouped(32, 128, 8), LLAMA),
  shape("llama3-70b", 80, 8192, 28672, 128256, grouped(64, 128, 8), LLAMA),
  shape("llama3-405b", 126, 16384, 53248, 128256, grouped(128, 128, 8), LLAMA),
  shape("llama4-scout", 48, 5120, 16384, 202048, grouped(40, 128, 8), {
    ...LLAMA,
    experts: routed(16, 1, 8192, 8192),
  }),
  shape("llama4-maverick", 48, 5120, 16384, 202048, grouped(40, 128, 8), {
    ...LLAMA,
    experts: routed(128, 1, 8192, 8192, 0, 2),
  }),
  shape("gpt3-175b", 96, 12288, 49152, 51200, grouped(96, 128), GPT),
  shape("mt-nlg-530b", 105, 20480, 81920, 51200, grouped(128, 160), GPT),
  shape("opt-175b", 96, 12288, 49152, 50272, grouped(96, 128), GPT),
  shape("bloom-176b", 70, 14336, 57344, 250880, grouped(112, 128), { ...GPT, learnedPositions: 0 }),
  shape("deepseek-v3", 61, 7168, 18432, 129280, latent(128), {
    ...LLAMA,
    experts: routed(256, 8, 2048, 2048, 3),
    extraPredictions: 1,
  }),
  shape("kimi-k2", 61, 7168, 18432, 163840, latent(64), { ...LLAMA, experts: routed(384, 8, 2048, 2048, 1) }),
  shape("qwen3-8b", 36, 4096, 12288, 151936, grouped(32, 128, 8), LLAMA),
  shape("qwen3-14b", 40, 5120, 17408, 151936, grouped(40, 128, 8), LLAMA),
  shape("qwen3-32b", 64, 5120, 25600, 151936, grouped(64, 128, 8), LLAMA),
  shape("qwen3-30b-a3b", 48, 2048, 0, 151936, grouped(32, 128, 4), {
    ...LLAMA,
    experts: routed(128, 8, 768),
  }),
  shape("qwen3-235b-a22b", 94, 4096, 0, 151936, grouped(64, 128, 4), {
    ...LLAMA,
    experts: routed(128, 8, 1536),
  }),
  shape("gpt-oss-20b", 24, 2880, 0, 201088, grouped(64, 64, 8), { ...LLAMA, experts: routed(32, 4, 2880) }),
  shape("gpt-oss-120b", 36, 2880, 0, 201088, grouped(64, 64, 8), { ...LLAMA, experts: routed(128, 4, 2880) }),
  shape("mistral-7b", 32, 4096, 14336, 32000, grouped(32, 128, 8), LLAMA),
  shape("mixtral-8x7b", 32, 4096, 0, 32000, grouped(32, 128, 8), { ...LLAMA, experts: routed(8, 2, 14336) }),
  shape("mixtral-8x22b", 56, 6144, 0, 32768, grouped(48, 128, 8), { ...LLAMA, experts: routed(8, 2, 16384) }),
  shape("grok1-314b", 64, 6144, 0, 131072, grouped(48, 128, 8), {
    ...LLAMA,
    tiedEmbeddings: true,
    experts: routed(8, 2, 32768),
  }),
  shape("nemotron4-15b", 32, 6144, 24576, 256000, grouped(48, 128, 8), NEMOTRON),
  shape("nemotron4-340b", 96, 18432, 73728, 256000, grouped(96, 192, 8), NEMOTRON),
];

/**
 * What tables call them, letters and digits only, where that is more than the name with something behind it.
 */
const SPELLINGS: Readonly<Record<string, RegExp>> = {
  "llama1-7b": /^llama1?7b$/,
  "llama1-13b": /^llama1?13b$/,
  "llama1-33b": /^llama1?3[03]b$/,
  "llama1-65b": /^llama1?65b$/,
  "llama2-7b": /^(meta)?llama27b/,
  "llama2-13b": /^(meta)?llama213b/,
  "llama2-70b": /^(meta)?llama270b/,
  "llama3-8b": /^(meta)?llama31?8b/,
  "llama3-70b": /^(meta)?llama3[13]?70b/,
  "llama3-405b": /^(meta)?llama31?405b/,
  "mt-nlg-530b": /^(turing|mtnlg)530b/,
  "bloom-176b": /^bloom176b$/,
  "deepseek-v3": /^deepseekv?3/,
  "grok1-314b": /^grok1/,
  "nemotron4-15b": /^nemotron4?15b/,
  "nemotron4-340b": /^nemotron4?340b/,
};

const lettersOf = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The published model of that name in any common spelling; null if unknown. */
export function findPreset(name: string): ModelShape | null {
  const spelt = lettersOf(name);
  const isMeant = (known: string) => SPELLINGS[known]?.test(spelt) ?? spelt.startsWith(lettersOf(known));
  return PRESETS.find((each) => isMeant(each.name)) ?? null;
}

/** The published model of that name, or the mistake in words. */
export function preset(name: string): ModelShape {
  const found = findPreset(name);
  if (found) return found;
  const known = PRESETS.map((each) => each.name);
  const close = perhaps(name.trim().toLowerCase(), known);
  throw new UserError(
    `model "${name}"`,
    `one of ${known.join(", ")}; or the path of a config.json or of a campaign file`,
    close ?? "choose one, or give a file",
  );
}

import { expect, test } from "vitest";
import { isCalled } from "./column-names.ts";
import { headingOf } from "./heading.ts";

const QUANTITIES = ["n", "d", "c", "loss", "steps", "tokensPerStep", "state"] as const;

/** What a heading is taken for, and in which unit. */
function readingOf(name: string) {
  const heading = headingOf(name);
  return [QUANTITIES.filter((quantity) => isCalled(quantity, heading)).join(), heading.scale];
}

test.each([
  // Levanter, OLMo, Composer, Hugging Face, nanochat, W&B's panels and MLflow's tables.
  ["throughput/total_gflops", "c", 1e9],
  ["perf/tflops_total", "c", 1e12],
  ["train.total_flops", "c", 1],
  ["Total GFLOPs", "c", 1e9],
  ["run-7 - throughput/total_gflops", "c", 1e9],
  ["throughput/total_training_Gflops", "c", 1e9],
  ["totalTFLOPs", "c", 1e12],
  ["train/total_flos", "c", 1],
  ["Total petaflops", "c", 1e15],
  ["compute:training:PFLOP/s-days", "c", 8.64e19],
  ["Compute (PF-days)", "c", 8.64e19],
  ["Compute (E)", "c", 1e18],
  ["flops (10²¹)", "c", 1e21],
  ["train_flops_1e18", "c", 1e18],
  ["FLOPs (1e+18)", "c", 1e18],
  ["EFLOPs", "c", 1e18],
  ["throughput/total_tokens", "d", 1],
  ["data\\consumed_tokens", "d", 1],
  ["summary.train.tokens_b", "d", 1e9],
  ["Tokens (billions)", "d", 1e9],
  ["billions of tokens", "d", 1e9],
  ["Btokens", "d", 1e9],
  ["D [×10⁹ tokens]", "d", 1e9],
  ["tokens / 1e6", "d", 1e6],
  ["metrics.n_tokens", "d", 1],
  ["config/model/num_params (M)", "n", 1e6],
  ["params.n_params", "n", 1],
  ["Model Size (thousands)", "n", 1e3],
  ["mparams", "n", 1e6],
  ["params (non-embedding)", "n", 1],
  ["batch size (tokens)", "tokensPerStep", 1],
  ["val/loss", "loss", 1],
  ["eval/c4_en/CrossEntropyLoss", "loss", 1],
  ["my-fit - eval/loss", "loss", 1],
  ["metrics/eval/LanguageCrossEntropy", "loss", 1],
  ["train/global_step", "steps", 1],
  ["attributes.status", "state", 1],
  ["status", "state", 1],
  ["Run State", "state", 1],
])("%s is %s in units of %d", (name, quantity, scale) => {
  expect(readingOf(name)).toEqual([quantity, expect.closeTo(scale, 6)]);
});

// Speeds, parts, plans, logarithms, ends of a group: none of them what a law wants.
test.each([
  "tflops",
  "throughput/tflops",
  "perf/model_gflops",
  "training TFLOPs",
  "throughput/tokens",
  "throughput/device/tokens_per_second",
  "time/token",
  "total_tflops_per_gpu",
  "eval/tokens",
  "tokens (eval)",
  "embedding/params",
  "params (embedding)",
  "FLOPs (per token)",
  "log10_flops",
  "tokens (furlongs)",
  "total GFLOPs (1e6)",
  "run - val/loss__MIN",
  "val/loss__MAX",
  "loss (std)",
  "_step",
])("%s is not taken for anything", (name) => {
  expect(readingOf(name)[0]).toBe("");
});

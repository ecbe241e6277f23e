/** @file How trainers print a step: one row a trainer, by name, with what each of its numbers means. */

import { METRIC_COLUMNS } from "../../train/series-columns.ts";

/** The name of one of those numbers. */
export type MetricName = (typeof METRIC_COLUMNS)[number]["name"];

/** What one step said; a number that was not printed is missing. NaN and infinities are numbers here. */
export type MetricRow = { readonly step: number; readonly total?: number } & {
  readonly [name in Exclude<MetricName, "step">]?: number;
};

/** A trainer's way to print a step. */
export type LogLayout = {
  readonly name: string;
  /** As the trainer prints it, shortened. */
  readonly example: string;
  /** What every line of a step has: groups `step` and `total` where they are there. */
  readonly line: RegExp;
  /** The first group is the number, a second its unit. */
  readonly fields: Readonly<Partial<Record<MetricName, RegExp>>>;
  /** Further lines of the same step, where a step takes several. */
  readonly more?: RegExp;
};

/** A number as C and Python print them, thousands with commas included. */
const NUMBER = String.raw`([-+]?(?:\d[\d,]*\.?\d*(?:e[-+]?\d+)?|\.\d+|nan|inf(?:inity)?))`;

/** A field by what stands before its number and, where it has one, the unit after. */
const field = (before: string, unit = "") => new RegExp(`${before}${NUMBER}${unit}`, "i");

/**
 * As printed by: torchtitan `MetricsProcessor.log`, nanoGPT `train.py`, nanochat `base_train.py`, Megatron-LM
 * `training_log` (also Megatron-DeepSpeed), llm.c `train_gpt2.cu`, Hugging Face `ProgressCallback.on_log`
 * (from release 5 on with quoted numbers), OLMo and OLMo-core `log_metrics_to_console`.
 */
export const LAYOUTS: readonly LogLayout[] = [
  {
    name: "torchtitan",
    example: "step: 10  loss:  7.1021  grad_norm:  1.2  memory: 40.1GiB(50.6%)  tps: 7,134",
    // `validate step:` is the same for held-out text.
    line: /(?<!validate )\bstep: *(?<step>\d+)(?:\/(?<total>\d+) = [\d.]+%)? +loss: /,
    fields: {
      loss: field(" loss: *"),
      gradientNorm: field(" grad_norm: *"),
      tokensPerSecond: field(" (?:tps|wps): *"),
    },
  },
  {
    name: "nanogpt",
    example: "iter 100: loss 3.2041, time 120.51ms, mfu 30.15%",
    line: /\biter (?<step>\d+): loss /,
    fields: {
      loss: field(": loss "),
      stepSeconds: field(", time ", " ?(ms|s)"),
      learningRate: field(", lr "),
    },
  },
  {
    name: "nanochat",
    example: "step 00100/21400 (0.47%) | loss: 5.211 | lrm: 1.00 | dt: 490.1ms | tok/sec: 1,069,000",
    line: /\bstep (?<step>\d+)(?:\/(?<total>\d+))? \([\d.]+%\) \| loss: /,
    fields: {
      loss: field("\\| loss: "),
      gradientNorm: field("\\bgrad[_ ]norm: "),
      stepSeconds: field("\\| dt: ", "(ms|s)"),
      tokensPerSecond: field("\\| tok/sec: "),
    },
  },
  {
    name: "megatron",
    example:
      " iteration      100/  300000 | consumed samples: 3200 | elapsed time per iteration (ms): 3738.6 | ...",
    line: /\biteration +(?<step>\d+)\/ *(?<total>\d+) *\|.*\belapsed time per iteration \(m?s\):/,
    fields: {
      loss: field("\\| *lm[ _]loss: *"),
      gradientNorm: field("\\| *grad norm: *"),
      learningRate: field("\\blearning rate: *"),
      stepSeconds: /elapsed time per iteration \((?=m?s\): *([\d.]+))(ms|s)\)/,
      tokensPerSecond: field("\\btokens per second: *"),
    },
  },
  {
    name: "llm.c",
    example: "step    1/18865 | loss 10.9 (+nanz)| norm 15.3 (+nanz)| lr 8.57e-07 | 3056 ms | 171564 tok/s",
    line: /\bstep +(?<step>\d+)\/(?<total>\d+) *\| *loss [^|]*\| *norm /,
    fields: {
      loss: field("\\| *loss +"),
      gradientNorm: field("\\| *norm +"),
      learningRate: field("\\| *lr +"),
      stepSeconds: /\| *([\d.]+) (ms|s)\b/,
      tokensPerSecond: /\| *([\d.,]+) tok\/s/,
    },
  },
  {
    name: "huggingface",
    example: "{'loss': 2.1035, 'grad_norm': 1.32, 'learning_rate': 4.9e-05, 'epoch': 0.02}",
    line: /\{(?=[^{}]*'loss': )(?=[^{}]*'epoch': )(?:[^{}]*'global_step\/max_steps': '(?<step>\d+)\/(?<total>\d+)')?/,
    fields: {
      loss: field("'loss': '?"),
      gradientNorm: field("'grad_norm': '?"),
      learningRate: field("'learning_rate': '?"),
    },
  },
  {
    name: "olmo",
    example: "[step=10/100,epoch=0] and below it, a line each, train/CrossEntropyLoss=9.41 ...",
    line: /\[step=(?<step>\d+)(?:\/(?<total>\d+))?(?:,[^\]]*)?\]/,
    fields: {
      loss: field("\\btrain/(?:CrossEntropyLoss|CE loss)="),
      gradientNorm: field("\\boptim/total[_ ]grad[_ ]norm="),
      learningRate: field("\\boptim/(?:learning_rate_group0|LR \\(group 0\\))="),
      tokensPerSecond: field("\\bthroughput/device/(?:tokens_per_second|TPS)="),
    },
    more: /^(?:\[\w+\]:)?\s+[\w/() .-]+=\S/,
  },
];

/** Parts of a second. */
const UNITS: Readonly<Record<string, number>> = { ms: 1000, s: 1 };

/** The numbers of a step's text; without the step itself, which the caller has. */
export function numbersIn({ line, fields }: LogLayout, text: string): Omit<MetricRow, "step" | "total"> {
  const groups = line.exec(text)?.groups ?? {};
  const found = METRIC_COLUMNS.flatMap(({ name }) => {
    if (name === "step") return [];
    const [, number = groups[name], unit = "s"] = fields[name]?.exec(text) ?? [];
    return number === undefined ? [] : [[name, parsedNumber(number) / (UNITS[unit] ?? 1)] as const];
  });
  return Object.fromEntries(found);
}

/** "1,234.5", "nan", "-INF" and what JavaScript reads anyway. */
export function parsedNumber(text: string): number {
  const bare = text.replaceAll(",", "").toLowerCase();
  const [, sign, word] = /^([-+]?)(nan|inf)/.exec(bare) ?? [];
  if (word === undefined) return Number(bare);
  return word === "nan" ? Number.NaN : Number(`${sign}Infinity`);
}

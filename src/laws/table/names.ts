/** @file What people call the columns of a table of runs: headings against the names in use. */

import { DAY_SECONDS, MULTIPLIERS } from "../../units/kinds.ts";

/** What a column of a table can be. */
export const QUANTITIES = [
  "run",
  "n",
  "d",
  "c",
  "loss",
  "unique",
  "experts",
  "seed",
  "weight",
  "schedule",
  "evaluation",
  "corpus",
] as const;

/** What a column may hold. */
export type TableQuantity = (typeof QUANTITIES)[number];

/** Numbers that others follow from: C = steps x FLOPs a step, D = steps x tokens a step. */
export type Helper = "steps" | "flopsPerStep" | "tokensPerStep" | "tokensPerParameter" | "outlier";

/** A heading in small words, with the unit apart. */
export type Heading = { readonly words: readonly string[]; readonly phrase: string; readonly scale: number };

const FLOP_UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(pf|pflops?|petaflops?)( s)? days?$/, 1e15 * DAY_SECONDS],
  [/^(gflops?|gigaflops?)$/, 1e9],
  [/^(tflops?|teraflops?)$/, 1e12],
  [/^(pflops?|petaflops?)$/, 1e15],
  [/^(eflops?|exaflops?)$/, 1e18],
  [/^(zflops?|zettaflops?)$/, 1e21],
  [/^(yflops?|yottaflops?)$/, 1e24],
];

/** Words about a core word that do not change what is counted, as "per" or "batch" would. */
const COUNTING = "num n no number of in the count total model";
const BAGS = {
  n: {
    core: "params param parameters parameter nparams numparams",
    beside:
      `${COUNTING} all active activated dense sparse trainable matrix size backbone non without excl ` +
      "excluding nonemb embedding embeddings embed emb",
  },
  d: {
    core: "tokens token ntokens numtokens toks tok",
    beside:
      `${COUNTING} train training trained pre pretrain pretraining on seen consumed processed data dataset ` +
      "size",
  },
  c: {
    core: "flops flop compute isoflop isoflops",
    beside: `${COUNTING} train training pre pretrain pretraining budget used cost target spent`,
  },
} as const;
export const EXACT: Readonly<Record<Exclude<TableQuantity, "loss"> | Helper, RegExp>> = {
  n: /^(n|size|model size|size params|n non embedding)$/,
  d: /^(d|(training )?(dataset|data) size)$/,
  c: /^(c|budget)$/,
  run: /^(run|run ?id|run name|name|id|uid|hyper id|label|experiment id)$/,
  unique:
    /^(unique|((num|n|number of) )?unique (train(ing)? )?(tokens?|data)( count)?|(tokens|data) unique|u d)$/,
  experts: /^((num|n|number of|total) )?experts?( count)?$/,
  seed: /^((random|rng|data|init|training) )?seed( id)?$/,
  weight: /^((sample|fit|row) )?weight$/,
  schedule: /^((lr|learning rate) )?(schedule|scheduler|decay)( (type|name|kind))?$/,
  evaluation:
    /^((eval(uation)?|val(idation)?|test|held out)( (set|data(set)?|split|corpus|name))?|metric|benchmark)$/,
  corpus: /^(((pre ?)?train(ing)? )?(dataset|corpus|data|data mix|mixture|data set)( name)?)$/,
  steps: /^((num|n|number of|total|train|training|global) )*steps?$/,
  flopsPerStep: /^(train(ing)? )?flops? per step$/,
  tokensPerStep: /^((tokens per (step|batch))|(batch (size )?(in )?tokens)|(tokens? batch( size)?))$/,
  tokensPerParameter: /^(tokens? (per|to) (param|parameter|params)( ratio)?|d n|d over n|tpp)$/,
  outlier: /^(is )?(outlier|excluded?|drop(ped)?)$/,
};
const LOSS = /\b(loss|losses|nll|bpb|bits per byte|cross entropy|xent)\b/;
/** Words that make a number about the loss something else than the loss. */
const NOT_LOSS = new RegExp(
  "\\b(std|sd|se|stderr|err|error|var|variance|ci|lo|hi|low|high|lower|upper|z|aux|auxiliary" +
    "|balance|balancing|router|load|rank|weight|scale|coef|pred|predicted|prediction|fit" +
    "|fitted|residual|delta|diff|excess|step|function|type|name|smoothing|unit)\\b",
);

/** "Training FLOP (1e18)", "c4_val_loss", "numTokens_B" in words, and the unit as a factor. */
export function headingOf(name: string): Heading {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/non[\s_-]*emb(edding|ed)?s?\b/g, "non embedding");
  const bracket = /[([{]([^)\]}]*)[)\]}]/.exec(spaced)?.[1] ?? "";
  const tidy = (text: string) => text.replace(/[^a-z0-9.^]+/g, " ").trim();
  const words = tidy(spaced.replace(/[([{][^)\]}]*[)\]}]/g, " ")).split(" ");
  const unit = unitScale(tidy(bracket));
  const last = words.at(-1) ?? "";
  const sized = words.some((word) => /^(n|d|params?|parameters?|tokens?|size)$/.test(word));
  const trailing = words.length > 1 && sized && Object.hasOwn(MULTIPLIERS, last) ? MULTIPLIERS[last]! : null;
  const kept = trailing === null ? words : words.slice(0, -1);
  // A bare "TFLOPs" is what a log calls the speed; with "total" before it, or days or exa-, it is an amount.
  const amount = kept.join(" ").replace(/^(compute|training|train|total|c) /, "");
  const flops = FLOP_UNITS.find(([pattern]) => pattern.test(amount));
  if (flops && (kept.length > 1 || flops[1] >= 1e18))
    return { words: ["flops"], phrase: "flops", scale: flops[1] };
  return { words: kept, phrase: kept.join(" "), scale: trailing ?? unit };
}

function unitScale(unit: string): number {
  if (unit === "") return 1;
  const power = /^(?:x ?|in |1 )?(?:1e|10\^)(\d+)/.exec(unit);
  if (power) return 10 ** Number(power[1]);
  const flops = FLOP_UNITS.find(([pattern]) => pattern.test(unit));
  if (flops) return flops[1];
  const word = unit.split(" ").find((part) => Object.hasOwn(MULTIPLIERS, part));
  return word === undefined ? 1 : MULTIPLIERS[word]!;
}

/** Whether a heading is a name for the quantity. */
export function isCalled(quantity: TableQuantity | Helper, { words, phrase }: Heading): boolean {
  if (quantity === "loss") return LOSS.test(phrase) && !NOT_LOSS.test(phrase);
  if (EXACT[quantity].test(phrase)) return true;
  if (quantity !== "n" && quantity !== "d" && quantity !== "c") return false;
  const core = BAGS[quantity].core.split(" ");
  const beside = BAGS[quantity].beside.split(" ");
  // "embedding params" counts the embedding; "non embedding params" counts what is left.
  if (
    quantity === "n" &&
    /\bembed|\bemb\b/.test(phrase) &&
    !/\b(non|without|excl|excluding|no)\b/.test(phrase)
  )
    return false;
  return (
    words.some((word) => core.includes(word)) &&
    words.every((word) => core.includes(word) || beside.includes(word))
  );
}

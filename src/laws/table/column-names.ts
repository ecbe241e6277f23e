/** @file What people call the columns of a table of runs or of a curve: headings against the names in use. */

import type { Heading } from "./heading.ts";

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

export const CURVE_COLUMNS = ["step", "lr", "loss"] as const;

/** What a column of a curve may hold. */
export type CurveColumn = (typeof CURVE_COLUMNS)[number];

/** Numbers that others follow from (C = steps x FLOPs a step), and what says which runs count. */
export const HELPERS = [
  "steps",
  "flopsPerStep",
  "tokensPerStep",
  "tokensPerParameter",
  "outlier",
  "state",
] as const;

/** One of those. */
export type Helper = (typeof HELPERS)[number];

/** Words beside a core word that do not change what is counted, as "per" or "batch" would. */
const FILLERS = "num n no number of in the count counts total cumulative overall model";
const TRAINING_WORDS = "train training trained pre pretrain pretraining";
/** A phrase means the quantity where it holds a core word, and beside it none but these. */
const SIZE_WORDS = {
  n: {
    core: "params param parameters parameter nparams numparams",
    beside:
      `${FILLERS} all active activated dense sparse trainable matrix size backbone non without excl ` +
      "excluding nonemb embedding embeddings embed emb",
  },
  d: {
    core: "tokens token ntokens numtokens toks tok",
    beside: `${FILLERS} ${TRAINING_WORDS} d on seen consumed processed data dataset size`,
  },
  c: {
    core: "flops compute isoflop isoflops",
    beside: `${FILLERS} ${TRAINING_WORDS} c budget used cost target spent`,
  },
} as const;
const EXACT: Readonly<Record<Exclude<TableQuantity | CurveColumn, "loss"> | Helper, RegExp>> = {
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
  flopsPerStep: /^(train(ing)? )?flops per step$/,
  tokensPerStep: /^((tokens per (step|batch))|(batch (size )?(in )?tokens)|(tokens? batch( size)?))$/,
  tokensPerParameter: /^(tokens? (per|to) (param|parameter|params)( ratio)?|d n|d over n|tpp)$/,
  outlier: /^((is|has) )?(outlier|excluded?|drop(ped)?|crashed|failed|diverged)$/,
  state:
    /^((run|job|trial|task|training) )?(state|status)$|^(is )?(finished|completed?|done|succe(ss|eded))$/,
  step: /^((num|total|train|training|global|optimi[sz]er) )*(steps?|iterations?|iters?)$/,
  lr: /^(train(ing)? )?(lr|learning rate|rate|eta)( (group|pg) ?0| adam( w)?)?$/,
};
const LOSS = /\b(loss|losses|nll|bpb|bits per byte|cross entropy|xent)\b/;
/** Words that make a number about the loss something else than the loss. */
const NOT_LOSS = new RegExp(
  "\\b(std|sd|se|stderr|err|error|var|variance|ci|lo|hi|low|high|lower|upper|z|aux|auxiliary" +
    "|balance|balancing|router|load|rank|weight|scale|coef|pred|predicted|prediction|fit" +
    "|fitted|residual|delta|diff|excess|step|function|type|name|smoothing|unit)\\b",
);

/** W&B puts these beside every column of a panel: the ends of a group of runs, not a loss of their own. */
const ENDS_OF_GROUP = /__(min|max)$/i;

/** W&B's own count: of calls to its log, not of the optimiser's steps. */
export const LOG_CALLS = "_step";

/**
 * Folders of a path that say where a number was logged, and nothing of what it counts. Some are fillers too:
 * "model" is one word of "model params" and the folder of "model/params".
 */
const LOG_FOLDERS = new Set(
  (
    "config summary metric metrics stats data run runs param params hparam hparams args global log logs " +
    "history progress trainer state usage info final result results system tags mlflow sys meta attributes model " +
    `throughput perf performance speed time optim optimizer optimiser ${TRAINING_WORDS}`
  ).split(" "),
);
/** Where speeds are logged, and of TFLOPs, a number is an amount only if it says so. */
const SPEEDS = /\b(throughput|perf|performance|speed|time)\b/;
const AMOUNT = /\b(total|cumulative|overall|seen|consumed|processed|used|spent|budget|compute|days)\b/;

/** Whether a column of that name holds the quantity: as a whole, or what its path ends in. */
export function isCalled(
  quantity: TableQuantity | CurveColumn | Helper,
  { name, path, phrase, scale, maybeSpeed }: Heading,
): boolean {
  if (quantity === "loss") return LOSS.test(phrase) && !NOT_LOSS.test(phrase) && !ENDS_OF_GROUP.test(name);
  if (Number.isNaN(scale) || name === LOG_CALLS) return false;
  return path.some((_, from) => {
    const folders = path.slice(0, from).flat();
    const leaf = path.slice(from).flat().join(" ");
    if (!folders.every((word) => LOG_FOLDERS.has(word))) return false;
    const needsAmount = quantity in SIZE_WORDS && (SPEEDS.test(folders.join(" ")) || maybeSpeed);
    return (!needsAmount || AMOUNT.test(leaf)) && means(quantity, leaf);
  });
}

function means(quantity: keyof typeof EXACT, phrase: string): boolean {
  if (EXACT[quantity].test(phrase)) return true;
  if (quantity !== "n" && quantity !== "d" && quantity !== "c") return false;
  // "embedding params" counts the embedding; "non embedding params" counts what is left.
  if (quantity === "n" && /\bemb/.test(phrase) && !/\b(non|without|excl|excluding|no)\b/.test(phrase))
    return false;
  const [core, beside] = [SIZE_WORDS[quantity].core.split(" "), SIZE_WORDS[quantity].beside.split(" ")];
  const words = phrase.split(" ");
  return (
    words.some((word) => core.includes(word)) &&
    words.every((word) => core.includes(word) || beside.includes(word))
  );
}

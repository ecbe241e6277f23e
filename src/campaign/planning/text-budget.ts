/** @file Is there text enough for the target? If not: the largest budget that this text can feed, or none. */

import { UserError } from "../../errors.ts";
import { formatBytes, formatCount, formatFlops } from "../../units/print.ts";
import { parseBudget } from "../budget.ts";
import type { Campaign } from "../spec.ts";
import { isLongEnough, largestPlan, type Plan, planFor, smallestPlan } from "./plan.ts";

/** No token stands for less than a byte: what a target could read at the very most. */
const LEAST_BYTES_PER_TOKEN = 1;

/**
 * Bytes a token where nothing is known of a text but its size, and a quarter more, so that what is said to
 * fit does. Measured on a book: 1.45 at a vocabulary of 300, 2.2 at 512, 2.9 at 1024, 3.6 at 2048.
 */
function usualBytesPerToken(vocabularySize: number): number {
  const octaves = Math.log2(vocabularySize / 512);
  return 1.25 * Math.max(1, 2.2 + (octaves < 0 ? 1.2 : 0.7) * octaves);
}

/**
 * Refuses a target that no tokenizer could feed from files of these sizes, in the campaign's order. What it
 * lets pass is counted when the corpus is prepared.
 */
export function refuseTooSmallFiles(campaign: Campaign, plan: Plan, bytes: readonly number[]): void {
  const { corpus, gate } = campaign;
  const weights = corpus.sources.map(({ weight }) => weight);
  // The source with the largest weight is read most often; all of them together are this much of it.
  const mixed = bytes.reduce((sum, size, i) => sum + size * weights[i]!, 0) / Math.max(...weights);
  const readable = gate.maxEpochs * (1 - corpus.holdOut.fraction) * mixed;
  const most = readable / LEAST_BYTES_PER_TOKEN;
  if (plan.target.tokens <= most) return;
  const total = bytes.reduce((sum, size) => sum + size, 0);
  throw tooLittleText(
    campaign,
    plan,
    `${formatBytes(total)} of files hold no more than ${formatCount(most)} in ${gate.maxEpochs} epochs`,
    {
      mostTokens: (vocabularySize) => readable / usualBytesPerToken(vocabularySize),
      bytesFor: (tokens, vocabularySize) => (total * tokens * usualBytesPerToken(vocabularySize)) / readable,
      fits: "surely fits, by the sizes of the files",
    },
  );
}

/** What is known of a text. */
export type TextSupply = {
  /** Tokens that a target may read of it, by the size of the vocabulary. */
  readonly mostTokens: (vocabularySize: number) => number;
  /** Size of the files that would do for so many. */
  readonly bytesFor: (tokens: number, vocabularySize: number) => number;
  /** "fits", or how surely. */
  readonly fits: string;
};

/** The refusal of a plan whose target needs more tokens than there are. */
export function tooLittleText(campaign: Campaign, plan: Plan, found: string, supply: TextSupply): UserError {
  const budget = largestBudget(campaign, plan, supply.mostTokens);
  const smallest = smallestPlan(campaign, LEAST_TARGET, plan.target.flops) ?? plan;
  const needed = (of: Plan) => formatBytes(supply.bytesFor(of.target.tokens, of.vocabularySize));
  const { maxEpochs } = campaign.gate;
  return new UserError(
    `too little text for ${plan.target.tokens} tokens: ${found}`,
    `at most ${maxEpochs} epochs of every source (gate.maxEpochs): about ${needed(plan)} of text for this budget`,
    budget === null
      ? `no budget is small enough: the smallest campaign needs at least ${needed(smallest)} of text; add text, or raise gate.maxEpochs`
      : `--budget ${budget} is the largest that ${supply.fits}; or add text, lower a weight, or raise gate.maxEpochs to see what so much repetition does`,
  );
}

const LEAST_TARGET = 1e8;
/** A step of the search, and how far below its end a round number is looked for. */
const FINE = 1.03;

/** In round numbers; null where not even the smallest campaign fits. */
function largestBudget(
  campaign: Campaign,
  { target }: Plan,
  mostTokens: TextSupply["mostTokens"],
): string | null {
  const fits = (plan: Plan) => plan.target.tokens <= mostTokens(plan.vocabularySize);
  const smallest = smallestPlan(campaign, LEAST_TARGET, target.flops);
  if (!smallest || !fits(smallest)) return null;
  let [low, high, largest] = [smallest.target.flops, target.flops, smallest];
  while (high / low > FINE) {
    const middle = Math.sqrt(low * high);
    const plan = planFor(campaign, middle);
    if (fits(plan)) [low, largest] = [middle, plan];
    else high = middle;
  }
  for (let flops = largest.totalFlops; flops > smallest.totalFlops / FINE; flops /= FINE) {
    const text = formatFlops(flops, 2).replace(" ", "");
    const budget = parseBudget(text);
    const plan = budget.kind === "flops" ? largestPlan(campaign, budget.flops) : null;
    if (plan !== null && isLongEnough(plan) && fits(plan)) return text;
  }
  return null;
}

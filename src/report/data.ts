/** @file Everything the report says, as plain data: the campaign folds its record into this and nothing else is read. */

import type { FeatureReport } from "../laws/decide/feature/feature.ts";
import type { Interval } from "../math/interval.ts";
import type { VerdictRow } from "../record/score.ts";

/**
 * The account of one campaign, finished or not. What a campaign has not reached is `null` or empty, and the report says so
 * instead of leaving it out.
 */
export type ReportData = {
  readonly campaign: CampaignFacts;
  readonly bet: Bet;
  readonly data: DataFacts | null;
  readonly ladder: readonly RungRow[];
  readonly features: readonly FeatureFacts[];
  readonly forecast: ForecastFacts | null;
  readonly lock: Lock | null;
  readonly gates: readonly GateFact[];
  readonly issues: readonly OpenIssue[];
  readonly target: TargetFacts | null;
  readonly verdict: readonly ScoredRow[];
  readonly operations: readonly OperationTime[];
  readonly incidents: readonly IncidentFact[];
  readonly sample: TextSample | null;
  readonly environment: EnvironmentFacts;
  readonly record: RecordFacts;
};

/** Which campaign this is, and how it stands. */
export type CampaignFacts = {
  readonly name: string;
  /** The folder that holds the record, as the user would type it. */
  readonly folder: string;
  readonly status: CampaignStatus;
  /** ISO times. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Work, not waiting: the seconds of all attempts, added up. */
  readonly seconds: number;
  /** Of the largest process of any run. */
  readonly peakBytes: number | null;
};

/** Where the campaign stands. A held or stopped one carries the sentence that the gate gave. */
export type CampaignStatus =
  | { readonly kind: "finished" }
  | { readonly kind: "running"; readonly stage: string }
  | { readonly kind: "held"; readonly reason: string }
  | { readonly kind: "stopped"; readonly reason: string };

/** What was to be trained, what it was to cost and on which machine. */
export type Bet = {
  /** N: parameters in matrix products, the head included, the input embedding not. */
  readonly parameters: number;
  readonly allParameters: number;
  /** D. */
  readonly tokens: number;
  /** C: forward and backward, counted from the table of operations. */
  readonly flops: number;
  readonly steps: number;
  readonly tokensPerStep: number;
  readonly shape: readonly NamedValue[];
  readonly budget: BudgetFacts;
  /** Training alone, as C of the target. */
  readonly ladderFlops: number;
  /** The whole plan: ladder, target and their evaluations. */
  readonly totalFlops: number;
  /** Seconds for the whole campaign, foretold from the calibration. */
  readonly expectedSeconds: number | null;
  readonly machine: MachineFacts;
};

/** What the campaign may spend. */
export type BudgetFacts =
  | { readonly kind: "flops"; readonly flops: number }
  | { readonly kind: "seconds"; readonly seconds: number };

/** One line of a two-column table, already worded. */
export type NamedValue = {
  readonly name: string;
  readonly value: string;
};

/** The machine that trained. */
export type MachineFacts = {
  readonly processor: string;
  readonly threads: number;
  readonly instructionSet: string;
  /** What one thread sustains on this work, from the calibration. */
  readonly flopsPerSecondPerThread: number | null;
  readonly memoryBytes: number;
};

/** One run of the ladder. */
export type RungRow = {
  readonly run: string;
  readonly seed: number;
  readonly parameters: number;
  readonly tokens: number;
  readonly flops: number;
  readonly seconds: number;
  readonly natsPerToken: number;
  readonly bitsPerByte: number;
  readonly perSource: readonly SourceLoss[];
};

/** The held-out loss on one source. */
export type SourceLoss = {
  readonly source: string;
  readonly bitsPerByte: number;
};

/** A change of the recipe that was on trial. */
export type FeatureFacts = {
  readonly name: string;
  /** What is with it against without, in words. */
  readonly change: string;
  /** Whether ladder and target have it. */
  readonly adopted: boolean;
  /** Smallest first. */
  readonly rungs: readonly FeatureRung[];
  readonly report: FeatureReport;
  /** The effect on the largest rung in percent, predicted from those below before it ran, and measured; null where it was not predicted. */
  readonly onLargestRung: (Interval & { readonly measured: number }) | null;
  /** Time of a step with against without it, on the pairs of the largest rung: their median, smallest and largest. */
  readonly stepTimeRatio: Interval;
  /** The effect in percent along the ladder and on to the target. */
  readonly line: readonly LawPoint[];
};

/** Mean held-out bits per byte of a rung's runs. */
export type FeatureRung = {
  /** Of a run without the change. */
  readonly flops: number;
  readonly without: number;
  readonly with: number;
};

/** The locked forecast of the target's loss: one mixture of laws, and what it rests on. */
export type ForecastFacts = {
  readonly predicted: Interval;
  /** Target compute divided by the largest rung's. */
  readonly reach: number;
  /** How many times wider the back-test made every interval; 1 where it asked for nothing. */
  readonly widening: number;
  /** The weightiest first. */
  readonly laws: readonly LawFacts[];
  readonly backtests: readonly Backtest[];
  /** Median and 90 % band against compute, in order of compute. */
  readonly line: readonly LawPoint[];
  /** What it says of a larger target, for the next bet. */
  readonly beyond: { readonly flops: number; readonly predicted: Interval } | null;
};

/** One law of the mixture, in bits per byte unless its parameters say otherwise. */
export type LawFacts = {
  readonly name: string;
  /** As the mixture holds it: L(C) = E + a C^-b. */
  readonly formula: string;
  /** Its share of the mixture, 0 to 1. */
  readonly weight: number;
  /** What this law by itself says of the target. */
  readonly target: Interval;
  /** The formula fitted freely, for orientation: the forecast does not use it. */
  readonly free: { readonly formula: string; readonly parameters: readonly LawParameter[] };
};

/** One parameter of a law. */
export type LawParameter = {
  readonly name: string;
  readonly unit: string;
  readonly estimate: Interval;
};

/** A law's forecast at some compute. */
export type LawPoint = Interval & {
  readonly flops: number;
};

/** One run of a fold: the largest rungs left out, the rest fitted, the left-out runs foretold. */
export type Backtest = {
  readonly run: string;
  /** Rungs of different compute; each may have several runs. */
  readonly rungsFitted: number;
  readonly reach: number;
  readonly predicted: Interval;
  readonly measured: number;
};

/** The moment after which the predictions could no longer be touched. */
export type Lock = {
  readonly sequence: number;
  readonly headHash: string;
  readonly at: string;
};

/** One decision of the gate. */
export type GateFact = {
  readonly gate: string;
  readonly decision: "go" | "hold" | "stop";
  readonly reason: string;
  /** How a hold was lifted: by whom nobody asks, why is recorded. */
  readonly accepted: Acceptance | null;
};

/** Why a hold was lifted, and when. */
export type Acceptance = {
  readonly because: string;
  readonly at: string;
};

/** Something unresolved that the campaign file named before the bet. */
export type OpenIssue = {
  readonly id: string;
  readonly title: string;
  /** 0 to 1. */
  readonly chance: number;
  readonly cost: string;
  readonly fixDue: string | null;
  readonly accepted: Acceptance | null;
};

/** The target's run against its band. */
export type TargetFacts = {
  readonly run: string;
  /** Tokens after which the warm-up is over and the band applies. */
  readonly warmupTokens: number;
  readonly points: readonly CurvePoint[];
  /** Points after the warm-up, and those of them inside the band. */
  readonly scored: number;
  readonly inside: number;
  readonly band: readonly BandPoint[];
  readonly reforecasts: readonly Reforecast[];
  readonly bitsPerByte: number | null;
  readonly perSource: readonly SourceLoss[];
  /** Standard deviation of the final loss from one seed to another, in bits per byte, from the repeated rungs. */
  readonly seedDeviation: number | null;
};

/** The mean training loss of a stretch of the run; whether it lies in the band, null during the warm-up. */
export type CurvePoint = {
  readonly tokens: number;
  readonly bitsPerByte: number;
  readonly inside: boolean | null;
};

/** The band after so many tokens. */
export type BandPoint = Interval & {
  readonly tokens: number;
};

/** What was expected of the final loss once `tokens` had been seen. */
export type Reforecast = Interval & {
  readonly tokens: number;
};

/** One prediction of the record, scored, with what it is about and why it missed. */
export type ScoredRow = VerdictRow & {
  readonly about: "loss" | "wall-time" | "step-time" | "memory" | "other";
  /** Named parts of the gap, in percent of the predicted median; they add up to `gapPercent`. Empty where not measured. */
  readonly causes: readonly Cause[];
};

/** A part of a gap, in percent of the predicted median. */
export type Cause = {
  readonly name: string;
  readonly percent: number;
};

/** Seconds of the target run, by operation of the table. */
export type OperationTime = {
  readonly operation: string;
  readonly predictedSeconds: number;
  readonly measuredSeconds: number;
};

/** The text: where it came from, and what became of it. */
export type DataFacts = {
  readonly sources: readonly SourceFacts[];
  readonly tokenizer: TokenizerFacts;
  /** Tokens in the training split, each counted once. */
  readonly uniqueTokens: number;
  /** How the held-out passages were chosen. */
  readonly splitRule: string;
};

/** One source of text. */
export type SourceFacts = {
  readonly source: string;
  readonly licence: string;
  readonly documents: number;
  readonly bytesRead: number;
  readonly bytesTrained: number;
  readonly bytesHeldOut: number;
  readonly dropped: readonly Dropped[];
  readonly trainTokens: number;
  readonly heldOutTokens: number;
  readonly weight: number;
};

/** What was left out and why. `items` counts documents or passages. */
export type Dropped = {
  readonly reason: string;
  readonly items: number;
  readonly bytes: number;
};

/** The tokenizer, and why it has its size. */
export type TokenizerFacts = {
  readonly vocabulary: number;
  /** Over the held-out text. */
  readonly bytesPerToken: number;
  readonly reason: string;
  readonly hash: string;
};

/** Something that went wrong, or an attempt that ended before its run did. */
export type IncidentFact = {
  readonly at: string;
  readonly run: string;
  readonly kind: string;
  readonly evidence: string;
  readonly lostSeconds: number;
  readonly recovery: string;
};

/** Text that the trained model wrote. */
export type TextSample = {
  readonly prompt: string;
  readonly text: string;
  readonly temperature: number;
  readonly seed: number;
};

/** What has to be the same to repeat it. */
export type EnvironmentFacts = {
  readonly commit: string | null;
  readonly seed: number;
  readonly command: string;
  readonly entries: readonly NamedValue[];
};

/** The record, for those who check it. */
export type RecordFacts = {
  readonly events: number;
  readonly headHash: string;
  readonly path: string;
};

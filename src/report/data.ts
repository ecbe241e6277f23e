/** @file All that the report says, as plain data, folded from the record; nothing else is read. */

import type { Manifest } from "../corpus/manifest.ts";
import type { CurveFigureInterval, CurveFigurePoint } from "../figures/curve-figure.ts";
import type { LawFigurePoint } from "../figures/law-figure.ts";
import type { TimeRow } from "../figures/time-figure.ts";
import type { FeatureReport } from "../laws/decide/feature/feature.ts";
import type { Interval } from "../math/interval.ts";
import type { DamagedFile } from "../record/custody.ts";
import type { EventOf } from "../record/events.ts";
import type { VerdictRow } from "../record/score.ts";
import type { PlannedRun } from "../train/planned-run.ts";
import type { RunSummary } from "../train/summary.ts";

/**
 * The account of one campaign, finished or not. What a campaign has not reached is `null` or empty, and the
 * report says so instead of leaving it out.
 */
export type ReportData = {
  readonly campaign: CampaignFacts;
  readonly bet: Bet;
  /** What the text was and what became of it. */
  readonly manifest: Manifest | null;
  readonly ladder: readonly RungRun[];
  readonly features: readonly FeatureFacts[];
  readonly forecast: ForecastFacts | null;
  readonly lock: Lock | null;
  readonly gates: readonly GateFact[];
  readonly issues: readonly OpenIssue[];
  readonly target: TargetFacts | null;
  readonly verdict: readonly ScoredRow[];
  /** Seconds of the target run, by operation of the table. */
  readonly operations: readonly TimeRow[];
  /** Files that are no longer what the record says. */
  readonly damaged: readonly DamagedFile[];
  readonly incidents: readonly IncidentFact[];
  readonly sample: TextSample | null;
  /** Of the last launch. */
  readonly environment: Environment | null;
  readonly record: RecordFacts;
};

/** The software and the machine. */
export type Environment = EventOf<"environment">["data"];

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
  /** Ctrl-C, or its process is gone; the same command goes on. */
  | { readonly kind: "interrupted"; readonly reason: string }
  | { readonly kind: "held"; readonly reason: string }
  | { readonly kind: "stopped"; readonly reason: string };

/** What was to be trained, what it was to cost and on which machine. */
export type Bet = {
  readonly target: PlannedRun;
  readonly vocabularyReason: string;
  /** How the held-out passages were chosen. */
  readonly splitRule: string;
  readonly seed: number;
  readonly budget: BudgetFacts;
  /** Training alone, as C of the target. */
  readonly ladderFlops: number;
  /** The whole plan: ladder, target and their evaluations. */
  readonly totalFlops: number;
  /** Of the whole campaign, from the calibration. */
  readonly expectedSeconds: number;
  /** A step of the target, its instructions timed alone. */
  readonly stepSeconds: number;
  readonly command: string;
  /** Where the plan was made and timed. */
  readonly machine: Environment;
};

/** What the campaign may spend. */
export type BudgetFacts =
  | { readonly kind: "flops"; readonly flops: number }
  | { readonly kind: "seconds"; readonly seconds: number };

/** One run of the ladder. */
export type RungRun = {
  readonly name: string;
  readonly seed: number;
  readonly summary: RunSummary;
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
  /** The effect on the largest rung in percent, predicted from those below, and measured; or null. */
  readonly onLargestRung: (Interval & { readonly measured: number }) | null;
  /** A step's time with against without it, on the largest rung's pairs: median, smallest, largest. */
  readonly stepTimeRatio: Interval;
  /** The effect in percent along the ladder and on to the target. */
  readonly line: readonly LawFigurePoint[];
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
  readonly line: readonly LawFigurePoint[];
  /** What it says of a larger target, for the next bet. */
  readonly beyond: LawFigurePoint | null;
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
  /** The formula fitted freely and its parameters, for orientation: the forecast does not use them. */
  readonly freeFormula: string;
  readonly parameters: readonly FittedLawParameter[];
};

/** One parameter of a law: its best fit and 90 % interval. */
export type FittedLawParameter = Interval & { readonly name: string; readonly unit: string };

/** One run of a fold: the largest rungs left out, the rest fitted, the left-out runs predicted. */
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
  /** How a hold was lifted: by whom is not asked, why is recorded. */
  readonly accepted: AcceptedHold | null;
};

/** Why a hold was lifted, and when. */
export type AcceptedHold = {
  readonly because: string;
  readonly at: string;
};

/** Something unresolved that the campaign file named before the bet. */
export type OpenIssue = {
  readonly id: string;
  readonly what: string;
  /** 0 to 1. */
  readonly chance: number;
  readonly costDays: number;
  /** Left out: none is in sight. */
  readonly fixDueDays?: number | undefined;
  readonly accepted: AcceptedHold | null;
};

/** The target's run against its band. */
export type TargetFacts = {
  readonly run: string;
  /** Null until it is trained. */
  readonly summary: RunSummary | null;
  /** Tokens after which the warm-up is over and the band applies. */
  readonly warmupTokens: number;
  /** The mean training loss of each stretch of the run. */
  readonly points: readonly CurveFigurePoint[];
  /** Points after the warm-up, and those of them inside the band. */
  readonly scored: number;
  readonly inside: number;
  readonly band: readonly CurveFigureInterval[];
  /** What was expected of the final loss once so many tokens had been seen. */
  readonly reforecasts: readonly CurveFigureInterval[];
  /** Standard deviation of the final loss between seeds in bits per byte, from the repeated rungs. */
  readonly seedDeviation: number | null;
};

/** One prediction of the record, scored, with what it is about and why it missed. */
export type ScoredRow = VerdictRow & {
  /** What the report's own sentences call it, where they name it. */
  readonly about: "loss" | "wall-time" | "step-time" | "memory" | "other";
  /** Parts of the gap in percent of the median, adding up to `gapPercent`; empty where not measured. */
  readonly causes: readonly Cause[];
};

/** A part of a gap, in percent of the predicted median. */
export type Cause = {
  readonly name: string;
  readonly percent: number;
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

/** The record, for those who check it. */
export type RecordFacts = {
  readonly events: number;
  readonly headHash: string;
  readonly path: string;
};

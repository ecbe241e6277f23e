/** @file What to do next: each rule looks at the facts and, where it applies, names a move and the number behind it. Pure. */

import { scoreBand } from "../figures/curve-figure.ts";
import {
  fixed,
  formatCount,
  formatFlops,
  formatInterval,
  formatPercent,
  formatSeconds,
  formatSignedPercent,
  scaleFor,
  significant,
} from "../figures/numbers.ts";
import { completeCauses, firstAndLater } from "./causes.ts";
import type { LawFacts, ReportData, ScoredRow } from "./data.ts";

export interface Move {
  readonly move: string;
  /** A sentence with the number that calls for it. */
  readonly because: string;
}

type Rule = (data: ReportData) => readonly Move[];

/** 90 % of a normal distribution lies within this many deviations of its mean. */
const NORMAL_90 = 1.645;
/** Widest interval of the loss, in percent of its median, that still decides anything. */
const WIDE_PERCENT = 5;
/** Past this reach the back-test says little about the target. */
const LONG_REACH = 16;
/** Beyond about four passes each repeat is worth clearly less than fresh text (Muennighoff and others, 2023). */
const MANY_PASSES = 4;
const LOST_SHARE = 0.02;
const BAND_SHARE = 0.8;
const LEAST_BACKTEST_SHARE = 0.75;

/** All moves that the facts call for, what blocks the campaign first. */
export function nextMoves(data: ReportData): readonly Move[] {
  return RULES.flatMap((rule) => rule(data));
}

/** The law that the prediction of the loss was made from. */
export function forecastLaw(data: ReportData): LawFacts | undefined {
  return data.laws.find((law) => law.role === "forecast");
}

const unfinished: Rule = ({ campaign, environment }) => {
  switch (campaign.status.kind) {
    case "finished":
      return [];
    case "running":
      return [
        {
          move: `Give the same command again (\`${environment.command}\`): it goes on where it stopped.`,
          because: `The campaign is in its stage "${campaign.status.stage}".`,
        },
      ];
    case "held":
      return [
        {
          move: "Mend what holds the campaign, or accept it: `longrun launch FILE --accept ID --because TEXT`. Both are recorded.",
          because: campaign.status.reason,
        },
      ];
    case "stopped":
      return [
        {
          move: "Change the plan: this bet is not worth placing as it stands.",
          because: campaign.status.reason,
        },
      ];
  }
};

const lossMissed: Rule = (data) => {
  const row = firstOf(data, "loss");
  if (row === undefined || row.inside !== false) return [];
  const isWorse = row.measured! > row.predicted.hi;
  const cause = largestCause(row);
  return [
    {
      move: isWorse
        ? `Find out what made the target worse than its law before spending more; begin with ${cause.name}.`
        : `Refit with the target as a rung: the law was too gloomy. Begin with ${cause.name}.`,
      because: `The loss lies ${formatSignedPercent(row.gapPercent!)} from the forecast, outside its interval; ${cause.name} accounts for ${formatSignedPercent(cause.percent)}.`,
    },
  ];
};

const intervalWide: Rule = (data) => {
  const row = firstOf(data, "loss");
  if (row === undefined) return [];
  const widthPercent = (100 * (row.predicted.hi - row.predicted.lo)) / row.predicted.median;
  if (widthPercent <= WIDE_PERCENT) return [];
  return [
    {
      move: "Narrow the forecast: add a rung between the largest one and the target, or repeat the largest.",
      because: `The interval of the loss is ${formatPercent(widthPercent)} wide; above ${WIDE_PERCENT} % it hardly separates one design from another.`,
    },
  ];
};

const noiseDominates: Rule = (data) => {
  const row = firstOf(data, "loss");
  const deviation = data.target?.seedDeviation ?? null;
  if (row === undefined || deviation === null) return [];
  const share = (2 * NORMAL_90 * deviation) / (row.predicted.hi - row.predicted.lo);
  if (!(share >= 0.5)) return [];
  return [
    {
      move: "Repeat the small rungs with more seeds: four times as many halve what noise adds to the law.",
      because: `Seed noise (standard deviation ${significant(deviation, 2)} bits per byte) by itself spans ${formatPercent(100 * share, 0)} of the interval's width.`,
    },
  ];
};

const gapIsNoise: Rule = (data) => {
  const row = firstOf(data, "loss");
  const deviation = data.target?.seedDeviation ?? null;
  if (row === undefined || row.measured === null || deviation === null || deviation === 0) return [];
  const deviations = Math.abs(row.measured - row.predicted.median) / deviation;
  if (deviations > 2) return [];
  return [
    {
      move: "Read nothing into the gap of the loss: another seed could turn it round.",
      because: `It is ${fixed(deviations, 1)} standard deviations of seed noise.`,
    },
  ];
};

const backtestMissed: Rule = (data) => {
  const law = forecastLaw(data);
  if (law === undefined || law.backtests.length < 2) return [];
  const inside = law.backtests.filter(
    ({ predicted, measured }) => measured >= predicted.lo && measured <= predicted.hi,
  );
  if (inside.length >= LEAST_BACKTEST_SHARE * law.backtests.length) return [];
  return [
    {
      move: "Trust this law's interval less than it claims; look for a change of recipe between the rungs.",
      because: `In the back-test only ${inside.length} of ${law.backtests.length} left-out runs fell inside.`,
    },
  ];
};

const reachLong: Rule = (data) => {
  const law = forecastLaw(data);
  if (law === undefined || law.reach <= LONG_REACH) return [];
  return [
    {
      move: `Add a rung of ${formatFlops(data.bet.flops / 8, 2)}: it brings the reach down to 8.`,
      because: `The forecast is stretched ${significant(law.reach, 2)} times beyond the largest rung.`,
    },
  ];
};

const dataBinds: Rule = ({ data, bet }) => {
  if (data === null || data.uniqueTokens === 0) return [];
  const passes = bet.tokens / data.uniqueTokens;
  if (passes <= 1) return [];
  const sentence = `The target reads ${formatCount(bet.tokens)} tokens out of ${formatCount(data.uniqueTokens)}: ${significant(passes, 2)} passes.`;
  return [
    passes > MANY_PASSES
      ? { move: "Get more text before a larger bet: it would now buy little.", because: sentence }
      : {
          move: "Add text before the next, larger bet: this one already repeats its corpus.",
          because: sentence,
        },
  ];
};

const timeMissed: Rule = (data) => {
  const row =
    firstOf(data, "step-time")?.inside === false ? firstOf(data, "step-time") : firstOf(data, "wall-time");
  if (row === undefined || row.inside !== false) return [];
  const worst = [...data.operations].sort((a, b) => Math.abs(gapSeconds(b)) - Math.abs(gapSeconds(a)))[0];
  const culprit =
    worst === undefined
      ? ""
      : ` "${worst.operation}" differs most: ${formatSeconds(worst.measuredSeconds)} against ${formatSeconds(worst.predictedSeconds)}.`;
  return [
    {
      move:
        worst === undefined
          ? "Measure the time by operation, and mend the cost model where it is off."
          : `Mend the cost of "${worst.operation}" in the calibration, or its kernel, and predict again.`,
      because: `The ${row.quantity} is ${formatSignedPercent(row.gapPercent!)} from its forecast.${culprit}`,
    },
  ];
};

const memoryMissed: Rule = (data) => {
  const row = firstOf(data, "memory");
  if (row === undefined || row.inside !== false) return [];
  return [
    {
      move: `Correct the memory model for ${largestCause(row).name} before a target that has to fit tightly.`,
      because: `Peak memory is ${formatSignedPercent(row.gapPercent!)} from its forecast.`,
    },
  ];
};

const curveStrayed: Rule = ({ target }) => {
  if (target === null) return [];
  const { inside, scored } = scoreBand(target.points, target.band, target.warmupTokens);
  if (scored === 0 || inside >= BAND_SHARE * scored) return [];
  return [
    {
      move: "Refit the shape of the loss curve: its band cannot yet be used to stop a run early.",
      because: `Only ${inside} of ${scored} points after warm-up (${formatPercent((100 * inside) / scored, 0)}) lie inside the band.`,
    },
  ];
};

const timeLost: Rule = ({ incidents, campaign }) => {
  const lost = incidents.reduce((sum, incident) => sum + incident.lostSeconds, 0);
  if (campaign.seconds === 0 || lost <= LOST_SHARE * campaign.seconds) return [];
  return [
    {
      move: "Write checkpoints more often, or find what kills the runs.",
      because: `Incidents: ${incidents.length}, at a cost of ${formatSeconds(lost)}, ${formatPercent((100 * lost) / campaign.seconds)} of all work.`,
    },
  ];
};

const issuesOpen: Rule = ({ issues }) =>
  issues.map((issue) => ({
    move: `Close "${issue.title}" (${issue.id})${issue.fixDue === null ? "" : `, due ${issue.fixDue}`}.`,
    because: `It had a ${formatPercent(100 * issue.chance, 0)} chance to bite, at a cost of ${issue.cost}.`,
  }));

const betAgain: Rule = (data) => {
  const law = forecastLaw(data);
  const row = firstOf(data, "loss");
  if (law === undefined || law.beyond === null || row?.inside !== true) return [];
  const { flops, predicted } = law.beyond;
  return [
    {
      move: `Bet again, larger: at ${formatFlops(flops, 2)} the law says ${formatInterval(predicted, scaleFor("bits per byte", predicted.median))} bits per byte.`,
      because: `This forecast held: ${formatSignedPercent(row.gapPercent!)} at ${significant(law.reach, 2)} times the largest rung.`,
    },
  ];
};

const RULES: readonly Rule[] = [
  unfinished,
  lossMissed,
  intervalWide,
  noiseDominates,
  gapIsNoise,
  backtestMissed,
  reachLong,
  dataBinds,
  timeMissed,
  memoryMissed,
  curveStrayed,
  timeLost,
  issuesOpen,
  betAgain,
];

function firstOf(data: ReportData, about: ScoredRow["about"]): ScoredRow | undefined {
  return firstAndLater(data.verdict).first.find((row) => row.about === about);
}

function largestCause(row: ScoredRow) {
  return completeCauses(row).reduce((a, b) => (Math.abs(b.percent) > Math.abs(a.percent) ? b : a));
}

function gapSeconds(operation: {
  readonly predictedSeconds: number;
  readonly measuredSeconds: number;
}): number {
  return operation.measuredSeconds - operation.predictedSeconds;
}

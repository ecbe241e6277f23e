/** @file What to do next: each rule looks at the facts and, where it applies, names a move and the number behind it. Pure. */

import { Z_90 } from "../math/normal.ts";
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
} from "../units/print.ts";
import { completeCauses, firstAndLater } from "./causes.ts";
import type { Backtest, ReportData, ScoredRow } from "./data.ts";

/** Something to do next, and why. */
export type Move = {
  readonly move: string;
  /** A sentence with the number that calls for it. */
  readonly because: string;
};

type Rule = (data: ReportData) => readonly Move[];

/** Widest interval of the loss, in percent of its median, that still decides anything. */
const WIDE_PERCENT = 5;
/** Past this reach the back-test says little about the target. */
const LONG_REACH = 16;
/** Beyond about four passes each repeat is worth clearly less than fresh text (Muennighoff and others, 2023). */
const MANY_PASSES = 4;
const LOST_SHARE = 0.02;
const BAND_SHARE = 0.8;
const LEAST_BACKTEST_SHARE = 0.75;
/** A mean gap below this is within what seeds differ by on small runs. */
const SMALL_GAP_PERCENT = 0.25;
/** Mean gap with its sign over mean gap without, above which a back-test leans to one side. */
const ONE_SIDED = 2 / 3;

/** All moves that the facts call for, what blocks the campaign first. */
export function nextMoves(data: ReportData): readonly Move[] {
  return RULES.flatMap((rule) => rule(data));
}

/** Mean gap of a back-test, measured against predicted, in percent: with its sign, and without. */
export function backtestGaps(tests: readonly Backtest[]): { readonly signed: number; readonly size: number } {
  const gaps = tests.map(({ predicted, measured }) => 100 * (measured / predicted.median - 1));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { signed: mean(gaps), size: mean(gaps.map(Math.abs)) };
}

/** Whether a back-test leans to one side by more than seeds differ: then the next forecast will too. */
function isOneSided(tests: readonly Backtest[]): boolean {
  const { signed, size } = backtestGaps(tests);
  return tests.length > 0 && Math.abs(signed) > SMALL_GAP_PERCENT && Math.abs(signed) > ONE_SIDED * size;
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
        ? `Find out what made the target worse than its forecast before spending more; begin with ${cause.name}.`
        : `Refit with the target as a rung: the forecast was too gloomy. Begin with ${cause.name}.`,
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
  const share = (2 * Z_90 * deviation) / (row.predicted.hi - row.predicted.lo);
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

const backtestMissed: Rule = ({ forecast }) => {
  if (forecast === null || forecast.backtests.length < 2) return [];
  const inside = forecast.backtests.filter(
    ({ predicted, measured }) => measured >= predicted.lo && measured <= predicted.hi,
  );
  if (inside.length >= LEAST_BACKTEST_SHARE * forecast.backtests.length) return [];
  return [
    {
      move: "Trust this forecast's interval less than it claims; look for a change of recipe between the rungs.",
      because: `In the back-test only ${inside.length} of ${forecast.backtests.length} left-out runs fell inside.`,
    },
  ];
};

const backtestLeans: Rule = ({ forecast }) => {
  if (forecast === null || !isOneSided(forecast.backtests)) return [];
  const { signed, size } = backtestGaps(forecast.backtests);
  return [
    {
      move: `Expect the next loss ${signed < 0 ? "below" : "above"} its forecast: the back-test leans that way.`,
      because: `The mean gap of the left-out runs is ${formatSignedPercent(signed, 2)}, without its sign ${formatPercent(size, 2)}.`,
    },
  ];
};

const reachLong: Rule = ({ forecast, bet }) => {
  if (forecast === null || forecast.reach <= LONG_REACH) return [];
  return [
    {
      move: `Add a rung of ${formatFlops(bet.flops / 8, 2)}: it brings the reach down to 8.`,
      because: `The forecast is stretched ${significant(forecast.reach, 2)} times beyond the largest rung.`,
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
  if (target === null || target.inside >= BAND_SHARE * target.scored) return [];
  const { inside, scored } = target;
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
  const { forecast } = data;
  const row = firstOf(data, "loss");
  if (forecast === null || forecast.beyond === null || row?.inside !== true) return [];
  const { inside, scored } = data.target ?? { inside: 0, scored: 0 };
  if (inside < BAND_SHARE * scored || isOneSided(forecast.backtests)) return [];
  const { flops, predicted } = forecast.beyond;
  const lean =
    forecast.backtests.length === 0
      ? ""
      : `, and the back-test's mean gap is ${formatSignedPercent(backtestGaps(forecast.backtests).signed, 2)}`;
  return [
    {
      move: `Bet again, larger: at ${formatFlops(flops, 2)} the forecast is ${formatInterval(predicted, scaleFor("bits per byte", predicted.median))} bits per byte.`,
      because: `This forecast held: ${formatSignedPercent(row.gapPercent!)} at ${significant(forecast.reach, 2)} times the largest rung${lean}.`,
    },
  ];
};

const featuresTried: Rule = ({ features }) =>
  features.flatMap(({ name, adopted, report: { verdict, furtherRung } }) => {
    const { decision, reason: because } = verdict;
    if (decision === "adopt" && !adopted)
      return [{ move: `Give the next target ${name}: set adopt on it in the campaign file.`, because }];
    if (decision === "drop" && adopted) return [{ move: `Take ${name} out of the next target.`, because }];
    if (decision !== "undecided" || furtherRung === null) return [];
    const { numPairs, c } = furtherRung;
    const pairs = numPairs === 1 ? "one more pair" : `${numPairs} more pairs`;
    return [{ move: `Do not decide on ${name} yet: run ${pairs} at ${formatFlops(c)} first.`, because }];
  });

const RULES: readonly Rule[] = [
  unfinished,
  lossMissed,
  intervalWide,
  noiseDominates,
  gapIsNoise,
  backtestMissed,
  backtestLeans,
  reachLong,
  dataBinds,
  timeMissed,
  memoryMissed,
  curveStrayed,
  timeLost,
  issuesOpen,
  featuresTried,
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

/** @file What to do next: each rule that applies to the facts says what, and the number behind it. Pure. */

import { uniqueTokensOf } from "../corpus/manifest.ts";
import { holds } from "../math/interval.ts";
import { Z_90 } from "../math/normal.ts";
import {
  fixed,
  formatCount,
  formatFlops,
  formatPercent,
  formatScaled,
  formatSeconds,
  formatSignedPercent,
  scaleFor,
  significant,
} from "../units/print.ts";
import type { Backtest, ReportData, ScoredRow } from "./data.ts";
import { completeCauses, firstAndLater } from "./verdict-row.ts";

/** Something worth doing, and why. */
export type Recommendation = {
  readonly action: string;
  /** A sentence with the number that calls for it. */
  readonly because: string;
};

type Rule = (data: ReportData) => Generator<Recommendation>;

/** Widest interval of the loss, in percent of its median, that still decides anything. */
const WIDE_PERCENT = 5;
/** Past this reach the back-test says little about the target. */
const LONG_REACH = 16;
/** Beyond about four passes a repeat is worth clearly less than fresh text (Muennighoff et al. 2023). */
const MANY_PASSES = 4;
const LOST_SHARE = 0.02;
const BAND_SHARE = 0.8;
const LEAST_BACKTEST_SHARE = 0.75;
/** A mean gap below this is within what seeds differ by on small runs. */
const SMALL_GAP_PERCENT = 0.25;
/** Mean gap with its sign over mean gap without, above which a back-test leans to one side. */
const ONE_SIDED = 2 / 3;

/** All that the facts call for, what blocks the campaign first. */
export function recommendationsOf(data: ReportData): readonly Recommendation[] {
  return RULES.flatMap((rule) => [...rule(data)]);
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

function* unfinished({ campaign: { status }, bet }: ReportData): Generator<Recommendation> {
  if (status.kind === "running" || status.kind === "interrupted")
    yield {
      action: `Give the same command again (\`${bet.command}\`): it goes on where it stopped.`,
      because:
        status.kind === "running"
          ? `The campaign is in its stage "${status.stage}".`
          : `It was interrupted: ${status.reason}.`,
    };
  if (status.kind === "held")
    yield {
      action:
        "Mend what holds the campaign, or accept it: `longrun launch FILE --accept ID --because TEXT`. " +
        "Both are recorded.",
      because: status.reason,
    };
  if (status.kind === "stopped")
    yield {
      action: "Change the plan: this bet is not worth placing as it stands.",
      because: status.reason,
    };
}

function* lossMissed(data: ReportData): Generator<Recommendation> {
  const row = firstOf(data, "loss");
  if (row?.inside !== false) return;
  const isWorse = row.measured! > row.predicted.hi;
  const cause = largestCause(row);
  yield {
    action: isWorse
      ? "Find out what made the target worse than its forecast before spending more; " +
        `begin with ${cause.name}.`
      : `Refit with the target as a rung: the forecast was too gloomy. Begin with ${cause.name}.`,
    because:
      `The loss lies ${formatSignedPercent(row.gapPercent!)} from the forecast, outside its interval; ` +
      `${cause.name} accounts for ${formatSignedPercent(cause.percent)}.`,
  };
}

function* intervalWide(data: ReportData): Generator<Recommendation> {
  const row = firstOf(data, "loss");
  if (row === undefined) return;
  const widthPercent = (100 * (row.predicted.hi - row.predicted.lo)) / row.predicted.median;
  if (widthPercent > WIDE_PERCENT)
    yield {
      action:
        "Narrow the forecast: add a rung between the largest one and the target, or repeat the largest.",
      because:
        `The interval of the loss is ${formatPercent(widthPercent)} wide; ` +
        `above ${WIDE_PERCENT} % it hardly separates one design from another.`,
    };
}

function* seedNoise(data: ReportData): Generator<Recommendation> {
  const row = firstOf(data, "loss");
  const deviation = data.target?.seedDeviation ?? null;
  if (row === undefined || deviation === null) return;
  const share = (2 * Z_90 * deviation) / (row.predicted.hi - row.predicted.lo);
  if (share >= 0.5)
    yield {
      action: "Repeat the small rungs with more seeds: four times as many halve what noise adds to the law.",
      because:
        `Seed noise (standard deviation ${significant(deviation, 2)} bits per byte) by itself ` +
        `spans ${formatPercent(100 * share, 0)} of the interval's width.`,
    };
  if (row.measured === null || deviation === 0) return;
  const deviations = Math.abs(row.measured - row.predicted.median) / deviation;
  if (deviations <= 2)
    yield {
      action: "Read nothing into the gap of the loss: another seed could turn it round.",
      because: `It is ${fixed(deviations, 1)} standard deviations of seed noise.`,
    };
}

function* backtest({ forecast }: ReportData): Generator<Recommendation> {
  if (forecast === null) return;
  const { backtests } = forecast;
  const inside = backtests.filter(({ predicted, measured }) => holds(predicted, measured));
  if (backtests.length >= 2 && inside.length < LEAST_BACKTEST_SHARE * backtests.length)
    yield {
      action:
        "Trust this forecast's interval less than it claims; look for a change of recipe between the rungs.",
      because: `In the back-test only ${inside.length} of ${backtests.length} left-out runs fell inside.`,
    };
  const { signed, size } = backtestGaps(backtests);
  if (isOneSided(backtests))
    yield {
      action: `Expect the next loss ${signed < 0 ? "below" : "above"} its forecast: the back-test leans that way.`,
      because:
        `The mean gap of the left-out runs is ${formatSignedPercent(signed, 2)}, ` +
        `without its sign ${formatPercent(size, 2)}.`,
    };
}

function* reachLong({ forecast, bet }: ReportData): Generator<Recommendation> {
  if (forecast !== null && forecast.reach > LONG_REACH)
    yield {
      action: `Add a rung of ${formatFlops(bet.target.flops / 8, 2)}: it brings the reach down to 8.`,
      because: `The forecast is stretched ${significant(forecast.reach, 2)} times beyond the largest rung.`,
    };
}

function* dataBinds({ manifest, bet }: ReportData): Generator<Recommendation> {
  const unique = manifest === null ? 0 : uniqueTokensOf(manifest);
  const { tokens } = bet.target;
  if (unique === 0 || tokens <= unique) return;
  yield {
    action:
      tokens > MANY_PASSES * unique
        ? "Get more text before a larger bet: it would now buy little."
        : "Add text before the next, larger bet: this one already repeats its corpus.",
    because:
      `The target reads ${formatCount(tokens)} tokens out of ${formatCount(unique)}: ` +
      `${significant(tokens / unique, 2)} passes.`,
  };
}

function* timeMissed(data: ReportData): Generator<Recommendation> {
  const row = (["step-time", "wall-time"] as const)
    .map((about) => firstOf(data, about))
    .find((candidate) => candidate?.inside === false);
  if (row === undefined) return;
  const gap = `The ${row.quantity} is ${formatSignedPercent(row.gapPercent!)} from its forecast.`;
  const [worst] = data.operations
    .map((operation) => ({ ...operation, gap: operation.measuredSeconds - operation.predictedSeconds }))
    .sort((a, b) => Math.abs(b.gap) - Math.abs(a.gap));
  yield worst === undefined
    ? {
        action: "Measure the time by operation, and mend the cost model where it is off.",
        because: gap,
      }
    : {
        action: `Mend the cost of "${worst.operation}" in the calibration, or its kernel, and predict again.`,
        because:
          `${gap} "${worst.operation}" differs most: ` +
          `${formatSeconds(worst.measuredSeconds)} against ${formatSeconds(worst.predictedSeconds)}.`,
      };
}

function* memoryMissed(data: ReportData): Generator<Recommendation> {
  const row = firstOf(data, "memory");
  if (row?.inside === false)
    yield {
      action: `Correct the memory model for ${largestCause(row).name} before a target that has to fit tightly.`,
      because: `Peak memory is ${formatSignedPercent(row.gapPercent!)} from its forecast.`,
    };
}

function* curveStrayed({ target }: ReportData): Generator<Recommendation> {
  if (target === null || target.inside >= BAND_SHARE * target.scored) return;
  const { inside, scored } = target;
  yield {
    action: "Refit the shape of the loss curve: its band cannot yet be used to stop a run early.",
    because:
      `Only ${inside} of ${scored} points after warm-up ` +
      `(${formatPercent((100 * inside) / scored, 0)}) lie inside the band.`,
  };
}

function* timeLost({ incidents, campaign }: ReportData): Generator<Recommendation> {
  const lost = incidents.reduce((sum, incident) => sum + incident.lostSeconds, 0);
  if (campaign.seconds > 0 && lost > LOST_SHARE * campaign.seconds)
    yield {
      action: "Write checkpoints more often, or find what kills the runs.",
      because:
        `Incidents: ${incidents.length}, at a cost of ${formatSeconds(lost)}, ` +
        `${formatPercent((100 * lost) / campaign.seconds)} of all work.`,
    };
}

function* issuesOpen({ issues }: ReportData): Generator<Recommendation> {
  for (const { id, what, chance, costDays, fixDueDays } of issues)
    yield {
      action: `Close "${what}" (${id})${fixDueDays === undefined ? "" : `, due in ${fixDueDays} days`}.`,
      because: `It had a ${formatPercent(100 * chance, 0)} chance to happen, at a cost of ${costDays} days.`,
    };
}

function* featuresTried({ features }: ReportData): Generator<Recommendation> {
  for (const { name, adopted, report } of features) {
    const { decision, reason: because } = report.verdict;
    if (decision === "adopt" && !adopted)
      yield { action: `Give the next target ${name}: set adopt on it in the campaign file.`, because };
    if (decision === "drop" && adopted) yield { action: `Take ${name} out of the next target.`, because };
    if (decision !== "undecided" || report.furtherRung === null) continue;
    const { numPairs, c } = report.furtherRung;
    const pairs = numPairs === 1 ? "one more pair" : `${numPairs} more pairs`;
    yield { action: `Do not decide on ${name} yet: run ${pairs} at ${formatFlops(c)} first.`, because };
  }
}

function* betAgain(data: ReportData): Generator<Recommendation> {
  const { forecast, target } = data;
  const row = firstOf(data, "loss");
  if (!forecast?.beyond || !target || row?.inside !== true) return;
  const { beyond, backtests, reach } = forecast;
  if (target.inside < BAND_SHARE * target.scored || isOneSided(backtests)) return;
  const lean =
    backtests.length === 0
      ? ""
      : `, and the back-test's mean gap is ${formatSignedPercent(backtestGaps(backtests).signed, 2)}`;
  const expected = formatScaled(beyond, scaleFor("bits per byte", beyond.median));
  yield {
    action: `Bet again, larger: at ${formatFlops(beyond.flops, 2)} the forecast is ${expected} bits per byte.`,
    because:
      `This forecast held: ${formatSignedPercent(row.gapPercent!)} ` +
      `at ${significant(reach, 2)} times the largest rung${lean}.`,
  };
}

const RULES: readonly Rule[] = [
  unfinished,
  lossMissed,
  intervalWide,
  seedNoise,
  backtest,
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

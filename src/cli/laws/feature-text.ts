/** @file What two ladders say of a change, for a person: verdict, scales, trend, what would tell more. */

import type { FeatureReport } from "../../laws/decide/feature/feature.ts";
import type { Crossover } from "../../laws/decide/feature/findings.ts";
import { multiplierText } from "../../laws/decide/feature/verdict.ts";
import type { Interval } from "../../math/interval.ts";
import { right } from "../../report/markdown.ts";
import {
  fixed,
  formatCount,
  formatFlops,
  formatInterval,
  formatSignedPercent,
  significant,
} from "../../units/print.ts";
import { table } from "../terminal/table.ts";

const times = (multiplier: Interval) => formatInterval(multiplier, multiplierText);
const percent = (value: number) => formatSignedPercent(value, Math.abs(value) < 10 ? 2 : 1);

/** The whole report. */
export function featureText(report: FeatureReport): string {
  const { atTarget, target, reach, scales, trendPercentPerDecade: trend, minimumDetectable } = report;
  const inside = report.backTest.filter((row) => row.inside).length;
  const { atLargestPercent, atTargetPercent, atTargetMultiplier } = minimumDetectable;
  return [
    report.verdict.reason,
    "",
    table(
      scales,
      [
        right("compute", ({ c }) => formatFlops(c, 2)),
        right("runs", ({ numPairs, comparison }) => `${numPairs}, ${COMPARED[comparison]}`),
        right("effect on loss", ({ effectPercent }) => formatInterval(effectPercent, percent)),
        right("x compute", ({ computeMultiplier }) => times(computeMultiplier)),
        right("x tokens", ({ tokenMultiplier }) => (tokenMultiplier ? times(tokenMultiplier) : "-")),
      ],
      140,
    ),
    "",
    `At the target (${formatFlops(target.c, 2)}, ${significant(reach, 2)} times the largest scale):`,
    `  effect on the loss   ${formatInterval(atTarget.effectPercent, percent)}`,
    `  worth in compute     ${times(atTarget.computeMultiplier)} times`,
    ...(atTarget.tokenMultiplier
      ? [`  worth in tokens      ${times(atTarget.tokenMultiplier)} times, at the same N`]
      : []),
    `  chance that it helps ${fixed(atTarget.probabilityHelps, 3)}`,
    `Trend of the effect on the loss: ${formatInterval(trend, percent)} per decade of compute: ` +
      `${directionText(trend, atTarget.effectPercent)}.`,
    multiplierTrendText(report.multiplierPerDecade),
    crossoverText(report.crossover, target.c),
    `Smallest effect found 4 times out of 5: ${significant(atLargestPercent, 2)} % of the loss at the ` +
      `largest scale, ${significant(atTargetPercent, 2)} % at the target ` +
      `(${multiplierText(atTargetMultiplier)} times the compute).`,
    `Noise of one pair ${significant(report.pairNoisePercent, 2)} %, drift ` +
      `${significant(report.driftPercent, 2)} % per square root of a decade.`,
    report.backTest.length === 0
      ? "Too few scales for a back-test."
      : `Back-test: ${inside} of ${report.backTest.length} left-out scales inside their 90 % interval.`,
    furtherText(report),
    ...report.warnings.map((warning) => `Warning: ${warning}.`),
  ].join("\n");
}

const COMPARED = { pairs: "same seeds", means: "same design", law: "base's law" } as const;

function directionText(slope: Interval, effect: Interval): string {
  const what = effect.median < 0 ? "the gain in loss" : "the loss added";
  if (slope.lo <= 0 && slope.hi >= 0) return "no direction is certain";
  return slope.lo > 0 === effect.median < 0 ? `${what} shrinks` : `${what} grows`;
}

/** Loss has a floor, so that the effect of a steady multiplier shrinks: the two are told apart. */
function multiplierTrendText(perDecade: Interval | null): string {
  if (perDecade === null) return "Trend of the multiplier of compute: none, for it is unbounded.";
  const { lo, hi } = perDecade;
  const direction = lo > 1 ? "it grows" : hi < 1 ? "it shrinks" : "no direction is certain";
  return `Trend of the multiplier of compute: ${times(perDecade)} times per decade: ${direction}.`;
}

function crossoverText({ kind, compute, params }: Crossover, target: number): string {
  const stops = kind === "stops helping above";
  const passes = stops ? "stops helping" : "starts helping";
  const everywhere = `${stops ? "it does not help at any" : "it helps at every"} scale of the ladder`;
  const { median, lo, hi } = compute;
  const far = "within a million times the largest scale";
  const beyond = lo > target ? "; the target lies below it" : "";
  const place = (c: number, n: number) =>
    `${formatFlops(c, 2)}${Number.isFinite(n) ? ` (N ${formatCount(n, 2)})` : ""}`;
  const where = () => {
    if (lo === Infinity) return `none ${far}: it ${stops ? "goes on helping" : "does not help"}`;
    if (hi === 0) return `none: ${everywhere}`;
    if (lo === 0 && hi === Infinity) return "unknown: the 90 % interval holds every scale";
    if (median === Infinity)
      return `none expected ${far}, but it may lie as low as ${place(lo, params.lo)}${beyond}`;
    if (median === 0)
      return `most likely none, ${everywhere}; if there is one, it lies below ${place(hi, params.hi)}`;
    const least = lo === 0 ? "from below the ladder" : `from ${place(lo, params.lo)}`;
    const most = hi === Infinity ? "without an upper end" : `to ${place(hi, params.hi)}`;
    return `it ${passes} above ${place(median, params.median)}; 90 %: ${least} ${most}${beyond}`;
  };
  return `Crossover, along the ladder's path of N and D: ${where()}.`;
}

function furtherText({ furtherRung }: FeatureReport): string {
  if (!furtherRung) return "Next rung: none up to the target's compute takes a tenth off the interval.";
  const { c, n, d, numPairs, cost, widthNowPercent, widthAfterPercent } = furtherRung;
  const pairs = `${numPairs} ${numPairs === 1 ? "pair" : "pairs"}`;
  const sizes = Number.isFinite(n * d) ? ` (N ${formatCount(n)}, D ${formatCount(d)})` : "";
  const [now, after] = [significant(widthNowPercent, 2), significant(widthAfterPercent, 2)];
  return (
    `Next rung, most per FLOP: ${pairs} at ${formatFlops(c, 2)}${sizes}, ${formatFlops(cost, 2)} in all; ` +
    `the interval at the target shrinks from ${now} to ${after} % of the loss.`
  );
}

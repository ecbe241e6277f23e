/** @file The first half of the report: the verdict in three sentences, what was bet, and on which evidence. */

import {
  fixed,
  formatBytes,
  formatCount,
  formatFlops,
  formatFlopsPerSecond,
  formatInterval,
  formatPercent,
  formatQuantity,
  formatSeconds,
  formatSignedPercent,
  type Interval,
  intervalDecimals,
  scaleFor,
  significant,
} from "../figures/numbers.ts";
import { causesText, firstAndLater } from "./causes.ts";
import type { Backtest, LawFacts, ReportData, RungRow, ScoredRow } from "./data.ts";
import { blocks, factsTable, left, markdownTable, right } from "./markdown.ts";
import { forecastLaw } from "./next-moves.ts";

/** What N counts, said wherever N is printed. */
export const N_CONVENTION = "parameters in matrix products, the head included, the input embedding not";

/** The verdict in three sentences, or what is known so far. */
export function verdictSection(data: ReportData): string {
  const { first } = firstAndLater(data.verdict);
  const scored = first.filter((row) => row.measured !== null);
  if (scored.length === 0) return blocks("## The verdict", unfinishedSentence(data));
  const sentences = [
    lossSentence(
      data,
      scored.find((row) => row.about === "loss"),
    ),
    costSentence(scored.filter((row) => row.about === "wall-time" || row.about === "memory")),
    scoreSentence(scored),
  ];
  return blocks("## The verdict", sentences.filter((sentence) => sentence !== "").join(" "));
}

/** What was to be trained and what it was to cost. */
export function betSection({ bet }: ReportData): string {
  const { machine } = bet;
  const speed =
    machine.flopsPerSecondPerThread === null
      ? ""
      : `, ${formatFlopsPerSecond(machine.flopsPerSecondPerThread)} on each in the calibration`;
  const facts = [
    {
      name: "N",
      value: `${formatCount(bet.parameters)} (${N_CONVENTION}); ${formatCount(bet.allParameters)} in all`,
    },
    {
      name: "D, tokens trained on",
      value: `${formatCount(bet.tokens)} (${significant(bet.tokens / bet.parameters, 2)} for each parameter of N)`,
    },
    {
      name: "C, target",
      value: `${formatFlops(bet.flops)}, counted forward and backward, attention included`,
    },
    { name: "steps", value: `${formatCount(bet.steps)} of ${formatCount(bet.tokensPerStep)} tokens` },
    ...bet.shape,
    { name: "C, whole ladder", value: formatFlops(bet.ladderFlops) },
    {
      name: "budget",
      value: `${formatFlops(bet.budgetFlops)}; the plan takes ${formatPercent((100 * (bet.ladderFlops + bet.flops)) / bet.budgetFlops, 0)} of it`,
    },
    ...(bet.expectedSeconds === null
      ? []
      : [{ name: "time expected", value: `${formatSeconds(bet.expectedSeconds)} for the whole campaign` }]),
    {
      name: "machine",
      value: `${machine.processor}; ${machine.threads} threads, ${machine.instructionSet}${speed}; ${formatBytes(machine.memoryBytes)} of memory`,
    },
  ];
  return blocks(
    "## The bet",
    "One model, trained once, with what it would cost and reach written down before.",
    factsTable(facts),
  );
}

/** The ladder, the laws fitted to it, their back-test, and the moment the predictions were locked. */
export function evidenceSection(data: ReportData): string {
  if (data.ladder.length === 0) return blocks("## The evidence", "The ladder has not been climbed yet.");
  return blocks(
    "## The evidence",
    `### The ladder\n\n${data.ladder.length} runs of one recipe, from ${formatFlops(Math.min(...data.ladder.map((rung) => rung.flops)), 2)} to ${formatFlops(Math.max(...data.ladder.map((rung) => rung.flops)), 2)}. N: ${N_CONVENTION}. Losses are held out.`,
    ladderTable(data.ladder),
    forecastLaw(data) !== undefined ? "![The ladder, the law and the bet](figures/law.svg)" : "",
    ...data.laws.map(lawText),
    lockText(data),
  );
}

function unfinishedSentence({ campaign, ...data }: ReportData): string {
  const law = forecastLaw({ campaign, ...data });
  const forecast =
    law === undefined
      ? "No forecast has been made yet."
      : `The law expects ${asRange(law.target, "bits per byte")}.`;
  switch (campaign.status.kind) {
    case "held":
      return `The campaign is **held**, and the target has not been trained. ${campaign.status.reason} ${forecast}`;
    case "stopped":
      return `The campaign was **stopped**. ${campaign.status.reason} ${forecast}`;
    case "running":
      return `There is no verdict yet: the campaign is in its stage "${campaign.status.stage}". ${forecast}`;
    case "finished":
      return `The campaign finished without a scored prediction. ${forecast}`;
  }
}

function lossSentence(data: ReportData, row: ScoredRow | undefined): string {
  if (row === undefined) return "";
  const { bet } = data;
  const law = forecastLaw(data);
  const reach = law === undefined ? "" : `, ${significant(law.reach, 2)} times the largest rung`;
  return `A model of N = ${formatCount(bet.parameters)}, trained on ${formatCount(bet.tokens)} tokens (${formatFlops(bet.flops)}${reach}), reached **${measuredText(row)} ${row.unit}** on held-out text; the forecast locked before its first step was ${asRange(row.predicted, row.unit)}, so the gap is ${formatSignedPercent(row.gapPercent!)}, **${insideText(row)}**.`;
}

function costSentence(rows: readonly ScoredRow[]): string {
  if (rows.length === 0) return "";
  const parts = rows.map((row) => {
    const [measured, median] = [row.measured ?? Number.NaN, row.predicted.median].map((value) =>
      formatQuantity(value, row.unit, 3),
    );
    const what = row.about === "memory" ? `${measured} of memory` : measured;
    return `${what} (foretold ${median}; ${formatSignedPercent(row.gapPercent ?? Number.NaN)}, ${insideText(row)})`;
  });
  return `It took ${parts.join(" and ")}.`;
}

function scoreSentence(rows: readonly ScoredRow[]): string {
  const inside = rows.filter((row) => row.inside).length;
  const worst = rows.reduce((a, b) => (Math.abs(b.gapPercent ?? 0) > Math.abs(a.gapPercent ?? 0) ? b : a));
  const why = causesText(worst);
  return `${inside} of ${rows.length} predictions held; the largest gap is that of the ${worst.quantity}, ${formatSignedPercent(worst.gapPercent ?? 0)}${why === "" ? "" : ` (${why})`}.`;
}

/** "2.050 (90 %: 2.000 to 2.100) bits per byte". */
export function asRange(interval: Interval, unit: string): string {
  const scale = scaleFor(unit, interval.median);
  const decimals = intervalDecimals(interval, scale);
  const [median, lo, hi] = [interval.median, interval.lo, interval.hi].map((value) =>
    fixed(value / scale.factor, decimals),
  );
  return `${median} ${scale.unit} (90 % interval ${lo} to ${hi})`;
}

/** The measurement in the scale and digits of its prediction, without the unit. */
export function measuredText(row: ScoredRow): string {
  if (row.measured === null) return "-";
  const scale = scaleFor(row.unit, row.predicted.median);
  return fixed(row.measured / scale.factor, intervalDecimals(row.predicted, scale));
}

export function insideText(row: ScoredRow): string {
  if (row.inside === null) return "-";
  return row.inside ? "inside" : "outside";
}

function ladderTable(rungs: readonly RungRow[]): string {
  const sources = [...new Set(rungs.flatMap((rung) => rung.perSource.map((loss) => loss.source)))];
  return markdownTable(rungs, [
    left("run", (rung) => rung.run),
    right("seed", (rung) => String(rung.seed)),
    right("N", (rung) => formatCount(rung.parameters)),
    right("D", (rung) => formatCount(rung.tokens)),
    right("C", (rung) => formatFlops(rung.flops)),
    right("nats per token", (rung) => fixed(rung.natsPerToken, 4)),
    right("bits per byte", (rung) => fixed(rung.bitsPerByte, 4)),
    ...sources.map((source) =>
      right(source, (rung: RungRow) => {
        const loss = rung.perSource.find((entry) => entry.source === source);
        return loss === undefined ? "-" : fixed(loss.bitsPerByte, 4);
      }),
    ),
    right("time", (rung) => formatSeconds(rung.seconds)),
  ]);
}

function lawText(law: LawFacts): string {
  const role = law.role === "forecast" ? "the forecast was made from this law" : "a cross-check";
  const widening =
    law.widening === null
      ? ""
      : ` Its interval weighs all laws that the ladder allows (docs/laws.md)${law.widening > 1.005 ? `, made ${significant(law.widening, 3)} times wider because the back-test asked for it` : "; the back-test found it wide enough"}.`;
  return blocks(
    `### The law ${law.formula} (${law.name}; ${role})`,
    `For the target it gives ${asRange(law.target, "bits per byte")}, at a reach of ${significant(law.reach, 3)}: target compute divided by the largest rung's.${widening}`,
    markdownTable(law.parameters, [
      left("parameter", (parameter) => parameter.name),
      left("unit", (parameter) => parameter.unit),
      right("median", (parameter) => significant(parameter.estimate.median, 4)),
      right(
        "90 % interval",
        ({ estimate }) => `${significant(estimate.lo, 4)} to ${significant(estimate.hi, 4)}`,
      ),
    ]),
    backtestText(law.backtests),
  );
}

function backtestText(backtests: readonly Backtest[]): string {
  if (backtests.length === 0) return "No back-test: too few rungs to leave any out.";
  const gaps = backtests.map(
    (test) => (100 * (test.measured - test.predicted.median)) / test.predicted.median,
  );
  const inside = backtests.filter(isInside).length;
  const mean = gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / gaps.length;
  return blocks(
    `Back-test: the largest rungs left out, the rest fitted, the left-out runs foretold. ${inside} of ${backtests.length} fell inside; the mean gap without its sign is ${formatPercent(mean, 2)}.`,
    markdownTable(
      backtests.map((test, index) => ({ ...test, gap: gaps[index]! })),
      [
        left("left out", (test) => test.run),
        right("rungs fitted", (test) => String(test.rungsFitted)),
        right("reach", (test) => significant(test.reach, 2)),
        right("predicted [90 %]", (test) =>
          formatInterval(test.predicted, scaleFor("bits per byte", test.predicted.median)),
        ),
        right("measured", (test) => fixed(test.measured, 3)),
        right("gap", (test) => formatSignedPercent(test.gap, 2)),
        left("", (test) => (isInside(test) ? "inside" : "outside")),
      ],
    ),
  );
}

function isInside({ predicted, measured }: Backtest): boolean {
  return predicted.lo <= measured && measured <= predicted.hi;
}

function lockText({ lock }: ReportData): string {
  if (lock === null) return "The predictions have not been locked yet.";
  return blocks(
    "### Locked",
    `Every prediction was in the record by event ${lock.sequence}, at ${lock.at}, before the target's first step. The head of the record was then \`${lock.headHash}\`.`,
  );
}

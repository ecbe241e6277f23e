/** @file The first half of the report: the verdict in three sentences, what was bet, and on which evidence. */

import {
  fixed,
  formatBytes,
  formatCount,
  formatFlops,
  formatFlopsPerSecond,
  formatPercent,
  formatQuantity,
  formatRange,
  formatSeconds,
  formatSignedPercent,
  intervalDecimals,
  scaleFor,
  significant,
} from "../units/print.ts";
import { causesText, firstAndLater, hasGap } from "./causes.ts";
import type { BudgetFacts, ReportData, RungRow, ScoredRow } from "./data.ts";
import { lawsText } from "./laws-text.ts";
import { blocks, factsTable, left, markdownTable, right, sentence } from "./markdown.ts";

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
    { name: "whole plan, evaluation included", value: formatFlops(bet.totalFlops) },
    { name: "budget", value: budgetText(bet.budget, bet.totalFlops) },
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

function budgetText(budget: BudgetFacts, totalFlops: number): string {
  if (budget.kind === "seconds")
    return `${formatSeconds(budget.seconds)}, planned as ${formatFlops(totalFlops)}`;
  return `${formatFlops(budget.flops)}; the plan takes ${formatPercent((100 * totalFlops) / budget.flops, 0)} of it`;
}

/** The ladder, the laws fitted to it, their back-test, and the moment the predictions were locked. */
export function evidenceSection(data: ReportData): string {
  if (data.ladder.length === 0) return blocks("## The evidence", "The ladder has not been climbed yet.");
  return blocks(
    "## The evidence",
    `### The ladder\n\n${data.ladder.length} runs of one recipe, from ${formatFlops(Math.min(...data.ladder.map((rung) => rung.flops)), 2)} to ${formatFlops(Math.max(...data.ladder.map((rung) => rung.flops)), 2)}. N: ${N_CONVENTION}. Losses are held out.`,
    ladderTable(data.ladder),
    data.forecast === null
      ? ""
      : blocks("![The ladder, the forecast and the bet](figures/law.svg)", lawsText(data.forecast)),
    lockText(data),
  );
}

function unfinishedSentence({ campaign, ...data }: ReportData): string {
  const forecast =
    data.forecast === null
      ? "No forecast has been made yet."
      : `The forecast of the loss is ${formatRange(data.forecast.predicted, "bits per byte")}.`;
  switch (campaign.status.kind) {
    case "held":
      return `The campaign is **held**, and the target has not been trained. ${sentence(campaign.status.reason)} ${forecast}`;
    case "stopped":
      return `The campaign was **stopped**. ${sentence(campaign.status.reason)} ${forecast}`;
    case "running":
      return `There is no verdict yet: the campaign is in its stage "${campaign.status.stage}". ${forecast}`;
    case "finished":
      return `The campaign finished without a scored prediction. ${forecast}`;
  }
}

function lossSentence(data: ReportData, row: ScoredRow | undefined): string {
  if (row === undefined) return "";
  const { bet, forecast } = data;
  const reach = forecast === null ? "" : `, ${significant(forecast.reach, 2)} times the largest rung`;
  return `A model of N = ${formatCount(bet.parameters)}, trained on ${formatCount(bet.tokens)} tokens (${formatFlops(bet.flops)}${reach}), reached **${measuredText(row)} ${row.unit}** on held-out text; the forecast locked before its first step was ${formatRange(row.predicted, row.unit)}, so the gap is ${formatSignedPercent(row.gapPercent!)}, **${insideText(row)}**.`;
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
  const held = `${inside} of ${rows.length} predictions held`;
  const worst = rows
    .filter(hasGap)
    .toSorted((a, b) => Math.abs(b.gapPercent ?? 0) - Math.abs(a.gapPercent ?? 0))[0];
  if (worst === undefined) return `${held}.`;
  const why = causesText(worst);
  return `${held}; the largest gap is that of the ${worst.quantity}, ${formatSignedPercent(worst.gapPercent ?? 0)}${why === "" ? "" : ` (${why})`}.`;
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

function lockText({ lock }: ReportData): string {
  if (lock === null) return "The predictions have not been locked yet.";
  return blocks(
    "### Locked",
    `Every prediction was in the record by event ${lock.sequence}, at ${lock.at}, before the target's first step. The head of the record was then \`${lock.headHash}\`.`,
  );
}

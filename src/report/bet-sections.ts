/** @file The first half of the report: the verdict in three sentences, the bet, and its evidence. */

import { allParameters, architectureText } from "../model/shape.ts";
import { WARM_UP_SHARE } from "../train/schedule.ts";
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
  significant,
} from "../units/print.ts";
import type { BudgetFacts, ReportData, RungRun, ScoredRow } from "./data.ts";
import { lawsText } from "./laws-text.ts";
import { blocks, factsTable, left, markdownTable, right, sentence } from "./markdown.ts";
import { cellsOf, firstAndLater, hasGap } from "./verdict-row.ts";

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
  const { target, budget, ladderFlops, totalFlops, expectedSeconds, stepSeconds, machine } = bet;
  const { spec, matrixParameters, tokens, flops } = target;
  const { shape, optimiser, sequenceLength, batchSequences, numSteps } = spec;
  const speed = formatFlopsPerSecond(flops / numSteps / stepSeconds / machine.cores);
  return blocks(
    "## The bet",
    "One model, trained once, with what it would cost and reach written down before.",
    factsTable([
      [
        "N",
        `${formatCount(matrixParameters)} (${N_CONVENTION}); ${formatCount(allParameters(shape))} in all`,
      ],
      [
        "D, tokens trained on",
        `${formatCount(tokens)} (${significant(tokens / matrixParameters, 2)} for each parameter of N)`,
      ],
      ["C, target", `${formatFlops(flops)}, counted forward and backward, attention included`],
      ["steps", `${formatCount(numSteps)} of ${formatCount(batchSequences * sequenceLength)} tokens`],
      ["architecture", architectureText(shape)],
      ["width, layers", `${shape.width}, ${shape.numLayers}`],
      ["heads", `${shape.numHeads} of ${shape.headDim}, ${shape.numKeyValueHeads} for keys and values`],
      ["feed-forward width", String(shape.feedForwardWidth)],
      ["vocabulary", `${shape.vocabularySize}: ${bet.vocabularyReason}`],
      ["sequence length, batch", `${sequenceLength} tokens, ${batchSequences} sequences`],
      [
        "learning rate",
        `${optimiser.learningRate} at width ${optimiser.baseWidth}, by mu-P elsewhere; ` +
          `${100 * WARM_UP_SHARE} % warm-up, linear to zero`,
      ],
      ["C, whole ladder", formatFlops(ladderFlops)],
      ["whole plan, evaluation included", formatFlops(totalFlops)],
      ["budget", budgetText(budget, totalFlops)],
      ["time expected", `${formatSeconds(expectedSeconds)} for the whole campaign`],
      [
        "machine",
        `${machine.processor}; ${machine.cores} threads, ${machine.instructionSet}, ` +
          `${speed} on each in the calibration; ${formatBytes(machine.memoryBytes)} of memory`,
      ],
    ]),
  );
}

function budgetText(budget: BudgetFacts, totalFlops: number): string {
  if (budget.kind === "seconds")
    return `${formatSeconds(budget.seconds)}, planned as ${formatFlops(totalFlops)}`;
  const share = formatPercent((100 * totalFlops) / budget.flops, 0);
  return `${formatFlops(budget.flops)}; the plan takes ${share} of it`;
}

/** The ladder, the laws fitted to it, their back-test, and the moment the predictions were locked. */
export function evidenceSection(data: ReportData): string {
  const { ladder, forecast } = data;
  if (ladder.length === 0) return blocks("## The evidence", "The ladder has not been climbed yet.");
  const flops = ladder.map(({ summary }) => summary.flops);
  const range = `from ${formatFlops(Math.min(...flops), 2)} to ${formatFlops(Math.max(...flops), 2)}`;
  return blocks(
    "## The evidence",
    "### The ladder",
    `${ladder.length} runs of one recipe, ${range}. N: ${N_CONVENTION}. Losses are held out.`,
    ladderTable(ladder),
    forecast === null
      ? ""
      : blocks("![The ladder, the forecast and the bet](figures/law.svg)", lawsText(forecast)),
    lockText(data),
  );
}

function unfinishedSentence({ campaign, ...data }: ReportData): string {
  const forecast =
    data.forecast === null
      ? "No forecast has been made yet."
      : `The forecast of the loss is ${formatRange(data.forecast.predicted, "bits per byte")}.`;
  const { status } = campaign;
  switch (status.kind) {
    case "held":
      return (
        "The campaign is **held**, and the target has not been trained. " +
        `${sentence(status.reason)} ${forecast}`
      );
    case "stopped":
      return `The campaign was **stopped**. ${sentence(status.reason)} ${forecast}`;
    case "running":
      return `There is no verdict yet: the campaign is in its stage "${status.stage}". ${forecast}`;
    case "interrupted":
      return `The campaign was interrupted (${status.reason}). ${forecast}`;
    case "finished":
      return `The campaign finished without a scored prediction. ${forecast}`;
  }
}

function lossSentence({ bet, forecast }: ReportData, row: ScoredRow | undefined): string {
  if (row === undefined) return "";
  const { measured, unit, gap, inside } = cellsOf(row);
  const { matrixParameters, tokens, flops } = bet.target;
  const reach = forecast === null ? "" : `, ${significant(forecast.reach, 2)} times the largest rung`;
  return (
    `A model of N = ${formatCount(matrixParameters)}, trained on ${formatCount(tokens)} tokens ` +
    `(${formatFlops(flops)}${reach}), reached **${measured} ${unit}** on held-out text; ` +
    `the forecast locked before its first step was ${formatRange(row.predicted, row.unit)}, ` +
    `so the gap is ${gap}, **${inside}**.`
  );
}

function costSentence(rows: readonly ScoredRow[]): string {
  if (rows.length === 0) return "";
  const parts = rows.map((row) => {
    const { gap, inside } = cellsOf(row);
    const [measured, median] = [row.measured ?? Number.NaN, row.predicted.median].map((value) =>
      formatQuantity(value, row.unit, 3),
    );
    const what = row.about === "memory" ? `${measured} of memory` : measured;
    return `${what} (predicted ${median}; ${gap}, ${inside})`;
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
  const { quantity, gap, causes } = cellsOf(worst);
  return `${held}; the largest gap is that of the ${quantity}, ${gap}${causes === "" ? "" : ` (${causes})`}.`;
}

function ladderTable(ladder: ReportData["ladder"]): string {
  const sources = [...new Set(ladder.flatMap(({ summary }) => Object.keys(summary.heldOut.sources)))];
  return markdownTable(ladder, [
    left("run", ({ name }) => name),
    right("seed", ({ seed }) => String(seed)),
    right("N", ({ summary }) => formatCount(summary.matrixParameters)),
    right("D", ({ summary }) => formatCount(summary.tokens)),
    right("C", ({ summary }) => formatFlops(summary.flops)),
    right("nats per token", ({ summary }) => fixed(summary.heldOut.all.natsPerToken, 4)),
    right("bits per byte", ({ summary }) => fixed(summary.heldOut.all.bitsPerByte, 4)),
    ...sources.map((source) =>
      right<RungRun>(source, ({ summary }) => {
        const loss = summary.heldOut.sources[source];
        return loss === undefined ? "-" : fixed(loss.bitsPerByte, 4);
      }),
    ),
    right("time", ({ summary }) => formatSeconds(summary.wallSeconds)),
  ]);
}

function lockText({ lock }: ReportData): string {
  if (lock === null) return "The predictions have not been locked yet.";
  return blocks(
    "### Locked",
    `Every prediction was in the record by event ${lock.sequence}, at ${lock.at}, ` +
      `before the target's first step. The head of the record was then \`${lock.headHash}\`.`,
  );
}

/** @file An allocation as a person reads it: the optimum over budgets, its flatness, variants asked for. */

import type { Allocation, BudgetPoint } from "../../laws/decide/allocate.ts";
import type { DataLimit } from "../../laws/decide/allocate-data.ts";
import type { Choice, Serving } from "../../laws/decide/allocate-variants.ts";
import { right } from "../../report/markdown.ts";
import { formatCount, formatFlops, formatInterval, formatLoss, significant } from "../../units/print.ts";
import { table } from "../terminal/table.ts";

const percent = (value: number) => `${significant(value, 2)} %`;
const three = (value: number) => significant(value, 3);

/** The whole answer. */
export function allocationText(answer: Allocation): string {
  return [
    `Law ${answer.law}, C = ${significant(answer.flopsPerParameterToken, 3)} N D. In brackets: 90 % intervals.`,
    "",
    budgetTable(answer.budgets),
    "",
    `N* grows as C^${formatInterval(answer.exponents.n, three)}, D* as C^${formatInterval(answer.exponents.d, three)}.`,
    ...answer.flat.map(
      ({ lossPercent, n }) =>
        `Within ${lossPercent} % of the lowest loss: N from ${formatCount(n.lo.median)} to ${formatCount(n.hi.median)} (these ends are known to a factor of ${three(factorOf(n))}).`,
    ),
    ...(answer.choice ? ["", ...choiceLines(answer.choice)] : []),
    ...(answer.serving ? ["", ...servingLines(answer.serving)] : []),
    ...(answer.data ? ["", ...dataLines(answer.data)] : []),
    ...answer.warnings.map((warning) => `\nWarning: ${warning}.`),
  ].join("\n");
}

function budgetTable(budgets: readonly BudgetPoint[]): string {
  return table(
    budgets,
    [
      right("compute", ({ compute }) => formatFlops(compute)),
      right("N", ({ n }) => formatInterval(n, formatCount)),
      right("D", ({ d }) => formatInterval(d, formatCount)),
      right("D / N", (point) => formatInterval(point.tokensPerParameter, three)),
      right("loss", ({ loss }) => formatLoss(loss)),
    ],
    140,
  );
}

/** The widest of the ends' intervals, as a factor to either side. */
function factorOf({ lo, hi }: Allocation["flat"][number]["n"]): number {
  const side = ({ median: value, lo: low, hi: high }: typeof lo) =>
    Math.max(low === null ? Infinity : value / low, high === null ? Infinity : high / value);
  return Math.max(side(lo), side(hi));
}

function choiceLines(choice: Choice): string[] {
  const match = Number.isFinite(choice.computeToMatch.median)
    ? `This size needs ${formatInterval(choice.computeToMatch, formatFlops)} to reach the optimum's loss.`
    : "This size never reaches the optimum's loss.";
  return [
    `${formatCount(choice.params)} parameters on ${formatCount(choice.tokens)} tokens (${three(choice.tokensPerParameter)} a parameter): loss ${formatInterval(choice.extraLossPercent, percent)} above the optimum's.`,
    `An optimal model reaches that loss with ${formatInterval(choice.optimalCompute, formatFlops)}: ${formatInterval(choice.wastedPercent, percent)} of the budget is wasted.`,
    match,
  ];
}

function servingLines(serving: Serving): string[] {
  return [
    `Serving ${formatCount(serving.servedTokens)} tokens at the same loss is cheapest with N ${formatInterval(serving.n, formatCount)}, D ${formatInterval(serving.d, formatCount)}, ${formatInterval(serving.tokensPerParameter, three)} tokens a parameter:`,
    `training ${formatInterval(serving.trainingCompute, formatFlops)}, serving ${formatInterval(serving.servingCompute, formatFlops)}; ${formatInterval(serving.savedPercent, percent)} less in all than the compute-optimal model.`,
  ];
}

function dataLines(data: DataLimit): string[] {
  return [
    `With ${formatCount(data.uniqueTokens)} unique tokens: ${data.reason}.`,
    data.answers.length > 1
      ? "These runs do not say what repeats are worth. Over what the published ones leave open:"
      : "What repeats are worth is as these runs say:",
    "",
    table(
      data.answers,
      [
        right("R_D*", ({ repetition }) => decay(repetition?.tokens)),
        right("R_N*", ({ repetition }) => decay(repetition?.parameters)),
        right("N", ({ n }) => formatInterval(n, formatCount)),
        right("D", ({ d }) => formatInterval(d, formatCount)),
        right("epochs", ({ epochs }) => formatInterval(epochs, three)),
        right("loss to repetition", ({ lossToRepetitionPercent }) =>
          formatInterval(lossToRepetitionPercent, percent),
        ),
      ],
      140,
    ),
  ];
}

const decay = (value: number | undefined) => {
  if (value === undefined) return "fitted";
  return value === Infinity ? "no end" : significant(value, 3);
};

/** @file `longrun laws next`: the next most informative rung for a question and a budget. */

import type { Command } from "commander";
import { type NextReport, nextRung, type RungOffer } from "../../laws/decide/next.ts";
import { readQuestion } from "../../laws/decide/next-question.ts";
import type { Interval } from "../../math/interval.ts";
import { left, right } from "../../report/markdown.ts";
import { FLOPS } from "../../units/kinds.ts";
import {
  formatCount,
  formatFlops,
  formatInterval,
  formatLoss,
  formatShare,
  significant,
} from "../../units/print.ts";
import { readAmount } from "../../units/read.ts";
import { finish } from "../arguments.ts";
import { printResult } from "../output.ts";
import { table } from "../terminal/table.ts";
import { readRunTable, type TableFlags, tableOptions, tellSetAside, withTableFlags } from "./run-table.ts";
import { givenTarget, type TargetFlags, withTargetFlags } from "./target-flags.ts";

type NextFlags = TableFlags &
  TargetFlags & {
    readonly question: string;
    readonly budget: number;
    readonly law?: string;
  };

export function defineNext(command: Command): void {
  withTargetFlags(command)
    .argument("<runs>", "a table of finished runs: CSV, TSV, JSON lines, or a campaign's folder")
    .option(
      "--question <question>",
      "what is to be known better: loss, allocation (the optimal size; takes --compute alone) or exponent (no target)",
      "loss",
    )
    .requiredOption("--budget <flops>", "what the rung may cost", readAmount("--budget", FLOPS))
    .option(
      "--law <law>",
      "one law in place of all that a forecast weighs: chinchilla, chinchilla-tied, gamma, compute",
    );
  withTableFlags(command);
  finish(
    command,
    "longrun laws next runs.csv --compute 1e22 --budget 1e20",
    "longrun laws next runs.csv --question exponent --budget 1e20",
  ).action(runNext);
}

function runNext(path: string, flags: NextFlags): void {
  const question = readQuestion(flags.question, givenTarget(flags));
  const table = readRunTable(path, { ...tableOptions(flags), needs: ["n", "d", "c"] });
  tellSetAside(table);
  const report = nextRung(table, question, flags.budget, flags.law);
  printResult(flags, report, () => nextText(report));
}

function nextText(report: NextReport): string {
  const { now, target, question, plan, mostPerFlop } = report;
  const answer = (known: Interval) => answerText(known, question.kind);
  const about = question.kind === "loss" ? ` (N ${formatCount(target.n)}, D ${formatCount(target.d)})` : "";
  const plans =
    plan.rungs.length > 1
      ? [
          "",
          `The same budget over ${plan.rungs.length} rungs leaves ${formatShare(plan.widthRatio)} of the width, ${answer(plan.after)}:`,
          ...plan.rungs.map((rung) => `  ${rungText(rung)}`),
        ]
      : [];
  return [
    `${report.decision === "run" ? "Run: " : ""}${report.reason}.`,
    "",
    `Now, by ${report.law}${about}: ${answer(now)} at 90 %. Each rung, and what it would leave:`,
    "",
    offersTable(report.offers, answer),
    ...(mostPerFlop
      ? ["", `Of those that take 5 % or more off, most per FLOP: ${rungText(mostPerFlop.design)}.`]
      : []),
    ...plans,
    "",
    `One run scatters by ${significant(report.noisePercent, 2)} %, the loss drifts off the law by ${significant(report.driftPercent, 2)} % per square root of a decade of compute; no small rung narrows that drift.`,
    ...report.warnings.map((warning) => `\nWarning: ${warning}.`),
  ].join("\n");
}

function offersTable(offers: readonly RungOffer[], answer: (known: Interval) => string): string {
  return table(
    offers,
    [
      left("rung", ({ replicates }) => (replicates > 0 ? `again (has ${replicates})` : "new")),
      right("compute", ({ design }) => formatFlops(design.c)),
      right("N", ({ design }) => formatCount(design.n)),
      right("D", ({ design }) => formatCount(design.d)),
      right("answer after", ({ after }) => answer(after)),
      right("width left", ({ widthRatio }) => formatShare(widthRatio)),
    ],
    130,
  );
}

const rungText = ({ n, d, c }: RungOffer["design"]) =>
  `N ${formatCount(n)}, D ${formatCount(d)}, ${formatFlops(c)}`;

function answerText(known: Interval, kind: NextReport["question"]["kind"]): string {
  switch (kind) {
    case "loss":
    case "exponent":
      return formatLoss(known);
    case "allocation":
      return formatInterval(known, formatCount);
  }
}

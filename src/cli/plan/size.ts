/** @file `longrun plan size`: the model and the tokens that a budget pays for. */

import type { Command } from "commander";
import { readScalingLaw } from "../../law/scaling-law.ts";
import { type Interval, scaledBy } from "../../math/interval.ts";
import { peakFlopsOf } from "../../plan/hardware/accelerator.ts";
import { readBudget, type TrainingBudget } from "../../plan/size/budget.ts";
import { type SizeAnswer, type Sizing, sizeFor } from "../../plan/size/size.ts";
import { left, right } from "../../report/markdown.ts";
import { COUNT, DAY_SECONDS, DAYS, FLOPS, MONEY, SHARE } from "../../units/kinds.ts";
import { formatCount, formatFlops, formatInterval, formatLoss, significant } from "../../units/print.ts";
import { readAmount, readInterval } from "../../units/read.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { printResult } from "../output.ts";
import { table } from "../terminal/table.ts";
import { MFU, PRICE, readCluster, withHardware } from "./setting.ts";

type SizeFlags = CommonOptions & {
  readonly law: string;
  readonly compute?: Interval;
  readonly cluster?: string;
  readonly hardware?: string;
  readonly days?: Interval;
  readonly money?: number;
  readonly price?: Interval;
  readonly mfu?: Interval;
  readonly goodput?: Interval;
  readonly uniqueTokens?: number;
};

export function defineSize(command: Command): void {
  withHardware(command)
    .requiredOption("--law <file>", "a law saved by `longrun laws fit --save`")
    .option("--compute <flops>", "the budget in FLOPs", readInterval("--compute", FLOPS))
    .option("--cluster <name:count>", "accelerators, such as h100:4096")
    .option(
      "--days <time>",
      "the budget in time on the cluster: 60, 60d, 50..70d",
      readInterval("--days", DAYS),
    )
    .option("--money <amount>", "the budget in money", readAmount("--money", MONEY))
    .addOption(PRICE)
    .addOption(MFU)
    .option("--goodput <share>", "productive share of the time", readInterval("--goodput", SHARE))
    .option(
      "--unique-tokens <n>",
      "distinct tokens on hand: beyond them data repeats",
      readAmount("--unique-tokens", COUNT),
    );
  finish(
    command,
    "longrun plan size --law law.json --cluster h100:4096 --days 60d --mfu 0.38..0.45 --unique-tokens 5T",
    "longrun plan size --law law.json --money 10M --price 2..3 --cluster h100:1024",
  ).action(runSize);
}

function runSize(flags: SizeFlags): void {
  const law = readScalingLaw(flags.law);
  const cluster = flags.cluster === undefined ? undefined : readCluster(flags);
  const budget = readBudget({
    compute: flags.compute,
    cluster,
    days: flags.days && scaledBy(flags.days, 1 / DAY_SECONDS),
    money: flags.money,
    pricePerDeviceHour: flags.price,
    peakFlopsPerDevice: cluster && peakFlopsOf(cluster.accelerator, "bf16"),
    mfu: flags.mfu,
    goodput: flags.goodput,
  });
  const answer = sizeFor({ law, compute: budget.compute, uniqueTokens: flags.uniqueTokens ?? null });
  printResult(flags, { law: law.name, budget, ...answer }, () =>
    answerText(law.formula, law.counts, budget, answer),
  );
}

const three = (value: number) => significant(value, 3);

function answerText(formula: string, counts: string, budget: TrainingBudget, answer: SizeAnswer): string {
  const { data } = answer;
  return [
    answer.reason,
    "",
    `Budget: ${formatInterval(budget.compute, formatFlops)}${hoursText(budget)}. In brackets: 90 % ` +
      "intervals.",
    `Law: ${formula}. N: ${counts}.`,
    "",
    sizingTable([
      { name: "fresh tokens for all", sizing: answer.optimum },
      ...(data === null ? [] : [{ name: `${formatCount(data.uniqueTokens)} distinct tokens`, sizing: data }]),
    ]),
    ...(data === null
      ? []
      : [
          "",
          `Passes over the data: ${formatInterval(data.epochs, three)}; loss to repetition: ` +
            `${formatInterval(data.lossToRepetitionPercent, three)} %.`,
          `The optimum repeats from ${formatInterval(data.repeatsFrom, formatFlops)} on, and data ` +
            `binds from ${formatInterval(data.bindsFrom, formatFlops)} on.`,
        ]),
    ...(budget.assumed.length > 0 ? ["", `Assumed: ${budget.assumed.join("; ")}.`] : []),
    ...answer.warnings.map((warning) => `\nWarning: ${warning}.`),
  ].join("\n");
}

function hoursText({ deviceHours, days, cost }: TrainingBudget): string {
  if (deviceHours === null || days === null) return "";
  const money = cost === null ? "" : `, costs ${formatInterval(cost, formatCount)}`;
  return (
    `, ${formatInterval(deviceHours, formatCount)} device-hours, ${formatInterval(days, three)} ` +
    `days${money}`
  );
}

function sizingTable(rows: readonly { readonly name: string; readonly sizing: Sizing }[]): string {
  const column = (title: string, of: (sizing: Sizing) => Interval, format: (value: number) => string) =>
    right<{ readonly sizing: Sizing }>(title, ({ sizing }) => formatInterval(of(sizing), format));
  return table(
    rows,
    [
      left("with", ({ name }) => name),
      column("N", ({ params }) => params, formatCount),
      column("D", ({ tokens }) => tokens, formatCount),
      column("D / N", ({ tokensPerParameter }) => tokensPerParameter, three),
      right("loss", ({ sizing }) => formatLoss(sizing.loss)),
    ],
    150,
  );
}

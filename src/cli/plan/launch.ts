/** @file `longrun plan launch`: launch now or wait. */

import type { Command } from "commander";
import { planLaunchFigure } from "../../figures/plan-launch-figure.ts";
import { readText } from "../../input-file.ts";
import { type DayOutlook, decideLaunch, type FixValue, type LaunchAnswer } from "../../plan/launch/decide.ts";
import { dateAfter, type LaunchFacts, readLaunchFacts } from "../../plan/launch/facts.ts";
import { left, right } from "../../report/markdown.ts";
import { formatCount, formatInterval, formatShare, significant } from "../../units/print.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printResult } from "../output.ts";
import { table, wrapped } from "../terminal/table.ts";

type LaunchFlags = CommonOptions & FigureFlag;

export function defineLaunchPlan(command: Command): void {
  command.argument("<facts>", "YAML or JSON: work, cluster by date, open issues, burn-in, deadline, costs");
  withFigureFlag(command);
  finish(command, "longrun plan launch docs/examples/launch.yaml --svg launch.svg").action(runLaunch);
}

async function runLaunch(path: string, flags: LaunchFlags): Promise<void> {
  const example = "docs/examples/launch.yaml is one with every part";
  const text = readText(path, "facts of a launch, in YAML or JSON", example);
  const facts = readLaunchFacts(text, path);
  const answer = decideLaunch(facts);
  printResult(flags, answer, () => answerText(facts, answer));
  const { day, date } = answer.recommended;
  await writeFigure(flags, () =>
    planLaunchFigure({ ...facts, recommended: day, recommendedDate: date, days: answer.days }),
  );
}

function answerText(facts: LaunchFacts, answer: LaunchAnswer): string {
  const { decision, recommended, reason, fixes } = answer;
  return [
    decision === "launch" ? "Launch now." : `Wait until ${recommended.date}.`,
    reason,
    "",
    dayTable(facts, shownDays(answer)),
    ...(fixes.length > 0 ? ["", "Worth fixing, first things first:", fixTable(facts, fixes)] : []),
  ].join("\n");
}

const MOST_SHOWN = 10;

/** Today, the recommended day, and some at even distances. */
function shownDays({ days, recommended }: LaunchAnswer): readonly DayOutlook[] {
  const step = Math.ceil(days.length / MOST_SHOWN);
  return days.filter((day, i) => i % step === 0 || day.day === recommended.day);
}

function dayTable(facts: LaunchFacts, days: readonly DayOutlook[]): string {
  const dateOf = (day: number) => dateAfter(facts, day);
  const inTime = right<DayOutlook>("in time", ({ deadlineChance }) => formatShare(deadlineChance!, 0));
  const cost = right<DayOutlook>("cost (90 % interval)", (day) => formatInterval(day.cost!, formatCount));
  return table(days, [
    left("launch", ({ date }) => date),
    left("ends (90 % interval)", ({ finishDay }) => formatInterval(finishDay, dateOf)),
    ...(facts.deadlineDay === null ? [] : [inTime]),
    ...(facts.costs === null ? [] : [cost]),
  ]);
}

function fixTable(facts: LaunchFacts, fixes: readonly FixValue[]): string {
  const won = facts.costs === null ? "days" : "money";
  return table(fixes, [
    wrapped("issue", ({ issue }) => issue),
    right("days sooner", ({ gainedDays }) => significant(gainedDays, 2)),
    right("work, days", ({ effortDays }) => (effortDays === null ? "not known" : significant(effortDays, 2))),
    right(`${won} won per day of work`, ({ valuePerDay }) =>
      valuePerDay === null ? "-" : formatCount(valuePerDay, 2),
    ),
  ]);
}

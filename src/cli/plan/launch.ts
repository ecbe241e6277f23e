/** @file `longrun plan launch`: launch now or wait. */

import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { DayOutlook, FixValue, LaunchAnswer } from "../../plan/launch/decide.ts";
import type { LaunchFacts } from "../../plan/launch/facts.ts";
import { formatCount, formatPercent, significant } from "../../units/print.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printJson, printText } from "../output.ts";
import { table } from "../terminal/table.ts";

type LaunchFlags = CommonOptions & FigureFlag;

export function addLaunchPlanCommand(plan: Command): void {
  const command = plan
    .command("launch")
    .description(
      "Decide whether to launch a run now or to wait: end and cost against the launch day, and which issue to fix first.",
    )
    .argument("<facts>", "YAML or JSON: work, cluster by date, open issues, burn-in, deadline, costs");
  withFigureFlag(command);
  finish(command, "longrun plan launch docs/examples/launch.yaml --svg launch.svg").action(runLaunch);
}

async function runLaunch(path: string, flags: LaunchFlags): Promise<void> {
  const [{ readLaunchFacts, dateAfter }, { decideLaunch }] = await Promise.all([
    import("../../plan/launch/facts.ts"),
    import("../../plan/launch/decide.ts"),
  ]);
  const facts = readLaunchFacts(readText(path), path);
  const answer = decideLaunch(facts);
  if (flags.json) printJson(answer);
  else printText(answerText(facts, answer, (day) => dateAfter(facts, day)));
  await writeFigure(flags, async () => {
    const { planLaunchFigure } = await import("../../figures/plan-launch-figure.ts");
    const { day, date } = answer.recommended;
    return planLaunchFigure({ ...facts, recommended: day, recommendedDate: date, days: answer.days });
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new UserError(
      `no file ${path}`,
      "facts of a launch, in YAML or JSON",
      "docs/examples/launch.yaml is one with every part",
    );
  }
}

function answerText(facts: LaunchFacts, answer: LaunchAnswer, dateOf: (day: number) => string): string {
  const { decision, recommended, reason } = answer;
  return [
    decision === "launch" ? "Launch now." : `Wait until ${recommended.date}.`,
    reason,
    "",
    dayTable(facts, shownDays(answer), dateOf),
    ...(answer.fixes.length > 0
      ? ["", "Worth fixing, first things first:", fixTable(facts, answer.fixes)]
      : []),
  ].join("\n");
}

const MOST_SHOWN = 10;

/** Today, the recommended day, and some at even distances. */
function shownDays({ days, recommended }: LaunchAnswer): readonly DayOutlook[] {
  const step = Math.ceil(days.length / MOST_SHOWN);
  return days.filter((day, i) => i % step === 0 || day.day === recommended.day);
}

function dayTable(facts: LaunchFacts, days: readonly DayOutlook[], dateOf: (day: number) => string): string {
  return table(days, [
    { title: "launch", align: "left", cell: ({ date }) => date },
    {
      title: "ends (90 % interval)",
      align: "left",
      cell: ({ finishDay }) =>
        `${dateOf(finishDay.median)} (${dateOf(finishDay.lo)} to ${dateOf(finishDay.hi)})`,
    },
    ...(facts.deadlineDay === null
      ? []
      : [
          {
            title: "in time",
            align: "right" as const,
            cell: (day: DayOutlook) => formatPercent(100 * day.deadlineChance!, 0),
          },
        ]),
    ...(facts.costs === null
      ? []
      : [
          {
            title: "cost (90 % interval)",
            align: "right" as const,
            cell: ({ cost }: DayOutlook) =>
              `${formatCount(cost!.median)} (${formatCount(cost!.lo)} to ${formatCount(cost!.hi)})`,
          },
        ]),
  ]);
}

function fixTable(facts: LaunchFacts, fixes: readonly FixValue[]): string {
  const unit = facts.costs === null ? "days won per day of work" : "money won per day of work";
  return table(fixes, [
    { title: "issue", align: "left", cell: ({ issue }) => issue, wrap: true },
    { title: "days sooner", align: "right", cell: ({ gainedDays }) => significant(gainedDays, 2) },
    {
      title: "work, days",
      align: "right",
      cell: ({ effortDays }) => (effortDays === null ? "not known" : significant(effortDays, 2)),
    },
    {
      title: unit,
      align: "right",
      cell: ({ valuePerDay }) => (valuePerDay === null ? "-" : formatCount(valuePerDay, 2)),
    },
  ]);
}

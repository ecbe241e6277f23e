/** @file A whole run's forecast as a person reads it. */

import { PARTS, type PartOfTime } from "../../plan/time/breakdown.ts";
import type { RunForecast } from "../../plan/time/forecast.ts";
import { left, right } from "../../report/markdown.ts";
import { formatCount, formatInterval, formatSeconds, formatShare, significant } from "../../units/print.ts";
import { table } from "../terminal/table.ts";

const energy = (kwh: number) => {
  if (kwh < 1e3) return `${significant(kwh, 3)} kWh`;
  return kwh < 1e6 ? `${significant(kwh / 1e3, 3)} MWh` : `${significant(kwh / 1e6, 3)} GWh`;
};
const count = (value: number) => formatCount(Math.round(value));

/** The answer, then where it comes from. */
export function runForecastText(title: string, forecast: RunForecast, assumed: readonly string[]): string {
  const causes = forecast.causes.map(({ cause, failures }) => `${cause} ${formatInterval(failures, count)}`);
  return [
    title,
    "",
    table(answerRows(forecast), [
      left("of the run", ([name]) => name),
      left("median (90 % interval)", ([, text]) => text),
    ]),
    "",
    checkpointText(forecast),
    "",
    "Where the time goes, with everything at its middle:",
    table(timeRows(forecast), [
      left("part", ({ name }) => name),
      right("time", ({ seconds }) => formatInterval(seconds, formatSeconds)),
      right("share", (row) => formatShare(row.share)),
    ]),
    "",
    `Causes: ${causes.join(", ")}.`,
    ...(assumed.length > 0 ? ["", `Assumed: ${assumed.join("; ")}.`] : []),
  ].join("\n");
}

function answerRows(forecast: RunForecast): readonly (readonly [string, string])[] {
  const { spares, failures, failureSeconds, cost } = forecast;
  const { enoughAt95Percent, enoughAt99Percent } = spares;
  const stock = `${enoughAt95Percent} are enough 95 % of the time, ${enoughAt99Percent} 99 %`;
  const rows = [
    ["wall-clock", forecast.elapsedSeconds, formatSeconds],
    ["goodput", forecast.goodput, formatShare],
    ["productive", forecast.productiveSeconds, formatSeconds],
    ["interruptions", failures, count, `, one in ${formatInterval(failureSeconds, formatSeconds)}`],
    ["restarts", forecast.restarts, count],
    ["spare nodes", spares.nodesOut, count, ` in repair; ${stock}`],
    ["device-hours", forecast.deviceHours, formatCount],
    ["energy, IT", forecast.energyItKwh, energy],
    ["energy, with PUE", forecast.energyKwh, energy],
  ] as const;
  return [
    ...rows.map(([name, value, format, more = ""]) => [name, formatInterval(value, format) + more] as const),
    ["cost", cost ? formatInterval(cost, formatCount) : "give --price (an hour of one device)"],
  ];
}

function checkpointText({ checkpoint }: RunForecast): string {
  const { usedSeconds, bestSeconds, youngSeconds, availabilityOptimalSeconds, goodputAt } = checkpoint;
  const own =
    Math.abs(usedSeconds / bestSeconds - 1) > 0.01 ? ` (the best: ${formatSeconds(bestSeconds)})` : "";
  const others = goodputAt
    .filter(({ intervalSeconds }) => intervalSeconds !== usedSeconds)
    .map(({ intervalSeconds, goodput }) => `${formatSeconds(intervalSeconds)} ${formatShare(goodput)}`);
  return (
    `Save every ${formatSeconds(usedSeconds)}${own}; Young's formula: ${formatSeconds(youngSeconds)}; ` +
    `availability-optimal from save to save: ${formatSeconds(availabilityOptimalSeconds)}.\n` +
    `Goodput at other intervals: ${others.join(", ")}.`
  );
}

const PART_NAMES: Readonly<Record<PartOfTime, string>> = {
  productive: "productive",
  saving: "saving",
  lostWork: "work done again",
  detection: "noticing",
  restart: "restarting",
  planned: "planned stops",
};

function timeRows({ breakdown }: RunForecast) {
  const total = PARTS.reduce((sum, part) => sum + breakdown[part].median, 0);
  return PARTS.map((part) => {
    const seconds = breakdown[part];
    return { name: PART_NAMES[part], seconds, share: seconds.median / total };
  });
}

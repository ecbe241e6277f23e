/** @file A whole run's forecast as a person reads it. */

import type { Interval } from "../../math/interval.ts";
import type { RunForecast } from "../../plan/time/forecast.ts";
import { formatCount, formatInterval, formatSeconds, formatShare, significant } from "../../units/print.ts";
import { table } from "../terminal/table.ts";

const energy = (kwh: number) => {
  if (kwh < 1e3) return `${significant(kwh, 3)} kWh`;
  return kwh < 1e6 ? `${significant(kwh / 1e3, 3)} MWh` : `${significant(kwh / 1e6, 3)} GWh`;
};
const count = (value: number) => formatCount(Math.round(value));

/** The answer, then where it comes from. */
export function runForecastText(title: string, forecast: RunForecast, assumed: readonly string[]): string {
  return [
    title,
    "",
    table(answerRows(forecast), [
      { title: "of the run", align: "left", cell: ([name]) => name },
      { title: "median (90 % interval)", align: "left", cell: ([, text]) => text },
    ]),
    "",
    checkpointText(forecast),
    "",
    "Where the time goes, with everything at its middle:",
    table(timeRows(forecast), [
      { title: "part", align: "left", cell: ({ name }) => name },
      { title: "time", align: "right", cell: ({ seconds }) => formatInterval(seconds, formatSeconds) },
      { title: "share", align: "right", cell: (row) => formatShare(row.share) },
    ]),
    "",
    `Causes: ${forecast.causes.map(({ cause, failures }) => `${cause} ${formatInterval(failures, count)}`).join(", ")}.`,
    ...(assumed.length > 0 ? ["", `Assumed: ${assumed.join("; ")}.`] : []),
  ].join("\n");
}

function answerRows(forecast: RunForecast): readonly (readonly [string, string])[] {
  const { spares } = forecast;
  return [
    ["wall-clock", formatInterval(forecast.elapsedSeconds, formatSeconds)],
    ["goodput", formatInterval(forecast.goodput, formatShare)],
    ["productive", formatInterval(forecast.productiveSeconds, formatSeconds)],
    [
      "interruptions",
      `${formatInterval(forecast.failures, count)}, one in ${formatInterval(forecast.failureSeconds, formatSeconds)}`,
    ],
    ["restarts", formatInterval(forecast.restarts, count)],
    [
      "spare nodes",
      `${formatInterval(spares.nodesOut, count)} in repair; ${spares.enoughAt95Percent} are enough 95 % of the time, ${spares.enoughAt99Percent} 99 %`,
    ],
    ["device-hours", formatInterval(forecast.deviceHours, formatCount)],
    ["energy, IT", formatInterval(forecast.energyItKwh, energy)],
    ["energy, with PUE", formatInterval(forecast.energyKwh, energy)],
    [
      "cost",
      forecast.cost ? formatInterval(forecast.cost, formatCount) : "give --price (an hour of one device)",
    ],
  ];
}

function checkpointText({ checkpoint }: RunForecast): string {
  const { usedSeconds, bestSeconds, youngSeconds, availabilityOptimalSeconds, goodputAt } = checkpoint;
  const own =
    Math.abs(usedSeconds / bestSeconds - 1) > 0.01 ? ` (the best: ${formatSeconds(bestSeconds)})` : "";
  const others = goodputAt
    .filter(({ intervalSeconds }) => intervalSeconds !== usedSeconds)
    .map(({ intervalSeconds, goodput }) => `${formatSeconds(intervalSeconds)} ${formatShare(goodput)}`);
  return `Save every ${formatSeconds(usedSeconds)}${own}; Young's formula: ${formatSeconds(youngSeconds)}; availability-optimal from save to save: ${formatSeconds(availabilityOptimalSeconds)}.\nGoodput at other intervals: ${others.join(", ")}.`;
}

const PARTS = {
  productive: "productive",
  saving: "saving",
  lostWork: "work done again",
  detection: "noticing",
  restart: "restarting",
  planned: "planned stops",
} as const satisfies Readonly<Record<keyof RunForecast["breakdown"], string>>;

function timeRows({ breakdown }: RunForecast) {
  const total = Object.values(breakdown).reduce((sum: number, { median }: Interval) => sum + median, 0);
  return Object.entries(PARTS).map(([part, name]) => {
    const seconds: Interval = breakdown[part as keyof typeof PARTS];
    return { name, seconds, share: seconds.median / total };
  });
}

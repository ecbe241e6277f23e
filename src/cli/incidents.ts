/** @file `longrun incidents`: what went wrong in a folder, in a line each; one of them on a page. */

import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { runsIn, timeInFolder } from "../fleet/account/folder-times.ts";
import { type IncidentPage, incidentPages } from "../fleet/account/incident-page.ts";
import { readRecord } from "../record/record.ts";
import { left, orDash, right } from "../report/markdown.ts";
import { formatCount, formatList, formatSeconds, shellWord } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish, wholeNumber } from "./arguments.ts";
import { printResult } from "./output.ts";
import { table, wrapped } from "./terminal/table.ts";

export function defineIncidents(command: Command): void {
  command
    .argument("[folder]", "the folder of a campaign or a run", DEFAULT_FOLDER)
    .argument("[id]", "the number of an incident: all of it on one page", wholeNumber("ID", 0));
  finish(command, "longrun incidents runs/first-light", "longrun incidents runs/first-light 17").action(
    runIncidents,
  );
}

function runIncidents(folder: string, id: number | undefined, { json }: CommonOptions): void {
  const { events } = readRecord(folder);
  const times = runsIn(events).map((run) => timeInFolder(folder, events, run)!);
  const pages = incidentPages(folder, events, times);
  if (id === undefined) {
    printResult({ json }, { incidents: pages }, () => listText(pages));
    return;
  }
  const page = pages.find((each) => each.id === id);
  if (page === undefined) throw unknownIncident(folder, id, pages);
  printResult({ json }, page, () => pageText(page));
}

function unknownIncident(folder: string, id: number, pages: readonly IncidentPage[]): UserError {
  const ids = pages.map((page) => String(page.id));
  return new UserError(
    `event ${id} of ${folder} is no incident`,
    ids.length > 0 ? `one of ${formatList(ids)}` : "there are none in its record",
    `\`longrun incidents ${shellWord(folder)}\` lists them`,
  );
}

function listText(pages: readonly IncidentPage[]): string {
  if (pages.length === 0) return "no incidents";
  return table(
    pages,
    [
      right("id", ({ id }) => String(id)),
      left("time", ({ at }) => at.slice(0, 19).replace("T", " ")),
      left("run", ({ run }) => run ?? "-"),
      left("what", ({ what }) => what),
      left("where", whereText),
      right("cost", ({ cost }) => orDash(cost?.totalSeconds ?? null, formatSeconds)),
      left("done", ({ response }) => response?.action ?? "-"),
      wrapped("since", ({ since }) => since),
    ],
    process.stdout.columns ?? 140,
  );
}

function whereText({ rank, place, step }: IncidentPage): string {
  const parts = [
    ...(rank === null ? [] : [`rank ${rank}`]),
    ...(place === null ? [] : [`on ${place}`]),
    ...(step === null ? [] : [`at step ${formatCount(step)}`]),
  ];
  return parts.length === 0 ? "-" : parts.join(" ");
}

function pageText(page: IncidentPage): string {
  const { id, at, run, what, severity, attempt, job, evidence, response, cost, since, advice } = page;
  const where = whereText(page);
  const cause = (name: string, seconds: number) => (seconds > 0 ? [`${name} ${formatSeconds(seconds)}`] : []);
  const lines = [
    ["seen", `${what} (${severity})`],
    ["when", at],
    [
      "where",
      [run ?? "the campaign", ...numbered("attempt", attempt), where, ...numbered("job", job)].join(", "),
    ],
    ...evidenceLines(evidence),
    ["decided", response === null ? "nothing" : `${response.action}: ${response.reason}`],
    ["since", since],
    [
      "cost",
      cost === null
        ? "it ended no attempt"
        : `${formatSeconds(cost.totalSeconds)}: ` +
          [
            ...Object.entries(cost.seconds).flatMap(([name, seconds]) => cause(name, seconds)),
            `${formatCount(cost.steps)} steps done again`,
          ].join(", "),
    ],
  ] as const;
  const width = Math.max(...lines.map(([name]) => name!.length));
  return [
    `incident ${id}`,
    ...lines.map(
      ([name, text]) => `${name!.padEnd(width)}  ${text!.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`,
    ),
    "",
    "what to do",
    ...advice.map((line, i) => `${i + 1}. ${line}`),
  ].join("\n");
}

const numbered = (what: string, number: number | string | null) =>
  number === null ? [] : [`${what} ${number}`];

/** Told in the line "where" already. */
const TOLD = ["rank", "place", "step"];
/** Of what a process printed: all of it is in its log. */
const MOST_LOG_LINES = 12;

function evidenceLines(evidence: unknown): readonly (readonly [name: string, text: string])[] {
  const parts = Object.entries((evidence ?? {}) as object).filter(([name]) => !TOLD.includes(name));
  return parts.flatMap(([name, value]) => {
    // A part of parts (the log line that tells the cause) is told part by part.
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    const inner = isNested ? Object.entries(value as object) : [[name, value] as const];
    return inner.map(([key, text]) => [`  ${key}`, evidenceText(key!, text)] as const);
  });
}

function evidenceText(key: string, value: unknown): string {
  if (typeof value === "number" && /seconds$/i.test(key)) return formatSeconds(value);
  if (typeof value !== "string") return JSON.stringify(value) ?? "null";
  return value === "" ? '""' : value.split("\n").slice(-MOST_LOG_LINES).join("\n");
}

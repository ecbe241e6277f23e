/** @file `longrun goodput`: where the time of a campaign's runs went, by cause and by attempt. */

import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { type ExpectedGoodput, expectedGoodput } from "../fleet/account/expected.ts";
import { runsIn, timeInFolder } from "../fleet/account/folder-times.ts";
import {
  type AttemptTime,
  goodputOf,
  type RunTime,
  type SecondsByCause,
  sumOfCauses,
  TIME_CAUSES,
  type TimeCause,
} from "../fleet/account/goodput.ts";
import { readRecord } from "../record/record.ts";
import { left, orDash, right } from "../report/markdown.ts";
import { fixed, formatCount, formatSeconds, formatShare } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { printResult } from "./output.ts";
import { table } from "./terminal/table.ts";

export function defineGoodput(command: Command): void {
  command
    .argument("[folder]", "the folder of a campaign or a run", DEFAULT_FOLDER)
    .argument("[run]", "one run of it, attempt by attempt (default: all of them together)");
  finish(command, "longrun goodput runs/first-light").action(runGoodput);
}

type Told = { readonly time: RunTime; readonly expected: ExpectedGoodput | null };

function runGoodput(folder: string, run: string | undefined, { json }: CommonOptions): void {
  const { events } = readRecord(folder);
  const known = runsIn(events);
  if (run === undefined ? known.length === 0 : !known.includes(run)) throw unknownRun(folder, run, known);
  const told = (run === undefined ? known : [run]).map((name): Told => {
    const time = timeInFolder(folder, events, name)!;
    return { time, expected: expectedGoodput(time) };
  });
  const seconds = sumOfCauses(told.map(({ time }) => time.seconds));
  const wallSeconds = told.reduce((sum, { time }) => sum + time.wallSeconds, 0);
  const runs = told.map(({ time, expected }) => ({ ...time, expected }));
  const value = { goodput: goodputOf(wallSeconds, seconds), wallSeconds, seconds, runs };
  const [only, ...others] = told;
  printResult({ json }, value, () =>
    only && others.length === 0 ? oneRunText(only) : allText(told, wallSeconds, seconds),
  );
}

/** Of what the record knows no run, or not this one. */
export function unknownRun(folder: string, run: string | undefined, known: readonly string[]): UserError {
  return new UserError(
    run === undefined ? `no run has started in ${folder}` : `no run ${run} in ${folder}`,
    known.length > 0 ? `one of ${known.join(", ")}` : "a folder whose record knows a run",
    known.length > 0 ? "choose one of these" : "give another folder, or wait until its first run has started",
  );
}

function allText(told: readonly Told[], wallSeconds: number, seconds: SecondsByCause): string {
  const runs = table(told, [
    left("run", ({ time }) => time.run),
    right("attempts", ({ time }) => formatCount(time.attempts.length)),
    right("wall time", ({ time }) => formatSeconds(time.wallSeconds)),
    right("goodput", ({ time }) => formatShare(time.goodput)),
    right("expected", ({ expected }) => orDash(expected?.goodput ?? null, formatShare)),
  ]);
  return [causesTable(wallSeconds, seconds, null), "", runs].join("\n");
}

function oneRunText({ time, expected }: Told): string {
  const gap =
    expected === null
      ? "no forecast: it has no checkpoint yet"
      : `goodput ${formatShare(time.goodput)}, and ${formatShare(expected.goodput)} are to be expected by the ` +
        `formula of \`plan time\` (${conditionsText(expected)}): a gap of ${fixed(expected.gapPoints, 1)} points, ` +
        expected.reason;
  const attempts = table(time.attempts, [
    right("attempt", ({ attempt }) => String(attempt)),
    right("from step", ({ fromStep }) => formatCount(fromStep)),
    right("wall time", ({ wallSeconds }) => formatSeconds(wallSeconds)),
    ...(["productive", "checkpoint", "detection", "restart", "recomputed", "waiting"] as const).map((cause) =>
      right(cause, ({ seconds }: AttemptTime) => formatSeconds(seconds[cause])),
    ),
    left("ended", ({ outcome }) =>
      outcome.kind === "failed" ? `failed: incident ${outcome.incident}` : outcome.kind,
    ),
  ]);
  return [causesTable(time.wallSeconds, time.seconds, expected), "", attempts, "", gap].join("\n");
}

function causesTable(wallSeconds: number, seconds: SecondsByCause, expected: ExpectedGoodput | null): string {
  const training = wallSeconds - seconds.start - seconds.evaluation;
  const rows: readonly (TimeCause | "all")[] = [...TIME_CAUSES, "all"];
  const secondsOf = (row: TimeCause | "all") => (row === "all" ? wallSeconds : seconds[row]);
  return table(rows, [
    left("cause", (row) => row),
    right("time", (row) => formatSeconds(secondsOf(row))),
    right("of wall time", (row) => formatShare(secondsOf(row) / (wallSeconds || 1))),
    ...(expected === null
      ? []
      : [
          right("expected", (row: TimeCause | "all") => {
            const share = row === "all" ? undefined : expected.shares[row];
            return share === undefined ? "" : formatSeconds(share * training);
          }),
        ]),
  ]);
}

function conditionsText({ conditions }: ExpectedGoodput): string {
  const { failures, exposedSeconds, saveSeconds, intervalSeconds, detectionSeconds, restartSeconds } =
    conditions;
  return (
    `${formatCount(failures)} failures in ${formatSeconds(exposedSeconds)}, a save of ` +
    `${formatSeconds(saveSeconds)} each ${formatSeconds(intervalSeconds)} of training, ` +
    `${formatSeconds(detectionSeconds)} to notice, ${formatSeconds(restartSeconds)} to restart`
  );
}

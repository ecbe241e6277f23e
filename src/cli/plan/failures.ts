/** @file What a user has seen fail, a count, causes or a log of days: where a forecast starts from. */

import { UserError } from "../../errors.ts";
import { readText } from "../../input-file.ts";
import type { Ages } from "../../plan/time/burn-in.ts";
import { type FailureRecord, readFailureRecord, recordOfTotal } from "../../plan/time/causes.ts";
import { fitGrowth } from "../../plan/time/reliability-growth.ts";
import { DAY_SECONDS, DURATION } from "../../units/kinds.ts";
import { parseAmount } from "../../units/read.ts";

export type FailureFlags = {
  readonly failures?: string;
  readonly observed?: string;
  readonly failureDays?: string;
};

/** A record of failures; undefined where nothing was seen. `observed`: the trend of the cluster's own log. */
export type FailureFacts = {
  readonly record: FailureRecord | undefined;
  readonly observed: Ages["observed"];
};

/** What the flags say of failures. Throws a `UserError` for two records, and for what cannot be read. */
export function failureFacts(flags: FailureFlags, numDevices: number, devicesPerNode: number): FailureFacts {
  const given = [flags.failures, flags.observed, flags.failureDays].filter((each) => each !== undefined);
  if (given.length > 1) {
    throw new UserError(
      `${given.length} records of failures`,
      "one of --failures, --observed and --failure-days",
      "give the one that knows most",
    );
  }
  if (flags.observed !== undefined) {
    const text = readText(flags.observed, "a record of failures");
    const record = readFailureRecord(text, flags.observed, devicesPerNode);
    return { record, observed: null };
  }
  if (flags.failureDays !== undefined) return failureLog(flags.failureDays, numDevices, devicesPerNode);
  return { record: recordOf(flags.failures, numDevices, devicesPerNode), observed: null };
}

function recordOf(
  text: string | undefined,
  numDevices: number,
  devicesPerNode: number,
): FailureRecord | undefined {
  if (text === undefined) return undefined;
  const [count = "", time = "", devices, ...more] = text.split("/");
  const failures = Number(count);
  const seconds = parseAmount(time, DURATION);
  const size = devices === undefined ? numDevices : Number(devices.replaceAll(",", ""));
  const isRead = /^\d+$/.test(count) && failures > 0 && seconds !== null && size > 0 && more.length === 0;
  if (isRead && failures > seconds)
    throw new UserError(
      `--failures "${text}": more than one a second`,
      "a cluster that trains between its failures",
      "correct the count or the time",
    );
  if (isRead) {
    return recordOfTotal(failures, seconds / DAY_SECONDS, size, devicesPerNode);
  }
  throw new UserError(
    `--failures "${text}"`,
    "a count above 0, the time it took and perhaps the devices: 419/54d, 12/30d/1024",
    "correct it; leave it out where nothing has failed yet",
  );
}

/** A log of days: the rate that it ends with, and whether the cluster is getting better. */
function failureLog(path: string, numDevices: number, devicesPerNode: number): FailureFacts {
  const numbers = readText(path, "a record of failures")
    .split("\n")
    .flatMap((line, i) => daysOf(line, `${path}, line ${i + 1}`));
  const growth = fitGrowth(numbers.slice(0, -1), numbers.at(-1) ?? Number.NaN);
  // So many failures at the present rate are worth this many days of record.
  const record = recordOfTotal(
    growth.failures,
    growth.failures / growth.perDayNow.median,
    numDevices,
    devicesPerNode,
  );
  return { record, observed: { exponent: growth.exponent, days: growth.days } };
}

/** The days on one line. */
function daysOf(line: string, where: string): readonly number[] {
  const words = line.split(/[\s,;]+/).filter((word) => word !== "");
  const wrong = words.find((word) => !Number.isFinite(Number(word)));
  if (wrong === undefined) return words.map(Number);
  throw new UserError(
    `${where}: "${wrong}"`,
    "days since the start, one a line: 3.5",
    "take out headings and other columns; write dates as days since the start",
  );
}

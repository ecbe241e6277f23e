/** @file Whether several machines can carry a run together: they see one folder, and their clocks agree. */

import { hostname } from "node:os";
import { UserError } from "../../errors.ts";
import { formatSeconds } from "../../units/print.ts";

/** Beyond it dates in record, logs and checkpoints contradict each other. */
export const MOST_APART_SECONDS = 5;

/** What an agent found at its machine. */
export type NodeLook = {
  readonly machine: string;
  /** A file that was written here. */
  readonly isSeen: boolean;
  /** How far its clock is ahead of ours, as far as that can be told from here. */
  readonly offsetSeconds: number;
};

/**
 * How far another clock is ahead of ours.
 * @param atMs what it showed at some moment while, by ours, it was that late
 */
export function clockOffsetSeconds(
  atMs: number,
  { beganAtMs, endedAtMs }: { readonly beganAtMs: number; readonly endedAtMs: number },
): number {
  return (atMs - Math.min(endedAtMs, Math.max(beganAtMs, atMs))) / 1000;
}

/** Throws a UserError where the folder is not on a disk that all machines share, or their clocks differ. */
export function refuseUnfit(folder: string, looks: readonly NodeLook[]): void {
  const blind = looks.filter(({ isSeen }) => !isSeen).map(({ machine }) => machine);
  if (blind.length > 0)
    throw new UserError(
      `what is written to ${folder} on ${hostname()} is not seen on ${blind.join(", ")}`,
      "a folder on a disk that all nodes share",
      "give one with --folder",
    );
  const byClock = looks.toSorted((a, b) => a.offsetSeconds - b.offsetSeconds);
  const [slowest, fastest] = [byClock[0], byClock.at(-1)];
  if (!slowest || !fastest) return;
  const apart = fastest.offsetSeconds - slowest.offsetSeconds;
  if (apart > MOST_APART_SECONDS)
    throw new UserError(
      `the clock of ${fastest.machine} is ${formatSeconds(apart)} ahead of that of ${slowest.machine}`,
      `clocks that are at most ${formatSeconds(MOST_APART_SECONDS)} apart`,
      "see `timedatectl` on both, and start NTP where it does not run; or leave a node out (--exclude)",
    );
}

/** @file What Linux tells of a process and of those it has started, from /proc. */

import { readdirSync, readFileSync } from "node:fs";
import { processStart } from "../../record/lock.ts";
import type { Probe } from "../backend.ts";
import type { StartedProcess } from "./attempt-folder.ts";

/** Linux counts processor time in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** So old may be what is told of the processes of a rank: with a thousand, each look takes tens of ms. */
const SNAPSHOT_MS = 500;
let snapshot: { readonly ms: number; readonly bySession: ReadonlyMap<number, readonly Member[]> } | null =
  null;

/** All processes of a session together, half a second ago at most; null where there is none, or no /proc. */
export function probeSession(session: number): Probe | null {
  const ms = performance.now();
  if (snapshot === null || ms - snapshot.ms > SNAPSHOT_MS)
    snapshot = { ms, bySession: Map.groupBy(allMembers(), (member) => member.session) };
  const members = snapshot.bySession.get(session) ?? [];
  if (members.length === 0) return null;
  const states = members.map(({ state }) => state);
  return {
    state: states.includes("R")
      ? "running"
      : states.some((state) => state === "T" || state === "t")
        ? "stopped"
        : "waiting",
    cpuSeconds: members.reduce((total, { ticks }) => total + ticks, 0) / TICKS_PER_SECOND,
    residentBytes: members.reduce((total, { pages }) => total + pages, 0) * PAGE_BYTES,
  };
}

/** Not a later process of the same number. Seen from this machine. */
export const isAlive = ({ pid, started }: StartedProcess): boolean => processStart(pid) === started;

/** How many processes the kernel has killed for want of memory since it booted; null: it does not say. */
export function oomKills(): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read("/proc/vmstat"))?.[1];
  return count === undefined ? null : Number(count);
}

type Member = {
  readonly pid: number;
  readonly session: number;
  readonly state: string;
  readonly ticks: number;
  readonly pages: number;
};

/** proc(5), by field after the name in parentheses: 3 state, 6 session, 14 utime, 15 stime, 24 rss. */
export function sessionMembers(sessions: ReadonlySet<number>): readonly Member[] {
  return allMembers().filter(({ session }) => sessions.has(session));
}

function allMembers(): readonly Member[] {
  return pids().flatMap((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, session] = [fields[0]!, Number(fields[3])];
    if (state === "" || state === "Z") return [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid, session, state, ticks, pages: Number(fields[21]) }];
  });
}

/** All that were started with this in their environment, or whose parents were. */
export function pidsWith(variable: string, value: string): readonly number[] {
  const entry = Buffer.from(`\0${variable}=${value}\0`).toString("latin1");
  const isMeant = (pid: number) => `\0${read(`/proc/${pid}/environ`)}`.includes(entry);
  return pids().filter((pid) => pid !== process.pid && isMeant(pid));
}

function pids(): readonly number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** A process that ends while it is looked up has nothing to say. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** One that has ended meanwhile is passed over. A negative number: a process group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

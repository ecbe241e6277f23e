/** @file One writer a file: a lock that names its process, taken over only when that is dead. */

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "./files.ts";

/** `started` tells a process from a later one that got the same number. */
const holderSchema = z.strictObject({
  pid: z.int().positive(),
  started: z.string(),
  host: z.string(),
  since: z.iso.datetime(),
});
type Holder = z.infer<typeof holderSchema>;

/**
 * Takes the lock at `path`, or throws a UserError that names the process which holds it.
 *
 * The lock file appears by hard link, so it is never seen empty and only one of two racers gets it. A dead
 * holder's lock is removed under a lock of its own: otherwise a second racer, which read the dead holder too,
 * could remove the first one's new lock.
 */
export function acquireLock(path: string): Disposable {
  const self = JSON.stringify(ownIdentity());
  for (;;) {
    if (createLock(path, self)) return { [Symbol.dispose]: () => release(path, self) };
    const text = readLock(path);
    if (text === null) continue;
    refuseIfHeld(path, text);
    using _guard = acquireLock(`${path}.takeover`);
    release(path, text);
  }
}

/**
 * What tells this process from every other with the same number: on Linux the boot and the clock tick it
 * started in, elsewhere the start time that `ps` prints. Null when there is no such process, or only its exit
 * status is left.
 */
export function processStart(pid: number): string | null {
  return existsSync("/proc/self/stat") ? startFromProc(pid) : startFromPs(pid);
}

function ownIdentity(): Holder {
  const started = processStart(process.pid) ?? "unknown";
  return { pid: process.pid, started, host: hostname(), since: new Date().toISOString() };
}

function createLock(path: string, text: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileAtomic(temporary, text);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function release(path: string, text: string): void {
  if (readLock(path) === text) rmSync(path, { force: true });
}

function refuseIfHeld(path: string, text: string): void {
  const holder = parseHolder(path, text);
  if (holder.host !== hostname()) {
    throw new UserError(
      `${path} is held by process ${holder.pid} on the machine ${holder.host} since ${holder.since}`,
      "one writer at a time; whether a process on another machine still runs cannot be seen from here",
      `make sure that it does not run any more, then delete ${path}`,
    );
  }
  if (processStart(holder.pid) === holder.started) {
    throw new UserError(
      `${path} is held by process ${holder.pid}, which has been writing since ${holder.since}`,
      "one writer at a time",
      "wait until it is done, or stop it, then give the same command again",
    );
  }
}

function parseHolder(path: string, text: string): Holder {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(
      `${path} is not a lock that longrun wrote`,
      "a line of JSON with pid, started, host and since",
      `make sure that no longrun process writes in this folder, then delete ${path}`,
      { cause: error },
    );
  }
}

/** proc(5): after the name in parentheses come the state (field 3) and the start in ticks (field 22). */
function startFromProc(pid: number): string | null {
  const stat = readLock(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${fields[19]}`;
}

function startFromPs(pid: number): string | null {
  try {
    const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    const [state = "Z", ...start] = text.split(/\s+/);
    return state.startsWith("Z") ? null : start.join(" ");
  } catch {
    return null;
  }
}

/** @file One writer a file: a lock that names its process, taken over only once that is dead. */

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { nativeAddon } from "../native-addon.ts";
import { writeFileAtomic } from "./files.ts";

/** `started` tells a process from a later one that got the same number; on Linux it begins with the boot. */
const holderSchema = z.strictObject({
  pid: z.int().positive(),
  started: z.string(),
  host: z.string(),
  /** Containers number their processes apart: of the same namespace alone can a number be looked up. */
  namespace: z.string().optional(),
  since: z.iso.datetime(),
  /** Of Slurm's, in which it runs: a machine out of reach may be known there. */
  job: z.strictObject({ number: z.string(), cluster: z.string(), restarts: z.int() }).optional(),
});

/** A job of Slurm's, by its number, and how often it was queued again. */
export type LockJob = NonNullable<Holder["job"]>;

type Holder = z.infer<typeof holderSchema>;

/** The lock is another's. */
export class LockHeld extends UserError {
  /** The holder does nothing until it is told to go on: waiting for it is no use. */
  readonly isStopped: boolean;

  constructor(found: string, remedy: string, isStopped = false) {
    super(found, "one writer at a time", remedy);
    this.isStopped = isStopped;
  }
}

/**
 * Takes the lock at `path`, or throws a UserError that names the process which holds it.
 *
 * The lock file appears by hard link, so it is never seen empty and only one of two racers gets it. The
 * kernel's lock on that file, held from before it appears, tells whether the holder lives, whatever container
 * it is in; where the file system cannot lock, its process number does. A dead holder's lock is removed under
 * a lock of its own: otherwise a second racer, which read the dead holder too, could remove the first one's
 * new lock.
 */
export function acquireLock(path: string): Disposable {
  const self = JSON.stringify(ownIdentity());
  for (;;) {
    const file = createLock(path, self);
    if (file !== null)
      return {
        [Symbol.dispose]: () => {
          release(path, self);
          closeSync(file);
        },
      };
    const text = readLock(path);
    if (text === null) continue;
    refuseIfHeld(path, text);
    using _guard = acquireLock(`${path}.takeover`);
    release(path, text);
  }
}

/**
 * The job of Slurm's in which the lock was taken on another machine; null: it was not, or there is no lock.
 * Whether that one lives only Slurm can tell.
 */
export function lockJob(path: string): LockJob | null {
  const text = readLock(path);
  if (text === null) return null;
  const { started, job = null } = parseHolder(path, text);
  return isOfThisKernel(started) ? null : job;
}

/** Removes a lock that was taken in this job, which is known to have ended. */
export function breakLock(path: string, job: LockJob): void {
  using _guard = acquireLock(`${path}.takeover`);
  const text = readLock(path);
  if (text !== null && isDeepStrictEqual(parseHolder(path, text).job, job)) release(path, text);
}

/** Whether somebody holds the lock, as far as can be seen from here. */
export function isLocked(path: string): boolean {
  const text = readLock(path);
  if (text === null) return false;
  try {
    refuseIfHeld(path, text);
    return false;
  } catch (error) {
    if (error instanceof UserError) return true;
    throw error;
  }
}

/** The process that holds the lock; null where nobody does. Throws a `LockHeld` for one out of reach. */
export function lockHolder(path: string): { readonly pid: number; readonly isStopped: boolean } | null {
  const text = readLock(path);
  if (text === null) return null;
  try {
    refuseIfHeld(path, text);
    return null;
  } catch (error) {
    const { pid, started } = parseHolder(path, text);
    if (!(error instanceof LockHeld) || processStart(pid) !== started) throw error;
    return { pid, isStopped: error.isStopped };
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

/** What tells the machine from what it was before it was last started. */
export function bootOfMachine(): string {
  const started = processStart(existsSync("/proc/self/stat") ? process.pid : 1) ?? "unknown";
  return existsSync("/proc/self/stat") ? started.split(" ")[0]! : started;
}

function ownIdentity(): Holder {
  const started = processStart(process.pid) ?? "unknown";
  const namespace = ownNamespace();
  const since = new Date().toISOString();
  const job = ownJob();
  const where = { host: hostname(), ...(namespace && { namespace }) };
  return { pid: process.pid, started, ...where, since, ...(job && { job }) };
}

/** As Slurm tells the processes of a job. */
function ownJob(): LockJob | undefined {
  const {
    SLURM_JOB_ID: number,
    SLURM_CLUSTER_NAME: cluster,
    SLURM_RESTART_COUNT: restarts = 0,
  } = process.env;
  return number && cluster ? { number, cluster, restarts: Number(restarts) } : undefined;
}

function ownNamespace(): string | undefined {
  return existsSync("/proc/self/ns/pid") ? readlinkSync("/proc/self/ns/pid") : undefined;
}

/** The open file that holds the lock; null where there is one already. */
function createLock(path: string, text: string): number | null {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileAtomic(temporary, text);
  const file = openSync(temporary, "r+");
  try {
    lockFile(file, true);
    linkSync(temporary, path);
    return file;
  } catch (error) {
    closeSync(file);
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return null;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The kernel's lock; null where the file system, or this build of longrun, has none. */
function lockFile(file: number, isExclusive: boolean): boolean | null {
  try {
    const addon = nativeAddon() as { lockFile?(file: number, exclusive: number): boolean | null };
    return addon.lockFile?.(file, Number(isExclusive)) ?? null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Whether a living process holds the kernel's lock on it; null where that cannot be said. */
function isHeldByKernel(path: string): boolean | null {
  try {
    const file = openSync(path, "r");
    try {
      const isFree = lockFile(file, false);
      return isFree === null ? null : !isFree;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function readLock(path: string): string | null {
  try {
    if (statSync(path).isFile()) return readFileSync(path, "utf8");
  } catch (error) {
    // A process that ends while it is looked up is no more, too.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
  throw notALock(path);
}

function release(path: string, text: string): void {
  if (readLock(path) === text) rmSync(path, { force: true });
}

function refuseIfHeld(path: string, text: string): void {
  const { pid, started, host, namespace, since, job } = parseHolder(path, text);
  const isHeld = isHeldByKernel(path);
  const isSameKernel = existsSync("/proc/self/stat") ? isOfThisKernel(started) : host === hostname();
  if (isHeld !== true && !isSameKernel) {
    if (host === hostname()) return; // Started anew since.
    throw new LockHeld(
      `${path} is held by process ${pid} on the machine ${host}${job ? ` in job ${job.number}` : ""} since ${since}; whether it still runs cannot be seen from here`,
      `make sure that it does not run any more, then delete ${path}`,
    );
  }
  if (namespace === undefined || namespace === ownNamespace()) {
    if (isHeld !== true && processStart(pid) !== started) return;
    const isStopped = stateOf(pid) === "T";
    throw new LockHeld(
      `${path} is held by process ${pid}, which has been writing since ${since}${isStopped ? " and is stopped (SIGSTOP)" : ""}`,
      isStopped
        ? `let it go on (\`kill -CONT ${pid}\`) or end it (\`kill -9 ${pid}\`), then give the same command again`
        : `wait until it is done, or stop it (Ctrl-C where it runs, or \`kill ${pid}\`; \`kill -9 ${pid}\` where it does not answer), then give the same command again`,
      isStopped,
    );
  }
  if (isHeld === false) return;
  throw new LockHeld(
    `${path} is held by process ${pid} of another container on the host ${host}, which has been writing since ${since}` +
      (isHeld ? "" : "; whether it still runs cannot be seen from here"),
    isHeld
      ? `wait until it is done, or stop it there (Ctrl-C, \`kill ${pid}\` inside it, or stop the container), then give the same command again`
      : `make sure that it does not run any more, then delete ${path}`,
  );
}

/** On Linux, where a process's start begins with the boot. */
const isOfThisKernel = (started: string) =>
  started.split(" ")[0] === processStart(process.pid)?.split(" ")[0];

function parseHolder(path: string, text: string): Holder {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch (error) {
    throw notALock(path, error);
  }
}

const notALock = (path: string, cause?: unknown) =>
  new UserError(
    `${path} is not a lock that longrun wrote`,
    "a line of JSON with pid, started, host and since",
    `make sure that no longrun process writes in this folder, then delete ${path}`,
    { cause },
  );

/** proc(5): after the name in parentheses come the state (field 3) and the start in ticks (field 22). */
function startFromProc(pid: number): string | null {
  const fields = statOf(pid);
  if (fields === null) return null;
  if (fields[0] === "Z" || fields[0] === "X") return null;
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${fields[19]}`;
}

function statOf(pid: number): readonly string[] | null {
  const stat = readLock(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** R, S, D, T (stopped) ... on Linux; null elsewhere, and where there is no such process. */
const stateOf = (pid: number) => statOf(pid)?.[0] ?? null;

function startFromPs(pid: number): string | null {
  try {
    const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    const [state = "Z", ...start] = text.split(/\s+/);
    return state.startsWith("Z") ? null : start.join(" ");
  } catch {
    return null;
  }
}

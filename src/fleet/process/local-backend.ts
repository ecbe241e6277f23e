/** @file This machine as a backend: each rank a process in a session of its own, which outlives us. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { makeFolder } from "../../record/files.ts";
import { processStart } from "../../record/lock.ts";
import type {
  Attempt,
  Backend,
  Launch,
  Probe,
  ProcessExit,
  ProcessLaunch,
  ProcessProgram,
} from "../backend.ts";
import { slotsOf } from "../decide/places.ts";
import {
  ATTEMPT_VARIABLE,
  logFile,
  PLACE_VARIABLE,
  readProcesses,
  SLOTS_VARIABLE,
  type StartedProcess,
} from "./attempt-folder.ts";
import { isAlive, pidsWith, probeSession, sendSignal, sessionMembers } from "./proc.ts";
import { type ProcessEnd, Standby, type Started } from "./standby.ts";

/** An adopted process is not our child, and nobody tells us of its end. */
const ADOPTED_POLL_MS = 100;
/** After SIGKILL; a process in an uninterruptible call takes longer, and is left to the kernel. */
const MOST_KILL_SECONDS = 10;

/** Attempts that end with this process where it ends in order; `kill -9` leaves them to be adopted. */
const living = new Set<LocalAttempt>();
process.on("exit", () => {
  for (const attempt of living) attempt.killAll();
});

/** The places of a run on this machine: one for each process, and for each spare. */
export const localPlaces = (numRanks: number, numSpares = 0) => slotsOf(hostname(), numRanks + numSpares);

/** Processes on this machine. Dispose of it to end those that were booted ahead of time. */
export class LocalBackend implements Backend, Disposable {
  readonly #standby: Standby;
  readonly #places: readonly string[];
  readonly lost = [];

  /**
   * @param folder the campaign's
   * @param places slots of this machine (`localPlaces`): ranks can be moved from one to another
   */
  constructor(folder: string, places: readonly string[] = localPlaces(1)) {
    this.#standby = new Standby(folder);
    this.#places = places;
  }

  places(): readonly string[] {
    return this.#places;
  }

  async start({ folder, processes }: Launch): Promise<Attempt> {
    makeFolder(folder);
    const attempt = new LocalAttempt(folder);
    try {
      for (const launch of processes) attempt.add(launch, await this.#spawn(folder, launch));
    } catch (error) {
      await attempt.stop();
      throw error;
    }
    return attempt;
  }

  adopt(folder: string): Attempt | null {
    const processes = readProcesses(folder);
    return processes.length === 0 ? null : new LocalAttempt(folder, processes);
  }

  async #spawn(folder: string, { rank, place, program, ...launch }: ProcessLaunch): Promise<Started> {
    const log = logFile(folder, rank);
    const where = { [PLACE_VARIABLE]: place, [SLOTS_VARIABLE]: String(this.#places.length) };
    const environment = { ...launch.environment, ...where };
    switch (program.kind) {
      case "forked":
        return await this.#standby.fork(program.command, { folder, rank, log, environment });
      case "warm":
        return await startedAs(
          program.command,
          this.#standby.take(program.command, { folder, rank, environment }, log),
        );
      case "command":
        return await startedAs(
          program.command,
          spawnCommand(program.command, program.workingFolder, environment, log),
        );
    }
  }

  /** Boots what a start may need. */
  warm({ kind, command }: ProcessProgram): void {
    if (kind !== "command") this.#standby.warm(kind, command);
  }

  /** Ends the processes that only wait. */
  [Symbol.dispose](): void {
    this.#standby[Symbol.dispose]();
  }
}

async function startedAs([program]: readonly string[], child: ChildProcess): Promise<Started> {
  const { pid } = child;
  if (pid !== undefined) return { pid, ended: endOf(child) };
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => child.once("error", resolve));
  throw new UserError(
    `the command ${program} does not start (${error.code ?? error.message})`,
    "a program that can be run",
    "check its path and that it may be executed, or give another command",
    { cause: error },
  );
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  const { exitCode, signalCode } = child;
  child.on("error", () => {});
  // A warm one may have ended before it was ours.
  if (exitCode !== null || signalCode !== null)
    return Promise.resolve({ code: exitCode, signal: signalCode });
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
}

function spawnCommand(
  command: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  log: string,
): ChildProcess {
  const output = openSync(log, "a");
  try {
    return spawn(command[0]!, command.slice(1), {
      cwd,
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["ignore", output, output],
    });
  } finally {
    closeSync(output);
  }
}

class LocalAttempt implements Attempt {
  readonly #processes: StartedProcess[] = [];
  readonly #exits: ProcessExit[] = [];
  readonly #listeners = new Set<(exit: ProcessExit) => void>();
  readonly #timer: NodeJS.Timeout | null = null;

  readonly #folder: string;

  /** @param adopted by whom another supervisor was the parent; none: `add` brings our own children */
  constructor(folder: string, adopted: readonly StartedProcess[] = []) {
    this.#folder = folder;
    living.add(this);
    this.#processes.push(...adopted);
    if (adopted.length === 0) return;
    this.#lookForAdopted();
    this.#timer = setInterval(() => this.#lookForAdopted(), ADOPTED_POLL_MS);
  }

  get processes(): readonly StartedProcess[] {
    return this.#processes;
  }

  get places(): readonly string[] {
    return this.#processes.map(({ place }) => place);
  }

  get exits(): readonly ProcessExit[] {
    return this.#exits;
  }

  add({ rank, place }: ProcessLaunch, { pid, ended }: Started): void {
    this.#processes.push({ rank, place, pid, started: processStart(pid) ?? "gone" });
    void ended.then((end) => this.#ended({ rank, ...end }));
  }

  probe(rank: number): Probe | null {
    const found = this.#processes.find((each) => each.rank === rank);
    return found && !this.#hasEnded(rank) ? probeSession(found.pid) : null;
  }

  signal(signal: NodeJS.Signals, rank?: number): void {
    for (const each of this.#processes) {
      if (rank !== undefined && each.rank !== rank) continue;
      if (!this.#hasEnded(each.rank)) sendSignal(each.pid, signal);
    }
  }

  onExit(listener: (exit: ProcessExit) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Whether there was anything to kill: the ranks, and whatever they have started. */
  killAll(): boolean {
    const sessions = sessionMembers(new Set(this.#processes.map(({ pid }) => pid)));
    // torchrun gives each of its ranks a session of its own.
    const pids = [...sessions.map(({ pid }) => pid), ...pidsWith(ATTEMPT_VARIABLE, resolve(this.#folder))];
    for (const pid of pids) sendSignal(pid, "SIGKILL");
    return pids.length > 0;
  }

  async stop(): Promise<void> {
    const until = performance.now() + 1000 * MOST_KILL_SECONDS;
    while (this.killAll() && performance.now() < until) await setTimeout(5);
    // The exits of children are told in a turn of their own.
    while (this.#exits.length < this.#processes.length && performance.now() < until) {
      if (this.#timer) this.#lookForAdopted();
      await setTimeout(1);
    }
  }

  [Symbol.dispose](): void {
    living.delete(this);
    this.#listeners.clear();
    if (this.#timer) clearInterval(this.#timer);
  }

  #hasEnded(rank: number): boolean {
    return this.#exits.some((exit) => exit.rank === rank);
  }

  #lookForAdopted(): void {
    for (const each of this.#processes)
      if (!this.#hasEnded(each.rank) && !isAlive(each))
        this.#ended({ rank: each.rank, code: null, signal: null });
  }

  #ended(exit: ProcessExit): void {
    if (this.#hasEnded(exit.rank)) return;
    this.#exits.push(exit);
    for (const listener of this.#listeners) listener(exit);
  }
}

/**
 * @file The command that faults befall, seen from outside: its process, those of its runs, how far they are.
 * It is started again whenever it ends too early, as a service manager would.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readPerhapsCutShort, recordPath } from "../../record/record.ts";
import { attemptsFolder, runFolder } from "../../record/workspace.ts";
import { attemptFolder, readFence, readProcesses } from "../process/attempt-folder.ts";
import { isAlive, sendSignal, sessionMembers } from "../process/proc.ts";
import { SpoolReader } from "../process/spool.ts";
import type { Moment } from "./fault.ts";

/** As a service manager waits, lest a command that fails at once is started a hundred times a second. */
const RELAUNCH_MS = 300;
const POLL_MS = 10;

/** What is started, and how often anew. */
export type VictimOptions = {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Where its runs and its record will be. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly mostRelaunches: number;
  /** An end with one of these codes is not mended by starting anew. */
  readonly finalCodes: readonly number[];
};

/** A process of a run, training. */
export type Trainer = { readonly pid: number; readonly run: string; readonly attempt: string };

/** How a command ended. */
export type CommandEnd = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it said. */
  readonly said: string;
};

/** A living command. Disposing of it ends it and all that it has started. */
export class Victim implements Disposable {
  readonly folder: string;
  readonly #options: VictimOptions;
  readonly #ended = Promise.withResolvers<CommandEnd>();
  readonly #startedAt = performance.now();
  readonly #steps = new Map<string, number>();
  #child: ChildProcess;
  #held: Promise<void> = Promise.resolve();
  #numRelaunches = 0;
  #end: CommandEnd | null = null;
  #isDisposed = false;

  constructor(options: VictimOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.#child = this.#start();
  }

  /** Resolves when it has ended for good. */
  get ended(): Promise<CommandEnd> {
    return this.#ended.promise;
  }

  get numRelaunches(): number {
    return this.#numRelaunches;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Of the command; null between two of them. */
  get supervisor(): number | null {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null ? pid : null;
  }

  /** The processes of its runs that live and have told of a step. */
  trainers(): readonly Trainer[] {
    return this.#attempts().flatMap(({ run, attempt }) => {
      const isTraining = beatOf(attempt)?.section === "step";
      return readProcesses(attempt)
        .filter((each) => isTraining && isAlive(each))
        .map(({ pid }) => ({ pid, run, attempt }));
    });
  }

  /** All processes that there are: the command's, those that it keeps waiting, those of its runs. */
  everyone(): readonly number[] {
    const ranks = this.#attempts().flatMap(({ attempt }) =>
      readProcesses(attempt)
        .filter(isAlive)
        .map(({ pid }) => pid),
    );
    const sessions = new Set([...ranks, ...(this.supervisor === null ? [] : [this.supervisor])]);
    return sessionMembers(sessions).map(({ pid }) => pid);
  }

  /** Steps that all runs have done together; those done again count once. */
  steps(): number {
    for (const { run, attempt } of this.#attempts()) {
      const step = beatOf(attempt)?.step ?? 0;
      this.#steps.set(run, Math.max(step, this.#steps.get(run) ?? 0));
    }
    return [...this.#steps.values()].reduce((total, step) => total + step, 0);
  }

  /** Resolves with true at this moment, with false where the command ends before. */
  async until(moment: Moment): Promise<boolean> {
    return await this.when(() => {
      if ("seconds" in moment) return this.seconds >= moment.seconds;
      if ("step" in moment) return this.steps() >= moment.step;
      if (!existsSync(recordPath(this.folder))) return false;
      return readPerhapsCutShort(this.folder).events.some(
        (event) => event.kind === "stage-started" && event.data.stage === moment.stage,
      );
    });
  }

  /** The same for any condition. */
  async when(holds: () => boolean): Promise<boolean> {
    while (!this.#end) {
      if (holds()) return true;
      await setTimeout(POLL_MS);
    }
    return false;
  }

  /** Lets no new command start before `released`. */
  hold(released: Promise<void>): void {
    this.#held = released;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const pid of this.everyone()) sendSignal(pid, "SIGKILL");
  }

  #attempts(): readonly { readonly run: string; readonly attempt: string }[] {
    const runs = join(this.folder, "runs");
    if (!existsSync(runs)) return [];
    return readdirSync(runs).flatMap((run) => {
      const fence = existsSync(attemptsFolder(this.folder, run))
        ? readFence(runFolder(this.folder, run))
        : null;
      return fence ? [{ run, attempt: attemptFolder(this.folder, run, fence.attempt) }] : [];
    });
  }

  #start(): ChildProcess {
    const [program, ...args] = this.#options.command;
    // A session of its own: what meets the command and its children does not meet us.
    const child = spawn(program!, args, {
      detached: true,
      env: { ...process.env, ...this.#options.environment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    child.on("error", (error) => this.#finish({ code: null, signal: null, said: error.message }));
    // Not `close`: what the command leaves behind holds its standard error open.
    child.on("exit", (code, signal) => void this.#exited({ code, signal, said }));
    return child;
  }

  async #exited(end: CommandEnd): Promise<void> {
    const isFinal = end.code !== null && this.#options.finalCodes.includes(end.code);
    if (isFinal || this.#isDisposed || this.#numRelaunches === this.#options.mostRelaunches) {
      this.#finish(end);
      return;
    }
    await this.#held;
    await setTimeout(RELAUNCH_MS);
    if (this.#isDisposed) return;
    this.#numRelaunches++;
    this.#child = this.#start();
  }

  #finish(end: CommandEnd): void {
    this.#end = end;
    this.#ended.resolve(end);
  }
}

function beatOf(attempt: string) {
  using spool = new SpoolReader(attempt, 0);
  return spool.beat();
}

/** @file A run in PyTorch as tests and benchmarks disturb it: its ranks, where they are, faults in a step. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { attemptFolder, readFence, readProcesses } from "../../src/fleet/process/attempt-folder.ts";
import { type Beat, SpoolReader } from "../../src/fleet/process/spool.ts";
import { runFolder } from "../../src/record/workspace.ts";
import { writeRun } from "./campaigns.ts";
import { Command, killAll } from "./processes.ts";

/** A folder for PYTHONPATH, with which files do faults in a step. */
export const FAULTS = join(import.meta.dirname, "..", "fixtures", "torch-faults");
const POLL_MS = 5;

export type TorchRunOptions = {
  /** Holds the run file, and what it needs. */
  readonly base: string;
  readonly folder: string;
  readonly python: string;
  readonly numRanks: number;
  readonly numSteps: number;
  readonly checkpointSeconds: number;
  readonly seed?: number;
  readonly parallel?: "ddp" | "fsdp2";
};

/** `longrun run` with some ranks. `end` leaves nothing of it. */
export class TorchRun implements Disposable {
  readonly #options: TorchRunOptions;
  #command: Command;

  constructor(options: TorchRunOptions) {
    const { base, folder, numSteps, checkpointSeconds, seed = 1, parallel = "ddp" } = options;
    this.#options = options;
    mkdirSync(folder, { recursive: true });
    const file = parse(readFileSync(writeRun(base), "utf8"));
    const corpus = { ...file.corpus, sources: file.corpus.sources.map(at(base)) };
    const run = { ...file.run, numSteps, checkpointSeconds, seed };
    writeFileSync(join(folder, "run.yaml"), stringify({ ...file, corpus, run, torch: { parallel } }));
    this.#command = this.#start();
  }

  get command(): Command {
    return this.#command;
  }

  /** Kills the supervisor; the ranks live on until `resume`. */
  async killSupervisor(): Promise<void> {
    process.kill(this.#command.pid, "SIGKILL");
    await this.#command.ended;
  }

  resume(): void {
    this.#command = this.#start();
  }

  #start(): Command {
    const { base, folder, python, numRanks } = this.#options;
    process.env.PYTHONPATH = FAULTS;
    process.env.FAULTS = folder;
    // A benchmark's faults are nothing to hold against the places of its machine.
    process.env.XDG_STATE_HOME ??= join(base, "state");
    const trainer = ["--trainer", "torch", "--ranks", String(numRanks), "--python", python];
    const where = ["--folder", folder, "--threads", String(numRanks), "--json"];
    return new Command(["run", join(folder, "run.yaml"), ...where, ...trainer]);
  }

  /** The number of the newest one; 0 before the first. */
  get attempt(): number {
    const run = this.#run();
    return run === null ? 0 : (readFence(runFolder(this.#options.folder, run))?.attempt ?? 0);
  }

  pid(rank: number): number {
    return readProcesses(this.attemptFolder).find((each) => each.rank === rank)!.pid;
  }

  /** Of the newest attempt. Null: none yet. */
  beats(): readonly (Beat | null)[] {
    const folder = this.attemptFolder;
    return Array.from({ length: this.#options.numRanks }, (_, rank) => {
      using spool = new SpoolReader(folder, rank);
      return spool.beat();
    });
  }

  /** Resolves when all ranks of an attempt after `attempt` have done so many beats. */
  async stepsAfter(attempt: number, numBeats = 1): Promise<void> {
    const isThere = () =>
      this.attempt > attempt &&
      this.beats().every((beat) => beat !== null && beat.step > 0 && beat.count >= numBeats);
    await this.until(isThere);
  }

  /** Rejects where the command ends before. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#command.hasEnded)
        throw new Error(`ended early: ${(await this.#command.ended).stderr.slice(-3000)}`);
      await sleep(POLL_MS);
    }
  }

  /** In the next step of the rank; `slow` from there on. */
  disturb(fault: "hang" | "slow" | "flip", rank: number): void {
    writeFileSync(join(this.#options.folder, `${fault}-${rank}`), "");
  }

  async end(): Promise<void> {
    await killAll(this.#command, this.#options.folder);
  }

  [Symbol.dispose](): void {
    this.#command[Symbol.dispose]();
  }

  #run(): string | null {
    const runs = join(this.#options.folder, "runs");
    return (existsSync(runs) && readdirSync(runs)[0]) || null;
  }

  /** Of the newest one. */
  get attemptFolder(): string {
    return attemptFolder(this.#options.folder, this.#run() ?? "none", this.attempt);
  }
}

/** The run file lies in the run's folder, the texts beside it. */
const at = (base: string) => (source: { readonly path: string }) => ({
  ...source,
  path: join(base, source.path),
});

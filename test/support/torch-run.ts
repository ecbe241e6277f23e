/** @file `longrun run` in PyTorch on this machine, as tests and benchmarks disturb it. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, killAll } from "./processes.ts";
import { faultsEnvironment, RankedRun, writeTorchRun } from "./ranked-run.ts";

const POLL_MS = 5;

export type TorchRunOptions = {
  /** Holds the texts. */
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
export class TorchRun extends RankedRun implements Disposable {
  readonly #options: TorchRunOptions;
  readonly #file: string;
  #command: Command;

  constructor(options: TorchRunOptions) {
    const { base, folder, numRanks, numSteps, checkpointSeconds, seed = 1, parallel } = options;
    super(folder, numRanks);
    this.#options = options;
    this.#file = writeTorchRun(base, folder, { numSteps, checkpointSeconds, seed }, parallel);
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
    Object.assign(process.env, faultsEnvironment(folder));
    // A benchmark's faults are nothing to hold against the places of its machine.
    process.env.XDG_STATE_HOME ??= join(base, "state");
    const trainer = ["--trainer", "torch", "--ranks", String(numRanks), "--python", python];
    const where = ["--folder", folder, "--threads", String(numRanks), "--json"];
    return new Command(["run", this.#file, ...where, ...trainer]);
  }

  override async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#command.hasEnded)
        throw new Error(`ended early: ${(await this.#command.ended).stderr.slice(-3000)}`);
      await sleep(POLL_MS);
    }
  }

  async end(): Promise<void> {
    await killAll(this.#command, this.folder);
  }

  [Symbol.dispose](): void {
    this.#command[Symbol.dispose]();
  }
}

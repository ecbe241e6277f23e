/** @file `longrun run --on slurm` in PyTorch, as tests and benchmarks disturb it. */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MAIN } from "./processes.ts";
import { faultsEnvironment, RankedRun, writeTorchRun } from "./ranked-run.ts";
import { type SlurmCluster, whenPossible } from "./slurm.ts";

const POLL_MS = 10;
/** Asking the controller takes a process. */
const ASK_MS = 1000;

export type SlurmRunOptions = {
  /** Holds the texts. */
  readonly base: string;
  readonly folder: string;
  readonly python: string;
  /** A node for each. */
  readonly numRanks: number;
  readonly numSpares: number;
  readonly numSteps: number;
  readonly checkpointSeconds: number;
  readonly seed?: number;
  /** Further options of sbatch. */
  readonly sbatch?: readonly string[];
};

/** A run whose jobs come one after the other. Disposing of it cancels what is left. */
export class SlurmRun extends RankedRun implements Disposable {
  /** Its first one. */
  readonly job: string;
  readonly #cluster: SlurmCluster;

  /** Returns once it is queued. */
  constructor(cluster: SlurmCluster, options: SlurmRunOptions) {
    const { base, folder, python, numRanks, numSpares, numSteps, checkpointSeconds, seed = 1 } = options;
    super(folder, numRanks);
    this.#cluster = cluster;
    const file = writeTorchRun(base, folder, { numSteps, checkpointSeconds, seed });
    const ranks = ["--ranks", String(numRanks), "--nodes", String(numRanks), "--spares", String(numSpares)];
    const trainer = ["--trainer", "torch", "--python", python, "--threads", String(numRanks)];
    const sbatch = (options.sbatch ?? []).map((option) => `--sbatch=${option}`);
    const words = [
      "run",
      file,
      "--folder",
      folder,
      "--on",
      "slurm",
      "--json",
      ...ranks,
      ...trainer,
      ...sbatch,
    ];
    const environment = { ...cluster.environment, ...faultsEnvironment(folder) };
    const said = execFileSync(process.execPath, [MAIN, ...words], { env: environment, encoding: "utf8" });
    this.job = (JSON.parse(said) as { readonly job: string }).job;
  }

  override async until(isTrue: () => boolean): Promise<void> {
    for (let askAt = performance.now() + ASK_MS; !isTrue(); await sleep(POLL_MS)) {
      if (performance.now() < askAt) continue;
      if (this.#hasEnded() && !isTrue()) throw new Error(`ended early: ${this.log.slice(-3000)}`);
      askAt = performance.now() + ASK_MS;
    }
  }

  /** Until no job of it is left. */
  async ended(): Promise<void> {
    while (!this.#hasEnded()) await sleep(ASK_MS / 5);
  }

  /** Those of its folder, the first one first. */
  get jobs(): readonly string[] {
    const numbers = readdirSync(this.folder).flatMap((name) => /^slurm-(\d+)\.log$/.exec(name)?.[1] ?? []);
    return numbers.sort((a, b) => Number(a) - Number(b));
  }

  /** What its jobs have printed. */
  get log(): string {
    const paths = this.jobs.map((job) => join(this.folder, `slurm-${job}.log`));
    return paths
      .filter(existsSync)
      .map((path) => readFileSync(path, "utf8"))
      .join("");
  }

  /** While the controller is down, nobody can say. */
  #hasEnded(): boolean {
    return whenPossible(() => this.#cluster.command("squeue", "-h", "-o", "%i"))?.trim() === "";
  }

  [Symbol.dispose](): void {
    whenPossible(() => this.#cluster.command("scancel", "--full", ...this.jobs));
  }
}

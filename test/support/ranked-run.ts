/** @file A run as its folder tells of it, wherever its ranks are: who, where, how far; faults in a step. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import {
  attemptFolder,
  readFence,
  readProcesses,
  type StartedProcess,
} from "../../src/fleet/process/attempt-folder.ts";
import { type Beat, SpoolReader } from "../../src/fleet/process/spool.ts";
import { runFolder } from "../../src/record/workspace.ts";
import { writeRun } from "./campaigns.ts";

/** A folder for PYTHONPATH, with which files do faults in a step. */
const FAULTS = join(import.meta.dirname, "..", "fixtures", "torch-faults");

/** With it in their environment, ranks in PyTorch do as `disturb` asks. */
export const faultsEnvironment = (folder: string) => ({ PYTHONPATH: FAULTS, FAULTS: folder });

export abstract class RankedRun {
  readonly folder: string;
  readonly numRanks: number;

  constructor(folder: string, numRanks: number) {
    this.folder = folder;
    this.numRanks = numRanks;
  }

  /** Rejects where the run ends before. */
  abstract until(isTrue: () => boolean): Promise<void>;

  /** The number of the newest one; 0 before the first. */
  get attempt(): number {
    const run = this.#run();
    return run === null ? 0 : (readFence(runFolder(this.folder, run))?.attempt ?? 0);
  }

  /** Of the newest one. */
  get attemptFolder(): string {
    return attemptFolder(this.folder, this.#run() ?? "none", this.attempt);
  }

  /** Of the newest attempt. */
  process(rank: number): StartedProcess {
    return readProcesses(this.attemptFolder).find((each) => each.rank === rank)!;
  }

  /** Of the newest attempt. Null: none yet. */
  beats(): readonly (Beat | null)[] {
    const folder = this.attemptFolder;
    return Array.from({ length: this.numRanks }, (_, rank) => {
      using spool = new SpoolReader(folder, rank);
      return spool.beat();
    });
  }

  /** Whether all ranks of an attempt after `attempt` have done so many beats. */
  hasStepped(attempt: number, numBeats = 1): boolean {
    const hasBeaten = (beat: Beat | null) => beat !== null && beat.step > 0 && beat.count >= numBeats;
    return this.attempt > attempt && this.beats().every(hasBeaten);
  }

  async stepsAfter(attempt: number, numBeats?: number): Promise<void> {
    await this.until(() => this.hasStepped(attempt, numBeats));
  }

  /** In the next step of the rank; `slow` from there on. */
  disturb(fault: "hang" | "slow" | "flip", rank: number): void {
    writeFileSync(this.#faultOf(fault, rank), "");
  }

  /** Whether the rank sleeps in its step. */
  isHanging(rank: number): boolean {
    return !existsSync(this.#faultOf("hang", rank));
  }

  #faultOf(fault: string, rank: number): string {
    return join(this.folder, `${fault}-${rank}`);
  }

  #run(): string | null {
    const runs = join(this.folder, "runs");
    return (existsSync(runs) && readdirSync(runs)[0]) || null;
  }
}

/**
 * Writes a file for `longrun run --trainer torch` into its folder; returns its path.
 * @param base holds the texts
 */
export function writeTorchRun(
  base: string,
  folder: string,
  run: { readonly numSteps: number; readonly checkpointSeconds: number; readonly seed?: number },
  parallel: "ddp" | "fsdp2" = "ddp",
): string {
  mkdirSync(folder, { recursive: true });
  const file = parse(readFileSync(writeRun(folder, run), "utf8"));
  const sources = file.corpus.sources.map((source: { readonly path: string }) => ({
    ...source,
    path: join(base, source.path),
  }));
  const path = join(folder, "run.yaml");
  writeFileSync(path, stringify({ ...file, corpus: { ...file.corpus, sources }, torch: { parallel } }));
  return path;
}

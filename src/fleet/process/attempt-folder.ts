/**
 * @file What supervisor and processes say to each other, as files under `runs/<run>/`: they outlive both, and
 * any trainer on any machine that sees the folder can speak so (docs/fleet.md).
 */

import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeFolder, readJson, writeFileAtomic } from "../../record/files.ts";
import { attemptsFolder } from "../../record/workspace.ts";

export const attemptFolder = (folder: string, run: string, attempt: number) =>
  join(attemptsFolder(folder, run), String(attempt));

/** In the environment of a command: by this its children are known, in whatever session they are. */
export const ATTEMPT_VARIABLE = "LONGRUN_ATTEMPT";
/** In the environment of each process: where it is. */
export const PLACE_VARIABLE = "LONGRUN_PLACE";
/** How many of the machine's devices its run may use, spare ones included. */
export const SLOTS_VARIABLE = "LONGRUN_SLOTS";
/** Of ranks on several machines: by which address, and interface, the others reach this one. */
export const ADDRESS_VARIABLE = "LONGRUN_ADDRESS";
export const INTERFACE_VARIABLE = "LONGRUN_INTERFACE";

/** What a process is to do. */
export const taskFile = (attempt: string) => join(attempt, "task.json");
/** Its events, a line of JSON each. */
export const eventsFile = (attempt: string, rank: number) => join(attempt, `rank-${rank}.events.jsonl`);
/** Where it is, overwritten in place. */
export const beatFile = (attempt: string, rank: number) => join(attempt, `rank-${rank}.beat`);
/** Its numbers per step, a line of JSON each, until the supervisor has them in the run's series. */
export const stepsFile = (attempt: string, rank: number) => join(attempt, `rank-${rank}.steps.jsonl`);
/** What it prints. */
export const logFile = (attempt: string, rank: number) => join(attempt, `rank-${rank}.log`);
/** The stacks of its threads, once it was asked for them (SIGUSR1). */
export const stacksFile = (attempt: string, rank: number) => join(attempt, `rank-${rank}.stacks`);
/** Asks all ranks for the memory of their flight recorders, each time that it is written. */
export const dumpFile = (attempt: string) => join(attempt, "dump");
/** The answer: the last collectives of a rank. */
export const flightFile = (attempt: string, rank: number) => join(attempt, `rank-${rank}.flight.json`);
/** Who they are, for a supervisor that comes later. */
export const processesFile = (attempt: string) => join(attempt, "processes.json");

const fenceSchema = z.strictObject({
  attempt: z.int().positive(),
  /** Whether its start stands in the record: what follows may leave traces on the disk. */
  isRecorded: z.boolean(),
});

/** Which attempt may write: one that finds another number here has been replaced, and ends. */
export type Fence = z.infer<typeof fenceSchema>;

const fenceFile = (run: string) => join(run, "fence.json");

export function writeFence(run: string, fence: Fence): void {
  makeFolder(run);
  writeFileAtomic(fenceFile(run), JSON.stringify(fence));
}

/** Null: no attempt was ever started. */
export function readFence(run: string): Fence | null {
  const path = fenceFile(run);
  return existsSync(path) ? fenceSchema.parse(readJson(path)) : null;
}

export const processSchema = z.strictObject({
  rank: z.int().nonnegative(),
  place: z.string(),
  pid: z.int().positive(),
  /** Tells it from a later process of the same number. */
  started: z.string(),
});

/** One that lives, or lived. */
export type StartedProcess = z.infer<typeof processSchema>;

export function writeProcesses(attempt: string, processes: readonly StartedProcess[]): void {
  writeFileAtomic(processesFile(attempt), JSON.stringify(processes));
}

export function readProcesses(attempt: string): readonly StartedProcess[] {
  const path = processesFile(attempt);
  return existsSync(path) ? z.array(processSchema).parse(readJson(path)) : [];
}

/** The end of what a process printed, which may be gigabytes. */
export function logTail(attempt: string, rank: number, mostBytes = 2000): string {
  return lastBytes(logFile(attempt, rank), mostBytes).toString("utf8").trim();
}

/** The end of a file; of one that is not there, nothing. */
export function lastBytes(path: string, mostBytes: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(file);
  }
}

/** @file This machine: processor, threads, memory, disk, peak; the environment that attempts write down. */

import { statfsSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { z } from "zod";
import { native } from "../engine/native.ts";
import type { EventOf } from "../record/events.ts";
import { codeCommit } from "./own-code.ts";

const machineSchema = z.strictObject({
  processor: z.string(),
  numThreads: z.int().positive(),
  instructionSet: z.string(),
  memoryBytes: z.number(),
  freeDiskBytes: z.number(),
});

/** What a run may use here. */
export type Machine = Readonly<z.infer<typeof machineSchema>>;

/** Looks at the machine. `folder`: on the disk that a campaign writes to. */
export function thisMachine(folder: string): Machine {
  const disk = statfsSync(folder);
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    numThreads: availableParallelism(),
    instructionSet: native.instructionSets()[0]!,
    memoryBytes: memoryBytes(),
    freeDiskBytes: disk.bavail * disk.bsize,
  };
}

/** Physical memory, or the container's limit where that is lower. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}

/** Short, so that some find the machine undisturbed. */
const PEAK_SECONDS = 0.002;
const PEAK_TIMES = 50;

/** Multiply-adds in registers, FLOP/s of so many threads: the best of a tenth of a second. */
export function measuredPeak(numThreads: number, instructionSet: string): number {
  const pool = native.createPool(numThreads);
  const peaks = Array.from({ length: PEAK_TIMES }, () => native.peak(instructionSet, pool, PEAK_SECONDS));
  return Math.max(...peaks);
}

/** What a run's numbers may depend on besides its specification. */
export function environmentOf({
  processor,
  instructionSet,
  numThreads,
  memoryBytes,
}: Machine): EventOf<"environment">["data"] {
  const versions = { node: process.versions.node, v8: process.versions.v8 };
  return { commit: codeCommit(), versions, processor, instructionSet, cores: numThreads, memoryBytes };
}

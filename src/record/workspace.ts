/** @file A campaign's folder: where everything of it lies. Delete the folder and nothing is left. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sha256 } from "./files.ts";
import { bootOfMachine } from "./lock.ts";

/** What a file may call its campaign or run: a folder is named by it. */
export const nameInFile = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens")
  .max(100, "at most 100 letters: it names a folder");

/** Where everything of a campaign lies. */
export type Workspace = {
  readonly folder: string;
  readonly corpus: string;
  readonly model: string;
  readonly report: string;
};

/** Campaigns of a name share a folder under `runs/` of the working directory, unless told otherwise. */
export function workspaceOf(name: string, folder?: string): Workspace {
  const root = folder ?? join("runs", name);
  return {
    folder: root,
    corpus: join(root, "corpus"),
    model: join(root, "model"),
    report: join(root, "report.md"),
  };
}

/** Everything of a run but its numbers per step. */
export const runFolder = (folder: string, run: string) => join(folder, "runs", run);

/** Where a run's checkpoints lie, one folder each. */
export const checkpointsFolder = (folder: string, run: string) => join(runFolder(folder, run), "checkpoints");

/** Where it saves in between, in the memory of this machine since it was started; nothing after a restart. */
export const memoryFolder = (folder: string, run: string) =>
  join(runFolder(folder, run), "memory", sha256(bootOfMachine()).slice(0, 8));

/** What the processes of its attempts leave beside, one folder each. */
export const attemptsFolder = (folder: string, run: string) => join(runFolder(folder, run), "attempts");

/** Where a run's numbers per step lie, one folder an attempt. */
export const seriesFolder = (folder: string, run: string) => join(folder, "series", run);

/**
 * Somebody's wish that all of a folder end at their next checkpoint (`longrun drain`). A file, not a signal:
 * whoever trains can see it, also without a supervisor, on another machine, or started after the wish.
 */
export const drainFile = (folder: string) => join(folder, "drain");

export const isDraining = (folder: string) => existsSync(drainFile(folder));

/** 1, 2, 3 ...: the number after all that have left a trace. */
export function nextAttempt(folder: string, run: string): number {
  const numbers = [attemptsFolder(folder, run), seriesFolder(folder, run)].flatMap((path) =>
    existsSync(path) ? readdirSync(path).map(Number).filter(Number.isInteger) : [],
  );
  return 1 + Math.max(0, ...numbers);
}

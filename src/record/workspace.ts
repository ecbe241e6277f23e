/** @file A campaign's folder: where everything of it lies. Delete the folder and nothing is left. */

import { join } from "node:path";
import { z } from "zod";

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

/** Where a run's checkpoints lie, one folder each. */
export const checkpointsFolder = (folder: string, run: string) => join(folder, "runs", run, "checkpoints");

/** Where a run's numbers per step lie, one folder an attempt. */
export const seriesFolder = (folder: string, run: string) => join(folder, "series", run);

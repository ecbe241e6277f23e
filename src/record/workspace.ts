/** @file A campaign's folder: where everything of it lies. Delete the folder and nothing is left. */

import { join } from "node:path";

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

/** @file Checkpoints of a campaign that are no longer what their own checksums say. */

import { relative } from "node:path";
import { type DamagedFile, LARGE_BYTES } from "../record/custody.ts";
import type { RecordEvent } from "../record/events.ts";
import { checkpointsFolder } from "../record/workspace.ts";
import { checkpointBytes, damageOf, listCheckpoints } from "./checkpoint.ts";

/** All checkpoints of the runs that the record knows. */
export function allCheckpoints(folder: string, events: readonly RecordEvent[]): readonly string[] {
  return runsWith(events, "run-started").flatMap((run) => checkpointsOf(folder, run));
}

/** Those which a look at a campaign reads: the last of each finished run, unless it is large. */
export function checkpointsInSight(folder: string, events: readonly RecordEvent[]): readonly string[] {
  return runsWith(events, "run-finished")
    .flatMap((run) => checkpointsOf(folder, run).slice(-1))
    .filter((path) => checkpointBytes(path) <= LARGE_BYTES);
}

/** The damaged files of these checkpoints beyond those that are known already, one of each checkpoint. */
export function damagedCheckpoints(
  folder: string,
  checkpoints: readonly string[],
  known: readonly DamagedFile[],
): readonly DamagedFile[] {
  const named = new Set(known.map(({ path }) => path));
  return checkpoints.flatMap((checkpoint): readonly DamagedFile[] => {
    const problem = damageOf(checkpoint);
    const path = problem && relative(folder, `${checkpoint}/${problem.file}`);
    if (!path || named.has(path)) return [];
    return [{ path, of: "run", found: problem.reason, expected: "a file whose checksum agrees" }];
  });
}

const runsWith = (events: readonly RecordEvent[], kind: "run-started" | "run-finished") => [
  ...new Set(events.flatMap((event) => (event.kind === kind ? [event.run] : []))),
];

const checkpointsOf = (folder: string, run: string) =>
  listCheckpoints(checkpointsFolder(folder, run)).map(({ path }) => path);

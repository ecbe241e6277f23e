/** @file Traces of what a record no longer holds: runs, a corpus or a model that no event of it speaks of. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RecordEvent } from "./events.ts";
import { checkpointsFolder } from "./workspace.ts";

/**
 * What lies in the folder, relative to it, and is missing from the events: they were cut short at the end of
 * a line, which no hash can show. A launch that was killed just before the event leaves it too, until the
 * next one.
 */
export function tracesBeyond(folder: string, events: readonly RecordEvent[]): readonly string[] {
  const isTrained = (run: string) =>
    namesIn(checkpointsFolder(folder, run)).some((name) => name.startsWith("step-"));
  const started = new Set(events.flatMap(({ kind, run }) => (kind === "run-started" ? [run] : [])));
  const runs = namesIn(join(folder, "runs")).filter((run) => isTrained(run) && !started.has(run));
  const isVouchedFor = (of: string) =>
    events.some((event) => event.kind === "files-written" && event.data.of === of);
  return [
    ...(existsSync(join(folder, "corpus", "manifest.json")) && !isVouchedFor("corpus") ? ["corpus"] : []),
    ...runs.map((run) => `runs/${run}`),
    ...(existsSync(join(folder, "model", "config.json")) && !isVouchedFor("model") ? ["model"] : []),
  ];
}

const namesIn = (path: string) => (existsSync(path) ? readdirSync(path).sort() : []);

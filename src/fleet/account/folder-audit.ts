/** @file The audit of every run in a folder: record, series, corpus and the words of its processes. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { openCorpus } from "../../corpus/corpus.ts";
import { MANIFEST_FILE } from "../../corpus/manifest.ts";
import { UserError } from "../../errors.ts";
import { eventsOf, type RecordEvent } from "../../record/events.ts";
import { readSeries, seriesPath } from "../../record/series.ts";
import { workspaceOf } from "../../record/workspace.ts";
import { attemptFolder } from "../process/attempt-folder.ts";
import { SpoolReader } from "../process/spool.ts";
import { type AuditFacts, auditRun, type RunAudit } from "./audit.ts";

/** Audits the runs, all of which must have started. */
export function auditFolder(
  folder: string,
  events: readonly RecordEvent[],
  runs: readonly string[],
): readonly RunAudit[] {
  const corpus = corpusOf(folder);
  return runs.map((run) => {
    const attempts = eventsOf(events, "run-started", run).map(({ data }) => data.attempt);
    const series = new Map(
      attempts.flatMap((attempt) => {
        const path = seriesPath(folder, run, attempt);
        return existsSync(path) ? [[attempt, readSeries(path)] as const] : [];
      }),
    );
    const told = attempts.flatMap((attempt) => toldCheckpoints(attemptFolder(folder, run, attempt)));
    return auditRun({ events, run, series, corpus, toldCheckpoints: new Set(told) });
  });
}

function corpusOf(folder: string): AuditFacts["corpus"] {
  const { corpus } = workspaceOf("", folder);
  if (!existsSync(join(corpus, MANIFEST_FILE))) return `there is no corpus in ${corpus}`;
  try {
    return openCorpus(corpus);
  } catch (error) {
    if (error instanceof UserError) return error.found;
    throw error;
  }
}

function toldCheckpoints(attempt: string): readonly number[] {
  using spool = new SpoolReader(attempt, 0);
  return spool.messages().flatMap((message) => (message.kind === "checkpoint" ? [message.step] : []));
}

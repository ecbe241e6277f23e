/** @file The public surface of the record: the chain of events, series per step, every prediction's score. */

export type { ChainBreak } from "./chain.ts";
export type { DamagedFile, FilesOf } from "./custody.ts";
export {
  type EventDraft,
  type EventKind,
  type EventOf,
  eventSchema,
  type RecordEvent,
  type Stage,
} from "./events.ts";
export {
  openRecord,
  type RecordContent,
  RecordWriter,
  readRecord,
  sequenceOfHead,
  type Verification,
  verifyRecord,
} from "./record.ts";
export { type AttemptRows, type CoarseSeries, coarsen, type RunSeries, readRunSeries } from "./run-series.ts";
export { type Measurement, score, type VerdictRow } from "./score.ts";
export { type Column, columnOf, readSeries, type Series } from "./series.ts";
export { type Workspace, workspaceOf } from "./workspace.ts";

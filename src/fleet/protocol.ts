/** @file What a run's process and its supervisor say to each other: one task in, a stream of events out. */

import type { RunEvent } from "../train/run.ts";
import type { RunSpec } from "../train/run-spec.ts";

/** Everything a process needs to train one run. */
export type RunTask = {
  readonly name: string;
  readonly spec: RunSpec;
  /** The campaign's folder. */
  readonly folder: string;
  readonly corpusFolder: string;
  readonly numThreads: number;
  readonly instructionSet: string;
  readonly checkpointBytes: number;
};

export type ToWorker =
  | { readonly kind: "start"; readonly task: RunTask }
  /** The start stands in the record: what follows may leave traces on the disk. */
  | { readonly kind: "recorded" }
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "refused"; readonly found: string; readonly expected: string; readonly remedy: string };

/** @file Everything a process needs to train one run. */

import { z } from "zod";
import { runSpecSchema } from "../train/run-spec.ts";

export const runTaskSchema = z.strictObject({
  /** Of the run, in the record and on disk. */
  name: z.string(),
  spec: runSpecSchema,
  /** The campaign's folder. */
  folder: z.string(),
  corpusFolder: z.string(),
  numThreads: z.int().positive(),
  instructionSet: z.string(),
  checkpointBytes: z.int().nonnegative(),
  attempt: z.int().positive(),
  /** Where it starts: later checkpoints are of a branch that was left. Null: the newest. */
  fromStep: z.int().nonnegative().nullable(),
  /** Steps that train on other batches than their own: the run is altered. */
  skip: z.array(z.int().positive()).readonly(),
  /** Mean time between the run's failures so far: a trainer chooses by it how often it saves. Null: none. */
  failureSeconds: z.number().positive().nullable(),
});

/** A task as its process reads it. */
export type StartedTask = Readonly<z.infer<typeof runTaskSchema>>;

/** A task before the supervisor numbers its attempts and says where each starts. */
export type RunTask = Omit<StartedTask, "attempt" | keyof AttemptStart>;

/** Where an attempt starts, what it leaves out and how soon it may fail. */
export type AttemptStart = Pick<StartedTask, "fromStep" | "skip" | "failureSeconds">;

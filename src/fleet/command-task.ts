/** @file What the process beside a command needs to know; above both folders that read it. */

import { z } from "zod";

/** All but the command itself, which may hold secrets: it is handed over, and written nowhere. */
export const commandTaskSchema = z.strictObject({
  attempt: z.int().positive(),
  folder: z.string(),
  run: z.string(),
  metrics: z.string().optional(),
  checkpoints: z.string().optional(),
  /** Checkpoints that were there before its first attempt, and when they had changed: not its own. */
  before: z.record(z.string(), z.number()).default({}),
  /** The one that the command is told to go on from. */
  from: z.strictObject({ path: z.string(), step: z.int().nonnegative() }).nullable(),
});

/** A task as the process beside the command reads it. */
export type CommandTask = z.infer<typeof commandTaskSchema>;

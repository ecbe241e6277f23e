/** @file What a supervisor and the agent on a node tell each other, in lines of JSON. */

import { z } from "zod";
import { processSchema } from "../process/attempt-folder.ts";

const rank = z.int().nonnegative();
/** Of the attempt: on a disk that all nodes see. */
const folder = z.string();
const command = z.array(z.string()).min(1).readonly();

const programSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("command"), command, workingFolder: z.string() }),
  z.strictObject({ kind: z.enum(["warm", "forked"]), command }),
]);

const launchSchema = z.strictObject({
  rank,
  place: z.string(),
  program: programSchema,
  environment: z.record(z.string(), z.string()),
});

/** To the agent, one after the other. */
export const orderSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("start"),
    folder,
    processes: z.array(launchSchema),
    /** The address of another machine of the attempt; null: all of it is on this one. */
    peer: z.string().nullable(),
  }),
  /** Whether it sees this file, and what time it is. */
  z.strictObject({ kind: z.literal("look"), file: z.string() }),
  /** Has this ready for a start that may come. */
  z.strictObject({ kind: z.literal("warm"), program: programSchema }),
  z.strictObject({ kind: z.literal("signal"), folder, signal: z.string(), rank: rank.nullable() }),
  /** Everything of this attempt, at once. */
  z.strictObject({ kind: z.literal("stop"), folder }),
]);

export type AgentOrder = z.infer<typeof orderSchema>;

const probeSchema = z.strictObject({
  state: z.enum(["running", "waiting", "stopped"]),
  cpuSeconds: z.number(),
  residentBytes: z.number(),
});

/** From the agent. */
export const answerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready") }),
  /** With milliseconds since 1970. */
  z.strictObject({ kind: z.literal("looked"), atMs: z.number(), isSeen: z.boolean() }),
  z.strictObject({
    kind: z.literal("started"),
    folder,
    processes: z.array(processSchema),
  }),
  z.strictObject({
    kind: z.literal("refused"),
    folder,
    found: z.string(),
    expected: z.string(),
    remedy: z.string(),
  }),
  z.strictObject({
    kind: z.literal("exited"),
    folder,
    rank,
    code: z.int().nullable(),
    signal: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal("stopped"), folder }),
  /** That it lives, and what of its ranks do, each half second. */
  z.strictObject({
    kind: z.literal("alive"),
    probes: z.array(z.strictObject({ folder, rank, probe: probeSchema })),
  }),
]);

export type AgentAnswer = z.infer<typeof answerSchema>;

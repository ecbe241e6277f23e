/** @file What a run tells while it trains. It comes from another process, so it is checked. */

import { z } from "zod";
import { runSummarySchema } from "./summary.ts";

const step = z.int().nonnegative();
/** Of a trainer that measures it. */
const seconds = z.number().nonnegative().optional();

export const runEventSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("started"),
    attempt: z.int().positive(),
    fromStep: step,
    /** The checkpoint resumed from; null at a fresh start. */
    checkpoint: z.string().nullable(),
    exact: z.boolean(),
    damaged: z.array(z.strictObject({ path: z.string(), reason: z.string() })).readonly(),
    /** From the first line of its work until it could train. */
    seconds,
    /** Of what it trains with, where that is not longrun itself. */
    versions: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ kind: z.literal("step"), step, loss: z.number(), stepSeconds: z.number() }),
  z.strictObject({
    kind: z.literal("checkpoint"),
    step,
    path: z.string(),
    bytes: z.int().nonnegative(),
    /** In which training stood still for it. */
    seconds,
  }),
  z.strictObject({ kind: z.literal("evaluating") }),
  z.strictObject({
    kind: z.literal("diverged"),
    step,
    /** What is not finite any more. */
    what: z.enum(["its loss or gradient", "a parameter", "its held-out loss"]),
    /** Null where it is not finite, or not known. */
    loss: z.number().nullable(),
    gradientNorm: z.number().nullable(),
  }),
  z.strictObject({
    kind: z.literal("corrupted"),
    step,
    /** Changed in memory between two steps, though nothing wrote it. */
    parameter: z.string(),
  }),
  z.strictObject({
    kind: z.literal("disagreed"),
    step,
    /** Of its replica, by rank: they should be alike. */
    checksums: z.array(z.string()).readonly(),
  }),
  z.strictObject({ kind: z.literal("stopped"), step }),
  /** A command has ended by itself, with exit code 0: its last step, and the loss where it told one. */
  z.strictObject({ kind: z.literal("ended"), step, loss: z.number().nullable() }),
  /** Something to tell a person, while the run goes on. */
  z.strictObject({
    kind: z.literal("noticed"),
    what: z.string(),
    evidence: z.record(z.string(), z.unknown()),
    severity: z.enum(["warning", "critical"]),
  }),
  z.strictObject({ kind: z.literal("finished"), summary: runSummarySchema }),
]);

/** What a run tells while it trains. */
export type RunEvent = Readonly<z.infer<typeof runEventSchema>>;

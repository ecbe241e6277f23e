/** @file Where each run of a campaign stands: a pure fold over the record. */

import { z } from "zod";
import { finishedSummary } from "../../fleet/recorded-run.ts";
import type { RecordEvent } from "../../record/events.ts";
import { parseStored } from "../../record/read-back.ts";
import { type RunSpec, runSpecSchema } from "../../train/run-spec.ts";

/** How far a run has come. */
export type RunState = {
  readonly run: string;
  readonly role: RunSpec["role"] | "command";
  /** "under way" is what the record says; where its process was killed, the next launch goes on. */
  readonly state: "under way" | "completed" | "stopped" | "held" | "diverged";
  /** Why it was stopped, or is held for a person; null: it is neither. */
  readonly reason: string | null;
  readonly attempts: number;
  /** Steps that are safe: at the end, or at the last checkpoint. */
  readonly steps: number;
  /** Held out; null until the run is completed. */
  readonly bitsPerByte: number | null;
  readonly natsPerToken: number | null;
  readonly seconds: number | null;
};

/** In the order in which the runs were started. */
export function runStates(events: readonly RecordEvent[]): readonly RunState[] {
  const states = new Map<string, RunState>();
  for (const event of events) {
    if (event.run === null) continue;
    const next = step(states.get(event.run), event);
    if (next) states.set(event.run, next);
  }
  return [...states.values()];
}

/** What somebody else's program trains is not known. */
const roleOf = (spec: unknown) => commandSchema.safeParse(spec).data?.role ?? null;
const commandSchema = z.object({ role: z.literal("command") });

function step(before: RunState | undefined, event: RecordEvent): RunState | undefined {
  if (event.kind === "run-started") {
    const { attempt: attempts, spec } = event.data;
    if (before) return { ...before, attempts, state: "under way", reason: null };
    const role = roleOf(spec) ?? parseStored(runSpecSchema, spec, `the specification of ${event.run}`).role;
    const fresh = { reason: null, steps: 0, bitsPerByte: null, natsPerToken: null, seconds: null };
    return { run: event.run, role, state: "under way", attempts, ...fresh };
  }
  if (before === undefined) return undefined;
  if (event.kind === "checkpoint-written") return { ...before, steps: event.data.step };
  if (event.kind === "interrupted") return { ...before, state: "stopped", reason: event.data.reason };
  if (event.kind === "incident" && event.data.what === "diverged") return { ...before, state: "diverged" };
  if (event.kind === "incident" && event.data.response?.action === "hold")
    return { ...before, state: "held", reason: event.data.response.reason };
  if (event.kind === "command-ended") {
    const { lastStep: steps, seconds } = event.data;
    return { ...before, state: "completed", reason: null, steps, seconds };
  }
  if (event.kind === "run-finished") {
    const { numSteps: steps, wallSeconds: seconds, heldOut } = finishedSummary([event], event.run)!;
    const { bitsPerByte, natsPerToken } = heldOut.all;
    return { ...before, state: "completed", reason: null, steps, seconds, bitsPerByte, natsPerToken };
  }
  return before;
}

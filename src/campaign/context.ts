/** @file What every stage is given, and the one way in which a stage is run, recorded and skipped. */

import type { z } from "zod";
import type { PrepareProgress } from "../corpus/steps.ts";
import { Interrupted } from "../errors.ts";
import type { Policy } from "../fleet/decide/policy.ts";
import type { Leases } from "../fleet/leases.ts";
import type { RunNotice } from "../fleet/recorded-run.ts";
import type { TorchPlace } from "../fleet/torch/torch-job.ts";
import type { Machine } from "../machine/this-machine.ts";
import { eventsOf, type Stage } from "../record/events.ts";
import { sha256 } from "../record/files.ts";
import { parseStored } from "../record/read-back.ts";
import type { RecordWriter } from "../record/record.ts";
import type { Workspace } from "../record/workspace.ts";
import type { Plan } from "./planning/plan.ts";
import type { Campaign } from "./spec.ts";
import type { GateDecision } from "./stages/gate-rule.ts";

/** What a person or a program may want to see while a campaign runs. */
export type CampaignEvent =
  | {
      readonly kind: "planned";
      readonly plan: Plan;
      readonly machine: Machine;
      /** Like it, over which runs are spread. */
      readonly numMachines: number;
      readonly expectedSeconds: number;
      readonly sourceBytes: number | null;
    }
  | { readonly kind: "stage"; readonly stage: Stage; readonly state: "started" | "finished" | "skipped" }
  | ({ readonly kind: "preparing" } & PrepareProgress)
  | RunNotice
  /** The target's predictions can no longer be touched. */
  | { readonly kind: "locked"; readonly head: string; readonly sequence: number }
  | { readonly kind: "gate"; readonly decision: GateDecision }
  | {
      readonly kind: "on-track";
      readonly status: "on track" | "above" | "below";
      readonly reason: string;
      readonly stepGapPercent: number;
    }
  | { readonly kind: "text"; readonly text: string };

export type Context = {
  readonly campaign: Campaign;
  /** Paths in the campaign file are relative to it. */
  readonly baseFolder: string;
  readonly workspace: Workspace;
  readonly record: RecordWriter;
  readonly machine: Machine;
  /** Where its runs train, side by side. */
  readonly leases: Leases;
  readonly torch: TorchPlace | null;
  /** Of all runs, instead of the one that holds. */
  readonly policy: Policy | undefined;
  readonly signal: AbortSignal;
  tell(event: CampaignEvent): void;
};

/** The identity of a stage's work: what its result depends on. */
export function inputsHashOf(inputs: unknown): string {
  return sha256(JSON.stringify(inputs));
}

/**
 * Runs a stage unless the record holds its result for the same inputs. `work` gives the result as JSON. What
 * the result depends on must all be in `inputs`; whatever the stage has half done before, it finds again by
 * itself.
 */
export async function runStage<Result, Stored>(
  context: Context,
  stage: Stage,
  inputs: unknown,
  schema: z.ZodType<Result, Stored>,
  work: () => Promise<Stored>,
): Promise<Result> {
  const { record, tell } = context;
  const inputsHash = inputsHashOf(inputs);
  const earlier = eventsOf(record.events, "stage-finished").findLast(
    ({ data }) => data.stage === stage && data.inputsHash === inputsHash,
  );
  if (earlier) {
    tell({ kind: "stage", stage, state: "skipped" });
    return parseStored(schema, earlier.data.result, `the result of stage ${stage}`);
  }
  if (context.signal.aborted) throw new Interrupted(`before stage ${stage}`);
  const startedAt = performance.now();
  tell({ kind: "stage", stage, state: "started" });
  record.append({ run: null, kind: "stage-started", data: { stage, inputsHash } });
  const result = await work().catch((error: unknown) => {
    const isAbort = error instanceof Error && error.name === "AbortError";
    throw isAbort && context.signal.aborted ? new Interrupted(`in stage ${stage}`, { cause: error }) : error;
  });
  if (context.signal.aborted) throw new Interrupted(`in stage ${stage}`);
  const seconds = (performance.now() - startedAt) / 1000;
  record.append({ run: null, kind: "stage-finished", data: { stage, inputsHash, result, seconds } });
  tell({ kind: "stage", stage, state: "finished" });
  return parseStored(schema, result, `the result of stage ${stage}`);
}

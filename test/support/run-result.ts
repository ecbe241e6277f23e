/** @file What a run came to, and that faults have changed nothing of it. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { eventsOf } from "../../src/record/events.ts";
import { readRecord } from "../../src/record/record.ts";
import { readWholeRunSeries } from "../../src/record/run-series.ts";
import { columnOf } from "../../src/record/series.ts";
import { longrun } from "./processes.ts";

type Incident = { readonly what: string; readonly evidence: Record<string, unknown> };

export type RunResult = {
  readonly attempts: number;
  readonly bitsPerByte: number;
  readonly losses: Float64Array;
  /** Step, tokens so far, checksum of the batch. */
  readonly data: readonly Float64Array[];
  /** That something was done about: a busy machine is slow at times. */
  readonly incidents: readonly Incident[];
};

/** Of the only run in a folder. Throws where not every step is there once. */
export function resultOf(folder: string, numSteps: number): RunResult {
  const [finished] = eventsOf(readRecord(folder).events, "run-finished");
  const { numAttempts, heldOut } = finished!.data.summary as {
    readonly numAttempts: number;
    readonly heldOut: { readonly all: { readonly bitsPerByte: number } };
  };
  const series = readWholeRunSeries(
    join(folder, "series", readdirSync(join(folder, "series"))[0]!),
    numSteps,
  );
  return {
    attempts: numAttempts,
    bitsPerByte: heldOut.all.bitsPerByte,
    losses: columnOf(series, "loss"),
    data: (["step", "tokens", "batch"] as const).map((name) => columnOf(series, name)),
    incidents: incidentsIn(folder, (action) => action !== "nothing"),
  };
}

/** @param isMeant by what was done about it */
export const incidentsIn = (folder: string, isMeant: (action?: string) => boolean) =>
  readRecord(folder).events.flatMap((event) =>
    event.kind === "incident" && isMeant(event.data.response?.action) ? [event.data as Incident] : [],
  );

/**
 * No token lost or repeated, by our audit and by the batches' checksums; losses within .5 %, or to the bit.
 * @param isExact as many ranks in both: others add up the gradients in another order
 */
export async function expectUndisturbed(
  folder: string,
  numSteps: number,
  undisturbed: RunResult,
  isExact = true,
): Promise<RunResult> {
  const found = resultOf(folder, numSteps);
  expect(found.data).toEqual(undisturbed.data);
  const audit = await longrun("record", "audit", folder);
  expect(audit.stdout).toContain(`steps 1 to ${numSteps} once each`);
  expect(audit.code).toBe(0);
  if (isExact) expect(found.losses).toEqual(undisturbed.losses);
  for (const [step, loss] of undisturbed.losses.entries())
    expect(Math.abs(found.losses[step]! / loss - 1), `step ${step + 1}`).toBeLessThan(0.005);
  expect(Math.abs(found.bitsPerByte / undisturbed.bitsPerByte - 1)).toBeLessThan(0.005);
  return found;
}

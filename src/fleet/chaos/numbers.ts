/** @file The numbers of a campaign's folder that may not depend on kills, threads or the time of day. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256, sha256File } from "../../record/files.ts";
import { readRecord } from "../../record/record.ts";
import { readRunSeries } from "../../record/run-series.ts";
import { columnOf } from "../../record/series.ts";
import { runSummarySchema } from "../../train/summary.ts";

/** Exact to the bit: losses compare as doubles, traces and weights by hash. */
export type NumbersLeft = {
  readonly runs: Readonly<
    Record<string, { readonly bitsPerByte: number; readonly numSteps: number; readonly trace: string }>
  >;
  readonly weights: string | null;
};

export function numbersOf(folder: string): NumbersLeft {
  const finished = readRecord(folder).events.filter((event) => event.kind === "run-finished");
  const runs = finished.map(({ run, data }) => {
    const { bitsPerByte } = runSummarySchema.parse(data.summary).heldOut.all;
    const losses = columnOf(readRunSeries(join(folder, "series", run)), "loss");
    const trace = sha256(new Uint8Array(losses.buffer, losses.byteOffset, losses.byteLength));
    return [run, { bitsPerByte, numSteps: losses.length, trace }] as const;
  });
  const model = join(folder, "model", "model.safetensors");
  return { runs: Object.fromEntries(runs), weights: existsSync(model) ? sha256File(model) : null };
}

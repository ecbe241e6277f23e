/** @file Reads a table of runs from a file, and refuses one with nothing to predict. */

import { readFileSync } from "node:fs";
import { UserError } from "../../errors.ts";
import type { PublishedRuns } from "./published-run.ts";
import { readRuns } from "./read-runs.ts";

/**
 * Reads the runs of a file.
 * Throws a `UserError` where the file cannot be read, is no table of runs, or has none that can be predicted
 */
export function readRunsFile(path: string): PublishedRuns {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new UserError(`"${path}"`, "a table of runs in CSV", "give the path of a file that can be read", {
      cause,
    });
  }
  const read = readRuns(text, path);
  if (read.runs.some(({ stepSeconds }) => stepSeconds !== null)) return read;
  const reasons = [...Map.groupBy(read.skipped, ({ reason }) => reason)]
    .slice(0, 5)
    .map(([reason, [first]]) => `line ${first!.line}: ${reason}`);
  throw new UserError(
    `${path}: no run with a step time that can be predicted (${reasons.join("; ") || "no rows"})`,
    "rows with model, accelerator, n_gpus, seq_len, gbs_seqs, mbs and step_time_s or tokens_per_s_gpu",
    "fill in what is missing; docs/plan.md lists the columns",
  );
}

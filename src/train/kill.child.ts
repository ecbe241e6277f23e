/** @file The victim of kill.test.ts: writes record, series and checkpoints like a trainer, until killed. */

import { writeSync } from "node:fs";
import { join } from "node:path";
import { openRecord } from "../record/record.ts";
import { SeriesWriter, seriesPath } from "../record/series.ts";
import { latestCheckpoint, prune, saveCheckpoint } from "./checkpoint.ts";

const folder = process.argv[2]!;
const attempt = Number(process.argv[3]);
const checkpoints = join(folder, "checkpoints");

using record = openRecord(folder);
const { checkpoint, damaged } = latestCheckpoint(checkpoints);
if (damaged.length > 0) throw new Error(`damaged: ${JSON.stringify(damaged)}`);
const fromStep = checkpoint?.step ?? 0;
const started = { attempt, fromStep, exact: true, numThreads: 1, spec: fromStep === 0 ? {} : null };
record.append({ run: "target", kind: "run-started", data: started });
using series = new SeriesWriter(seriesPath(folder, "target", attempt), [{ name: "step", unit: "step" }]);

for (let step = fromStep + 1; ; step++) {
  series.append({ step });
  series.flush();
  const w = { name: "w", shape: [50_000], dtype: "F32" as const, data: new Float32Array(50_000).fill(step) };
  const { bytes } = saveCheckpoint(checkpoints, { step, state: { step }, model: [w], optimiser: [w] });
  record.append({ run: "target", kind: "checkpoint-written", data: { step, bytes } });
  prune(checkpoints, { keep: 2, maxBytes: 1e9 });
  // Synchronous, so that the test never hears of a step that is not on disk.
  writeSync(1, `${step}\n`);
}

/** @file A trainer for rewind.test.ts whose loss spikes from step 220 on, unless its batch is skipped. */

import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Random } from "../../math/random.ts";
import { readJson } from "../../record/files.ts";
import { SeriesWriter, seriesPath } from "../../record/series.ts";
import { summaryWith } from "../../train/fixture.ts";
import { taskFile } from "../process/attempt-folder.ts";
import { SpoolWriter } from "../process/spool.ts";

const SPIKE_STEP = 220;
const NUM_STEPS = 400;

const taskSchema = z.strictObject({
  folder: z.string(),
  attempt: z.int(),
  /** Where it starts. */
  fromStep: z.int().nullable(),
  skip: z.array(z.int()),
  /** Whether it was a machine's error: then the second attempt has none. */
  isPassing: z.boolean(),
});

for await (const line of createInterface({ input: process.stdin })) {
  await work((JSON.parse(line) as { readonly folder: string }).folder);
  break;
}
process.stdin.destroy();

async function work(attemptFolder: string): Promise<void> {
  const { folder, attempt, fromStep, skip, isPassing } = taskSchema.parse(readJson(taskFile(attemptFolder)));
  using spool = new SpoolWriter(attemptFolder, 0);
  const start = fromStep ?? 0;
  const told = { attempt, fromStep: start, checkpoint: null, exact: true, damaged: [] };
  spool.send({ kind: "started", ...told });
  using series = new SeriesWriter(seriesPath(folder, "one", attempt), [
    { name: "step", unit: "steps" },
    { name: "loss", unit: "nats" },
  ]);
  const isSpoilt = !skip.includes(SPIKE_STEP) && !(isPassing && attempt > 1);
  for (let step = start + 1; step <= NUM_STEPS; step++) {
    const noise = Math.exp(0.01 * new Random(step, "loss").normal());
    series.append({ step, loss: noise * (isSpoilt && step >= SPIKE_STEP ? 6 : 3) });
    if (step % 10 === 0) series.flush();
    spool.beat("step", step, 3, 0.005);
    // Whoever watches looks each second; the good steps need not take long.
    await sleep(isSpoilt && step > SPIKE_STEP ? 20 : 1);
  }
  spool.send({ kind: "finished", summary: summaryWith({}) });
}

/**
 * @file The process of one run of the builtin engine. It trains, tells how it goes (spool.ts) and touches
 * only its run's own files; the record is its supervisor's. It lives on when that dies, until its run is done
 * or a later attempt has taken over. It boots, and waits for its task as a line on standard input.
 */

import { createInterface } from "node:readline/promises";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { openCorpus } from "../corpus/corpus.ts";
import { systemError, UserError } from "../errors.ts";
import { nativeAddon } from "../native-addon.ts";
import { readJson } from "../record/files.ts";
import { runFolder } from "../record/workspace.ts";
import { trainRun } from "../train/run.ts";
import { readFence, taskFile } from "./process/attempt-folder.ts";
import { SpoolWriter } from "./process/spool.ts";
import { runTaskSchema, type StartedTask } from "./run-task.ts";

/** Between two looks whether the start stands in the record: it takes the supervisor some milliseconds. */
const RECORDED_POLL_MS = 5;

/** A later attempt has taken over. */
class Fenced extends Error {
  override readonly name = "Fenced";
}

const orderSchema = z.strictObject({
  folder: z.string(),
  rank: z.int().nonnegative(),
  environment: z.record(z.string(), z.string()),
});

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
// Ctrl-C is the supervisor's to decide on.
process.on("SIGINT", () => {});

nativeAddon();
for await (const line of createInterface({ input: process.stdin })) {
  const { folder, rank, environment } = orderSchema.parse(JSON.parse(line));
  Object.assign(process.env, environment);
  await work(folder, rank);
  break;
}
process.stdin.destroy();

async function work(folder: string, rank: number): Promise<void> {
  using spool = new SpoolWriter(folder, rank);
  spool.beat("start", 0);
  try {
    const task = runTaskSchema.parse(readJson(taskFile(folder)));
    await train(task, spool);
  } catch (thrown) {
    if (thrown instanceof Fenced) return;
    const error = systemError(thrown);
    if (!(error instanceof UserError)) throw error;
    spool.send({ kind: "refused", found: error.found, expected: error.expected, remedy: error.remedy });
  }
}

async function train(task: StartedTask, spool: SpoolWriter): Promise<void> {
  const run = runFolder(task.folder, task.name);
  const assertCurrent = () => {
    const fence = readFence(run);
    if (fence?.attempt !== task.attempt) throw new Fenced(`attempt ${fence?.attempt} has taken over`);
    return fence;
  };
  const watch = { beat: spool.beat.bind(spool), assertCurrent };
  const place = { ...task, corpus: openCorpus(task.corpusFolder), watch };
  for await (const event of trainRun(task.spec, place, stop.signal)) {
    if (event.kind === "step") {
      spool.beat("step", event.step, event.loss, event.stepSeconds);
      continue;
    }
    spool.send(event);
    if (event.kind === "started") while (!assertCurrent().isRecorded) await setTimeout(RECORDED_POLL_MS);
  }
}

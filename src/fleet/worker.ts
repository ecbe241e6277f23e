/**
 * @file The process of one run. It trains, reports to its parent and touches only its run's own files; the
 * record is the parent's. When the parent is gone it goes too: what it has not checkpointed, the next attempt
 * repeats.
 */

import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openCorpus } from "../corpus/corpus.ts";
import { systemError, UserError } from "../errors.ts";
import { acquireLock, LockHeld } from "../record/lock.ts";
import { trainRun } from "../train/run.ts";
import type { FromWorker, RunTask, ToWorker } from "./protocol.ts";

/** Step events are for display: more often than this they would only cost. */
const STEP_EVENT_SECONDS = 0.1;
/** The process of an earlier attempt may need a moment to notice that its parent is gone. */
const LOCK_ATTEMPTS = 40;
const LOCK_WAIT_MS = 500;

const stop = new AbortController();
const recorded = Promise.withResolvers<void>();

process.on("message", (message: ToWorker) => {
  if (message.kind === "stop") stop.abort();
  else if (message.kind === "recorded") recorded.resolve();
  else void work(message.task);
});
process.on("disconnect", () => process.exit(1));
// Ctrl-C reaches the whole process group; the parent decides what to do about it.
process.on("SIGINT", () => {});

async function work(task: RunTask): Promise<void> {
  try {
    using _lock = await lockRun(join(task.folder, "runs", task.name, "lock"));
    const corpus = openCorpus(task.corpusFolder);
    let lastStepSent = Number.NEGATIVE_INFINITY;
    for await (const event of trainRun(task.spec, { ...task, corpus }, stop.signal)) {
      const now = performance.now() / 1000;
      if (event.kind === "step" && now - lastStepSent < STEP_EVENT_SECONDS) continue;
      if (event.kind === "step") lastStepSent = now;
      await send({ kind: "event", event });
      if (event.kind === "started") await recorded.promise;
    }
  } catch (thrown) {
    const error = systemError(thrown);
    if (!(error instanceof UserError)) throw error;
    await send({ kind: "refused", found: error.found, expected: error.expected, remedy: error.remedy });
  }
  process.disconnect();
}

async function lockRun(path: string): Promise<Disposable> {
  for (let attempt = 1; ; attempt++) {
    try {
      return acquireLock(path);
    } catch (error) {
      if (!(error instanceof LockHeld) || error.isStopped || attempt === LOCK_ATTEMPTS) throw error;
      await setTimeout(LOCK_WAIT_MS);
    }
  }
}

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}

/** @file Runs as local processes: start, watch, restart after a crash, stop. decide.ts decides. */

import { type ChildProcess, fork } from "node:child_process";
import { extname, join } from "node:path";
import { UserError } from "../errors.ts";
import type { RunEvent } from "../train/run.ts";
import type { RunSummary } from "../train/summary.ts";
import { decideAfterCrash } from "./decide.ts";
import type { FromWorker, RunTask, ToWorker } from "./protocol.ts";

/** TypeScript in a clone, compiled in a package. */
const WORKER = join(import.meta.dirname, `worker${extname(import.meta.filename)}`);

/** How a run ended for good. */
export type RunOutcome =
  | { readonly kind: "finished"; readonly summary: RunSummary }
  | { readonly kind: "stopped" }
  | { readonly kind: "diverged"; readonly step: number; readonly what: string };

/** Who is told of a run while it lasts. */
export type RunWatcher = {
  onEvent(task: RunTask, event: RunEvent): void;
  /** The process died of something else than our asking; `reason` says what is done about it. */
  onCrash(task: RunTask, crash: { readonly evidence: string; readonly reason: string }): void;
};

/** Trains a run in a process of its own until it ends for good. */
export async function runLocally(
  task: RunTask,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<RunOutcome> {
  let lastStep = 0;
  const history: number[] = [];
  for (;;) {
    const exit = await attempt(task, signal, (event) => {
      if (event.kind === "step") lastStep = event.step;
      watcher.onEvent(task, event);
    });
    if (exit.kind !== "crashed") return exit;
    if (signal.aborted) return { kind: "stopped" };
    history.push(lastStep);
    const { decision, reason } = decideAfterCrash({ stepsAtCrash: history });
    watcher.onCrash(task, { evidence: exit.evidence, reason });
    if (decision === "stop")
      throw new UserError(
        `the process of run ${task.name} died: ${exit.evidence}`,
        "a process that lives to the end of its run",
        `${reason}. Check memory and disk (\`longrun doctor\`), then give the same command again: ` +
          "it goes on from the last checkpoint",
      );
  }
}

/** Whatever ends this process ends those of its runs, also one that is stopped and would not notice. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

type Exit = RunOutcome | { readonly kind: "crashed"; readonly evidence: string };

function attempt(task: RunTask, signal: AbortSignal, onEvent: (event: RunEvent) => void): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = fork(WORKER, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Garbage is little and short-lived; without a bound its pages vary a run's memory by 30 MB.
      execArgv: ["--max-semi-space-size=2"],
    });
    let outcome: RunOutcome | null = null;
    let refusal: Error | null = null;
    let errorTail = "";
    // A process that dies before it hears this is told of by "close".
    const tell = (message: ToWorker) => child.connected && child.send(message, () => {});
    const stop = () => tell({ kind: "stop" });
    running.add(child);
    child.stderr?.on("data", (chunk: Buffer) => {
      errorTail = (errorTail + chunk.toString()).slice(-2000);
    });
    child.on("message", (message: FromWorker) => {
      if (message.kind === "refused") {
        refusal = new UserError(message.found, message.expected, message.remedy);
        return;
      }
      if (refusal) return;
      const { event } = message;
      if (event.kind === "finished") outcome = { kind: "finished", summary: event.summary };
      if (event.kind === "stopped") outcome = { kind: "stopped" };
      if (event.kind === "diverged") outcome = { kind: "diverged", step: event.step, what: event.what };
      try {
        onEvent(event);
        if (event.kind === "started") tell({ kind: "recorded" });
      } catch (error) {
        // The record could not be written (a full disk): the run ends, and its next attempt goes on.
        refusal ??= error as Error;
        if (event.kind === "started") child.kill("SIGKILL");
        else stop();
      }
    });
    child.on("error", reject);
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", stop);
      running.delete(child);
      if (refusal) reject(refusal);
      else
        resolve(
          outcome ?? {
            kind: "crashed",
            evidence: killedBy ? `killed by ${killedBy}` : `exit code ${code}: ${errorTail.trim()}`,
          },
        );
    });
    signal.addEventListener("abort", stop);
    tell({ kind: "start", task });
    if (signal.aborted) stop();
  });
}

/**
 * Runs tasks in order, several at a time as long as their threads fit. After a failure or an abort no more
 * are started. A failure stops those that are running, by the signal they were given, and is thrown when all
 * have ended.
 */
export async function runTogether<T extends { readonly numThreads: number }>(
  tasks: readonly T[],
  numThreads: number,
  signal: AbortSignal,
  run: (task: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const errors: unknown[] = [];
  const running = new Set<Promise<void>>();
  let free = numThreads;
  for (const task of tasks) {
    while (free < task.numThreads && running.size > 0) await Promise.race(running);
    if (stop.aborted) break;
    free -= task.numThreads;
    const promise: Promise<void> = run(task, stop)
      .catch((error: unknown) => {
        errors.push(error);
        failure.abort();
      })
      .finally(() => {
        free += task.numThreads;
        running.delete(promise);
      });
    running.add(promise);
  }
  await Promise.all(running);
  // The later ones are what the first one brought about.
  if (errors.length > 0) throw errors[0];
  signal.throwIfAborted();
}

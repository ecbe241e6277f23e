/** @file Ctrl-C, or `kill`: the first asks the work to stop after its step, the second ends it at once. */

import { StopAsked } from "../errors.ts";
import { EXIT } from "./output.ts";

/** Ctrl-C reaches this process and the one that started it (npm, our launcher), which passes it on. */
const ONE_PRESS_MS = 300;

/** From a terminal, from a scheduler or a service manager, and from Slurm before the time limit of a job. */
const ASKS_TO_STOP = ["SIGINT", "SIGTERM", "SIGUSR2"] as const;

/** What a piece of work came to: its result, or the place where it stopped because it was asked to. */
export type Ended<T> =
  | { readonly kind: "done"; readonly result: T }
  | { readonly kind: "interrupted"; readonly where: string; readonly by: NodeJS.Signals | null };

/** Does the work with a signal that Ctrl-C aborts. `note` shows a line to the person who pressed it. */
export async function untilInterrupted<T>(
  note: (text: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Ended<T>> {
  const stop = new AbortController();
  let pressedAt = Number.NEGATIVE_INFINITY;
  const onInterrupt = (signal: NodeJS.Signals) => {
    const isSamePress = performance.now() - pressedAt < ONE_PRESS_MS;
    pressedAt = performance.now();
    if (isSamePress) return;
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    const again = signal === "SIGINT" ? " (Ctrl-C once more ends it at once)" : "";
    note(`stopping after this step; the same command goes on${again}`);
    stop.abort(new StopAsked(signal));
  };
  for (const signal of ASKS_TO_STOP) process.on(signal, onInterrupt);
  try {
    return { kind: "done", result: await work(stop.signal) };
  } catch (error) {
    if (!isStop(error, stop.signal)) throw error;
    process.exitCode = EXIT.interrupted;
    const { reason } = stop.signal;
    return { kind: "interrupted", where: error.message, by: reason instanceof StopAsked ? reason.by : null };
  } finally {
    // One that comes while a stopped program ends must not look like a crash.
    if (!stop.signal.aborted) for (const signal of ASKS_TO_STOP) process.off(signal, onInterrupt);
  }
}

/** Stages end with `Interrupted`, drained ones too; what listens to the signal itself with `AbortError`. */
function isStop(error: unknown, { aborted }: AbortSignal): error is Error {
  return error instanceof Error && (error.name === "Interrupted" || (aborted && error.name === "AbortError"));
}

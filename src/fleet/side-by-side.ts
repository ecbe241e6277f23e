/** @file Several runs at a time, as many as there are threads for. */

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

/** @file Rows of a parquet file, from a thread that a damaged file can neither hang nor fill. */

import { once } from "node:events";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { UserError } from "../errors.ts";
import { fixed } from "../units/print.ts";
import type { ParquetAnswer } from "./parquet-worker.ts";

const WORKER = join(import.meta.dirname, `parquet-worker${extname(import.meta.filename)}`);
/** Of JavaScript's own memory; what the pages unpack to lies outside it. */
const MOST_HEAP_MB = 1000;
/** Of processor time for a batch, which takes a second where a row group has a million rows. */
const MOST_SECONDS = 4;
/** For a batch of the largest row groups, which are unpacked whole. */
const SECONDS_PER_BYTE = 1 / 10e6;
const LOOK_MS = 250;

type Row = { readonly text: unknown };

/** What stands under the key in each row; strings are bytes, not yet decoded. */
export async function* parquetRows(path: string, textKey: string, fileBytes: number): AsyncGenerator<Row> {
  const worker = new Worker(WORKER, {
    workerData: { path, textKey },
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
  });
  try {
    for (let isLast = false; !isLast; ) {
      const answer = await ask(worker, MOST_SECONDS + fileBytes * SECONDS_PER_BYTE);
      if (answer.kind === "refused") throw new UserError(answer.found, answer.expected, answer.remedy);
      if (answer.kind === "failed") throw new Error(answer.message);
      yield* rowsIn(answer);
      isLast = answer.isLast;
    }
  } finally {
    await worker.terminate();
  }
}

async function ask(worker: Worker, mostSeconds: number): Promise<ParquetAnswer> {
  const stop = new AbortController();
  const { signal } = stop;
  worker.postMessage("next");
  try {
    const [answer] = (await Promise.race([
      once(worker, "message", { signal }),
      untilTooLong(mostSeconds, signal),
    ])) as [ParquetAnswer];
    return answer;
  } finally {
    stop.abort();
  }
}

/** Processor time, of which a stopped or crowded machine takes none; this thread waits meanwhile. */
function untilTooLong(mostSeconds: number, signal: AbortSignal): Promise<never> {
  const start = process.cpuUsage();
  return new Promise((_, reject) => {
    const timer = setInterval(() => {
      const { user, system } = process.cpuUsage(start);
      if ((user + system) / 1e6 > mostSeconds)
        reject(new Error(`a part of it takes more than ${fixed(mostSeconds, 0)} s to unpack`));
    }, LOOK_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  });
}

function* rowsIn({ bytes, ends, others }: Extract<ParquetAnswer, { kind: "rows" }>): Generator<Row> {
  for (const [row, end] of ends.entries())
    yield { text: others.has(row) ? others.get(row) : bytes.subarray(row === 0 ? 0 : ends[row - 1], end) };
}

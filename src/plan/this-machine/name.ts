/**
 * @file How --cluster names this machine: cpu, cpu:1, this-machine; cpu,threads=1 for some of its threads.
 */

import { availableParallelism } from "node:os";
import { UserError } from "../../errors.ts";

export type ThisMachine = {
  readonly numThreads: number;
};

const NAMES = ["cpu", "this-machine"];

/** Null if it names something else. Throws a `UserError` for more machines or threads than there are. */
export function parseThisMachine(cluster: string | undefined): ThisMachine | null {
  const [head = "", ...options] = (cluster ?? "").toLowerCase().split(",");
  const [name = "", count = "1", ...rest] = head.split(":");
  if (!NAMES.includes(name)) return null;
  if (count !== "1" || rest.length > 0)
    throw new UserError(
      `--cluster ${cluster}`,
      "cpu or cpu:1: our own engine trains on one machine, this one",
      "name accelerators for more, such as h100:16, or leave the count out",
    );
  const most = availableParallelism();
  const threads = /^threads=([0-9]+)$/.exec(options[0] ?? `threads=${most}`)?.[1];
  const numThreads = Number(threads);
  if (options.length > 1 || threads === undefined || numThreads < 1 || numThreads > most)
    throw new UserError(
      `--cluster ${cluster}`,
      `threads=1 to threads=${most}, the threads of this machine, and nothing else`,
      "for example --cluster cpu,threads=1",
    );
  return { numThreads };
}

/** @file Which failures are the same one again: by kind, rank, place, exit and the traceback's last words. */

import type { Sighting } from "./sighting.ts";

/** Equal texts are the same failure. */
export function identityOf(sighting: Sighting): string {
  switch (sighting.kind) {
    case "exited": {
      const { rank, place, code, signal } = sighting;
      return JSON.stringify(["exited", rank, place, code, signal, thrownIn(sighting)]);
    }
    case "silent":
      return JSON.stringify(["silent", sighting.rank, sighting.place, sighting.section]);
    case "diverged":
    case "spike":
      return JSON.stringify([sighting.kind, sighting.step]);
    case "place":
      return JSON.stringify(["place", sighting.place, sighting.what]);
    default:
      return JSON.stringify([sighting.kind]);
  }
}

/** What a rank died of, without its numbers: as the logs of all ranks tell, else as its own log ends. */
export function thrownIn({ signature, log }: Extract<Sighting, { readonly kind: "exited" }>): string | null {
  return signature?.role === "root" ? signature.line.replace(VARYING, "#") : tracebackIn(log);
}

/** A line that ends a traceback: Python's, JavaScript's, C++'s. */
const THROWN =
  /^(?:(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception)\b.*|terminate called after throwing.*)$/;
const FRAME = /^\s+(?:File ".*", line \d+.*|at .+:\d+:\d+\)?)$/;
/** What differs between two throws at one place: addresses, sizes, numbers of processes. */
const VARYING = /0x[0-9a-f]+|\d+/gi;

/** The error that a log ends with and the frame nearest to it, without its numbers; null: none is in it. */
export function tracebackIn(log: string): string | null {
  const lines = log.split("\n");
  const at = lines.findLastIndex((line) => THROWN.test(line));
  if (at < 0) return null;
  const isPython = lines.slice(0, at).some((line) => line.startsWith("Traceback"));
  const frame = isPython
    ? lines.slice(0, at).findLast((line) => FRAME.test(line))
    : lines.slice(at + 1).find((line) => FRAME.test(line));
  return [lines[at]!.replace(VARYING, "#"), frame?.trim() ?? ""].join(" | ");
}

const OUT_OF_MEMORY =
  /out of memory|OutOfMemory|MemoryError|bad_alloc|cannot allocate memory|heap limit|oom-kill|OOM killer/i;

/** From here on a SIGKILL is taken for the kernel's, which kills the largest process when memory runs out. */
const NEAR_LIMIT = 0.9;

/** @param memoryShare what the process held of its limit when last seen; null: not known */
export function isOutOfMemory(sighting: Sighting, memoryShare: number | null): boolean {
  if (sighting.kind !== "exited") return false;
  if (OUT_OF_MEMORY.test(`${sighting.log}\n${sighting.signature?.line ?? ""}`)) return true;
  return sighting.signal === "SIGKILL" && memoryShare !== null && memoryShare >= NEAR_LIMIT;
}

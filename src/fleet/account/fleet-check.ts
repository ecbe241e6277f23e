/** @file Are the places fit for a run? Each is measured by a process on it, and judged beside the others. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { UserError } from "../../errors.ts";
import { median } from "../../math/statistics.ts";
import { formatBytes, formatFlopsPerSecond, formatPercent, formatSeconds } from "../../units/print.ts";
import { logFile, logTail } from "../attempt-folder.ts";
import type { Backend } from "../backend.ts";
import { clockOffsetSeconds } from "../nodes/node-look.ts";
import { pythonWithTorch } from "../torch-python.ts";
import { type PlaceFigures, placeFiguresSchema } from "./place-figures.ts";

/** What was tried at a place, and what came out. */
export type PlaceCheck = {
  /** Null: of all places together. */
  readonly place: string | null;
  readonly name: "matrix product" | "disk" | "free disk" | "clock" | "all-reduce";
  readonly verdict: "ok" | "warn" | "failed" | "skipped";
  readonly found: string;
};

const WORKER = join(import.meta.dirname, `place-worker${extname(import.meta.filename)}`);
const MOST_SECONDS = 120;

type Measured = { readonly place: string; readonly figures: PlaceFigures; readonly offsetSeconds: number };

/**
 * Measures places one after the other, so that those that share a machine do not disturb each other; then an
 * all-reduce of two processes, where there is a Python with PyTorch.
 * @param python the user's; searched for where it is left out
 */
export async function fleetCheck(
  backend: Backend,
  folder: string,
  places: readonly string[],
  python?: string,
): Promise<readonly PlaceCheck[]> {
  const scratch = mkdtempSync(join(resolve(folder), ".fleet-check-"));
  try {
    const measured: (Measured | PlaceCheck)[] = [];
    for (const [i, place] of places.entries())
      measured.push(await measurePlace(backend, join(scratch, String(i)), place));
    const allReduce = await checkAllReduce(scratch, python);
    return [...placeVerdicts(measured), allReduce];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measurePlace(backend: Backend, folder: string, place: string): Promise<Measured | PlaceCheck> {
  const command = [process.execPath, WORKER, folder];
  const beganAtMs = Date.now();
  using attempt = await backend.start({
    folder,
    processes: [
      { rank: 0, place, program: { kind: "command", command, workingFolder: folder }, environment: {} },
    ],
  });
  const until = performance.now() + 1000 * MOST_SECONDS;
  while (attempt.exits.length === 0 && performance.now() < until) await setTimeout(10);
  const endedAtMs = Date.now();
  await attempt.stop();
  const [exit] = attempt.exits;
  if (exit?.code !== 0) {
    const tail = logTail(folder, 0).split("\n").at(-1);
    const found =
      exit === undefined ? `no answer within ${MOST_SECONDS} s` : `ended before it was measured: ${tail}`;
    return { place, name: "matrix product", verdict: "failed", found };
  }
  const lines = readFileSync(logFile(folder, 0), "utf8").trimEnd().split("\n");
  const figures = placeFiguresSchema.parse(JSON.parse(lines.at(-1)!));
  return { place, figures, offsetSeconds: clockOffsetSeconds(figures.clock.at, { beganAtMs, endedAtMs }) };
}

/** Slower than the middle of all by so much is told. */
const SLOW_SHARE = 0.9;
const LEAST_FREE_BYTES = 5e9;
/** A clock that is stepped or wrong; one that is slewed stays below. */
const MOST_OFF_SECONDS = 0.5;

/** Judges each place by its own figures, and its speed by the middle of all. */
export function placeVerdicts(measured: readonly (Measured | PlaceCheck)[]): readonly PlaceCheck[] {
  const whole = measured.filter((each) => "figures" in each);
  const usual = whole.length === 0 ? 0 : median(whole.map(({ figures }) => figures.product.flopsPerSecond));
  return measured.flatMap((each): readonly PlaceCheck[] => {
    if (!("figures" in each)) return [each];
    const { place, figures, offsetSeconds } = each;
    const { product, disk, clock } = figures;
    const share = product.flopsPerSecond / usual;
    const slow = share < SLOW_SHARE ? `, ${formatPercent(100 * share, 0)} of the usual` : "";
    return [
      {
        place,
        name: "matrix product",
        verdict: product.wrongNumbers > 0 ? "failed" : slow ? "warn" : "ok",
        found:
          `${formatFlopsPerSecond(product.flopsPerSecond)} on ${figures.numThreads} threads${slow}` +
          (product.wrongNumbers > 0 ? `; ${product.wrongNumbers} numbers are wrong` : ", every number right"),
      },
      {
        place,
        name: "disk",
        verdict: disk.isReadBackEqual ? "ok" : "failed",
        found:
          `${formatBytes(disk.writeBytesPerSecond)}/s written and flushed, ` +
          (disk.isReadBackEqual ? "read back as it was" : "read back as something else"),
      },
      {
        place,
        name: "free disk",
        verdict: disk.freeBytes < LEAST_FREE_BYTES ? "warn" : "ok",
        found: formatBytes(disk.freeBytes),
      },
      {
        place,
        name: "clock",
        verdict:
          Math.max(Math.abs(clock.driftSeconds), Math.abs(offsetSeconds)) > MOST_OFF_SECONDS ? "warn" : "ok",
        found:
          `${formatSeconds(offsetSeconds)} from here, ${formatSeconds(clock.driftSeconds)} from the clock that ` +
          "never jumps while it was measured",
      },
    ];
  });
}

const ALL_REDUCE = join(import.meta.dirname, "..", "..", "..", "trainers", "torch", "all_reduce.py");
const NUM_RANKS = 2;

async function checkAllReduce(scratch: string, given?: string): Promise<PlaceCheck> {
  const check = { place: null, name: "all-reduce" } as const;
  try {
    const python = await pythonWithTorch(given);
    const ranks = Array.from({ length: NUM_RANKS }, (_, rank) =>
      promisify(execFile)(python, [ALL_REDUCE, scratch, String(rank), String(NUM_RANKS)], {
        timeout: 1000 * MOST_SECONDS,
      }),
    );
    const [first] = await Promise.all(ranks);
    return { ...check, verdict: "ok", found: first!.stdout.trim() };
  } catch (error) {
    if (error instanceof UserError) return { ...check, verdict: "skipped", found: error.found };
    const { stderr = "", killed } = error as { readonly stderr?: string; readonly killed?: boolean };
    const last = stderr.trimEnd().split("\n").at(-1) ?? "";
    return { ...check, verdict: "failed", found: killed ? `no answer within ${MOST_SECONDS} s` : last };
  }
}

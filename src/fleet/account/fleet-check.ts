/** @file Are the places fit for a run? Each is measured by a process on it, and judged beside the others. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { extname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { median } from "../../math/statistics.ts";
import { formatBytes, formatFlopsPerSecond, formatPercent, formatSeconds } from "../../units/print.ts";
import type { Attempt, Backend } from "../backend.ts";
import { machineOf } from "../decide/places.ts";
import { clockOffsetSeconds, MOST_APART_SECONDS } from "../nodes/node-look.ts";
import type { NodesBackend } from "../nodes/nodes-backend.ts";
import { logFile, logTail } from "../process/attempt-folder.ts";
import { pythonWithTorch } from "../torch/torch-python.ts";
import { type PlaceFigures, placeFiguresSchema } from "./place-figures.ts";

/** What was tried at a place, and what came out. */
export type PlaceCheck = {
  /** Null: of all places together. */
  readonly place: string | null;
  readonly name: "agent" | "folder" | "matrix product" | "disk" | "free disk" | "clock" | "all-reduce";
  readonly verdict: "ok" | "warn" | "failed" | "skipped";
  readonly found: string;
};

const WORKER = join(import.meta.dirname, `place-worker${extname(import.meta.filename)}`);
const MOST_SECONDS = 120;

type Measured = { readonly place: string; readonly figures: PlaceFigures; readonly offsetSeconds: number };

/** The same of machines that agents are on, and whether each sees what is written to the folder here. */
export async function nodesCheck(
  backend: NodesBackend,
  folder: string,
  python?: string,
): Promise<readonly PlaceCheck[]> {
  await backend.ready();
  const looks = await backend.look(resolve(folder));
  const sees = (place: string) => looks.some(({ machine, isSeen }) => isSeen && machine === machineOf(place));
  return [
    ...backend.lost.map(({ machine, why }) => ({
      ...({ place: machine, name: "agent", verdict: "failed", found: why } as const),
    })),
    ...looks.map(({ machine, isSeen }) => ({
      ...({ place: machine, name: "folder", verdict: isSeen ? "ok" : "failed" } as const),
      found: `what is written to ${resolve(folder)} on ${hostname()} is ${isSeen ? "" : "not "}seen there`,
    })),
    ...(await fleetCheck(backend, folder, backend.places().filter(sees), python)),
  ];
}

/**
 * Measures places that share a machine one after the other, so that they do not disturb each other; then an
 * all-reduce between all of them, or of two processes on one, where there is a Python with PyTorch.
 * @param python the user's; searched for where it is left out
 */
export async function fleetCheck(
  backend: Backend,
  folder: string,
  places: readonly string[],
  python?: string,
): Promise<readonly PlaceCheck[]> {
  if (places.length === 0) return [];
  const scratch = mkdtempSync(join(resolve(folder), ".fleet-check-"));
  try {
    const measure = async (own: readonly string[]) => {
      const measured: (Measured | PlaceCheck)[] = [];
      for (const place of own)
        measured.push(await measurePlace(backend, join(scratch, String(places.indexOf(place))), place));
      return measured;
    };
    const machines = [...Map.groupBy(places, machineOf).values()];
    const measured = (await Promise.all(machines.map(measure))).flat();
    return [...placeVerdicts(measured), await checkAllReduce(backend, scratch, places, python)];
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
  const failure = await failureOf(attempt, folder);
  const endedAtMs = Date.now();
  if (failure !== null) return { place, name: "matrix product", verdict: "failed", found: failure };
  const lines = readFileSync(logFile(folder, 0), "utf8").trimEnd().split("\n");
  const figures = placeFiguresSchema.parse(JSON.parse(lines.at(-1)!));
  return { place, figures, offsetSeconds: clockOffsetSeconds(figures.clock.at, { beganAtMs, endedAtMs }) };
}

/** Why not all of its processes came to a good end in time; null: they did. */
async function failureOf(attempt: Attempt, folder: string): Promise<string | null> {
  const until = performance.now() + 1000 * MOST_SECONDS;
  const failed = () => attempt.exits.find(({ code }) => code !== 0);
  const isOver = () => failed() !== undefined || attempt.exits.length === attempt.places.length;
  while (!isOver() && performance.now() < until) await setTimeout(10);
  const [isInTime, exit] = [isOver(), failed()];
  await attempt.stop();
  if (!isInTime) return `no answer within ${MOST_SECONDS} s`;
  if (exit === undefined) return null;
  const why = exit.lostPlace ?? logTail(folder, exit.rank).split("\n").at(-1);
  return `${attempt.places[exit.rank]} ended before it was measured: ${why}`;
}

/** Slower than the middle of all by so much is told. */
const SLOW_SHARE = 0.9;
const LEAST_FREE_BYTES = 5e9;
/** A clock that is stepped or wrong; one that is slewed stays below. */
const MOST_OFF_SECONDS = 0.5;

function clockVerdict(offSeconds: number): PlaceCheck["verdict"] {
  return offSeconds > MOST_APART_SECONDS ? "failed" : offSeconds > MOST_OFF_SECONDS ? "warn" : "ok";
}

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
        verdict: clockVerdict(Math.max(Math.abs(clock.driftSeconds), Math.abs(offsetSeconds))),
        found:
          `${formatSeconds(offsetSeconds)} from here, ${formatSeconds(clock.driftSeconds)} from the clock that ` +
          "never jumps while it was measured",
      },
    ];
  });
}

const ALL_REDUCE = join(import.meta.dirname, "..", "..", "..", "trainers", "torch", "all_reduce.py");
/** A rank at each place; two where there is only one. */
async function checkAllReduce(
  backend: Backend,
  scratch: string,
  places: readonly string[],
  given?: string,
): Promise<PlaceCheck> {
  const check = { place: null, name: "all-reduce" } as const;
  const python = await pythonWithTorch(given).catch(userErrorOf);
  if (typeof python !== "string") return { ...check, verdict: "skipped", found: python.found };
  const folder = join(scratch, check.name);
  const ranks = places.length === 1 ? [places[0]!, places[0]!] : places;
  const commandOf = (rank: number) => [python, ALL_REDUCE, folder, String(rank), String(ranks.length)];
  const processes = ranks.map((place, rank) => ({
    ...{ rank, place, environment: {} },
    program: { kind: "command" as const, command: commandOf(rank), workingFolder: scratch },
  }));
  // Refused where a node does not find another.
  const started = await backend.start({ folder, processes }).catch(userErrorOf);
  if (started instanceof UserError) return { ...check, verdict: "failed", found: started.found };
  using attempt = started;
  const failure = await failureOf(attempt, folder);
  return failure === null
    ? { ...check, verdict: "ok", found: logTail(folder, 0).split("\n").at(-1)! }
    : { ...check, verdict: "failed", found: failure };
}

/** Any other error is a bug. */
function userErrorOf(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}

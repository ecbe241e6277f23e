/** @file What a place can do: measured by a process on it, which prints the figures as its last line. */

import { randomFillSync } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { compile, flopsOf } from "../../engine/compile.ts";
import { matmul } from "../../engine/operations/matmul.ts";
import { Session } from "../../engine/session.ts";
import { leaf } from "../../engine/tensor.ts";
import { sha256, sha256File, writeFully } from "../../record/files.ts";

const amount = z.number().nonnegative();

export const placeFiguresSchema = z.strictObject({
  numThreads: z.int().positive(),
  product: z.strictObject({
    flopsPerSecond: amount,
    /** Of integers, which have one right answer. */
    wrongNumbers: z.int().nonnegative(),
  }),
  disk: z.strictObject({
    freeBytes: amount,
    writeBytesPerSecond: amount,
    isReadBackEqual: z.boolean(),
  }),
  clock: z.strictObject({
    /** Milliseconds since 1970, when all was measured. */
    at: z.number(),
    /** How far the date has run from the clock that never jumps, while it was measured. */
    driftSeconds: z.number(),
  }),
});

/** The figures of one place. */
export type PlaceFigures = Readonly<z.infer<typeof placeFiguresSchema>>;

/** A side of the matrices: their product takes some milliseconds, and every sum is exact in float32. */
const SIDE = 512;
const PRODUCT_TIMES = 30;
const DISK_BYTES = 32 * 2 ** 20;

/** @param folder on the disk that is to be tried */
export async function placeFigures(folder: string): Promise<PlaceFigures> {
  const offset = () => Date.now() - performance.now();
  const before = offset();
  const product = await productFigures();
  const disk = diskFigures(folder);
  const driftSeconds = (offset() - before) / 1000;
  const numThreads = availableParallelism();
  return { numThreads, product, disk, clock: { at: Date.now(), driftSeconds } };
}

/** Entries are A[m, k] = (m + k) mod 7 and B[k, n] = (k + 3 n) mod 5, so that no sum exceeds 2^24. */
async function productFigures(): Promise<PlaceFigures["product"]> {
  const sides = [SIDE, SIDE] as const;
  const executable = compile({ product: { C: matmul(leaf("A", sides), leaf("B", sides)) } });
  const session = new Session(executable, { numThreads: availableParallelism() });
  const [A, B] = [session.floats("A"), session.floats("B")];
  A.forEach((_, i) => {
    A[i] = (Math.floor(i / SIDE) + (i % SIDE)) % 7;
    B[i] = (Math.floor(i / SIDE) + 3 * (i % SIDE)) % 5;
  });
  const expected = exactProduct(A, B);
  let [wrongNumbers, seconds] = [0, Number.POSITIVE_INFINITY];
  for (let time = 0; time < PRODUCT_TIMES; time++) {
    const beganAt = performance.now();
    await session.run("product");
    seconds = Math.min(seconds, (performance.now() - beganAt) / 1000);
    session.output("product", "C").forEach((value, i) => {
      if (value !== expected[i]) wrongNumbers++;
    });
  }
  return { flopsPerSecond: flopsOf(executable.programs.get("product")!) / seconds, wrongNumbers };
}

function exactProduct(A: Float32Array, B: Float32Array): Float64Array {
  const C = new Float64Array(SIDE * SIDE);
  for (let m = 0; m < SIDE; m++)
    for (let k = 0; k < SIDE; k++) {
      const a = A[m * SIDE + k]!;
      for (let n = 0; n < SIDE; n++) C[m * SIDE + n]! += a * B[k * SIDE + n]!;
    }
  return C;
}

function diskFigures(folder: string): PlaceFigures["disk"] {
  const path = join(folder, `.disk-check.${process.pid}`);
  const data = randomFillSync(Buffer.alloc(DISK_BYTES));
  try {
    const beganAt = performance.now();
    const file = openSync(path, "w");
    try {
      writeFully(file, data);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const seconds = (performance.now() - beganAt) / 1000;
    const { bavail, bsize } = statfsSync(folder);
    return {
      freeBytes: bavail * bsize + DISK_BYTES,
      writeBytesPerSecond: DISK_BYTES / seconds,
      isReadBackEqual: sha256File(path) === sha256(data),
    };
  } finally {
    rmSync(path, { force: true });
  }
}

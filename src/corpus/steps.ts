/** @file What the steps of prepare share: where things lie, when a step is done, how progress is reported. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type * as z from "zod";
import { readOwnFile, sha256 } from "../record/files.ts";
import type { Piece } from "./pieces.ts";

/** Part of every step's key: raise it when the same input gives other output. */
const PREPARE_VERSION = 5;

export const tokenizerPath = (folder: string) => join(folder, "tokenizer.json");
export const tokensFolder = (folder: string) => join(folder, "tokens");
export const textFolder = (folder: string) => join(folder, "text");
export const stepsFolder = (folder: string) => join(folder, "steps");

/** The key of a step: equal input, equal key, nothing to do. */
export function keyOf(input: Readonly<Record<string, unknown>>): string {
  return sha256(JSON.stringify({ version: PREPARE_VERSION, ...input }));
}

/** What a step left, or undefined where it left nothing that this version of longrun can use. */
export function readStep<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.safeParse(JSON.parse(readOwnFile(path, "a step of prepare").toString())).data;
  } catch {
    return undefined;
  }
}

export function totalTextBytes(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.textBytes, 0);
}

/** How far one of the steps of a preparation has come. */
export type PrepareProgress = {
  readonly step: "read" | "look for held-out text" | "name what holds it" | "learn tokenizer" | "encode";
  readonly doneBytes: number;
  /** Undefined where it cannot be known: compressed files. */
  readonly totalBytes: number | undefined;
};

/** Progress is reported as it comes; an abort is heeded within a megabyte of text. */
export type PrepareOptions = {
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
  /** What the user should know, a sentence each. */
  readonly onNote?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Text handled between two looks at the abort signal. */
const BREATH_BYTES = 1 << 20;

/** Reports progress and lets the event loop turn about once in a megabyte, so that Ctrl-C is heard. */
export type Breath = (progress: PrepareProgress) => Promise<void>;

export function breathing({ onProgress, signal }: PrepareOptions): Breath {
  let lastBytes = 0;
  let lastStep = "";
  return async (progress) => {
    const isDue = progress.step !== lastStep || progress.doneBytes >= lastBytes + BREATH_BYTES;
    if (!isDue && progress.doneBytes !== progress.totalBytes) return;
    lastBytes = progress.doneBytes;
    lastStep = progress.step;
    onProgress?.(progress);
    await setImmediate();
    signal?.throwIfAborted();
  };
}

/** @file The native addon, typed. What each function does stands in native/README.md. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Instruction } from "./compile.ts";

declare const handle: unique symbol;
/** A checked program, opaque. */
export type NativeProgram = { readonly [handle]: "program" };
/** A pool of threads of the engine's own, opaque; its threads end when it is collected. */
export type NativePool = { readonly [handle]: "pool" };

/** A kernel by its name, and where in the arena it works; see native/README.md. */
export type NativeInstruction = Pick<Instruction, "operation" | "operands" | "attributes">;

export type Native = {
  /** Best first. */
  instructionSets(): string[];
  /** A zeroed, 64-byte aligned buffer of four bytes a float. */
  allocate(numFloats: number): ArrayBuffer;
  createPool(numThreads: number): NativePool;
  /** Throws on anything malformed, naming the instruction and the numbers. */
  load(instructions: readonly NativeInstruction[], numFloats: number, instructionSet: string): NativeProgram;
  /** Rejects while pool or program is busy, on too small an arena, on a token outside the vocabulary. */
  run(program: NativeProgram, arena: ArrayBuffer, pool: NativePool): Promise<void>;
  /** Seconds spent in each instruction since the program was loaded. */
  profile(program: NativeProgram): Float64Array<ArrayBuffer>;
  /** Multiply-add peak in FLOP/s of all the pool's threads together; blocks for that many seconds. */
  peak(instructionSet: string, pool: NativePool, seconds: number): number;
};

let addon: Native | undefined;

const FILE = join(`${process.platform}-${process.arch}`, "longrun.node");
/** Built on this machine; else the one that a package brings beside its compiled code. */
const BUILT = join(import.meta.dirname, "..", "..", "build", FILE);
const PREBUILT = join(import.meta.dirname, "..", FILE);

/** Loads the addon on first use, so that commands which need no kernels work without it. */
function loaded(): Native {
  if (addon) return addon;
  const file = existsSync(BUILT) ? BUILT : PREBUILT;
  try {
    addon = createRequire(import.meta.url)(file) as Native;
  } catch (cause) {
    throw new UserError(
      `no native kernels that load at ${file} (${(cause as Error).message.split("\n")[0]})`,
      "the addon that the install builds, or brings",
      "run `npm ci` again, in a clone, or `npm rebuild longrun`, and read what it says about the compiler",
      { cause },
    );
  }
  return addon;
}

export const native: Native = {
  instructionSets: () => loaded().instructionSets(),
  allocate: (numFloats) => loaded().allocate(numFloats),
  createPool: (numThreads) => loaded().createPool(numThreads),
  load: (instructions, numFloats, instructionSet) => loaded().load(instructions, numFloats, instructionSet),
  run: (program, arena, pool) => loaded().run(program, arena, pool),
  profile: (program) => loaded().profile(program),
  peak: (instructionSet, pool, seconds) => loaded().peak(instructionSet, pool, seconds),
};

/** @file The native addon, typed. What each function does stands in native/README.md. */

import { nativeAddon } from "../native-addon.ts";
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

const loaded = () => nativeAddon() as Native;

export const native: Native = {
  instructionSets: () => loaded().instructionSets(),
  allocate: (numFloats) => loaded().allocate(numFloats),
  createPool: (numThreads) => loaded().createPool(numThreads),
  load: (instructions, numFloats, instructionSet) => loaded().load(instructions, numFloats, instructionSet),
  run: (program, arena, pool) => loaded().run(program, arena, pool),
  profile: (program) => loaded().profile(program),
  peak: (instructionSet, pool, seconds) => loaded().peak(instructionSet, pool, seconds),
};

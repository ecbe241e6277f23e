/** @file A compiled executable in memory: one arena, its loaded programs, the threads that run them. */

import { UserError } from "../errors.ts";
import type { Executable, Instruction, Region } from "./compile.ts";
import { type NativePool, type NativeProgram, native } from "./native.ts";

/** What an executable runs on. */
export type SessionOptions = {
  /** Threads of the engine's own. Results do not depend on it. */
  readonly numThreads: number;
  /** Best of the machine when left out. Results are exact to the bit on one set, not across sets. */
  readonly instructionSet?: string;
};

/** Seconds spent in one instruction since the session began. */
export type ProfileEntry = {
  readonly instruction: Instruction;
  readonly seconds: number;
};

/** An executable in memory. Leaves are filled and outputs read by name; `run` runs one program once. */
export class Session {
  readonly numBytes: number;
  readonly #executable: Executable;
  readonly #arena: ArrayBuffer;
  readonly #pool: NativePool;
  readonly #programs: ReadonlyMap<string, NativeProgram>;

  constructor(executable: Executable, { numThreads, instructionSet }: SessionOptions) {
    const set = instructionSet ?? native.instructionSets()[0]!;
    this.#executable = executable;
    this.numBytes = 4 * executable.numFloats;
    this.#arena = allocate(executable.numFloats);
    this.#pool = native.createPool(numThreads);
    this.#programs = new Map(
      [...executable.programs].map(([name, { instructions }]) => [
        name,
        native.load(instructions, executable.numFloats, set),
      ]),
    );
  }

  /** Runs a program once on the engine's threads; the event loop stays free. */
  async run(program: string): Promise<void> {
    await native.run(this.#loaded(program), this.#arena, this.#pool);
  }

  /** A view of a leaf, to be read or filled between runs. */
  floats(name: string): Float32Array {
    const { offset, size } = this.#leaf(name, "f32");
    return new Float32Array(this.#arena, 4 * offset, size);
  }

  /** A view of a leaf of integers. */
  integers(name: string): Int32Array {
    const { offset, size } = this.#leaf(name, "i32");
    return new Int32Array(this.#arena, 4 * offset, size);
  }

  /** A view of an output; the next run of any program may overwrite it. */
  output(program: string, name: string): Float32Array {
    const region = this.#executable.programs.get(program)?.outputs.get(name);
    if (!region) throw new Error(`program ${program} has no output ${name}`);
    return new Float32Array(this.#arena, 4 * region.offset, region.size);
  }

  profile(program: string): readonly ProfileEntry[] {
    const seconds = native.profile(this.#loaded(program));
    const instructions = this.#executable.programs.get(program)?.instructions ?? [];
    return instructions.map((instruction, i) => ({ instruction, seconds: seconds[i]! }));
  }

  #loaded(program: string): NativeProgram {
    const loaded = this.#programs.get(program);
    if (!loaded) throw new Error(`there is no program ${program}`);
    return loaded;
  }

  #leaf(name: string, dataType: "f32" | "i32"): Region {
    const region = this.#executable.leaves.get(name);
    if (region?.dataType !== dataType) throw new Error(`there is no leaf ${name} of type ${dataType}`);
    return region;
  }
}

function allocate(numFloats: number): ArrayBuffer {
  try {
    return native.allocate(numFloats);
  } catch (cause) {
    throw new UserError(
      `no memory for the ${(numFloats / 2 ** 28).toFixed(2)} GiB that parameters, moments and activations need`,
      "that much free memory",
      "close other programs, or choose a smaller model or fewer sequences in a batch",
      { cause },
    );
  }
}

/** @file How long each instruction of a program takes on this machine, timed alone: the ground of every forecast of time. */

import { quantile } from "../math/statistics.ts";
import type { Executable, Instruction } from "./compile.ts";
import { native } from "./native.ts";

/** The whole list is run so often at least; the first round warms caches and is dropped. */
const FEWEST_ROUNDS = 4;
/** And for so long: a short list could otherwise fall into one bad moment of the machine as a whole. */
const LEAST_SECONDS = 0.4;
/** And repeated so often within a round: the first pass pays for waking the threads, as only the start of a real step does. */
const NUM_PASSES = 5;

/** Interference only ever makes an instruction slower, so the quick tenth says more of it than the middle. */
const QUICK = 0.1;

export type InstructionTime = {
  readonly instruction: Instruction;
  readonly seconds: number;
};

/**
 * Seconds of every instruction of a program, in order. Instructions of equal operation and lengths are timed once, on their own operands,
 * all of them in turn, so that a slow moment of the machine touches each alike and is passed over.
 */
export async function timeInstructions(
  executable: Executable,
  programName: string,
  { numThreads, instructionSet }: { readonly numThreads: number; readonly instructionSet: string },
): Promise<readonly InstructionTime[]> {
  const program = executable.programs.get(programName);
  if (!program) throw new Error(`there is no program ${programName}`);
  const keys = program.instructions.map(
    ({ operation, attributes }) => `${operation} ${attributes.join(" ")}`,
  );
  const distinct = [...new Set(keys)];
  const onePass = distinct.map((key) => program.instructions[keys.indexOf(key)]!);
  const passes = Array.from({ length: NUM_PASSES }, () => onePass).flat();
  const arena = native.allocate(executable.numFloats);
  const pool = native.createPool(numThreads);
  const loaded = native.load(passes, executable.numFloats, instructionSet);
  const totals: Float64Array[] = [];
  const beganAt = performance.now();
  while (totals.length < FEWEST_ROUNDS || (performance.now() - beganAt) / 1000 < LEAST_SECONDS) {
    await native.run(loaded, arena, pool);
    totals.push(native.profile(loaded).slice());
  }
  const secondsOf = (at: number) =>
    totals.slice(1).flatMap((total, round) =>
      Array.from({ length: NUM_PASSES - 1 }, (_, pass) => {
        const i = (pass + 1) * distinct.length + at;
        return total[i]! - totals[round]![i]!;
      }),
    );
  const seconds = new Map(distinct.map((key, at) => [key, quantile(secondsOf(at), QUICK)]));
  return program.instructions.map((instruction, i) => ({ instruction, seconds: seconds.get(keys[i]!)! }));
}

/**
 * @file Notices that a parameter or its moments changed in memory while nothing was to write them: a bit that
 * flipped. The optimiser adds up the bits that it reads and writes (native/kernels/optimiser.h), so that this
 * costs no pass over memory; a step later it is known.
 */

import type { Session } from "../engine/session.ts";
import { parametersOf } from "../model/shape.ts";
import { momentNames, sumsName } from "./optimiser.ts";
import type { RunSpec } from "./run-spec.ts";

type Guarded = {
  readonly name: string;
  /** The parameter and its moments, as words. */
  readonly words: readonly Uint32Array[];
  /** Read and written in all steps so far, modulo 2^32. */
  readonly sums: Uint32Array;
  /** As of the last look. */
  read: number;
  written: number;
  /** Of the words, as they were last written. */
  last: number;
};

/** Looks after one run's parameters, from what they are when it is made. */
export class MemoryGuard {
  readonly #guarded: readonly Guarded[];

  constructor(session: Session, { shape }: RunSpec) {
    const words = (name: string) => {
      const floats = session.floats(name);
      return new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
    };
    this.#guarded = parametersOf(shape).map(({ name }) => {
      const own = [name, ...Object.values(momentNames(name))].map(words);
      const sums = words(sumsName(name));
      return { name, words: own, sums, read: sums[0]!, written: sums[1]!, last: sumOf(own) };
    });
  }

  /** After each step that updated: the parameter that was not what the step before had left; or null. */
  changedBeforeStep(): string | null {
    let changed: string | null = null;
    for (const each of this.#guarded) {
      const [read, written] = [each.sums[0]!, each.sums[1]!];
      if ((read - each.read) >>> 0 !== each.last) changed ??= each.name;
      each.last = (written - each.written) >>> 0;
      each.read = read;
      each.written = written;
    }
    return changed;
  }

  /** The parameter that is not what the last step has left, all of them read; or null. */
  changedSinceStep(): string | null {
    return this.#guarded.find(({ words, last }) => sumOf(words) !== last)?.name ?? null;
  }
}

function sumOf(parts: readonly Uint32Array[]): number {
  let sum = 0;
  for (const words of parts) for (let i = 0; i < words.length; i++) sum = (sum + words[i]!) >>> 0;
  return sum;
}

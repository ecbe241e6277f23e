/** @file A decoder's step in memory, with plausible numbers in it, run and timed as often as asked. */

import type { Executable, Instruction } from "../../engine/compile.ts";
import { HYPER } from "../../engine/operations/optimiser.ts";
import { Session, type SessionOptions } from "../../engine/session.ts";
import { initialValues } from "../../model/initialise.ts";
import { type DecoderShape, parametersOf } from "../../model/shape.ts";

/** AdamW at its start, with a learning rate too small to lead anywhere. */
const HYPER_VALUES: Readonly<Record<(typeof HYPER)[number], number>> = {
  learningRate: 1e-6,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  correction1: 0.1,
  correction2: 0.05,
  clip: 1,
  unused: 0,
};

export type StepTime = {
  readonly seconds: number;
  readonly instructions: readonly { readonly instruction: Instruction; readonly seconds: number }[];
};

export class LoadedStep {
  readonly #session: Session;

  /** @param executable a program `train` with the leaves of `stepProgram` */
  constructor(executable: Executable, shape: DecoderShape, options: SessionOptions) {
    this.#session = new Session(executable, options);
    for (const parameter of parametersOf(shape))
      this.#session.floats(parameter.name).set(initialValues(parameter, shape, 1));
    this.#session.floats("hyper").set(HYPER.map((name) => HYPER_VALUES[name]));
    // Any order does that meets all of the table: 7919 is prime.
    for (const name of ["tokens", "targets"])
      this.#session.integers(name).forEach((_, i, all) => {
        all[i] = (7919 * (i + 1)) % shape.vocabularySize;
      });
  }

  async run(): Promise<StepTime> {
    const before = this.#session.profile("train");
    const beganAt = performance.now();
    await this.#session.run("train");
    const seconds = (performance.now() - beganAt) / 1000;
    const instructions = this.#session.profile("train").map((entry, i) => ({
      instruction: entry.instruction,
      seconds: entry.seconds - before[i]!.seconds,
    }));
    return { seconds, instructions };
  }
}

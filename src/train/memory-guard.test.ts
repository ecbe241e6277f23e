import { describe, expect, test } from "vitest";
import { native } from "../engine/native.ts";
import { Session } from "../engine/session.ts";
import { initialValues } from "../model/initialise.ts";
import { parametersOf } from "../model/shape.ts";
import { SMALL_RUN } from "./fixture.ts";
import { MemoryGuard } from "./memory-guard.ts";
import { hyperAt, momentNames } from "./optimiser.ts";
import { trainingPrograms } from "./programs.ts";

// Odd sizes: no parameter fills its last vector.
const SPEC = {
  ...SMALL_RUN,
  shape: { ...SMALL_RUN.shape, vocabularySize: 271, feedForwardWidth: 37 },
  sequenceLength: 8,
  batchSequences: 2,
};

/** A session with its parameters filled, and its guard. */
function start(instructionSet: string, numThreads: number) {
  const { shape, seed, optimiser } = SPEC;
  const executable = trainingPrograms(shape, { batch: 2, sequenceLength: 8 }, optimiser);
  const session = new Session(executable, { instructionSet, numThreads });
  for (const parameter of parametersOf(shape))
    session.floats(parameter.name).set(initialValues(parameter, shape, seed));
  let step = 0;
  const train = async () => {
    step++;
    session.integers("tokens").set(Int32Array.from({ length: 16 }, (_, i) => (7 * i + step) % 271));
    session.integers("targets").set(Int32Array.from({ length: 16 }, (_, i) => (7 * i + step + 1) % 271));
    session.floats("hyper").set(hyperAt(step, 0.01, optimiser));
    await session.run("train");
  };
  return { session, guard: new MemoryGuard(session, SPEC), train };
}

function flip(session: Session, name: string, index: number, bit: number): void {
  const floats = session.floats(name);
  new Uint32Array(floats.buffer, floats.byteOffset, floats.length)[index]! ^= 1 << bit;
}

describe.each(native.instructionSets())("on %s", (instructionSet) => {
  test.each([1, 2, 3])("with %i threads nothing is noticed while nothing changes", async (numThreads) => {
    const { guard, train } = start(instructionSet, numThreads);
    for (let step = 0; step < 5; step++) {
      await train();
      expect(guard.changedBeforeStep()).toBeNull();
      expect(guard.changedSinceStep()).toBeNull();
    }
  });

  test("any one bit of any parameter or moment is noticed, at once by a look, else at the next step", async () => {
    const { session, guard, train } = start(instructionSet, 2);
    await train();
    expect(guard.changedBeforeStep()).toBeNull();
    // The last element, which fills no vector, and bits that make the number only a little different.
    for (const { name } of parametersOf(SPEC.shape))
      for (const tensor of [name, ...Object.values(momentNames(name))])
        for (const [index, bit] of [
          [session.floats(tensor).length - 1, 0],
          [3, 5],
          [0, 21],
        ] as const) {
          flip(session, tensor, index, bit);
          expect(guard.changedSinceStep()).toBe(name);
          await train();
          expect(guard.changedBeforeStep()).toBe(name);
          expect(guard.changedSinceStep()).toBeNull();
        }
  });
});

test("a bit that flips before the first step is noticed, too", async () => {
  const { session, guard, train } = start(native.instructionSets()[0]!, 1);
  flip(session, "finalNorm", 2, 0);
  await train();
  expect(guard.changedBeforeStep()).toBe("finalNorm");
});

import { describe, expect, test } from "vitest";
import { decideRecovery, type Failure } from "./decide.ts";

type Failures = readonly [Failure, ...Failure[]];

const deaths = (...steps: readonly number[]) =>
  steps.map((step) => ({
    step,
    sighting: { kind: "exited", rank: 0, place: "here", code: null, signal: "SIGKILL", log: "" },
  })) as readonly Failure[] as Failures;

const divergences = (...steps: readonly number[]) =>
  steps.map((step) => ({
    step: step - 1,
    sighting: { kind: "diverged", step, what: "its loss or gradient", loss: null, gradientNorm: null },
  })) as readonly Failure[] as Failures;

describe("after a death", () => {
  test("a run that makes progress between its deaths is restarted, however often it dies", () => {
    expect(decideRecovery({ failures: deaths(120) })).toEqual({
      action: "restart",
      reason: "failure 1, at step 120: restarted from the last checkpoint",
    });
    expect(decideRecovery({ failures: deaths(10, 20, 30, 40, 50) }).action).toBe("restart");
  });

  test("a run that dies three times at the same step is held", () => {
    expect(decideRecovery({ failures: deaths(10, 40, 40) }).action).toBe("restart");
    expect(decideRecovery({ failures: deaths(10, 40, 40, 40) })).toEqual({
      action: "hold",
      reason: "failed 3 times without getting past step 40",
    });
  });
});

describe("after a divergence", () => {
  test("the step is replayed once: a bit that flipped does not come back", () => {
    expect(decideRecovery({ failures: divergences(70) })).toEqual({
      action: "replay",
      reason: "step 70 diverged: replayed from the last checkpoint, for a machine's error does not recur",
    });
    expect(decideRecovery({ failures: divergences(70, 90) }).action).toBe("replay");
  });

  test("one that diverges again at the same step is held", () => {
    expect(decideRecovery({ failures: divergences(70, 70) })).toEqual({
      action: "hold",
      reason: "step 70 diverged again when it was replayed: it is the training",
    });
  });
});

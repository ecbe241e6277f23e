import { describe, expect, test } from "vitest";
import { decideAfterCrash } from "./decide.ts";

describe("after a crash", () => {
  test("a run that makes progress between its deaths is restarted, however often it dies", () => {
    expect(decideAfterCrash({ stepsAtCrash: [120] })).toEqual({
      decision: "restart",
      reason: "crash 1, at step 120: restarted from the last checkpoint",
    });
    expect(decideAfterCrash({ stepsAtCrash: [10, 20, 30, 40, 50] }).decision).toBe("restart");
  });

  test("a run that dies three times at the same step is stopped", () => {
    expect(decideAfterCrash({ stepsAtCrash: [10, 40, 40] }).decision).toBe("restart");
    expect(decideAfterCrash({ stepsAtCrash: [10, 40, 40, 40] })).toEqual({
      decision: "stop",
      reason: "crashed 3 times without getting past step 40",
    });
  });
});

import { expect, test } from "vitest";
import { SilenceSeen } from "./silence.ts";

test("one that was asked to stop may be silent for longer than it ever was", () => {
  const seen = new SilenceSeen(30);
  seen.observe({ step: 0.05 });
  expect(seen.limitSeconds("step")).toBe(30);
  seen.atLeast(600);
  expect(seen.limitSeconds("step")).toBe(600);
  seen.observe({ step: 400 });
  expect(seen.limitSeconds("step")).toBe(800.6);
});

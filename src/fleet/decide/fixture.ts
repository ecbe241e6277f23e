/** @file Facts of a made-up run, for tests of what is decided. */

import { decideRecovery, type Facts, type Failure } from "./decide.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import type { Sighting } from "./sighting.ts";

const HOUR = 3600;

export type MadeUp = {
  readonly sighting: Sighting;
  readonly step?: number;
  readonly hour?: number;
  readonly memory?: number;
};

/** Facts of a run on two places; failures an hour apart unless told. */
function facts(seen: readonly MadeUp[], changes: Partial<Facts> = {}): Facts {
  const failures = seen.map(
    ({ sighting, step = 0, hour, memory = null }, i): Failure => ({
      sighting,
      step,
      atSeconds: HOUR * (hour ?? i),
      memoryShare: memory,
    }),
  );
  return {
    failures: failures as [Failure, ...Failure[]],
    places: ["here"],
    numSpares: 0,
    placeHistory: [],
    checkpoints: null,
    policy: DEFAULT_POLICY,
    ...changes,
  };
}

export const decideOn = (seen: readonly MadeUp[], changes: Partial<Facts> = {}) =>
  decideRecovery(facts(seen, changes));

export const died = (changes: Partial<Extract<Sighting, { readonly kind: "exited" }>> = {}): Sighting => ({
  kind: "exited",
  rank: 0,
  place: "here",
  code: null,
  signal: "SIGKILL",
  log: "",
  ...changes,
});
export const deaths = (...steps: readonly number[]) => steps.map((step) => ({ sighting: died(), step }));
export const hung = (place = "here"): Sighting => ({
  kind: "silent",
  rank: 0,
  place,
  section: "step",
  what: "hung, not computing",
  seconds: 20,
  testimony: [],
});
export const diverged = (step: number): MadeUp => ({
  sighting: { kind: "diverged", step, what: "its loss or gradient", loss: null, gradientNorm: null },
  step: step - 1,
});
export const corrupted = (step: number): MadeUp => ({
  sighting: { kind: "corrupted", step, parameter: "finalNorm", rank: 0, place: "here" },
  step: step - 1,
});
export const disagreed = (step: number, place?: string): MadeUp => ({
  sighting: { kind: "disagreed", step, checksums: ["7", "7", "8"], ...(place && { rank: 2, place }) },
  step: step - 1,
});
export const spike = (
  step: number,
  changes: Partial<Extract<Sighting, { readonly kind: "spike" }>> = {},
): MadeUp => ({
  sighting: {
    kind: "spike",
    step,
    loss: 5,
    expectedLoss: 2.5,
    score: 40,
    lastedSteps: 3,
    leadStep: step,
    ...changes,
  },
  step: step + 2,
});
export const whole = (...steps: readonly number[]) => steps.map((step) => ({ step, isCertified: false }));
export const traceback = (line: number, size = 1) =>
  `step 3\nTraceback (most recent call last):\n  File "train.py", line ${line}, in step\n    x = f(y)\n` +
  `RuntimeError: shape [${size}, 8] does not fit\n`;

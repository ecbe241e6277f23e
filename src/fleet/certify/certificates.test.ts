import { describe, expect, test } from "vitest";
import { type Draft, recordOf } from "../../record/fixture.ts";
import { corrupted, disagreed, diverged, type MadeUp, spike } from "../decide/fixture.ts";
import type { DiffersSeen } from "../decide/sighting.ts";
import { incidentOf } from "../recorded-run.ts";
import { standingOf } from "./certificates.ts";

let attempts = 0;
const start = (fromStep: number): Draft => ({
  run: "r",
  kind: "run-started",
  data: { attempt: ++attempts, fromStep, exact: true, numThreads: 1, spec: null },
});
const saved = (step: number, run = "r"): Draft => ({
  run,
  kind: "checkpoint-written",
  data: { step, bytes: 1 },
});
const certified = (step: number): Draft => ({
  run: "r",
  kind: "checkpoint-certified",
  data: { step, throughStep: step + 16 },
});
function incident({ sighting, step = 0 }: MadeUp, action: "nothing" | "hold" = "hold", run = "r"): Draft {
  const failure = { sighting, step, atSeconds: 0, memoryShare: null };
  return { run, ...incidentOf(failure, { action, reason: "so" }, 0) };
}
const differs = (step: number): Draft => {
  const seen: DiffersSeen = {
    kind: "differs",
    step,
    what: "loss",
    loss: 2,
    attempt: 2,
    earlierLoss: 1,
    earlierAttempt: 1,
  };
  return incident({ sighting: seen, step }, "nothing");
};

const ripe = (drafts: readonly Draft[], to = 1000, from = 1) =>
  standingOf(recordOf(drafts), "r")
    .ripe({ from, to }, 16)
    .map(({ step }) => step);
const good = (drafts: readonly Draft[]) =>
  standingOf(recordOf(drafts), "r").checkpoints.flatMap(({ step, isCertified }) =>
    isCertified ? [step] : [],
  );

describe("a checkpoint is ripe", () => {
  const run = [start(0), saved(40), saved(60)];

  test("once so many steps after it are sound, and not a step sooner", () => {
    expect(ripe(run, 55)).toEqual([]);
    expect(ripe(run, 56)).toEqual([40]);
    expect(ripe(run, 76)).toEqual([40, 60]);
  });

  test("not where one of them was not sound", () => {
    expect(ripe(run, 76, 41)).toEqual([40, 60]);
    expect(ripe(run, 76, 42)).toEqual([60]);
  });

  test("once: not when it is certified, and again when the run has gone back and saved it anew", () => {
    expect(ripe([...run, certified(40)])).toEqual([60]);
    expect(ripe([...run, certified(40), start(20), saved(40)])).toEqual([40]);
  });

  test("not when the run has gone back behind it", () => {
    expect(ripe([...run, start(40)])).toEqual([40]);
    expect(ripe([...run, start(20)])).toEqual([]);
  });

  test("not by what another run has come to", () => {
    expect(ripe([...run, saved(10, "other")])).toEqual([40, 60]);
    expect(ripe([...run, incident(diverged(50), "hold", "other")])).toEqual([40, 60]);
  });
});

describe("trouble keeps checkpoints from being certified", () => {
  const run = [start(0), saved(40), saved(60), saved(80)];

  test.each([
    ["a divergence", incident(diverged(57)), [40]],
    ["at a step that its own sixteen end with", incident(diverged(56)), []],
    ["a change in memory", incident(corrupted(57)), [40]],
    ["replicas that differ", incident(disagreed(57)), [40]],
    ["a spike", incident(spike(90)), [40, 60]],
    ["a spike whose gradient rose before", incident(spike(90, { leadStep: 76 })), [40]],
  ] as const)("%s", (_, trouble, expected) => {
    expect(ripe([...run, trouble])).toEqual(expected);
  });

  test("until an attempt starts from before it, and certainly no later one", () => {
    const trouble = incident(diverged(70));
    expect(ripe([...run, trouble, start(80), saved(90)])).toEqual([40]);
    expect(ripe([...run, trouble, start(60), saved(90)])).toEqual([40, 60, 90]);
  });

  test("a spike that was only noted is over after 256 steps", () => {
    const noted = [...run, incident(spike(90), "nothing"), saved(345), saved(346)];
    expect(ripe(noted)).toEqual([40, 60, 346]);
  });

  test("what says nothing against the parameters is none", () => {
    const slow = {
      run: "r",
      kind: "incident",
      data: { what: "slow", evidence: { seenStep: 41 }, severity: "info" },
    };
    expect(ripe([...run, slow as Draft])).toEqual([40, 60, 80]);
  });

  test("two attempts that differ: until one starts from a certified checkpoint, or from the start", () => {
    const seen = [
      start(0),
      saved(20),
      certified(20),
      saved(40),
      certified(40),
      saved(60),
      start(60),
      differs(62),
    ];
    expect(ripe(seen)).toEqual([]);
    expect(ripe([...seen, saved(90)])).toEqual([]);
    expect(good(seen)).toEqual([20, 40]);
    expect(ripe([...seen, start(60), saved(90)])).toEqual([]);
    expect(ripe([...seen, start(40), saved(90)])).toEqual([90]);
    expect(ripe([...seen, start(0), saved(90)])).toEqual([90]);
    expect(ripe([...seen, start(40), saved(90), differs(62)])).toEqual([]);
  });
});

describe("a certificate counts", () => {
  const run = [start(0), saved(40), certified(40), saved(60), certified(60)];

  test("while what it stands on is not put in doubt", () => {
    expect(good(run)).toEqual([40, 60]);
    expect(good([...run, incident(diverged(77))])).toEqual([40, 60]);
    expect(good([...run, incident(diverged(76))])).toEqual([40]);
    expect(good([...run, incident(spike(90, { leadStep: 50 }))])).toEqual([]);
    expect(good([...run, differs(70)])).toEqual([40]);
  });

  test("for the last save of its step alone", () => {
    expect(good([...run, start(40), saved(60)])).toEqual([40]);
    expect(good([...run, start(20), saved(40), certified(40)])).toEqual([40]);
  });

  test("only where the record has told of the checkpoint, and its run has not left it", () => {
    const unfounded = (drafts: readonly Draft[]) => standingOf(recordOf(drafts), "r").unfounded;
    expect(unfounded(run)).toEqual([]);
    expect(unfounded([...run, certified(50)])).toEqual([50]);
    expect(unfounded([...run, start(40), certified(60)])).toEqual([60]);
  });
});

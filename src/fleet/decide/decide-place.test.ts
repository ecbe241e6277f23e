import { describe, expect, test } from "vitest";
import type { Decision, Facts } from "./decide.ts";
import { decideOn, died, type MadeUp } from "./fixture.ts";
import { policySchema } from "./policy.ts";

describe("on a place that fails again", () => {
  const on = (place: string, ...hours: readonly number[]) =>
    hours.map((hour, i) => ({ sighting: died({ place }), step: 10 * (i + 1), hour }));
  const places = ["a", "b"];
  test.each<readonly [string, readonly MadeUp[], Partial<Facts>, Decision]>([
    [
      "once: in place",
      on("a", 0),
      { places, numSpares: 1 },
      {
        action: "restart",
        toStep: null,
        reason: "failure 1 of this kind, at step 10: restarted in place from the last checkpoint",
      },
    ],
    [
      "twice within a week: excluded",
      on("a", 0, 100),
      { places, numSpares: 2 },
      {
        action: "exclude",
        toStep: null,
        place: "a",
        reason: "a: 2 failures within 7.00 days; a spare takes over, 1 left",
      },
    ],
    [
      "once, and once in an earlier campaign",
      on("a", 100),
      { places, numSpares: 1, placeHistory: [{ place: "a", atSeconds: 0 }] },
      {
        action: "exclude",
        toStep: null,
        place: "a",
        reason: "a: 2 failures within 7.00 days, 1 of them before this launch; a spare takes over, 0 left",
      },
    ],
    [
      "twice, more than a week apart",
      on("a", 0, 200),
      { places, numSpares: 1 },
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 20: restarted in place from the last checkpoint",
      },
    ],
    [
      "twice, once on each place",
      [...on("a", 0), { sighting: died({ place: "b" }), step: 20 }],
      { places, numSpares: 1 },
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 20: restarted in place from the last checkpoint",
      },
    ],
    [
      "twice on the only place there is",
      on("a", 0, 1),
      { places: ["a"], numSpares: 0, policy: policySchema.parse({ shrink: true }) },
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 20: restarted in place from the last checkpoint",
      },
    ],
    [
      "twice on the only place that it is on, with a spare, from a checkpoint that is certified",
      on("a", 0, 1),
      {
        places: ["a"],
        numSpares: 1,
        checkpoints: [
          { step: 5, isCertified: true },
          { step: 9, isCertified: false },
        ],
      },
      {
        action: "exclude",
        place: "a",
        toStep: 5,
        reason: "a: 2 failures within 7.00 days; a spare takes over, 0 left",
      },
    ],
    [
      "twice without a spare: in place, as long as it gets on",
      on("a", 0, 1),
      { places },
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 20: restarted in place from the last checkpoint",
      },
    ],
    [
      "twice by an error of the program's own: nothing is held against the place",
      [10, 20].map((step) => ({
        sighting: died({ place: "a", log: "ValueError: no such dataset" }),
        step,
      })),
      { places, numSpares: 1 },
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 20: restarted in place from the last checkpoint",
      },
    ],
    [
      "twice in its memory",
      [10, 20].map((step) => ({
        sighting: { kind: "corrupted", step, parameter: "head", rank: 0, place: "a" },
        step,
      })),
      { places, numSpares: 1 },
      {
        action: "exclude",
        place: "a",
        toStep: null,
        reason: "a: 2 failures within 7.00 days; a spare takes over, 0 left",
      },
    ],
    [
      "the machine itself, without a spare: held",
      [{ sighting: { kind: "place", place: "a", what: "GPU lost" } }],
      { places },
      {
        action: "hold",
        reason: "a: GPU lost; no spare is left, and the policy lets no run shrink",
      },
    ],
    [
      "twice without a spare where the policy lets it shrink",
      on("a", 0, 1),
      { places, policy: policySchema.parse({ shrink: true }) },
      {
        action: "shrink",
        toStep: null,
        place: "a",
        reason: "a: 2 failures within 7.00 days; no spare is left, the run goes on without it",
      },
    ],
    [
      "the machine itself, the first time: a spare for some days",
      [{ sighting: { kind: "place", place: "a", what: "GPU lost" } }],
      { places, numSpares: 1 },
      { action: "spare", place: "a", toStep: null, reason: "a: GPU lost; a spare takes over, 0 left" },
    ],
    [
      "a rank far slower than its peers, with a spare",
      [
        {
          sighting: {
            kind: "slow",
            step: 10,
            rank: { rank: 3, place: "b" },
            stepSeconds: 1.5,
            expectedSeconds: 1,
            against: "the median of all ranks",
          },
        },
      ],
      { places, numSpares: 1 },
      {
        action: "spare",
        toStep: null,
        place: "b",
        reason: "1.50 times its peers' time, and all wait for it at each step: a spare takes over, 0 left",
      },
    ],
    [
      "a rank far slower than its peers, without a spare",
      [
        {
          sighting: {
            kind: "slow",
            step: 10,
            rank: { rank: 3, place: "b" },
            stepSeconds: 1.5,
            expectedSeconds: 1,
            against: "the median of all ranks",
          },
        },
      ],
      { places },
      { action: "nothing", reason: "1.50 times its peers' time: all wait for it at each step" },
    ],
  ])("%s", (_, seen, changes, expected) => {
    expect(decideOn(seen, changes)).toEqual(expected);
  });
});

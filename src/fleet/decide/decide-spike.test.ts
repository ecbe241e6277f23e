import { describe, expect, test } from "vitest";
import type { Decision, Facts } from "./decide.ts";
import { decideOn, type MadeUp, spike, whole } from "./fixture.ts";
import { policySchema } from "./policy.ts";

describe("after a loss spike", () => {
  const checkpoints = whole(0, 100, 200);
  test.each<readonly [string, readonly MadeUp[], Partial<Facts>, Decision]>([
    [
      "that came back by itself",
      [spike(150, { lastedSteps: 1 })],
      { checkpoints },
      { action: "nothing", reason: "the loss came back after 1 steps" },
    ],
    [
      "that is small",
      [spike(150, { loss: 2.6 })],
      { checkpoints },
      { action: "nothing", reason: "a rise of 4.0 %, and 35.0 % are gone back for" },
    ],
    [
      "of a trainer that starts from its newest checkpoint only",
      [spike(150)],
      { checkpoints: null },
      { action: "nothing", reason: "its trainer cannot be told to go back: watch whether it comes back" },
    ],
    [
      "it is replayed from the checkpoint before its first sign, not the newest",
      [spike(205, { leadStep: 199 })],
      { checkpoints },
      {
        action: "replay",
        toStep: 100,
        without: [],
        reason:
          "replayed from the checkpoint of step 100, before it: what a machine did wrong does not recur",
      },
    ],
    [
      "on spares, where there are some for all of its places",
      [spike(150)],
      { checkpoints, places: ["a", "b"], numSpares: 2 },
      {
        action: "replay",
        toStep: 100,
        without: ["a", "b"],
        reason:
          "replayed on spares from the checkpoint of step 100, before it: what a machine did wrong does not recur",
      },
    ],
    [
      "in place, where there are fewer",
      [spike(150)],
      { checkpoints, places: ["a", "b"], numSpares: 1 },
      {
        action: "replay",
        toStep: 100,
        without: [],
        reason:
          "replayed from the checkpoint of step 100, before it: what a machine did wrong does not recur",
      },
    ],
    [
      "no checkpoint is old enough",
      [spike(205, { leadStep: 199 })],
      { checkpoints: whole(200) },
      { action: "hold", reason: "no checkpoint from before step 199, where it began" },
    ],
    [
      "that recurs: its batches are skipped and the run is altered",
      [spike(150), spike(150)],
      { checkpoints },
      {
        action: "rewind",
        toStep: 100,
        skip: [146, 147, 148, 149, 150, 151, 152, 153, 154],
        reason:
          "it came again when step 150 was replayed, so it is not the machine: back to the checkpoint of step 100, and other " +
          "batches instead of those of steps 146 to 154. The run is altered",
      },
    ],
    [
      "that recurs, seen a step later: none before the checkpoint is skipped",
      [spike(103), spike(104)],
      { checkpoints },
      {
        action: "rewind",
        toStep: 100,
        skip: [101, 102, 103, 104, 105, 106, 107, 108],
        reason:
          "it came again when step 104 was replayed, so it is not the machine: back to the checkpoint of step 100, and other " +
          "batches instead of those of steps 101 to 108. The run is altered",
      },
    ],
    [
      "that recurs under a policy that skips none",
      [spike(150), spike(150)],
      { checkpoints, policy: policySchema.parse({ spike: { mostSkips: 0 } }) },
      { action: "hold", reason: "it recurs at step 150, and 0 spikes may be skipped in a run" },
    ],
    [
      "that recurs without its batches",
      [spike(150), spike(150), spike(151)],
      { checkpoints },
      { action: "hold", reason: "it came again at step 151, though the batches around it were skipped" },
    ],
    [
      "elsewhere: replayed by itself",
      [spike(150), spike(180)],
      { checkpoints },
      {
        action: "replay",
        toStep: 100,
        without: [],
        reason:
          "replayed from the checkpoint of step 100, before it: what a machine did wrong does not recur",
      },
    ],
    [
      "the fourth that recurs is a person's to decide on",
      [120, 140, 160, 180].flatMap((step) => [spike(step), spike(step)]),
      { checkpoints },
      { action: "hold", reason: "it recurs at step 180, and 3 spikes may be skipped in a run" },
    ],
  ])("%s", (_, seen, changes, expected) => {
    expect(decideOn(seen, changes)).toEqual(expected);
  });
});

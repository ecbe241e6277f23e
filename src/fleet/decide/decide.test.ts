import { describe, expect, test } from "vitest";
import type { Decision, Facts } from "./decide.ts";
import {
  corrupted,
  deaths,
  decideOn,
  died,
  disagreed,
  diverged,
  hung,
  type MadeUp,
  traceback,
  whole,
} from "./fixture.ts";
import type { Sighting } from "./sighting.ts";

const CERTIFIED = [...whole(0), { step: 50, isCertified: true }, ...whole(100)];

describe("after a death", () => {
  test.each<readonly [string, readonly MadeUp[], Partial<Facts>, Decision]>([
    [
      "the first: in place, from the trainer's newest checkpoint",
      deaths(120),
      {},
      {
        action: "restart",
        toStep: null,
        reason: "failure 1 of this kind, at step 120: restarted in place from the last checkpoint",
      },
    ],
    [
      "from the newest checkpoint where none is certified",
      deaths(120),
      { checkpoints: whole(0, 50, 100) },
      {
        action: "restart",
        toStep: 100,
        reason: "failure 1 of this kind, at step 120: restarted in place from the checkpoint of step 100",
      },
    ],
    [
      "from the start where nothing was saved yet",
      deaths(120),
      { checkpoints: whole(0) },
      {
        action: "restart",
        toStep: 0,
        reason: "failure 1 of this kind, at step 120: restarted in place from the start",
      },
    ],
    [
      "from the newest though an older one is certified: its checksums speak for it",
      deaths(120),
      { checkpoints: CERTIFIED },
      {
        action: "restart",
        toStep: 100,
        reason: "failure 1 of this kind, at step 120: restarted in place from the checkpoint of step 100",
      },
    ],
    [
      "from the newest certified one where the run did not get further from the newest",
      deaths(120, 119),
      { checkpoints: CERTIFIED },
      {
        action: "restart",
        toStep: 50,
        reason:
          "failure 2 of this kind, at step 119: restarted in place from the certified checkpoint of step 50",
      },
    ],
    [
      "from the newest again where there was progress in between",
      deaths(120, 119, 130),
      { checkpoints: CERTIFIED },
      {
        action: "restart",
        toStep: 100,
        reason: "failure 3 of this kind, at step 130: restarted in place from the checkpoint of step 100",
      },
    ],
    [
      "without progress, from the newest where none is certified",
      deaths(120, 119),
      { checkpoints: whole(0, 50, 100) },
      {
        action: "restart",
        toStep: 100,
        reason: "failure 2 of this kind, at step 119: restarted in place from the checkpoint of step 100",
      },
    ],
    [
      "however often, while there is progress in between",
      deaths(10, 20, 30, 40, 50),
      {},
      {
        action: "restart",
        toStep: null,
        reason: "failure 5 of this kind, at step 50: restarted in place from the last checkpoint",
      },
    ],
    [
      "three times the same without progress",
      deaths(10, 40, 40, 40),
      {},
      { action: "hold", reason: "failed 3 times in the same way without getting past step 40" },
    ],
    [
      "five times in different ways without progress",
      [
        ...deaths(40),
        { sighting: hung(), step: 40 },
        { sighting: died({ signal: "SIGSEGV" }), step: 40 },
        { sighting: died({ signal: null, code: 3 }), step: 40 },
        { sighting: died({ rank: 1 }), step: 39 },
      ],
      {},
      { action: "hold", reason: "failed 5 times in different ways without getting past step 39" },
    ],
    [
      "the same traceback twice at the same step, whatever numbers are in it",
      [1, 2].map((size) => ({
        sighting: died({ code: 1, signal: null, log: traceback(7, size) }),
        step: 40,
      })),
      {},
      {
        action: "hold",
        reason:
          "the same error 2 times without getting past step 40: " +
          'RuntimeError: shape [#, #] does not fit | File "train.py", line 7, in step',
      },
    ],
    [
      "the same traceback with progress in between",
      [30, 40].map((step) => ({ sighting: died({ code: 1, signal: null, log: traceback(7) }), step })),
      {},
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 40: restarted in place from the last checkpoint",
      },
    ],
    [
      "another traceback at the same step",
      [7, 8].map((line) => ({ sighting: died({ code: 1, signal: null, log: traceback(line) }), step: 40 })),
      {},
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 40: restarted in place from the last checkpoint",
      },
    ],
    [
      "killed near the limit of memory: once more",
      [{ sighting: died(), step: 40, memory: 0.95 }],
      {},
      {
        action: "restart",
        toStep: null,
        reason:
          "failure 1 of this kind, at step 40, for want of memory: restarted in place from the last checkpoint",
      },
    ],
    [
      "and not a third time",
      [
        { sighting: died(), step: 40, memory: 0.95 },
        {
          sighting: died({ signal: null, code: 1, log: "torch.OutOfMemoryError: CUDA out of memory" }),
          step: 40,
        },
      ],
      {},
      {
        action: "hold",
        reason: "out of memory 2 times without getting past step 40: it needs more, or a change",
      },
    ],
    [
      "killed far from the limit is no want of memory",
      [0.2, 0.3].map((memory) => ({ sighting: died(), step: 40, memory })),
      {},
      {
        action: "restart",
        toStep: null,
        reason: "failure 2 of this kind, at step 40: restarted in place from the last checkpoint",
      },
    ],
  ])("%s", (_, seen, changes, expected) => {
    expect(decideOn(seen, changes)).toEqual(expected);
  });
});

describe("after a parameter changed in memory", () => {
  test("the run is restarted, and held once it comes back without end", () => {
    expect(decideOn([corrupted(70)], { checkpoints: whole(0, 50) })).toEqual({
      action: "restart",
      toStep: 50,
      reason: "failure 1 of this kind, at step 69: restarted in place from the checkpoint of step 50",
    });
    expect(decideOn([corrupted(120)], { checkpoints: CERTIFIED })).toMatchObject({
      toStep: 50,
      reason:
        "failure 1 of this kind, at step 119: restarted in place from the certified checkpoint of step 50",
    });
    expect(decideOn([corrupted(70), corrupted(90), corrupted(110)]).action).toBe("restart");
    expect(decideOn([corrupted(70), corrupted(60), corrupted(70)])).toEqual({
      action: "hold",
      reason: "failed 3 times in the same way without getting past step 69",
    });
  });
});

describe("after replicas disagreed", () => {
  const checkpoints = whole(0, 50);

  test("the run is restarted from the newest checkpoint, which was written when they agreed", () => {
    expect(decideOn([disagreed(70, "here")], { checkpoints })).toEqual({
      action: "restart",
      toStep: 50,
      reason: "failure 1 of this kind, at step 69: restarted in place from the checkpoint of step 50",
    });
    expect(decideOn([disagreed(70), disagreed(60), disagreed(70)]).action).toBe("hold");
  });

  test("the place of the odd one is left when it is named again; without a name none is", () => {
    const again = { checkpoints, places: ["a", "b"], numSpares: 1 };
    expect(decideOn([disagreed(70, "b"), disagreed(90, "b")], again)).toMatchObject({
      action: "exclude",
      place: "b",
    });
    expect(decideOn([disagreed(70), disagreed(90)], again).action).toBe("restart");
  });
});

describe("after a divergence", () => {
  test.each<readonly [string, readonly MadeUp[], Partial<Facts>, Decision]>([
    [
      "the step is replayed once: a bit that flipped does not come back",
      [diverged(70)],
      { checkpoints: whole(0, 50) },
      {
        action: "replay",
        toStep: 50,
        without: [],
        reason:
          "step 70 diverged: replayed from the checkpoint of step 50, for a machine's error does not recur",
      },
    ],
    [
      "on a spare, where there is one",
      [diverged(70)],
      { checkpoints: whole(0, 50), places: ["a"], numSpares: 1 },
      {
        action: "replay",
        toStep: 50,
        without: ["a"],
        reason:
          "step 70 diverged: replayed on spares from the checkpoint of step 50, for a machine's error does " +
          "not recur",
      },
    ],
    [
      "from the newest certified checkpoint before it, where one is",
      [diverged(120)],
      { checkpoints: [...CERTIFIED, { step: 120, isCertified: true }] },
      {
        action: "replay",
        toStep: 50,
        without: [],
        reason:
          "step 120 diverged: replayed from the certified checkpoint of step 50, " +
          "for a machine's error does not recur",
      },
    ],
    [
      "another step is replayed, too",
      [diverged(70), diverged(90)],
      { checkpoints: CERTIFIED },
      {
        action: "replay",
        toStep: 50,
        without: [],
        reason:
          "step 90 diverged: replayed from the certified checkpoint of step 50, " +
          "for a machine's error does not recur",
      },
    ],
    [
      "where the trainer cannot be told to go back a person is asked",
      [diverged(70)],
      {},
      {
        action: "hold",
        reason:
          "no loss since step 70 is a number, and its trainer cannot be told to go back before: " +
          "its newest checkpoint may be spoilt, too",
      },
    ],
    [
      "the same step again is held",
      [diverged(70), diverged(70)],
      {},
      { action: "hold", reason: "step 70 diverged again when it was replayed: it is the training" },
    ],
  ])("%s", (_, seen, changes, expected) => {
    expect(decideOn(seen, changes)).toEqual(expected);
  });
});

test.each<readonly [Sighting, string]>([
  [
    {
      kind: "slow",
      step: 9,
      rank: null,
      stepSeconds: 1.1,
      expectedSeconds: 1,
      against: "this run's own best",
    },
    "the run goes on; look for what else uses its machines",
  ],
  [
    {
      kind: "memory",
      rank: 0,
      place: "here",
      residentBytes: 1e9,
      bytesPerHour: 1e8,
      limitBytes: 2e9,
      hoursLeft: 10,
    },
    "at the limit the kernel kills it, and it is restarted; a leak is mended in the code",
  ],
  [
    { kind: "disk", freeBytes: 1e9, checkpointBytes: 1e9 },
    "a save that fails ends the run, at its last checkpoint: free some, or move the folder",
  ],
  [
    { kind: "differs", step: 9, what: "loss", loss: 2, attempt: 2, earlierLoss: 1, earlierAttempt: 1 },
    "one of the two attempts was wrong: a machine's error, or an operation that does not repeat",
  ],
  [
    { kind: "checkpoints", step: 9, seconds: 100, expectedSeconds: 10, what: "missing" },
    "the run goes on; a failure now costs all since the last checkpoint",
  ],
])("a warning is noted, with what it means: %j", (sighting, reason) => {
  expect(decideOn([{ sighting, step: 9 }])).toEqual({ action: "nothing", reason });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { campaignSchema } from "../spec.ts";
import { decideGate, type GateFacts, judgeIssue } from "./gate-rule.ts";

const RULE = { maxWidthPercent: 8, maxReach: 30, maxEpochs: 4 };

const GOOD: GateFacts = {
  widthPercent: 3.456,
  reach: 8.02,
  backTestErrors: [0.4, -1.25],
  strays: [],
  peakBytes: 300e6,
  memoryBytes: 4e9,
  checkpointBytes: 10e6,
  freeDiskBytes: 1e9,
  wallSeconds: 90,
  secondsLeft: 200,
  epochs: { books: 1.25, notes: 0.5 },
  issues: [],
  accepted: [],
};

/** The outcome of the gate, and of one check of it. */
function gateWith(changes: Partial<GateFacts>, id: string) {
  const { decision, reason, checks } = decideGate({ ...GOOD, ...changes }, RULE);
  const { decision: checked, reason: why } = checks.find((check) => check.id === id)!;
  return { gate: decision, reason, check: checked, why };
}

describe("each check gives its reason with its numbers", () => {
  test("the defaults of the campaign file are the rule of these tests", () => {
    const file = { name: "a", budget: "1h", corpus: { sources: [{ name: "a", path: "a" }] } };
    expect(campaignSchema.parse(file).gate).toEqual(RULE);
  });

  test("all that is well", () => {
    const { decision, reason, checks } = decideGate(GOOD, RULE);
    expect({ decision, reason }).toEqual({ decision: "go", reason: "all 6 checks passed" });
    expect(checks).toEqual([
      {
        id: "fit",
        decision: "go",
        accepted: false,
        reason:
          "the loss forecast's 90 % interval is 3.46 % wide, the limit is 8 %; worst back-test error 1.25 %",
      },
      {
        id: "reach",
        decision: "go",
        accepted: false,
        reason: "the forecast reaches 8.0 times past the largest rung, the limit is 30",
      },
      {
        id: "memory",
        decision: "go",
        accepted: false,
        reason: "the target should peak below 300 MB, the machine has 4.00 GB",
      },
      {
        id: "disk",
        decision: "go",
        accepted: false,
        reason: "checkpoints need 30.0 MB, the disk has 1.00 GB free",
      },
      {
        id: "time",
        decision: "go",
        accepted: false,
        reason: "the target should take at most 1 min 30 s, 3 min 20 s of the budget are left",
      },
      {
        id: "tokens",
        decision: "go",
        accepted: false,
        reason: "the target reads books 1.25 times, more than any other source; the limit is 4",
      },
    ]);
  });

  test.each<[string, Partial<GateFacts>, string, "hold" | "stop", string]>([
    [
      "a forecast too wide",
      { widthPercent: 8.01, backTestErrors: [] },
      "fit",
      "hold",
      "the loss forecast's 90 % interval is 8.01 % wide, the limit is 8 %; worst back-test error 0.00 %",
    ],
    [
      "a forecast too wide for a rung that strays",
      {
        widthPercent: 80,
        backTestErrors: [],
        strays: ["rung-2-seed-1.12345678 lies 401 % above what the other runs say"],
      },
      "fit",
      "hold",
      "the loss forecast's 90 % interval is 80.00 % wide, the limit is 8 %; worst back-test error 0.00 %; " +
        "rung-2-seed-1.12345678 lies 401 % above what the other runs say: look at its curve for a spike; " +
        "another seed in the campaign file trains the ladder anew",
    ],
    [
      "a reach too far",
      { reach: 30.5 },
      "reach",
      "hold",
      "the forecast reaches 30.5 times past the largest rung, the limit is 30",
    ],
    [
      "memory: a tenth of the machine is not ours",
      { peakBytes: 3.7e9 },
      "memory",
      "stop",
      "the target should peak below 3.70 GB, the machine has 4.00 GB",
    ],
    [
      "a disk without room for three checkpoints",
      { checkpointBytes: 400e6 },
      "disk",
      "stop",
      "checkpoints need 1.20 GB, the disk has 1.00 GB free",
    ],
    [
      "more than half as much again as the time that is left",
      { secondsLeft: 59 },
      "time",
      "hold",
      "the target should take at most 1 min 30 s, 59.0 s of the budget are left",
    ],
    [
      "a budget that is spent",
      { secondsLeft: -5 },
      "time",
      "hold",
      "the target should take at most 1 min 30 s, 0 s of the budget are left",
    ],
    [
      "text that would be repeated too often",
      { epochs: { books: 0.2, notes: 5 } },
      "tokens",
      "stop",
      "the target reads notes 5.00 times, more than any other source; the limit is 4",
    ],
  ])("%s", (_, changes, id, decision, why) => {
    const own = gateWith(changes, id);
    expect(own).toEqual({ gate: decision, reason: `${id}: ${why}`, check: decision, why });
  });

  test("a limit that is just met is met", () => {
    const changes = {
      widthPercent: 8,
      reach: 30,
      peakBytes: 3.6e9,
      freeDiskBytes: 30e6,
      secondsLeft: 60,
      epochs: { books: 4 },
    };
    expect(decideGate({ ...GOOD, ...changes }, RULE).decision).toBe("go");
  });

  test("a budget of compute leaves no time to run out of", () => {
    expect(gateWith({ secondsLeft: null, wallSeconds: 7200 }, "time")).toMatchObject({
      gate: "go",
      why: "the target should take at most 2 h 00 min; the budget is in FLOPs",
    });
  });
});

describe("an open issue is weighed against waiting", () => {
  const issue = { id: "nic", what: "links flap", chance: 0.25, costDays: 8 };

  test("holds where the days at risk are more than the days until the fix", () => {
    expect(judgeIssue({ ...issue, fixDueDays: 0.5 })).toEqual({
      decision: "hold",
      reason:
        '"links flap" happens with probability 0.25 and would cost 8 days: 2.00 days expected; ' +
        "a fix is due in 0.5 days, so waiting gains 1.50 days",
    });
  });

  test("goes where waiting costs more, or as much", () => {
    expect(judgeIssue({ ...issue, fixDueDays: 3 })).toEqual({
      decision: "go",
      reason:
        '"links flap" happens with probability 0.25 and would cost 8 days: 2.00 days expected; ' +
        "a fix is due in 3 days, so waiting loses 1.00 days",
    });
    expect(judgeIssue({ ...issue, fixDueDays: 2 }).decision).toBe("go");
  });

  test("goes where no fix is in sight", () => {
    expect(judgeIssue({ ...issue, chance: 1 })).toEqual({
      decision: "go",
      reason:
        '"links flap" happens with probability 1 and would cost 8 days: 8.00 days expected; ' +
        "no fix is in sight, so waiting gains nothing",
    });
  });

  test("is a check of the gate under its own name", () => {
    const issues = [{ ...issue, fixDueDays: 0.5 }];
    const { decision, reason, checks } = decideGate({ ...GOOD, issues }, RULE);
    expect(decision).toBe("hold");
    expect(reason).toMatch(/^issue-nic: "links flap" .* waiting gains 1\.50 days$/);
    expect(checks).toHaveLength(7);
  });
});

describe("all checks together", () => {
  const held = { widthPercent: 9, reach: 40 };

  test("hold for every hold that nobody has accepted", () => {
    const { reason } = decideGate({ ...GOOD, ...held }, RULE);
    expect(reason).toMatch(/^fit: the loss .* 1\.25 %; reach: the forecast reaches 40\.0 times /);
    const one = decideGate({ ...GOOD, ...held, accepted: ["fit"] }, RULE);
    expect(one.decision).toBe("hold");
    expect(one.reason).toMatch(/^reach: [^;]*$/);
  });

  test("go once all holds are accepted, and say so", () => {
    const { decision, reason, checks } = decideGate({ ...GOOD, ...held, accepted: ["reach", "fit"] }, RULE);
    expect({ decision, reason }).toEqual({
      decision: "go",
      reason: "all 6 checks passed; accepted in spite of a hold: fit, reach",
    });
    expect(checks.filter(({ accepted }) => accepted).map(({ id, decision: own }) => [id, own])).toEqual([
      ["fit", "hold"],
      ["reach", "hold"],
    ]);
  });

  test("stop for a stop whatever is accepted, and name the stops alone", () => {
    const facts = { ...GOOD, ...held, checkpointBytes: 1e9, accepted: ["disk", "fit", "reach"] };
    const { decision, reason, checks } = decideGate(facts, RULE);
    expect({ decision, reason }).toEqual({
      decision: "stop",
      reason: "disk: checkpoints need 3.00 GB, the disk has 1.00 GB free",
    });
    expect(checks.find(({ id }) => id === "disk")?.accepted).toBe(false);
  });

  test("are as strict as the strictest check that is not accepted", () => {
    const facts = fc.record({
      widthPercent: fc.double({ min: 1, max: 20, noNaN: true }),
      reach: fc.double({ min: 1, max: 60, noNaN: true }),
      peakBytes: fc.double({ min: 1e8, max: 8e9, noNaN: true }),
      epochs: fc.record({ books: fc.double({ min: 0, max: 8, noNaN: true }) }),
      accepted: fc.subarray(["fit", "reach", "memory", "tokens"]),
    });
    fc.assert(
      fc.property(facts, (changes) => {
        const { decision, checks } = decideGate({ ...GOOD, ...changes }, RULE);
        const standing = checks.filter(({ accepted }) => !accepted).map((check) => check.decision);
        const strictest = (["stop", "hold"] as const).find((kind) => standing.includes(kind)) ?? "go";
        expect(decision).toBe(strictest);
        for (const check of checks)
          expect(check.accepted).toBe(check.decision === "hold" && changes.accepted.includes(check.id));
      }),
    );
  });
});

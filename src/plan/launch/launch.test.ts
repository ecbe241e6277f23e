import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { decideLaunch } from "./decide.ts";
import { type LaunchFacts, readLaunchFacts } from "./facts.ts";
import { runThrough } from "./future.ts";

/** 1,000 devices, settled, that work at 24,000 productive hours a day: ten days of work. */
const PLAIN = `
today: 2026-12-01
work: 240k
goodput: 1
cluster: [{ from: 2026-11-01, devices: 1000 }]
`;
const read = (text: string) => readLaunchFacts(text, "facts.yaml");

describe("by hand", () => {
  test("nothing to wait for: launch now, and it takes as long as it takes", () => {
    const answer = decideLaunch(read(PLAIN));
    expect(answer.decision).toBe("launch");
    expect(answer.now.finishDay).toEqual({ median: 10, lo: 10, hi: 10 });
    expect(answer.days[7]!.meanFinishDay).toBeCloseTo(17, 9);
    expect(answer.reason).toContain("Launching now ends on 2026-12-11");
    expect(answer.reason).toContain("nothing that waiting brings is worth the wait");
  });

  test("a certain issue of twenty days, fixed in five: wait for the fix", () => {
    const answer = decideLaunch(
      read(`${PLAIN}issues: [{ name: spikes, chance: 1, costDays: 20, fixDue: 2026-12-06 }]`),
    );
    expect(answer.decision).toBe("wait");
    expect(answer.recommended.date).toBe("2026-12-06");
    expect(answer.recommended.meanFinishDay).toBeCloseTo(15, 9);
    expect(answer.now.meanFinishDay).toBeCloseTo(30, 9);
    expect(answer.reason).toContain("Waiting 5 days ends 15.0 days sooner on average");
    expect(answer.reason).toContain('the fix of "spikes" (100 % x 20.0 days)');
    // With the fix today the run ends on day 10: five days sooner than with the wait, for five days of work.
    expect(answer.fixes[0]).toMatchObject({ gainedDays: 5, effortDays: 5, valuePerDay: 1 });
  });

  test("a fix that a running job can take up is not worth waiting for when it comes early", () => {
    const issue = "name: slow, chance: 1, costDays: 4, fixDue: 2026-12-02";
    expect(decideLaunch(read(`${PLAIN}issues: [{ ${issue}, curableInFlight: true }]`)).decision).toBe(
      "launch",
    );
    expect(decideLaunch(read(`${PLAIN}issues: [{ ${issue} }]`)).decision).toBe("wait");
  });

  test("the same chance is worth the wait or not, by what it costs", () => {
    const withCost = (days: number) =>
      decideLaunch(read(`${PLAIN}issues: [{ name: x, chance: 0.5, costDays: ${days}, fixDue: 2026-12-05 }]`))
        .decision;
    expect(withCost(4)).toBe("launch");
    expect(withCost(20)).toBe("wait");
  });

  test("hardware that comes during the run: half of the work at one speed, half at twice it", () => {
    const facts = read(
      `${PLAIN}growDays: 0.5
`.replace("devices: 1000 }]", "devices: 1000 }, { from: 2026-12-06, devices: 2000 }]"),
    );
    expect(decideLaunch(facts).now.meanFinishDay).toBeCloseTo(5 + 0.5 + 2.5, 1);
  });

  test("costs: rent from today on, delay and lateness", () => {
    const facts = read(`${PLAIN}deadline: 2026-12-09
costs: { perDeviceHour: 2, idleShare: 0.5, perDay: 100, perDayLate: 1000 }`);
    const { now, days } = decideLaunch(facts);
    expect(now.deadlineChance).toBe(0);
    expect(now.meanCost).toBeCloseTo(10 * 24 * 1000 * 2 + 10 * 100 + 2 * 1000, 6);
    expect(days[3]!.meanCost).toBeCloseTo((10 + 3 / 2) * 24 * 1000 * 2 + 13 * 100 + 5 * 1000, 6);
  });

  test("young software costs most at the start: the share lost halves every five days", () => {
    const facts = read(`${PLAIN}burnIn: { software: { lostShare: 0.5, halvesDays: 5 } }`);
    const { finishDay } = runThrough(facts, { ...calm, softwareLoss: 0.5 }, 0);
    // Lost: the integral of 0.5 x 2^(-t / 5) over the run, in days.
    const lost = (0.5 * 5 * (1 - 2 ** (-finishDay / 5))) / Math.LN2;
    expect(finishDay).toBeCloseTo(10 + lost, 1);
  });
});

const calm = {
  workDeviceHours: 240_000,
  goodput: 1,
  arrivals: [{ day: -30, numDevices: 1000 }],
  hardwareLoss: 0,
  softwareLoss: 0,
  setbacks: [],
  pricePerDeviceHour: 0,
};

describe("what must hold whatever the facts", () => {
  const issue = fc.record({
    chance: fc.double({ min: 0, max: 1, noNaN: true }),
    costDays: fc.integer({ min: 1, max: 30 }),
    fixDay: fc.integer({ min: 0, max: 20 }),
  });
  const build = (issues: readonly { chance: number; costDays: number; fixDay: number }[], work = 240_000) =>
    ({
      ...read(PLAIN),
      workDeviceHours: { median: work, lo: work * 0.9, hi: work * 1.1 },
      issues: issues.map(({ chance, costDays, fixDay }, i) => ({
        name: `issue ${i}`,
        chance,
        costDays: { median: costDays, lo: costDays / 2, hi: costDays * 2 },
        fixDay,
        lateDays: null,
        curableInFlight: false,
        effortDays: null,
      })),
    }) satisfies LaunchFacts;
  test("the recommended day is as good as now, and no fix makes things worse", () => {
    fc.assert(
      fc.property(fc.array(issue, { maxLength: 4 }), (issues) => {
        const answer = decideLaunch(build(issues), 60);
        expect(answer.recommended.meanFinishDay).toBeLessThanOrEqual(answer.now.meanFinishDay + 1e-9);
        for (const fix of answer.fixes) expect(fix.gainedDays).toBeGreaterThanOrEqual(0);
        expect(answer.decision === "launch").toBe(answer.recommended.day === 0);
      }),
      { numRuns: 25 },
    );
  });
  test("more work never ends sooner", () => {
    fc.assert(
      fc.property(fc.array(issue, { maxLength: 3 }), fc.integer({ min: 1, max: 5 }), (issues, times) => {
        const small = decideLaunch(build(issues), 40).now.meanFinishDay;
        const large = decideLaunch(build(issues, 240_000 * times), 40).now.meanFinishDay;
        expect(large).toBeGreaterThanOrEqual(small - 1e-9);
      }),
      { numRuns: 20 },
    );
  });
});

describe("the facts file", () => {
  test("the example is answered, and as JSON too", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/examples/launch.yaml"), "utf8");
    const answer = decideLaunch(readLaunchFacts(text, "launch.yaml"));
    expect(answer.decision).toBe("wait");
    expect(answer.fixes[0]!.issue).toBe("loss spikes in low precision");
    const json =
      '{"today":"2026-12-01","work":240000,"goodput":1,"cluster":[{"from":"2026-11-01","devices":1000}]}';
    expect(readLaunchFacts(json, "facts.json").workDeviceHours.median).toBe(240_000);
  });
  test.each([
    ["goodput above 1", PLAIN.replace("goodput: 1", "goodput: 90"), /goodput: a share of at most 1/],
    ["an unknown key", `${PLAIN}speed: 3`, /Unrecognized key: "speed"/],
    ["a date that is none", PLAIN.replace("2026-12-01", "1 December"), /today: /],
    ["an amount that is none", PLAIN.replace("240k", "lots"), /work: "lots" is not a number or lo\.\.hi/],
    [
      "a fix of the past",
      `${PLAIN}issues: [{ name: x, chance: 1, costDays: 1, fixDue: 2026-11-20 }]`,
      /the fix of "x" was due 11 days before 2026-12-01/,
    ],
    ["a deadline of the past", `${PLAIN}deadline: 2026-12-01`, /a deadline 0 days before today/],
    [
      "a cluster that shrinks",
      PLAIN.replace("devices: 1000 }]", "devices: 1000 }, { from: 2026-12-06, devices: 500 }]"),
      /500 devices after 1000/,
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => read(text)).toThrow(UserError);
    expect(() => read(text)).toThrow(message);
  });
});

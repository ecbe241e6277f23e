import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SETTLED, simulateRun } from "../../../test/support/run-simulation.ts";
import { thirdParty } from "../../../test/support/third-party.ts";
import { certain, within } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { mean, quantile } from "../../math/statistics.ts";
import { DETECTION_SECONDS, PUE, REPAIR_SECONDS, RESTART_SECONDS } from "./assumptions.ts";
import { burnInOf, softwareFactor } from "./burn-in.ts";
import { CLUSTERS_LOG_SD, LLAMA_3, readFailureRecord, recordOfTotal, totalOf } from "./causes.ts";
import { saveCost } from "./checkpoint.ts";
import { forecastRun, refuseHopeless } from "./forecast.ts";
import { goodputOverSize } from "./goodput-by-size.ts";
import { causeRates } from "./hazard.ts";
import { fitGrowth } from "./reliability-growth.ts";
import type { RunInputs } from "./run-inputs.ts";

const DAY = 86_400;
const CAUSES = thirdParty("faults/llama3-interruptions.json");
const TRACE = thirdParty("faults/stepfun-fault-trace.json");

/** Llama 3 405B: 54 days on 16,384 H100, its own interruptions, its storage. */
const llama: RunInputs = {
  work: { kind: "elapsed", seconds: 54 * DAY },
  numDevices: 16_384,
  devicesPerNode: 8,
  record: LLAMA_3,
  clusterLogSd: 0,
  ages: SETTLED,
  stallSeconds: within(saveCost(14 * 405e9, 16_384, 2e12, "sync").stallSeconds, 0.3),
  lagSeconds: certain(0),
  intervalSeconds: null,
  detectionSeconds: DETECTION_SECONDS,
  restartSeconds: RESTART_SECONDS,
  plannedPerDay: LLAMA_3.plannedPerDay!,
  repairSeconds: REPAIR_SECONDS,
  nodeWattsPerDevice: certain(856),
  pue: PUE,
  pricePerDeviceHour: null,
};

describe("Llama 3's published facts", () => {
  test("the record adds up to 419, one in 50,700 device-hours", () => {
    expect(totalOf(LLAMA_3)).toBe(419);
    expect((LLAMA_3.numDevices * LLAMA_3.days * 24) / totalOf(LLAMA_3)).toBeCloseTo(50_677, 0);
  });
  test("goodput above 90 %", () => {
    const { goodput, failures, failureSeconds } = forecastRun(llama);
    expect(goodput.median).toBeGreaterThan(0.9);
    expect(goodput.lo).toBeGreaterThan(0.85);
    expect(goodput.hi).toBeLessThan(0.97);
    expect(failures.lo).toBeLessThan(419);
    expect(failures.hi).toBeGreaterThan(419);
    expect(failureSeconds.median / 3600).toBeCloseTo(3.09, 1);
  });
  CAUSES.test("the published file of causes gives the same record", () => {
    const record = readFailureRecord(CAUSES.read(), "file", 8);
    expect(totalOf(record)).toBe(419);
    expect(record.counts).toEqual(LLAMA_3.counts);
    expect(record.plannedPerDay).toBe(LLAMA_3.plannedPerDay);
  });
});

test("MLPerf GPT-3 on 64 nodes of 8 H100: 415.3 kWh in 3410 s", () => {
  const { energyItKwh } = forecastRun({
    ...llama,
    work: { kind: "elapsed", seconds: 3410 },
    numDevices: 512,
  });
  expect(Math.abs(energyItKwh.median / 415.3 - 1)).toBeLessThan(0.1);
});

describe("against runs simulated event by event", () => {
  const stall = 30;
  const recovery = 700;
  /** Rates known as good as exactly: what is left is luck. */
  const question: RunInputs = {
    ...llama,
    work: { kind: "productive", seconds: certain(6 * DAY) },
    record: recordOfTotal(20_000, 1000, 16_384, 8),
    stallSeconds: certain(stall),
    detectionSeconds: certain(recovery - 400),
    restartSeconds: certain(400),
    plannedPerDay: 0,
  };
  const simulate = ({ ages }: RunInputs, intervalSeconds: number) => {
    const burnIn = burnInOf(ages, ({ median }) => median);
    const rates = causeRates(question.record, 16_384, 8);
    const [software, hardware] = [true, false].map((isSoftware) =>
      rates
        .filter(({ cause }) => (cause === "software") === isSoftware)
        .reduce((sum, { perSecond }) => sum + perSecond, 0),
    );
    const rate = (at: number) => hardware! + software! * softwareFactor(burnIn, at / DAY);
    const random = new Random(9, "events");
    const events = {
      failuresPerSecond: rate,
      mostFailuresPerSecond: rate(0),
      intervalSeconds,
      stallSeconds: stall,
      lagSeconds: 0,
      recoverySeconds: recovery,
    };
    return Array.from({ length: 400 }, () => simulateRun(events, 6 * DAY, random));
  };
  test("the interval of the time is theirs", () => {
    const { elapsedSeconds, failures, checkpoint } = forecastRun(question);
    const runs = simulate(question, checkpoint.usedSeconds);
    const times = runs.map((run) => run.elapsedSeconds);
    expect(elapsedSeconds.median / mean(times)).toBeCloseTo(1, 2);
    expect(failures.median / mean(runs.map((run) => run.failures))).toBeCloseTo(1, 1);
    const held = times.filter((time) => time >= elapsedSeconds.lo && time <= elapsedSeconds.hi).length / 400;
    expect(Math.abs(held - 0.9)).toBeLessThan(4 * Math.sqrt((0.9 * 0.1) / 400));
    const width = (elapsedSeconds.hi - elapsedSeconds.lo) / (quantile(times, 0.95) - quantile(times, 0.05));
    expect(Math.abs(Math.log(width))).toBeLessThan(0.2);
  });
  test("saved more seldom than it fails, it takes as long as they do, and the interval holds them", () => {
    // Two mean times between failures.
    const intervalSeconds = 8640;
    const rare = { ...question, intervalSeconds };
    const { elapsedSeconds } = forecastRun(rare);
    const times = simulate(rare, intervalSeconds).map((run) => run.elapsedSeconds);
    expect(elapsedSeconds.median / quantile(times, 0.5)).toBeCloseTo(1, 1);
    const held = times.filter((time) => time >= elapsedSeconds.lo && time <= elapsedSeconds.hi).length / 400;
    expect(Math.abs(held - 0.9)).toBeLessThan(4 * Math.sqrt((0.9 * 0.1) / 400));
  });
  test("with young software the time is theirs too", () => {
    const young = { ...question, ages: { ...SETTLED, softwareDays: 5 } };
    const { elapsedSeconds, checkpoint } = forecastRun(young);
    const times = simulate(young, checkpoint.usedSeconds).map((run) => run.elapsedSeconds);
    expect(elapsedSeconds.median / mean(times)).toBeCloseTo(1, 2);
    expect(elapsedSeconds.median).toBeGreaterThan(forecastRun(question).elapsedSeconds.median);
  });
});

describe("StepFun's trace: 584 faults on 400 nodes in 349 days", () => {
  const read = () =>
    JSON.parse(TRACE.read()) as { event_time: number; event_type: string; node_id: string }[];

  // Not independent: the trace is one of five that the spread between clusters comes from.
  test("the default failures of such a cluster hold them", () => {
    const { failures } = forecastRun({
      ...llama,
      work: { kind: "elapsed", seconds: 349 * DAY },
      numDevices: 3200,
      clusterLogSd: CLUSTERS_LOG_SD,
    });
    expect(failures.lo).toBeLessThan(584);
    expect(failures.hi).toBeGreaterThan(584);
    expect(failures.median / 584).toBeCloseTo(1, 0);
  });
  TRACE.test("its mean repair is the one assumed", () => {
    const begun = new Map<string, number[]>();
    const repairs: number[] = [];
    for (const { node_id, event_time, event_type } of read()) {
      const open = begun.get(node_id) ?? [];
      if (event_type === "fault_start") begun.set(node_id, [...open, event_time]);
      else repairs.push(event_time - open.pop()!);
    }
    expect(repairs).toHaveLength(584);
    expect((mean(repairs) * DAY) / REPAIR_SECONDS.median).toBeCloseTo(1, 1);
  });
  TRACE.test("shows no burn-in: it fails a little more often as it ages", () => {
    const days = read().flatMap((event) => (event.event_type === "fault_start" ? [event.event_time] : []));
    const { exponent } = fitGrowth(days, 349);
    expect(exponent.lo).toBeGreaterThan(1);
    expect(exponent.median).toBeLessThan(1.2);
  });
});

describe("what must hold whatever the numbers", () => {
  const questions = fc.record({
    numDevices: fc.integer({ min: 8, max: 200_000 }),
    failures: fc.integer({ min: 5, max: 2000 }),
    stall: fc.double({ min: 1, max: 300, noNaN: true }),
  });
  const frequent = fc.record({
    numDevices: fc.integer({ min: 4096, max: 200_000 }),
    failures: fc.integer({ min: 100, max: 2000 }),
    stall: fc.double({ min: 1, max: 300, noNaN: true }),
  });
  const build = ({
    numDevices,
    failures,
    stall,
  }: {
    numDevices: number;
    failures: number;
    stall: number;
  }) => ({
    ...llama,
    numDevices,
    record: recordOfTotal(failures, 54, 16_384, 8),
    stallSeconds: certain(stall),
  });
  test("more failures never raise goodput, more nodes never lower the failures", () => {
    fc.assert(
      fc.property(questions, fc.double({ min: 1.2, max: 4, noNaN: true }), (facts, factor) => {
        const before = forecastRun(build(facts), 200);
        const worse = forecastRun(build({ ...facts, failures: Math.ceil(facts.failures * factor) }), 200);
        const larger = forecastRun(
          build({ ...facts, numDevices: Math.ceil(facts.numDevices * factor) }),
          200,
        );
        expect(worse.goodput.median).toBeLessThanOrEqual(before.goodput.median + 1e-3);
        expect(larger.failures.median).toBeGreaterThanOrEqual(before.failures.median);
        expect(larger.spares.enoughAt95Percent).toBeGreaterThanOrEqual(before.spares.enoughAt95Percent);
      }),
      { numRuns: 12 },
    );
  });
  test("the parts of the time add up, and none is negative", () => {
    fc.assert(
      fc.property(questions, (facts) => {
        const { breakdown, elapsedSeconds } = forecastRun(build(facts), 200);
        const parts = Object.values(breakdown).map(({ median }) => median);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(elapsedSeconds.median, 0);
        for (const part of parts) expect(part).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 12 },
    );
  });
  test("beyond the best interval goodput falls, however far; its interval stays between 0 and 1", () => {
    fc.assert(
      // Where a run sees dozens of failures: a median of fewer is that of runs which had none.
      fc.property(frequent, (facts) => {
        const { bestSeconds } = forecastRun(build(facts), 10).checkpoint;
        const at = (factor: number) =>
          forecastRun({ ...build(facts), intervalSeconds: factor * bestSeconds }, 400).goodput;
        const goodputs = [2, 8, 32, 128].filter((factor) => factor * bestSeconds < 54 * DAY).map(at);
        for (const [i, { median, lo, hi }] of goodputs.slice(1).entries()) {
          expect(median).toBeLessThanOrEqual(goodputs[i]!.median);
          expect(lo).toBeGreaterThanOrEqual(0);
          expect(hi).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 12 },
    );
  });
  test("saves a hundred times rarer than failures are refused, and stops that take all of the time", () => {
    const rare = { ...llama, intervalSeconds: 20 * DAY };
    expect(() => refuseHopeless(rare, forecastRun(rare, 50))).toThrow(
      /a save every 20 d .*, an interruption every/,
    );
    const stopped = { ...llama, restartSeconds: certain(10 * DAY) };
    expect(() => refuseHopeless(stopped, forecastRun(stopped, 50))).toThrow(/0.87 planned stops a day, 10 d/);
  });
  test("a cluster that only restarts is refused, not planned", () => {
    const hostile = { ...llama, numDevices: 3_000_000, intervalSeconds: 3600 };
    expect(() => refuseHopeless(hostile, forecastRun(hostile, 50))).toThrow(
      /less than 1 % of the time is productive/,
    );
  });
  test("over sizes, goodput falls, to nothing where there are too many devices", () => {
    const sizes = goodputOverSize({ ...llama, numDevices: 100_000 });
    const medians = sizes.map(({ goodput }) => goodput.median);
    expect(medians).toEqual(medians.toSorted((a, b) => b - a));
    expect(sizes.at(-1)!.numDevices).toBeGreaterThan(1e6);
  });
  test("young hardware and young software fail more often", () => {
    const count = (ages: RunInputs["ages"]) => forecastRun({ ...llama, ages }, 400).failures.median;
    const settled = count(SETTLED);
    expect(count({ ...SETTLED, hardwareDays: 0 })).toBeGreaterThan(1.3 * settled);
    expect(count({ ...SETTLED, hardwareDays: 365 })).toBeLessThan(1.01 * settled + 5);
    expect(count({ ...SETTLED, softwareDays: 1 })).toBeGreaterThan(settled);
  });
});

describe("growth: is a cluster getting better?", () => {
  test("of a power law it finds the exponent", () => {
    // Failure k of n at T (k / n)^(1 / 0.5): the expected times for exponent 0.5.
    const days = Array.from({ length: 100 }, (_, i) => 90 * ((i + 0.5) / 100) ** 2);
    const { exponent, perDayNow } = fitGrowth(days, 90);
    expect(exponent.median).toBeCloseTo(0.5, 1);
    expect(exponent.hi).toBeLessThan(0.65);
    expect(perDayNow.median).toBeCloseTo((0.5 * 100) / 90, 1);
  });
  test("the interval holds the truth 90 % of the time", () => {
    const random = new Random(11, "growth");
    let held = 0;
    for (let run = 0; run < 300; run++) {
      const n = 12;
      const days = Array.from({ length: n }, () => 30 * (1 - random.uniform()) ** (1 / 0.7));
      const { lo, hi } = fitGrowth(days, 30).exponent;
      if (lo <= 0.7 && 0.7 <= hi) held++;
    }
    expect(Math.abs(held / 300 - 0.9)).toBeLessThan(4 * Math.sqrt((0.9 * 0.1) / 300));
  });
  test("refuses what says nothing", () => {
    expect(() => fitGrowth([3, 9], 30)).toThrow(/2 failures on days 3, 9 of 30/);
  });
});

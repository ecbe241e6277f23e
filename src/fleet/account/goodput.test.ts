import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { recordOf } from "../../record/fixture.ts";
import { expectedGoodput } from "./expected.ts";
import { SIMULATED, simulatedRun } from "./fixture.ts";
import { type RunTime, TIME_CAUSES, timeOfRun } from "./goodput.ts";

const ms = (seconds: number) => Math.round(1000 * seconds);

function expectWhole({ wallSeconds, seconds, attempts }: RunTime): void {
  const micro = (each: number) => Math.round(1e6 * each);
  const sum = TIME_CAUSES.reduce((total, cause) => total + micro(seconds[cause]), 0);
  expect(sum).toBe(micro(wallSeconds));
  for (const cause of TIME_CAUSES) {
    expect(seconds[cause]).toBeGreaterThanOrEqual(0);
    const ofAttempts = attempts.reduce((total, attempt) => total + micro(attempt.seconds[cause]), 0);
    expect(ofAttempts).toBe(micro(seconds[cause]));
  }
}

describe("the time of a run", () => {
  test("is told by cause to the millisecond, whatever befell it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { events, series, truth, wallMs } = simulatedRun(new Random(seed, "run"));
        const time = timeOfRun(events, SIMULATED, series)!;
        expectWhole(time);
        expect(ms(time.wallSeconds)).toBe(wallMs);
        const told = Object.fromEntries(TIME_CAUSES.map((cause) => [cause, ms(time.seconds[cause])]));
        expect(told).toEqual(truth);
        expect(time.isFinished).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("adds up where the numbers of events and steps make no sense together", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = new Random(seed, "noise");
        const { events, series } = simulatedRun(random);
        const noisy = events.map((event) => ({ ...event, seconds: 1000 * random.uniform() }));
        const rows = series.map((each) => ({
          ...each,
          seconds: Array.from(each.seconds, (told) =>
            random.uniform() < 0.1 ? NaN : 50 * random.uniform() * told,
          ),
        }));
        expectWhole(timeOfRun(noisy, SIMULATED, rows)!);
        expectWhole(timeOfRun(noisy, SIMULATED, [])!);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  const start = (attempt: number, fromStep: number) =>
    ({
      run: "r",
      kind: "run-started",
      data: { attempt, fromStep, exact: true, numThreads: 1, spec: null, startSeconds: 2 },
    }) as const;
  const evidence = { step: 30, detectionSeconds: 4 };
  const died = {
    run: "r",
    kind: "incident",
    data: { what: "the run's process hung", evidence, severity: "warning" },
  } as const;
  const saved = (step: number) =>
    ({ run: "r", kind: "checkpoint-written", data: { step, bytes: 1, seconds: 1 } }) as const;

  test("of an attempt that hung: what was noticed when, started when, done again", () => {
    const events = recordOf([start(1, 0), saved(10), died, start(2, 10)], [0, 11, 40, 43]);
    const steps = Array.from({ length: 30 }, (_, i) => i + 1);
    const seconds = steps.map((step) => (step === 11 ? 2 : 1));
    const [first, second] = timeOfRun(events, "r", [{ attempt: 1, steps, seconds }])!.attempts;
    expect(first).toMatchObject({
      outcome: { kind: "failed", incident: 2 },
      wallSeconds: 45,
      stepsRecomputed: 20,
      numSaves: 1,
      seconds: { start: 2, productive: 10, checkpoint: 1, recomputed: 25, detection: 4, restart: 3 },
    });
    expect(second).toMatchObject({ outcome: { kind: "under way" }, wallSeconds: 0 });
  });

  test("of a trainer that tells no seconds of its steps is shared out evenly among them", () => {
    const events = recordOf([start(1, 0), saved(10), died, start(2, 10)], [0, 11, 34, 40]);
    const steps = Array.from({ length: 20 }, (_, i) => i + 1);
    const { seconds } = timeOfRun(events, "r", [{ attempt: 1, steps, seconds: steps.map(() => NaN) }])!;
    expect(seconds).toMatchObject({ productive: 14.5, recomputed: 14.5, detection: 4, checkpoint: 1 });
  });

  test("of a log that tells each tenth step counts the seconds of one for ten", () => {
    const steps = [10, 20, 30, 40];
    const events = recordOf([start(1, 0), died, start(2, 30)], [0, 49, 52]);
    const { seconds } = timeOfRun(events, "r", [{ attempt: 1, steps, seconds: steps.map(() => 1) }])!;
    expect(seconds).toMatchObject({ productive: 30, recomputed: 15, detection: 4, restart: 3 });
  });

  test("is held against what `plan time` makes of the same rates", () => {
    const events = recordOf([start(1, 0), saved(10), died, start(2, 10), saved(40)], [0, 11, 40, 43, 74]);
    const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i + 1);
    const series = [
      { attempt: 1, steps: rows(0, 30), seconds: rows(0, 30).map((step) => (step === 11 ? 2 : 1)) },
      { attempt: 2, steps: rows(10, 40), seconds: rows(10, 40).map(() => 1) },
    ];
    const time = timeOfRun(events, "r", series)!;
    expect(time.goodput).toBeCloseTo(40 / 74, 10);
    const expected = expectedGoodput(time)!;
    expect(expected.conditions).toEqual({
      failures: 1,
      exposedSeconds: 74,
      saveSeconds: 1,
      intervalSeconds: 20,
      detectionSeconds: 4,
      restartSeconds: 3,
    });
    // Daly: an interval T takes e^(R/M) (e^((T + s)/M) - 1) M.
    const share = 20 / (74 * Math.exp(7 / 74) * Math.expm1(21 / 74));
    expect(expected.goodput).toBeCloseTo(share, 10);
    expect(expected.gapPoints).toBeCloseTo(100 * (40 / 74 - share), 8);
    expect(expected.reason).toMatch(
      /^most of it is recomputed: 33.8 % of the time \(25.0 s\) where 12.3 % are to be expected of 1 failure$/,
    );
  });

  test("of a run that did not fail is expected to have lost nothing but its saves", () => {
    const steps = Array.from({ length: 20 }, (_, i) => i + 1);
    const seconds = steps.map((step) => (step === 11 ? 2 : 1));
    const events = recordOf([start(1, 0), saved(10), saved(20)], [0, 11, 22]);
    const time = timeOfRun(events, "r", [{ attempt: 1, steps, seconds }])!;
    expect(time.goodput).toBeCloseTo(20 / 22, 10);
    const expected = expectedGoodput(time)!;
    expect(expected.goodput).toBeCloseTo(10 / 11, 6);
    expect(expected.shares).toMatchObject({ detection: 0, restart: 0, recomputed: 0 });
    expect(expected.reason).toBe("no cause takes more or less than expected");
  });
});

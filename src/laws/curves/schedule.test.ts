import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSchedule } from "./parse-schedule.ts";
import {
  endOf,
  isSameShape,
  peakRate,
  type RateSchedule,
  rateAtStep,
  scheduleOf,
  thin,
  warmupOf,
} from "./schedule.ts";
import { scheduleFromTable } from "./schedule-table.ts";

const cosine = scheduleOf({ kind: "cosine", peak: 3e-4, steps: 24000, warmup: 2160, final: 3e-5 });

describe("named schedules", () => {
  test("cosine follows its formula within a two-thousandth of the peak", () => {
    for (const step of [0, 1000, 2160, 5000, 13080, 20000, 24000]) {
      const share = (step - 2160) / (24000 - 2160);
      const exact =
        step < 2160 ? (3e-4 * step) / 2160 : 3e-5 + (2.7e-4 * (1 + Math.cos(Math.PI * share))) / 2;
      expect(Math.abs(rateAtStep(cosine, step) - exact)).toBeLessThan(6e-4 * 3e-4);
    }
    expect([peakRate(cosine), endOf(cosine), warmupOf(cosine)]).toEqual([3e-4, 24000, 2160]);
  });

  test("wsd decays by its shape over its decay and stays at the peak before", () => {
    const at = (shape: "linear" | "exponential" | "sqrt" | "cosine", step: number) =>
      rateAtStep(
        scheduleOf({ kind: "wsd", peak: 1, steps: 1000, warmup: 100, final: 0.01, decay: 400, shape }),
        step,
      );
    for (const shape of ["linear", "exponential", "sqrt", "cosine"] as const) {
      expect(Math.abs(at(shape, 600) - 1)).toBeLessThan(5e-4);
      expect(at(shape, 1000)).toBeCloseTo(0.01, 12);
      expect(at(shape, 5000)).toBeCloseTo(0.01, 12);
    }
    expect(at("linear", 800)).toBeCloseTo(0.505, 3);
    expect(at("exponential", 800)).toBeCloseTo(0.1, 3);
    expect(at("sqrt", 700)).toBeCloseTo(0.01 + 0.99 * 0.5, 3);
  });

  test("two stages jump", () => {
    const two = scheduleOf({ kind: "two-stage", peak: 3, steps: 100, warmup: 10, at: 50, second: 1 });
    expect([49.999, 50, 100].map((step) => rateAtStep(two, step))).toEqual([3, 1, 1]);
  });

  test("two schedules are alike where rates and length agree within 1 %", () => {
    const longer = scheduleOf({ kind: "cosine", peak: 3e-4, steps: 30000, warmup: 2160, final: 3e-5 });
    expect(isSameShape(cosine, cosine)).toBe(true);
    expect(isSameShape(cosine, longer)).toBe(false);
  });

  test("thinning a table of every step keeps the schedule within its tolerance", () => {
    const arbitrary = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(arbitrary, (rates) => {
        const dense: RateSchedule = rates.map((rate, step) => ({ step, rate }));
        const thinned = thin(dense);
        for (const { step, rate } of dense)
          expect(Math.abs(rateAtStep(thinned, step) - rate)).toBeLessThanOrEqual(
            5e-4 * peakRate(dense) + 1e-12,
          );
      }),
      { numRuns: 100 },
    );
    const every = Array.from({ length: 24001 }, (_, step) => ({ step, rate: rateAtStep(cosine, step) }));
    expect(thin(every).length).toBeLessThan(40);
  });
});

describe("schedules from tables", () => {
  const steps = (from: number, to: number, by = 128) =>
    Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, i) => from + i * by);

  test("a jump is placed at the row that first shows the new rate", () => {
    const rows = [
      ...steps(2176, 7936).map((step) => ({ step, rate: 3e-4 })),
      ...steps(8000, 14144).map((step) => ({ step, rate: 9e-5 })),
    ];
    expect(scheduleFromTable(rows, "two-stage")).toEqual([
      { step: 0, rate: 0 },
      { step: 2176, rate: 3e-4 },
      { step: 8000, rate: 3e-4 },
      { step: 8000, rate: 9e-5 },
      { step: 14144, rate: 9e-5 },
    ]);
  });

  test.each(["linear", "exponential"] as const)("the start of a %s decay is found inside a gap", (shape) => {
    const exact = scheduleOf({
      kind: "wsd",
      peak: 3e-4,
      steps: 24000,
      warmup: 2160,
      final: 3e-5,
      decay: 4000,
      shape,
    });
    const rows = steps(2176, 23936, 160).map((step) => ({
      step,
      rate:
        step <= 20000
          ? 3e-4
          : shape === "linear"
            ? rateAtStep(exact, step)
            : 3e-4 * 0.1 ** ((step - 20000) / 4000),
    }));
    const schedule = scheduleFromTable(rows, "wsd", 2160);
    const knee = schedule.findLast(({ rate }) => rate === 3e-4)!;
    expect(Math.abs(knee.step - 20000)).toBeLessThan(2);
    expect(warmupOf(schedule)).toBe(2160);
  });

  test("a table that shows the warm-up keeps it", () => {
    const rows = steps(10, 1000, 10).map((step) => ({ step, rate: Math.min(step / 200, 1) }));
    const schedule = scheduleFromTable(rows, "shown", 50);
    expect(warmupOf(schedule)).toBe(200);
    expect(rateAtStep(schedule, 5)).toBeCloseTo(0.025, 12);
  });

  test.each([
    [
      "a rate of 0 everywhere",
      [
        [10, 0],
        [20, 0],
      ],
      /0 in every row/,
    ],
    [
      "a negative rate",
      [
        [10, 1],
        [20, -1],
      ],
      /learning rate -1 at step 20/,
    ],
    ["one row", [[10, 1]], /1 rows/],
  ])("%s is refused", (_, rows, message) => {
    const points = rows.map(([step, rate]) => ({ step: step!, rate: rate! }));
    expect(() => scheduleFromTable(points, "table")).toThrow(message);
  });

  test("a curve within its warm-up is refused", () => {
    const rows = steps(100, 1000, 100).map((step) => ({ step, rate: 1 }));
    expect(() => scheduleFromTable(rows, "short", 2000)).toThrow(/within the warm-up of 2000 steps/);
  });
});

describe("schedules as people write them", () => {
  const defaults = { peak: 3e-4, warmup: 2160 };

  test("peak and warm-up come from the curves unless given", () => {
    const asked = parseSchedule("cosine:steps=24000,final=3e-5", defaults);
    expect(asked.kind === "given" && asked.schedule).toEqual(cosine);
    const own = parseSchedule("constant:peak=1e-3,steps=100,warmup=10", defaults);
    expect(own.kind === "given" && own.schedule).toEqual([
      { step: 0, rate: 0 },
      { step: 10, rate: 1e-3 },
      { step: 100, rate: 1e-3 },
    ]);
  });

  test("a decay is a number of steps, a share, or searched for", () => {
    const decayStart = (text: string) => {
      const asked = parseSchedule(text, defaults);
      return asked.kind === "given" ? asked.schedule.findLast(({ rate }) => rate === 3e-4)!.step : asked.kind;
    };
    expect(decayStart("wsd:steps=20000,decay=4000")).toBe(16000);
    expect(decayStart("wsd:steps=20000,decay=0.25")).toBe(15000);
    expect(decayStart("wsd:steps=20000,decay=best")).toBe("search");
  });

  test.each([
    "cosine",
    "cosine:steps=abc",
    "cosine:steps=1000",
    "triangle:steps=9000",
    "cosine:steps=9000,decay=3",
    "wsd:steps=9000,shape=round",
    "two-stage:steps=9000,at=100,second=1e-5",
    "constant:steps=9000,peak=0",
  ])("%s is refused", (text) => {
    expect(() => parseSchedule(text, defaults)).toThrow(/expected:/);
  });
});

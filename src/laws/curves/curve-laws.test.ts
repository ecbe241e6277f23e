import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CurveLaw, multiPowerLaw, tissueLaw } from "./curve-laws.ts";
import { areaOf, geometryOf } from "./geometry.ts";
import {
  endOf,
  type NamedSchedule,
  peakRate,
  type RateSchedule,
  rateAtStep,
  scheduleOf,
} from "./schedule.ts";

/** The paper's fit for 25M parameters. */
const PUBLISHED = [3.04, 0.525, 0.508, 363.8, 2.066, 0.583, 0.641] as const;
const TISSUE = [3.04, 0.52, 0.504, 378, 230] as const;

const SCHEDULES: readonly NamedSchedule[] = [
  { kind: "constant", peak: 3e-4, steps: 12000, warmup: 1000 },
  { kind: "cosine", peak: 3e-4, steps: 12000, warmup: 1000, final: 3e-5 },
  { kind: "linear", peak: 3e-4, steps: 12000, warmup: 1000, final: 0 },
  { kind: "wsd", peak: 3e-4, steps: 12000, warmup: 1000, final: 3e-5, decay: 2000, shape: "exponential" },
  { kind: "wsd", peak: 3e-4, steps: 12000, warmup: 1000, final: 0, decay: 2000, shape: "sqrt" },
  { kind: "two-stage", peak: 3e-4, steps: 12000, warmup: 1000, at: 6000, second: 3e-5 },
];
const STEPS = [1500, 3000, 5990, 6050, 6500, 9000, 10100, 11000, 11500, 11900, 12000];

function lossesOf(
  law: CurveLaw,
  natural: readonly number[],
  schedule: RateSchedule,
  steps: readonly number[],
) {
  const units = { peak: peakRate(schedule), area: areaOf(schedule), span: endOf(schedule) };
  const geometry = geometryOf(schedule, steps, units);
  return law.losses(
    law.internal(natural, units),
    geometry,
    new Float64Array(steps.length * law.parameters.length),
  );
}

/** The sums of the papers, step by step, with nothing shared with what is tested. */
function stepByStep(law: CurveLaw, natural: readonly number[], schedule: RateSchedule, t: number): number {
  const rate = Array.from({ length: t + 1 }, (_, k) => rateAtStep(schedule, k));
  const area = [0];
  for (let k = 1; k <= t; k++) area.push(area[k - 1]! + rate[k]!);
  const [floor, height, alpha, release] = natural as [number, number, number, number];
  let drop = 0;
  for (let k = 1; k <= t; k++) {
    const fall = rate[k - 1]! - rate[k]!;
    if (law === multiPowerLaw) {
      const [, , , , speed, beta, gamma] = natural as number[];
      const x = speed! * Math.max(rate[k]!, 1e-10) ** -gamma! * (area[t]! - area[k - 1]!);
      drop += fall * (1 - (1 + x) ** -beta!);
    } else drop += fall * (1 - Math.exp(-(t - k + 1) / natural[4]!));
  }
  return floor + height * area[t]! ** -alpha - release * drop;
}

describe.each([
  [multiPowerLaw, PUBLISHED],
  [tissueLaw, TISSUE],
] as const)("$name", (law, natural) => {
  test.each(SCHEDULES)("agrees with the sum over every step within one step's time under $kind", (named) => {
    const schedule = scheduleOf(named);
    const steps = STEPS.slice(0, -1);
    const losses = lossesOf(law, natural, schedule, steps);
    for (const [i, step] of steps.entries()) {
      // Time is continuous here and discrete there, so that a change acts up to one step earlier or later.
      const near = [step - 1, step, step + 1].map((t) => stepByStep(law, natural, schedule, t));
      expect(losses[i]!).toBeGreaterThan(Math.min(...near) - 1e-4);
      expect(losses[i]!).toBeLessThan(Math.max(...near) + 1e-4);
    }
  });

  test("the gradient is that of central differences", () => {
    const units = { peak: 3e-4, area: 3, span: 12000 };
    const size = law.parameters.length;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: SCHEDULES.length - 1 }),
        fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: size, maxLength: size }),
        (which, shifts) => {
          const geometry = geometryOf(scheduleOf(SCHEDULES[which]!), STEPS, units);
          const theta = law.internal(natural, units).map((value, j) => value + shifts[j]!);
          const jacobian = new Float64Array(STEPS.length * size);
          law.losses(theta, geometry, jacobian);
          const unused = new Float64Array(jacobian.length);
          for (let j = 0; j < size; j++) {
            const at = (by: number) =>
              law.losses(
                theta.map((value, k) => (k === j ? value + by : value)),
                geometry,
                unused,
              );
            const [up, down] = [at(1e-5), at(-1e-5)];
            for (let i = 0; i < STEPS.length; i++)
              expect(jacobian[i * size + j]!).toBeCloseTo((up[i]! - down[i]!) / 2e-5, 6);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("natural and internal parameters are each other's inverse", () => {
    const units = { peak: 2e-3, area: 17, span: 5e9 };
    const back = law.natural(law.internal(natural, units), units);
    for (const [j, value] of back.entries()) expect(value / natural[j]!).toBeCloseTo(1, 10);
  });
});

describe("geometry", () => {
  test("a constant rate falls nowhere, and what only rose never lowers the loss", () => {
    const schedule = scheduleOf({ kind: "constant", peak: 1e-3, steps: 900, warmup: 90 });
    const units = { peak: 1e-3, area: areaOf(schedule), span: 900 };
    const { fall, first } = geometryOf(schedule, [100, 500, 900], units);
    expect(Math.max(...fall)).toBeLessThan(0);
    for (let i = 0; i < 3; i++) {
      const own = fall.slice(first[i]!, first[i + 1]!);
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(-1, 12);
    }
  });

  test("falls add up to the fall of the rate, areas to the area under it", () => {
    for (const named of SCHEDULES) {
      const schedule = scheduleOf(named);
      const units = { peak: 1, area: 1, span: 12000 };
      const { fall, first, area } = geometryOf(schedule, STEPS, units);
      for (const [i, step] of STEPS.entries()) {
        const sum = fall.slice(first[i]!, first[i + 1]!).reduce((total, value) => total + value, 0);
        expect(sum).toBeCloseTo(-rateAtStep(schedule, step), 14);
        const under = Array.from({ length: step }, (_, k) => rateAtStep(schedule, k + 0.5));
        expect(area[i]! / under.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 4);
      }
    }
  });

  test("refining the grid of the table leaves the prediction", () => {
    const cosine = scheduleOf(SCHEDULES[1]!);
    const every = (by: number) =>
      Array.from({ length: 11000 / by + 1 }, (_, i) => {
        const step = 1000 + i * by;
        return { step, rate: rateAtStep(cosine, step) };
      });
    const at = (by: number) =>
      lossesOf(multiPowerLaw, PUBLISHED, [{ step: 0, rate: 0 }, ...every(by)], STEPS);
    const [coarse, fine] = [at(125), at(1)];
    for (const [i, loss] of coarse.entries()) expect(Math.abs(loss - fine[i]!)).toBeLessThan(2e-4);
  });

  test("other units of rate and step give the same geometry", () => {
    const scaled = (by: number, per: number): RateSchedule =>
      scheduleOf(SCHEDULES[3]!).map(({ step, rate }) => ({ step: step * per, rate: rate * by }));
    const at = (by: number, per: number) => {
      const schedule = scaled(by, per);
      const units = { peak: peakRate(schedule), area: areaOf(schedule), span: endOf(schedule) };
      return geometryOf(
        schedule,
        STEPS.map((step) => step * per),
        units,
      );
    };
    const [plain, other] = [at(1, 1), at(1e6, 524288)];
    for (const key of ["area", "fall", "logRate", "logReach", "distance"] as const)
      for (const [i, value] of plain[key].entries()) expect(other[key][i]!).toBeCloseTo(value, 8);
  });
});

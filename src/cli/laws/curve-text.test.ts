import { describe, expect, test } from "vitest";
import { curveLawFigure } from "../../figures/curve-law-figure.ts";
import { multiPowerLaw } from "../../laws/curves/curve-laws.ts";
import { studyCurves } from "../../laws/curves/curve-study.ts";
import { expectedLosses } from "../../laws/curves/fit-curves.ts";
import { type RateSchedule, rateAtStep, scheduleOf } from "../../laws/curves/schedule.ts";
import { figureOf, studyJson, studyText } from "./curve-text.ts";

const COMMON = { peak: 1e-3, steps: 4000, warmup: 400 };
const units = { peak: 1e-3, area: 4, span: 4000 };
const theta = multiPowerLaw.internal([2.5, 0.4, 0.45, 200, 2, 0.6, 0.64], units);

/** The table of a curve that the law itself made. */
function tableOf(schedule: RateSchedule, at = theta): string {
  const steps = Array.from({ length: 72 }, (_, i) => 450 + 50 * i);
  const losses = expectedLosses({ law: multiPowerLaw, units, theta: at }, schedule, steps);
  return [
    "step,lr,loss",
    ...steps.map((step, i) => `${step},${rateAtStep(schedule, step)},${losses[i]!.toFixed(5)}`),
  ].join("\n");
}

const cosine = scheduleOf({ kind: "cosine", ...COMMON, final: 1e-4 });
const question = {
  law: multiPowerLaw,
  curves: [
    { name: "constant", text: tableOf(scheduleOf({ kind: "constant", ...COMMON })) },
    {
      name: "two-stage",
      text: tableOf(scheduleOf({ kind: "two-stage", ...COMMON, at: 2000, second: 1e-4 })),
    },
  ],
  schedules: ["wsd:steps=4000,decay=best", "constant:steps=9000,peak=3e-4"],
  scheduleTables: [{ name: "cosine & table", text: tableOf(cosine) }],
  options: {},
};
const study = studyCurves(question);

describe("longrun laws curve", () => {
  test("a release driven to zero is not identified, however little its refits differ", () => {
    const still = multiPowerLaw.internal([2.5, 0.4, 0.45, 1e-9, 2, 0.6, 0.64], units);
    const lines = (schedule: RateSchedule) => tableOf(schedule, still).split("\n");
    // After the rate falls the loss is higher by 0.02: no release of the law's, which only lowers it.
    const higher = (line: string) => {
      const [step, rate, loss] = line.split(",");
      return Number(step) > 2000 ? `${step},${rate},${Number(loss) + 0.02}` : line;
    };
    const constant = lines(scheduleOf({ kind: "constant", ...COMMON })).join("\n");
    const twoStage = lines(scheduleOf({ kind: "two-stage", ...COMMON, at: 2000, second: 1e-4 }));
    const curves = [
      { name: "constant", text: constant },
      { name: "two-stage", text: twoStage.map(higher).join("\n") },
    ];
    const bound = studyCurves({ ...question, curves, schedules: [], scheduleTables: [] });
    expect(bound.parameters.find(({ name }) => name === "B")).toMatchObject({
      lo: -Infinity,
      hi: Infinity,
      identified: false,
    });
    expect(studyText(bound, 110)).toMatch(/^B +not identified +unbounded to unbounded/m);
    expect(study.parameters.find(({ name }) => name === "B")!.identified).toBe(true);
  });

  test("forecasts each schedule with an interval around what the law makes of it", () => {
    const truth = expectedLosses({ law: multiPowerLaw, units, theta }, cosine, [4000])[0]!;
    const { final } = study.forecasts[2]!;
    expect(final.lo).toBeLessThan(truth);
    expect(final.hi).toBeGreaterThan(truth);
    expect(Math.abs(final.median / truth - 1)).toBeLessThan(1e-3);
    expect(study.forecasts.reduce((sum, one) => sum + one.lowestProbability!, 0)).toBeCloseTo(1, 12);
  });

  test("says where a schedule leaves what the curves show, and what was taken for granted", () => {
    const text = studyText(study, 110);
    expect(text).toContain("2.3 times the steps of the longest curve");
    expect(text).toContain("a peak of 0.0003 where the curves have 0.001");
    expect(text).toMatch(/a decay over [\d.]+ % of the steps ends lowest/);
    expect(text).toContain("warm-up in a straight line");
    expect(text).toContain("warning: with two curves none can be left out");
    expect(study.forecasts[2]!.beyond).toEqual([]);
  });

  test("JSON gives every number with its interval", () => {
    const json = JSON.parse(JSON.stringify(studyJson(study)));
    expect(Object.keys(json.parameters)).toEqual(["L0", "A", "alpha", "B", "C", "beta", "gamma"]);
    expect(Object.keys(json.parameters.L0).sort()).toEqual([
      "hi",
      "identified",
      "lo",
      "median",
      "standardError",
      "unit",
    ]);
    expect(json.schedules).toHaveLength(3);
    expect(json.schedules[0].bestDecay.within.lo).toBeLessThan(json.schedules[0].bestDecay.within.hi);
    expect(json.schedules[1].points.at(-1)).toEqual(json.schedules[1].final);
    expect(json.curves[0]).toMatchObject({ curve: "constant", warmup: 450, peak: 1e-3, steps: 4000 });
  });

  test("the figure is the same for the same data and names what was forecast", async () => {
    const [one, two] = await Promise.all([curveLawFigure(figureOf(study)), curveLawFigure(figureOf(study))]);
    expect(one).toBe(two);
    expect(one).toContain("cosine &amp; table, 90 % band");
    expect(one).not.toContain("NaN");
  });
});

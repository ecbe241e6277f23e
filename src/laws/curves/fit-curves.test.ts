import { describe, expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { bestDecay, lowestProbabilities } from "./compare.ts";
import { multiPowerLaw } from "./curve-laws.ts";
import { expectedLosses, fitCurves } from "./fit-curves.ts";
import {
  curveParameters,
  errorsOf,
  expectedAt,
  forecasterOf,
  leaveOut,
  wideningFrom,
} from "./forecast-curve.ts";
import { areaOf } from "./geometry.ts";
import { type LossCurve, readCurve } from "./read-curve.ts";
import { endOf, type NamedSchedule, peakRate, scheduleOf } from "./schedule.ts";

const TRUTH = [2.8, 0.45, 0.45, 420, 1.5, 0.5, 0.75] as const;
const COMMON = { peak: 5e-4, steps: 10000, warmup: 800 };
const CONSTANT: NamedSchedule = { kind: "constant", ...COMMON };
const COSINE: NamedSchedule = { kind: "cosine", ...COMMON, final: 5e-5 };
const TWO_STAGE: NamedSchedule = { kind: "two-stage", ...COMMON, at: 5000, second: 1e-4 };
const WSD: NamedSchedule = { kind: "wsd", ...COMMON, final: 5e-5, decay: 2000, shape: "linear" };

/** A curve that the law itself made, with noise of this deviation in log loss. */
function made(named: NamedSchedule, noise = 0, numPoints = 60): LossCurve {
  const schedule = scheduleOf(named);
  const units = { peak: peakRate(schedule), area: areaOf(schedule), span: endOf(schedule) };
  const steps = Float64Array.from({ length: numPoints }, (_, i) => 1000 + (9000 * (i + 1)) / numPoints);
  const theta = multiPowerLaw.internal(TRUTH, units);
  const random = new Random(7, named.kind);
  const losses = expectedLosses({ law: multiPowerLaw, units, theta }, schedule, steps).map(
    (loss) => loss * Math.exp(noise * random.normal()),
  );
  return { name: named.kind, schedule, steps, losses, rowsPerPoint: 1, counts: "steps" };
}

describe("fit", () => {
  test("a law without noise is found again, and predicts a schedule it has not seen", () => {
    const fit = fitCurves([made(CONSTANT), made(COSINE), made(TWO_STAGE)], multiPowerLaw);
    expect(fit.shareAtOptimum).toBe(1);
    expect(errorsOf(fit, made(WSD)).worstPercent).toBeLessThan(0.01);
    const [floor, height, alpha, release, , beta, gamma] = multiPowerLaw.natural(fit.theta, fit.units);
    const found = [floor!, height!, alpha!, release!, beta!, gamma!];
    const truth = [TRUTH[0], TRUTH[1], TRUTH[2], TRUTH[3], TRUTH[5], TRUTH[6]];
    for (const [j, value] of found.entries()) expect(Math.abs(value / truth[j]! - 1)).toBeLessThan(0.03);
  });

  test("curves in other units of rate and step give the same expectation", () => {
    const scaled = (curve: LossCurve, by: number, per: number): LossCurve => ({
      ...curve,
      schedule: curve.schedule.map(({ step, rate }) => ({ step: step * per, rate: rate * by })),
      steps: curve.steps.map((step) => step * per),
    });
    const curves = [made(CONSTANT, 1e-3), made(COSINE, 1e-3)];
    const plain = fitCurves(curves, multiPowerLaw);
    const other = fitCurves(
      curves.map((curve) => scaled(curve, 1000, 524288)),
      multiPowerLaw,
    );
    const target = made(WSD);
    const moved = scaled(target, 1000, 524288);
    const [a, b] = [
      expectedLosses(plain, target.schedule, target.steps),
      expectedLosses(other, moved.schedule, moved.steps),
    ];
    for (const [i, loss] of a.entries()) expect(b[i]! / loss).toBeCloseTo(1, 5);
  });

  test("one schedule alone, or none that falls, is refused with the reason", () => {
    expect(() => fitCurves([made(COSINE)], multiPowerLaw)).toThrow(/at least 2 different schedules/);
    expect(() => fitCurves([made(COSINE), made(COSINE)], multiPowerLaw)).toThrow(/2 curves of one schedule/);
    const longer = made({ ...CONSTANT, steps: 20000 });
    expect(() => fitCurves([made(CONSTANT), longer], multiPowerLaw)).toThrow(/not identified/);
  });
});

describe("what is left out", () => {
  test("each of three curves, or the later part of two", () => {
    const three = leaveOut([made(CONSTANT, 1e-3), made(COSINE, 1e-3), made(TWO_STAGE, 1e-3)], multiPowerLaw);
    expect(three.map(({ without }) => without)).toEqual(["constant", "cosine", "two-stage"]);
    // A repeat under the same schedule goes with it: left in, it would make the test too easy.
    const repeated = leaveOut(
      [made(CONSTANT, 1e-3), made(COSINE, 1e-3), { ...made(COSINE, 2e-3), name: "again" }, made(TWO_STAGE)],
      multiPowerLaw,
    );
    expect(repeated.find(({ without }) => without === "cosine")!.fit.curves).toHaveLength(2);
    const two = leaveOut([made(CONSTANT, 1e-3), made(COSINE, 1e-3)], multiPowerLaw);
    expect(two.map(({ without, test }) => [without, test.name])).toEqual([
      ["the later part", "constant"],
      ["the later part", "cosine"],
    ]);
    expect(Math.min(...two[0]!.test.steps)).toBeGreaterThan(6300);
  });

  test("the widening is 1 for distances of a normal, and follows larger ones, curve by curve", () => {
    const random = new Random(3, "distances");
    const normal = Array.from({ length: 4000 }, () => random.normal());
    expect(wideningFrom([normal.map((z) => 3 * z)])).toBeCloseTo(3, 1);
    expect(wideningFrom([normal.map((z) => z / 2)])).toBe(1);
    expect(wideningFrom([])).toBe(1);
    // A tenth of the weight is not enough to move the 90 % quantile far, a half is.
    const bad = normal.slice(0, 40).map((z) => 10 * z);
    expect(wideningFrom([normal, bad])).toBeGreaterThan(3);
  });
});

describe("bands and comparison", () => {
  const forecaster = forecasterOf(
    [made(CONSTANT, 2e-3), made(COSINE, 2e-3), made(TWO_STAGE, 2e-3)],
    multiPowerLaw,
  );

  test("the band holds a curve that the law made, and is no wider than the noise asks for", () => {
    const target = made(WSD, 2e-3, 200);
    const band = expectedAt(forecaster, target.schedule, target.steps);
    const inside = band.filter(({ lo, hi }, i) => target.losses[i]! >= lo && target.losses[i]! <= hi);
    expect(inside.length / band.length).toBeGreaterThan(0.8);
    const widths = band.map(({ lo, hi, median }) => (hi - lo) / median);
    expect(Math.max(...widths)).toBeLessThan(0.03);
    expect(Math.min(...widths)).toBeGreaterThan(2 * 1.6 * 1e-3);
  });

  test("every parameter lies in its interval", () => {
    for (const { median, lo, hi, standardError } of curveParameters(forecaster)) {
      expect(lo).toBeLessThanOrEqual(median);
      expect(hi).toBeGreaterThanOrEqual(median);
      expect(standardError).toBeGreaterThan(0);
    }
  });

  test("a decay ends lower than a constant rate, nearly surely, and a schedule ties with itself", () => {
    const [wsd, constant] = lowestProbabilities(forecaster, [scheduleOf(WSD), scheduleOf(CONSTANT)]);
    expect(wsd).toBeGreaterThan(0.99);
    expect(wsd! + constant!).toBeCloseTo(1, 12);
    const [one] = lowestProbabilities(forecaster, [scheduleOf(WSD), scheduleOf(WSD)]);
    expect(Math.abs(one! - 0.5)).toBeLessThan(0.05);
  });

  test("the best decay is the lowest of a fine grid, inside its own ranges", () => {
    const make = (share: number) => scheduleOf({ ...WSD, kind: "wsd", decay: Math.min(10000 * share, 9200) });
    const best = bestDecay(forecaster, make);
    const { fit } = forecaster;
    const ends = Array.from({ length: 90 }, (_, i) => 0.01 * (i + 1)).map((share) => ({
      share,
      loss: expectedLosses(fit, make(share), [10000])[0]!,
    }));
    const lowest = ends.reduce((a, b) => (b.loss < a.loss ? b : a));
    expect(best.final.median).toBeLessThan(lowest.loss + 2e-4);
    expect(best.within.lo).toBeLessThanOrEqual(lowest.share * 1.2);
    expect(best.within.hi).toBeGreaterThanOrEqual(lowest.share / 1.2);
    expect(best.share.lo).toBeLessThanOrEqual(best.share.median);
    expect(best.share.hi).toBeGreaterThanOrEqual(best.share.median);
  });
});

describe("reading", () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ step: 100 * (i + 1), lr: 1e-3, loss: 5 - 0.05 * i }));
  const csv = (order: readonly ("step" | "lr" | "loss")[]) =>
    [order.join(","), ...rows.map((row) => order.map((key) => row[key]).join(","))].join("\n");

  test("columns in any order, by usual or given names, in CSV or JSON lines", () => {
    const plain = readCurve(csv(["step", "lr", "loss"]), "plain");
    expect(readCurve(csv(["loss", "step", "lr"]), "plain")).toEqual(plain);
    expect(readCurve(rows.map((row) => JSON.stringify(row)).join("\n"), "plain")).toEqual(plain);
    const renamed = csv(["loss", "step", "lr"]).replace("loss,step,lr", "Val Loss,Iteration,learning_rate");
    expect(readCurve(renamed, "plain")).toEqual(plain);
    const odd = csv(["loss", "step", "lr"]).replace("loss,step,lr", "y,x,eta2");
    expect(() => readCurve(odd, "plain")).toThrow(/--columns step=/);
    expect(readCurve(odd, "plain", { columns: { step: "x", lr: "eta2", loss: "y" } })).toEqual(plain);
  });

  test("rows without a loss tell the schedule only", () => {
    const dense = [
      "step,lr,loss",
      ...rows.map(({ step, lr, loss }, i) => `${step},${lr},${i % 2 ? loss : ""}`),
    ];
    const curve = readCurve(dense.join("\n"), "dense");
    expect(curve.losses.length).toBe(20);
    expect(endOf(curve.schedule)).toBe(4000);
  });

  test("losses that are not positive, too few, or not numbers are refused with their row", () => {
    const text = csv(["step", "lr", "loss"]);
    expect(() => readCurve(text.replace("4.95", "0"), "bad")).toThrow(/loss 0 at step 200/);
    expect(() => readCurve(text.replace("4.95", "x"), "bad")).toThrow(/line 3/);
    expect(() => readCurve(text, "bad", { warmup: 3900 })).toThrow(/full rate/);
    expect(() => readCurve("step,lr,loss\n\0", "bad")).toThrow(/^found: bad is not text\n/);
    expect(() => readCurve(text.split("\n").slice(0, 6).join("\n"), "bad")).toThrow(/5 losses after/);
  });
});

import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { lawOfFit } from "../../law/scaling-law.ts";
import { scaledBy } from "../../math/interval.ts";
import { parseCluster } from "../hardware/cluster.ts";
import { SOFTWARE_2024 } from "../layout/layout.ts";
import { layoutProblem } from "../search/validity.ts";
import { TYPICAL_GOODPUT } from "../typical-runs.ts";
import { type CodesignRequest, codesign } from "./codesign.ts";
import { layoutFinder, type Pool } from "./layout-finder.ts";
import { aspectPenalty, modelShapeOf } from "./shapes.ts";

const NUMBERS = [482.01, 2085.43, 1.8172, 0.3478, 0.3658];
const law = lawOfFit({
  law: chinchillaLaw,
  theta: chinchillaLaw.internal(NUMBERS),
  draws: Array.from({ length: 20 }, (_, i) => {
    const draw = chinchillaLaw.internal(NUMBERS);
    draw[2]! += 0.001 * (i - 9.5);
    return draw;
  }),
  flopsPerParameterToken: 6,
  smallestCompute: null,
  largestCompute: 1e20,
  ratios: null,
  counts: "not said",
});

const request = (changes: Partial<CodesignRequest> & { readonly on?: string } = {}): CodesignRequest => ({
  cluster: parseCluster(changes.on ?? "h100:32"),
  law,
  days: 5,
  goodput: TYPICAL_GOODPUT,
  sequence: 2048,
  vocabularySize: 32_000,
  routings: [null],
  precision: "bf16",
  batchSequences: 512,
  software: SOFTWARE_2024,
  ...changes,
});
function answerTo(asked: CodesignRequest) {
  const pool: Pool = new Map();
  return codesign(asked, (cluster, job) => layoutFinder(cluster, job, { precision: asked.precision, pool }));
}

const asked = request();
const answer = answerTo(asked);

test("the choice can be run, fits, and its numbers agree with one another", () => {
  const { best, compute } = answer;
  const { routing, hidden, numLayers, headDim, feedForwardWidth } = best;
  const shape = modelShapeOf({ routing, hidden, numLayers, headDim, feedForwardWidth }, asked.vocabularySize);
  const job = { sequence: 2048, batchSequences: 512, software: SOFTWARE_2024 };
  expect(layoutProblem({ model: shape, cluster: asked.cluster, job }, best.layout)).toBeNull();
  expect(best.memoryBytes).toBeLessThan(asked.cluster.accelerator.memoryBytes);
  expect(best.tokensPerParameter).toBeCloseTo(best.tokens.median / best.activeParameters, 9);
  const seconds = 5 * 86_400 * TYPICAL_GOODPUT.median;
  expect(best.tokens.median / ((512 * 2048 * seconds) / best.stepSeconds.median)).toBeCloseTo(1, 9);
  expect(compute / (best.mfu * 989.5e12 * 32 * seconds)).toBeCloseTo(1, 6);
  expect(answer.reach).toBeCloseTo(compute / 1e20, 9);
});

test("the law alone is never worse than what a cluster makes of it, at the same FLOPs", () => {
  expect(answer.lawAlone.loss.median).toBeLessThanOrEqual(answer.best.loss.median * (1 + 1e-9));
  const valley = Math.min(...answer.lawAlone.valley.map(({ loss }) => loss));
  expect(valley).toBeCloseTo(answer.lawAlone.loss.median, 9);
});

test("rounder or apart is never better, a larger fast domain is never worse", () => {
  const prices = answer.rounded.slice(0, 3).map(({ best }) => best!.price.lossPercent.median);
  expect(prices[0]).toBe(0);
  expect(prices).toEqual([...prices].sort((a, b) => a - b));
  expect(answer.apart!.price.lossPercent.median).toBeGreaterThanOrEqual(0);
  const [eight, many] = answer.domains;
  expect([eight!.domainSize, eight!.isOwn, many!.domainSize]).toEqual([8, true, 72]);
  expect(many!.best!.price.lossPercent.median).toBeLessThanOrEqual(1e-9);
});

test("a moderate aspect has its price, and memory that holds the size down is told", () => {
  const { model, price } = answer.rounded.at(-1)!.best!;
  expect(model.aspect).toBeGreaterThanOrEqual(80);
  expect(model.aspect).toBeLessThanOrEqual(140);
  expect(price.lossPercent.median).toBeGreaterThanOrEqual(0);
  const alone = answerTo(request({ on: "h100:1", days: 200, batchSequences: 64 }));
  expect(alone.warnings.some((warning) => warning.startsWith("memory holds the size down"))).toBe(true);
});

test("the loss of a model is the law's own forecast at its size and tokens, and speed only widens it", () => {
  const { best, lawAlone } = answer;
  const forecast = (n: number, d: number) => law.lossAt({ n, d, c: 6 * n * d });
  for (const [loss, own] of [
    [best.loss, scaledBy(forecast(best.activeParameters, best.tokens.median), aspectPenalty(best))],
    [lawAlone.loss, forecast(lawAlone.params.median, lawAlone.tokens.median)],
  ] as const) {
    expect(loss.median / own.median).toBeCloseTo(1, 9);
    expect(loss.lo).toBeLessThan(own.lo);
    expect(loss.hi).toBeGreaterThan(own.hi);
  }
});

test("every loss has an interval that holds it", () => {
  for (const { loss } of [answer.best, ...answer.frontier]) {
    expect(loss.lo).toBeLessThan(loss.median);
    expect(loss.hi).toBeGreaterThan(loss.median);
  }
});

test("more days and more devices never cost loss", () => {
  const losses = [request({ days: 10 }), request({ on: "h100:64" })].map(
    (more) => answerTo(more).best.loss.median,
  );
  for (const loss of losses) expect(loss).toBeLessThan(answer.best.loss.median);
});

test("the batch follows the compute where it is not given, and odd counts of devices can share it", () => {
  const { batchTokens } = answerTo(request({ on: "h100:24", days: 1, batchSequences: null }));
  expect(batchTokens % (2048 * 3)).toBe(0);
  // 0.2920 C^0.3271 at 1.7e21 FLOPs is 2.6M.
  expect(batchTokens).toBeGreaterThan(1.5e6);
  expect(batchTokens).toBeLessThan(4e6);
});

test("warnings tell the reach and the law without draws; what fits nowhere is refused", () => {
  expect(answer.warnings.some((warning) => warning.includes("times the law's largest"))).toBe(
    answer.compute > 1e22,
  );
  const bare = { ...law, draws: [], largestCompute: null };
  expect(answerTo(request({ law: bare })).warnings[0]).toContain("no draws");
  expect(() => answerTo(request({ on: "a100-40:1", sequence: 2 ** 20, batchSequences: 1 }))).toThrow(
    UserError,
  );
});

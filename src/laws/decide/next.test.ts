import { expect, test } from "vitest";
import { lawNamed } from "../../law/formulas/all.ts";
import { chinchillaLaw, computeLaw } from "../../law/formulas/power-laws.ts";
import { fitLaw } from "../fit/fit.ts";
import { knownTable } from "./fixture.ts";
import { informationOf, varianceOf } from "./information.ts";
import { ladderKnowledge } from "./ladder-knowledge.ts";
import { decide, nextRung, type RungOffer, usualLaw } from "./next.ts";
import { readQuestion } from "./next-question.ts";

const table = knownTable(0.003);
const questions = [
  { kind: "loss", compute: 1e22 },
  { kind: "allocation", compute: 1e22 },
  { kind: "exponent" },
] as const;

test.each(questions)(
  "$kind: what a rung leaves is the width it is said to leave, a plan is at least as good as one rung, offers are sorted",
  (question) => {
    const { offers, mostPerFlop, plan, now, budget } = nextRung(chinchillaLaw, table, question, 1e21);
    const scale = question.kind === "exponent" ? (x: number) => x : Math.log;
    const width = ({ lo, hi }: typeof now) => scale(hi) - scale(lo);
    for (const { widthRatio, after } of offers) {
      expect(after.median).toBe(now.median);
      expect(width(after) / width(now)).toBeCloseTo(widthRatio, 9);
    }
    expect(offers.map(({ widthRatio }) => widthRatio)).toEqual(
      offers.map(({ widthRatio }) => widthRatio).toSorted((a, b) => a - b),
    );
    expect(plan.widthRatio).toBeLessThanOrEqual(offers[0]!.widthRatio + 1e-12);
    expect(plan.flops).toBeLessThanOrEqual(budget * (1 + 1e-6));
    for (const { design } of offers) expect(design.c).toBeLessThanOrEqual(budget * (1 + 1e-9));
    const perFlop = ({ widthRatio, design }: RungOffer) => (1 - widthRatio) / design.c;
    const worthy = offers.filter(({ widthRatio }) => widthRatio <= 0.95);
    if (mostPerFlop) expect(worthy).toContain(mostPerFlop);
    else expect(worthy).toEqual([]);
    for (const offer of worthy) expect(perFlop(offer)).toBeLessThanOrEqual(perFlop(mostPerFlop!));
  },
);

test("for the loss of a law of compute, a rung nearer the target tells at least as much", () => {
  const line = knownTable(0.003, 1, [20]);
  const { theta } = fitLaw(computeLaw, line.runs);
  const computes = Array.from({ length: 12 }, (_, i) => 2e20 * 1.35 ** i);
  const design = (c: number) => ({ n: Math.sqrt(c / 120), d: Math.sqrt(c / 120) * 20, c });
  const ladder = ladderKnowledge(computeLaw, theta, line.runs, [...computes, 1e22]);
  const candidates = computes.map((c) => ({
    row: ladder.rowOf(design(c)),
    noiseVariance: ladder.noise ** 2,
    flops: c,
  }));
  const after = informationOf(ladder.knowledge, candidates, ladder.rowOf(design(1e22))).map(
    ({ varianceAfter }) => varianceAfter,
  );
  for (let i = 1; i < after.length; i++) expect(after[i]!).toBeLessThanOrEqual(after[i - 1]! * (1 + 1e-9));
  expect(after.at(-1)!).toBeLessThan(varianceOf(ladder.knowledge, ladder.rowOf(design(1e22))));
});

test.each([0.001, 0.003, 0.01])("noise is found: residuals tell how much one run scatters (%f)", (noise) => {
  const ratios = Array.from({ length: 20 }, (_, seed) => {
    const { runs } = knownTable(noise, seed);
    const { theta } = fitLaw(chinchillaLaw, runs);
    return ladderKnowledge(chinchillaLaw, theta, runs, []).noise / noise;
  });
  // A little is taken for drift. One table's answer, 25 runs and 5 parameters, scatters by a factor of 1.3.
  const middle = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  expect(middle).toBeGreaterThan(0.8);
  expect(middle).toBeLessThan(1.1);
  for (const ratio of ratios) expect(Math.abs(Math.log(ratio))).toBeLessThan(Math.log(2.5));
});

test("a law other than the usual one is said to have no calibrated interval", () => {
  const ask = (law: typeof chinchillaLaw) =>
    nextRung(law, table, { kind: "loss", compute: 1e21 }, 1e20).warnings.join();
  expect(ask(lawNamed("power"))).toMatch(/interval of the law power is not calibrated.*laws forecast/);
  expect(ask(chinchillaLaw)).not.toContain("not calibrated");
});

test("the interval for the loss at ten times the table's compute holds the truth about as often as it says", () => {
  const truth = nextRung(chinchillaLaw, knownTable(0), questions[0], 1e20).now.median;
  const inside = Array.from({ length: 20 }, (_, seed) => {
    const { now } = nextRung(chinchillaLaw, knownTable(0.004, seed), questions[0], 1e20);
    return now.lo <= truth && truth <= now.hi ? 1 : 0;
  }).reduce((sum: number, hit) => sum + hit, 0);
  // The drift is believed in although these tables have none, so the interval is on the wide side of 90 %.
  expect(inside).toBeGreaterThanOrEqual(17);
});

test("a budget far below the question buys nothing, and it is said what would", () => {
  // So many runs that what is left open is the drift beyond them.
  const ratios = Array.from({ length: 60 }, (_, i) => 1.5 * 1.09 ** i);
  const many = knownTable(0.003, 1, ratios);
  const report = nextRung(chinchillaLaw, many, { kind: "loss", compute: 1e24 }, 2e19);
  expect(report.decision).toBe("nothing helps");
  expect(report.mostPerFlop).toBeNull();
  expect(report.reason).toMatch(
    /^no rung within 2\.0e19 FLOP narrows the 90 % interval of the loss at 1\.00e24 FLOP by 5 % or more: the best, N \S+ \S+, D \S+ \S+ \([^)]+FLOP\), buys \d\.\d %; N \S+ \S+, D \S+ \S+ \([^)]+FLOP\) would buy \d/,
  );
});

test("a budget below every run is refused", () => {
  expect(() => nextRung(chinchillaLaw, table, questions[0], 1e17)).toThrow(
    "raise --budget to 1.0e18 FLOP or more",
  );
});

test("the reason for a rung, word for word", () => {
  const design = { n: 2e9, d: 4e10, c: 4.8e20 };
  const known = { median: 2, lo: 1.9, hi: 2.1 };
  const offer = { design, replicates: 0, after: known, widthRatio: 0.7 };
  const facts = {
    question: { kind: "loss", compute: 1e22 } as const,
    budget: 1e21,
    offers: [offer],
    plan: { rungs: [design, design], after: known, widthRatio: 0.6, flops: 9.6e20 },
    beyond: null,
  };
  expect(decide(facts)).toEqual({
    decision: "run",
    reason:
      "N 2.0 B, D 40 B (4.8e20 FLOP) narrows the 90 % interval of the loss at 1.00e22 FLOP by 30.0 %; 2 rungs for the same budget do better: 40.0 %",
  });
});

test("where only several rungs together help, they are the advice", () => {
  const design = { n: 2e9, d: 4e10, c: 4.8e20 };
  const known = { median: 2, lo: 1.9, hi: 2.1 };
  const { reason } = decide({
    question: { kind: "exponent" },
    budget: 1e21,
    offers: [{ design, replicates: 0, after: known, widthRatio: 0.98 }],
    plan: { rungs: [design, design], after: known, widthRatio: 0.9, flops: 9.6e20 },
    beyond: null,
  });
  expect(reason).toBe(
    "2 rungs within 1.0e21 FLOP narrow the 90 % interval of the exponent by 10.0 % together; no single one narrows it by 5 % (the best, N 2.0 B, D 40 B (4.8e20 FLOP), by 2.0 %)",
  );
});

test("questions are read, and others refused", () => {
  expect(readQuestion("loss at 1e22", undefined)).toEqual({ kind: "loss", compute: 1e22 });
  expect(readQuestion("loss at 100 TFLOP", undefined)).toEqual({ kind: "loss", compute: 1e14 });
  expect(readQuestion(" Allocation ", 3e21)).toEqual({ kind: "allocation", compute: 3e21 });
  expect(readQuestion("exponent", undefined)).toEqual({ kind: "exponent" });
  for (const text of ["loss", "loss at -1", "loss at tea", "why", "loss at 1e999"])
    expect(() => readQuestion(text, undefined)).toThrow("the question");
});

test("a ladder at one ratio gets the law of compute, and an exponent of its own", () => {
  const line = knownTable(0.002, 1, [20]);
  const law = usualLaw(line.runs);
  expect(law.name).toBe("compute");
  expect(usualLaw(table.runs).name).toBe("chinchilla");
  // Five rungs, three parameters: b is hardly known, and that shows.
  const { now } = nextRung(law, line, { kind: "exponent" }, 1e21);
  expect(now.hi - now.lo).toBeGreaterThan(0.05);
});

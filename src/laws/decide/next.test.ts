import { expect, test } from "vitest";
import { forecast } from "../forecast/forecast.ts";
import { allocate } from "./allocate.ts";
import { forecastLaw } from "./fitted.ts";
import { knownTable } from "./fixture.ts";
import { decide, nextRung, type RungOffer } from "./next.ts";
import { readQuestion } from "./next-question.ts";

const table = knownTable(0.003);
const questions = [
  { kind: "loss", target: { c: 1e22 } },
  { kind: "allocation", compute: 1e22 },
  { kind: "exponent" },
] as const;

test.each(questions)(
  "$kind: what a rung leaves is the width it is said to leave, a plan is at least as good as one rung, offers are sorted",
  (question) => {
    const { offers, mostPerFlop, plan, now, budget } = nextRung(table, question, 1e21);
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

test("now is what a forecast and an allocation say, to the digit", () => {
  const loss = nextRung(table, questions[0], 1e20);
  const { median, lo, hi } = forecast(table.runs, loss.target);
  expect(loss.now).toEqual({ median, lo, hi });
  const size = nextRung(table, questions[1], 1e20);
  expect(size.now).toEqual(allocate(forecastLaw(table), { compute: 1e22 }).optimum.n);
});

test("one law can be asked alone, of those that the forecast weighs", () => {
  const alone = nextRung(table, questions[0], 1e20, "chinchilla-tied");
  expect(alone.law).toBe("chinchilla-tied 100 %");
  expect(alone.warnings.join()).toContain("by chinchilla-tied alone");
  expect(() => nextRung(table, questions[0], 1e20, "power")).toThrow(
    /law power.*\nexpected: one that the forecast/,
  );
});

test("a budget far below the question narrows nothing, and it is said what would", () => {
  // So many runs that what is left open is the drift beyond them.
  const ratios = Array.from({ length: 12 }, (_, i) => 1.5 * 300 ** (i / 11));
  const many = knownTable(0.003, 1, ratios);
  const report = nextRung(many, { kind: "loss", target: { c: 1e22 } }, 5e18);
  expect(report.decision).toBe("nothing helps");
  expect(report.mostPerFlop).toBeNull();
  expect(report.reason).toMatch(
    /^No run within \S+ \S*FLOP narrows the 90 % interval of the loss at 1\.00e22 FLOP by 5 %: the best, N \S+ \S+, D \S+ \S+ \([^)]+FLOP\), narrows it by \d\.\d %; N \S+ \S+, D \S+ \S+ \([^)]+FLOP\) would narrow it by \d/,
  );
});

test("a budget below every run is refused", () => {
  expect(() => nextRung(table, questions[0], 1e17)).toThrow("raise --budget to 1.0e18 FLOP or more");
});

test("the reason for a rung, word for word", () => {
  const design = { n: 2e9, d: 4e10, c: 4.8e20 };
  const known = { median: 2, lo: 1.9, hi: 2.1 };
  const offer = { design, replicates: 0, after: known, widthRatio: 0.7 };
  const facts = {
    question: { kind: "loss", target: { c: 1e22 } } as const,
    target: { n: 1e10, d: 1.6e11, c: 1e22 },
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
    target: design,
    budget: 1e21,
    offers: [{ design, replicates: 0, after: known, widthRatio: 0.98 }],
    plan: { rungs: [design, design], after: known, widthRatio: 0.9, flops: 9.6e20 },
    beyond: null,
  });
  expect(reason).toBe(
    "2 rungs within 1.0e21 FLOP narrow the 90 % interval of the exponent by 10.0 % together; no single one narrows it by 5 % (the best, N 2.0 B, D 40 B (4.8e20 FLOP), by 2.0 %)",
  );
});

test("a target by its size and tokens is the one that a forecast speaks of", () => {
  const given = { n: 5e9, d: 2e11 };
  const { target, now } = nextRung(table, { kind: "loss", target: given }, 1e20);
  expect(target).toEqual({ ...given, c: target.c });
  const { median, lo, hi } = forecast(table.runs, target);
  expect(now).toEqual({ median, lo, hi });
});

test("questions are read, and others refused", () => {
  expect(readQuestion("loss", { n: 7e9, d: 1e12 })).toEqual({ kind: "loss", target: { n: 7e9, d: 1e12 } });
  expect(readQuestion("allocation", { c: 3e21 })).toEqual({ kind: "allocation", compute: 3e21 });
  expect(readQuestion("exponent", {})).toEqual({ kind: "exponent" });
  for (const [text, target] of [
    ["why", { c: 1e22 }],
    ["allocation", {}],
    ["allocation", { c: 1e22, n: 1e9 }],
    ["exponent", { c: 1e22 }],
  ] as const)
    expect(() => readQuestion(text, target)).toThrow(`the question "${text}"`);
});

test("along one ratio the exponent is that of compute, and hardly known from five rungs", () => {
  const line = knownTable(0.002, 1, [20]);
  const { now, law } = nextRung(line, { kind: "exponent" }, 1e21);
  expect(law).toMatch(/compute \d+ %, chinchilla-tied \d+ %/);
  expect(now.hi - now.lo).toBeGreaterThan(0.05);
});

test("for the loss along one ratio, a rung nearer the target tells at least as much", () => {
  const line = knownTable(0.003, 1, [20]);
  const { offers } = nextRung(line, { kind: "loss", target: { c: 1e22 } }, 3e21);
  const fresh = offers.filter(({ replicates, design }) => replicates === 0 && design.c > 1e20);
  const nearest = fresh.toSorted((a, b) => b.design.c - a.design.c);
  for (const [i, { widthRatio }] of nearest.entries())
    if (i > 0) expect(widthRatio).toBeGreaterThanOrEqual(nearest[i - 1]!.widthRatio - 1e-9);
});

import { expect, test } from "vitest";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { allocate } from "../../laws/decide/allocate.ts";
import { fittedLaw } from "../../laws/decide/fitted.ts";
import { knownTable } from "../../laws/decide/fixture.ts";
import { formatInterval } from "../../units/print.ts";
import { allocationText } from "./allocate-text.ts";

test("every part that was asked for is told, each number with its interval", () => {
  const fitted = fittedLaw(chinchillaLaw, knownTable(0.003));
  const quick = { ...fitted, draws: fitted.draws.slice(0, 10) };
  const plain = allocationText(allocate(quick, { compute: 1e20 }));
  expect(plain).toMatch(/^1\.00e20 .*\d B \(\d.* to .*\)/m);
  expect(plain).toMatch(/^N\* grows as C\^0\.\d+ \(0\.\d+ to 0\.\d+\), D\* as C\^0\.\d+/m);
  expect(plain).not.toMatch(/unique tokens|Serving|wasted|Warning/);
  expect(plain).toContain("the loss to sign is that of `longrun laws forecast`");
  const full = allocationText(
    allocate(quick, { compute: 1e21, params: 5e9, uniqueTokens: 1e9, servedTokens: 1e12 }),
  );
  for (const part of [
    "of the budget is wasted",
    "Serving 1.00 T tokens",
    "With 1.00 B unique tokens: bound by data",
    "no end",
    "Warning: the budget is 10.0 times",
  ])
    expect(full).toContain(part);
});

test("what repeats are worth: these runs' own answer where they have one", () => {
  const fitted = fittedLaw(chinchillaLaw, knownTable(0.003));
  const answer = allocate(
    { ...fitted, draws: fitted.draws.slice(0, 10) },
    { compute: 1e21, uniqueTokens: 1e9 },
  );
  expect(allocationText(answer)).toContain("not identified, by these runs or by those published.");
  const own = { ...answer, data: { ...answer.data!, ownDecay: { median: 6, lo: 5.5, hi: 6.4 } } };
  expect(allocationText(own)).toContain(
    "These runs say what repeats are worth, R_D* 6.00 (5.50 to 6.40): `--law data-constrained` answers by that.",
  );
});

test("an open side is told, never left out", () => {
  expect(formatInterval({ median: 2, lo: 1, hi: Infinity }, String)).toBe("2 (1 to unbounded)");
  expect(formatInterval({ median: Infinity, lo: 3, hi: Infinity }, String)).toBe(
    "unbounded (3 to unbounded)",
  );
});

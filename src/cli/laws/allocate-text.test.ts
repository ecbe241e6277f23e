import { expect, test } from "vitest";
import { allocate } from "../../laws/decide/allocate.ts";
import { forecastLaw } from "../../laws/decide/fitted.ts";
import { knownTable } from "../../laws/decide/fixture.ts";
import { formatInterval } from "../../units/print.ts";
import { allocationText } from "./allocate-text.ts";

test("every part that was asked for is told, each number with its interval", () => {
  const fitted = forecastLaw(knownTable(0.003));
  const quick = { ...fitted, draws: fitted.draws.slice(0, 10) };
  const plain = allocationText(allocate(quick, { compute: 1e20 }));
  expect(plain).toMatch(/^1\.00e20 .*\d B \(\d.* to .*\)/m);
  expect(plain).toMatch(/^N\* grows as C\^0\.\d+ \(0\.\d+ to 0\.\d+\), D\* as C\^0\.\d+/m);
  expect(plain).not.toMatch(/unique tokens|Serving|wasted|Warning/);
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

test("an open side is told, never left out", () => {
  expect(formatInterval({ median: 2, lo: 1, hi: Infinity }, String)).toBe("2 (1 to unbounded)");
  expect(formatInterval({ median: Infinity, lo: 3, hi: Infinity }, String)).toBe(
    "unbounded (3 to unbounded)",
  );
});

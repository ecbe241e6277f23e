import { expect, test } from "vitest";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { fitTable } from "../../laws/fit/fit-table.ts";
import { knownRuns, tableWith } from "../../laws/fit/fixture.ts";
import { fitText } from "./fit-text.ts";

const report = fitTable(tableWith(knownRuns(0.003)), chinchillaLaw, { numResamples: 50 });

test("each parameter has its interval, and what it rests on is said", () => {
  const text = fitText(report);
  for (const name of ["A", "B", "E", "alpha", "beta"])
    expect(text).toMatch(new RegExp(`^${name} +\\S+ +\\S+ to \\S+ +\\S+ +`, "m"));
  expect(text).toMatch(/^objective .*\(Huber on log loss, delta 0.001, summed\)$/m);
  expect(text).toMatch(/^starts +\d of \d reached the optimum$/m);
  expect(text).toMatch(/^intervals +residual bootstrap, 50 drawings/m);
});

test("a number that the runs do not determine is not printed", () => {
  const { alpha } = report.parameters;
  const open = { ...alpha!, median: 0.123456, lo: 0.2, hi: Infinity, standardError: null, identified: false };
  const text = fitText({ ...report, parameters: { ...report.parameters, alpha: open } });
  expect(text).toMatch(/^alpha +not identified +0\.2000 to unbounded +- /m);
  expect(text).not.toContain("0.123456");
});

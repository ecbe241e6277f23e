import { expect, test } from "vitest";
import { c4RepeatsLaw, dataConstrainedLaw } from "../../law/formulas/data-constrained.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { standardDeviation } from "../../math/statistics.ts";
import { fitReportJson, fitTable } from "./fit-table.ts";
import { knownRuns, MUENNIGHOFF, muennighoffTable, repeatingRuns, tableWith } from "./fixture.ts";

const TRUTH = { A: 400, B: 2000, E: 1.8, alpha: 0.34, beta: 0.36 };

test("90 % intervals hold the truth about as often as they say, with few rows and with many", () => {
  for (const ratios of [
    [10, 40],
    [5, 10, 20, 40, 80],
  ]) {
    let held = 0;
    const numTables = 15;
    for (let seed = 0; seed < numTables; seed++) {
      const table = tableWith(knownRuns(0.003, seed, ratios));
      const { parameters } = fitTable(table, chinchillaLaw, { numResamples: 100 });
      for (const [name, truth] of Object.entries(TRUTH)) {
        const { lo, hi } = parameters[name]!;
        if ((lo ?? -Infinity) <= truth && truth <= (hi ?? Infinity)) held++;
      }
    }
    expect(held / (5 * numTables)).toBeGreaterThan(0.78);
    expect(held / (5 * numTables)).toBeLessThan(0.98);
  }
});

test("the JSON has the parts that the documents promise", () => {
  const json = fitReportJson(fitTable(tableWith(knownRuns(0.003)), chinchillaLaw, { numResamples: 50 }));
  expect(json).toMatchObject({ law: "chinchilla", rows: 15, outliers: expect.any(Array) });
  expect(Object.keys(json.parameters)).toEqual(["A", "B", "E", "alpha", "beta"]);
  expect(json.parameters.alpha).toMatchObject({
    median: expect.any(Number),
    lo: expect.any(Number),
    hi: expect.any(Number),
    standardError: expect.any(Number),
    identified: true,
  });
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
});

test("a stray, a twin and a run that decides alone are named with the reason", () => {
  const runs = knownRuns(0.002, 5, [5, 10, 20, 40]);
  const stray = { ...runs[3]!, run: "stray", d: runs[3]!.d * 1.3, loss: runs[3]!.loss * 1.08 };
  const twin = { ...runs[9]!, run: "twin", n: runs[9]!.n * 1.003, loss: runs[9]!.loss * 1.0002 };
  const lonely = { run: "lonely", n: 1e12, d: 1e7, c: 6e19, loss: 8.2 };
  const { outliers } = fitTable(tableWith([...runs, stray, twin, lonely]), chinchillaLaw, {
    numResamples: 50,
  });
  const reasonOf = (name: string) => outliers.find(({ run }) => run === name)?.reason;
  expect(reasonOf("stray")).toMatch(/robust deviations above the law \(\+/);
  expect(reasonOf("twin")).toBe(`near duplicate of ${runs[9]!.run}`);
  expect(reasonOf("lonely")).toMatch(/high leverage: its own loss makes \d+ % of what is fitted there/);
  const clean = fitTable(tableWith(runs.slice(0, 18)), chinchillaLaw, { numResamples: 50 });
  expect(clean.outliers).toEqual([]);
});

test("residuals far wider than the scatter of seeds are said to be misfit", () => {
  const bent = knownRuns(0).flatMap((run, i) =>
    [1, 2].map((seed) => ({
      ...run,
      seed,
      loss: run.loss * (1 + 0.02 * Math.sin(3 * i)) * (1 + 0.0002 * seed),
    })),
  );
  const { warnings } = fitTable(tableWith(bent), chinchillaLaw, { numResamples: 50 });
  expect(warnings.join()).toMatch(/residuals are .* times as wide as the scatter between runs of one design/);
});

test("as many designs as parameters are refused: no interval could be given", () => {
  expect(() => fitTable(tableWith(knownRuns(0.01).slice(0, 5)), chinchillaLaw)).toThrow(/at least 6/);
});

test("R_D* of runs that the law itself made stays identified, and is found", () => {
  const { parameters, warnings } = fitTable(tableWith(repeatingRuns()), dataConstrainedLaw, {
    numResamples: 200,
  });
  const { lo, hi, identified } = parameters["R_D*"]!;
  expect(identified).toBe(true);
  expect(lo).toBeLessThan(6);
  expect(hi).toBeGreaterThan(6);
  expect(warnings.join()).not.toContain("which epochs are kept");
});

MUENNIGHOFF.describe("runs with repeated data", () => {
  test("R_D* has a lower limit, no upper one, and no standard error", () => {
    const { parameters, warnings } = fitTable(muennighoffTable(), c4RepeatsLaw, {
      numResamples: 300,
    });
    const decay = parameters["R_D*"]!;
    expect(decay).toMatchObject({ hi: Infinity, standardError: null, identified: false });
    expect(decay.lo).toBeGreaterThan(5);
    expect(decay.lo).toBeLessThan(10);
    expect(parameters["R_N*"]!.identified).toBe(true);
    expect(warnings.join()).toMatch(/R_D\* is not identified: the runs say only that it is above/);
  });

  test("R_D* of the whole law hangs on the most repeated runs: open above, with the reason", () => {
    const table = muennighoffTable();
    const { parameters, warnings } = fitTable(table, dataConstrainedLaw, { numResamples: 300 });
    expect(parameters["R_D*"]).toMatchObject({ hi: Infinity, standardError: null, identified: false });
    expect(parameters["R_D*"]!.lo).toBeGreaterThan(15);
    expect(warnings.join()).toMatch(
      /R_D\* moves with which epochs are kept: .* without the 60 of more than 55/,
    );
  });

  test("a few refits that ran away do not make the standard error", () => {
    const { parameters, draws } = fitTable(muennighoffTable(), dataConstrainedLaw, {
      numResamples: 300,
    });
    const plain = standardDeviation(draws.map((draw) => Math.exp(draw[0]!)));
    const { lo, hi, standardError } = parameters.A!;
    expect(plain).toBeGreaterThan(2 * standardError!);
    // A normal distribution has 3.29 deviations within 90 %.
    expect(standardError! / ((hi - lo) / 3.29)).toBeGreaterThan(0.4);
    expect(standardError! / ((hi - lo) / 3.29)).toBeLessThan(1.6);
  });
});

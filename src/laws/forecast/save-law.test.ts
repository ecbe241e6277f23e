import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { lawFileText, readLawFile } from "../../law/law-file.ts";
import { scalingLawOf } from "../../law/scaling-law.ts";
import { fitTable } from "../fit/fit-table.ts";
import { knownRuns, tableWith } from "../fit/fixture.ts";
import { forecast } from "./forecast.ts";
import { saveLaw } from "./save-law.ts";

const report = fitTable(tableWith(knownRuns(0.003)), chinchillaLaw, { numResamples: 450 });
const saved = saveLaw(report, "hash");

test("a law comes back from its file as it went in", () => {
  expect(readLawFile(lawFileText(saved))).toEqual(saved);
  const told = { parameters: "all", compute: "6 N D", tokens: "column tokens", loss: "column val_loss" };
  const other = saveLaw({ ...report, table: { ...report.table, conventions: told } }, "hash");
  expect(readLawFile(lawFileText(other)).conventions).toEqual(told);
});

test("200 of 450 refits are kept, spread over all of them", () => {
  expect(saved.draws).toHaveLength(200);
  expect(saved.draws[0]).toEqual([...report.draws[0]!]);
  expect(saved.draws[199]).toEqual([...report.draws[447]!]);
});

test("it carries the posterior of its runs: the loss at a design is the forecast's, to the digit", () => {
  const target = { n: 3e9, d: 60e9, c: 1.08e21 };
  const { median, lo, hi } = forecast(report.table.runs, target);
  const fromFile = scalingLawOf(readLawFile(lawFileText(saved)));
  expect(fromFile.lossAt(target)).toEqual({ median, lo, hi });
  expect(fromFile.isCalibrated).toBe(true);
});

test("a file of version 1, or of runs too few to forecast from, answers by its fit alone", () => {
  const { posterior: _, ...older } = { ...saved, format: "longrun.law.v1" };
  const law = scalingLawOf(readLawFile(JSON.stringify(older)));
  expect(law.name).toBe("chinchilla");
  expect(law.draws).toHaveLength(200);
  expect(law.isCalibrated).toBe(false);
});

test("it remembers how far its runs went", () => {
  expect(saved.rows).toBe(15);
  expect(saved.largest).toEqual({ n: 1e9, d: 60e9, c: 3.6e20 });
  expect(saved.flopsPerParameterToken).toBeCloseTo(6, 9);
});

test("anything else is refused, with the remedy", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => readLawFile(text)).toThrow(UserError);
    }),
    { numRuns: 200 },
  );
  for (const other of ["n,d,loss\n1e8,2e9,3", "PAR1\0\0", "[]", "{}"])
    expect(() => readLawFile(other, "x.csv")).toThrow(/^found: x.csv is not a saved law\nexpected: a law/);
  expect(() => readLawFile('{"law": "chinchilla", "parameters": {"A": 1}}')).toThrow(
    /A > 0, B > 0, E > 0, alpha/,
  );
  for (const edited of [
    { ...saved, largest: { ...saved.largest, c: 1e25 } },
    { ...saved, draws: [] },
  ])
    expect(() => readLawFile(JSON.stringify({ ...JSON.parse(lawFileText(saved)), ...edited }))).toThrow(
      /found: the file is not as it was saved/,
    );
  const short = lawFileText({ ...saved, theta: [1, 2] });
  expect(() => readLawFile(short, "law.json")).toThrow(/law.json: 2 numbers .*\nexpected: 5/);
});

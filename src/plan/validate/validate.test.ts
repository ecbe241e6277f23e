import { expect, test } from "vitest";
import { CONSTANTS } from "../constants.ts";
import { calibrateConstants } from "./calibrate.ts";
import { fitConstants } from "./fit.ts";
import { predictRun } from "./published-run.ts";
import { publishedTable } from "./read-runs.ts";
import { referenceErrors, rowsGiven, worseThan } from "./reference-errors.ts";
import { type ValidationReport, validate } from "./validate.ts";

const read = publishedTable();
const { runs } = read;
const given = rowsGiven(read);

test("published runs are predicted as well as the reference says, better than by one utilisation", () => {
  const report = validate(read, []);
  expect(worseThan(report, given, referenceErrors())).toEqual([]);
  const better = referenceErrors().map((each) => ({ ...each, mapePercent: each.mapePercent - 1 }));
  expect(worseThan(report, given, better)).toHaveLength(report.families.length);
  expect(worseThan(report, given, better)[0]).toMatch(/^bloom: mean error 8\.\d %, reference 7\.\d %$/);
  expect(report.all.medianPercent).toBeLessThan(12);
  expect(report.all.p90Percent).toBeLessThan(30);
  for (const { family, mapePercent, baselineOtherPercent } of report.families)
    expect(mapePercent, family).toBeLessThan(baselineOtherPercent!);
  expect(report.memory.medianPercent!).toBeLessThan(5);
  const bloom = report.families.find(({ family }) => family === "bloom")!;
  expect(bloom.mapePercent).toBeLessThan(9);
  expect(bloom.regretPercent!).toBeLessThan(3);
});

test("nine in ten rows lie inside the interval", () => {
  // In sample, by the constants that the planner uses: the interval is that of families left out, so it holds
  // more easily.
  const timed = runs.filter(({ stepSeconds }) => stepSeconds !== null);
  const inside = timed.filter((run) => {
    const { stepInterval } = predictRun(run, CONSTANTS);
    return run.stepSeconds! >= stepInterval.lo && run.stepSeconds! <= stepInterval.hi;
  });
  expect(inside.length / timed.length).toBeGreaterThan(0.9);
});

test("no layout of BLOOM that ran is said not to fit", () => {
  const bloom = runs.filter(({ family, outcome }) => family === "bloom" && outcome === "ran");
  const refused = bloom.filter((run) => !predictRun(run, CONSTANTS).memory.fits);
  expect(refused.map(({ rowId }) => rowId)).toEqual([]);
});

test("the table of constants is what fitting all published runs gives", () => {
  const fitted = fitConstants(runs);
  for (const [name, value] of Object.entries(fitted))
    expect(Math.abs(value / CONSTANTS[name as keyof typeof CONSTANTS] - 1), name).toBeLessThan(0.02);
});

test("constants that made the times are found again, and few rows move them little", () => {
  const truth = { ...CONSTANTS, sustained: 0.75, networkEfficiency: 0.6 };
  const chosen = runs.filter(({ family }) => family === "dgxc" || family === "bloom");
  const made = chosen.map((run) => ({
    ...run,
    memoryBytes: null,
    stepSeconds: predictRun(run, truth).stepSeconds,
  }));
  const { constants, before, after, heldOut } = calibrateConstants(made, CONSTANTS);
  expect(constants.sustained).toBeCloseTo(0.75, 1);
  expect(after.medianPercent).toBeLessThan(before.medianPercent / 4);
  expect(heldOut!.medianPercent).toBeLessThan(before.medianPercent / 3);
  const few = calibrateConstants(made.slice(0, 1), CONSTANTS);
  expect(few.heldOut).toBeNull();
  expect(Math.abs(few.constants.sustained - CONSTANTS.sustained)).toBeLessThan(
    Math.abs(0.75 - CONSTANTS.sustained),
  );
});

test("fewer rows of a reference family, or none, are worse; other tables are not compared", () => {
  const reference = [{ family: "a", given: 3, rows: 2, mapePercent: 5, medianPercent: 5 }];
  const family = { family: "a", rows: 2, mapePercent: 5, medianPercent: 5 };
  const worse = (now: readonly object[], rows: number) =>
    worseThan({ families: now } as unknown as ValidationReport, new Map([["a", rows]]), reference);
  expect(worse([family], 3)).toEqual([]);
  expect(worse([{ ...family, rows: 1 }], 3)).toEqual(["a: 1 rows used, reference 2"]);
  expect(worse([], 3)).toEqual(["a: 0 rows used, reference 2"]);
  expect(worse([{ ...family, medianPercent: 6 }], 3)).toEqual(["a: median error 6.0 %, reference 5.0 %"]);
  expect(worse([{ ...family, medianPercent: 6 }], 4)).toEqual([]);
  expect([...given.keys()]).toEqual(expect.arrayContaining(referenceErrors().map((each) => each.family)));
  for (const each of referenceErrors()) expect(given.get(each.family), each.family).toBe(each.given);
});

test("a published family under another name does not learn from itself", () => {
  const nemo = runs.filter(({ family }) => family === "nemo");
  const renamed = nemo.map((run, index) => ({ ...run, family: "mine", rowId: String(index + 2) }));
  const others = runs.filter(({ family }) => family !== "nemo");
  const judge = (known: typeof runs) => validate({ runs: renamed, skipped: [] }, known).families[0]!;
  // Others may hold the same layouts, too: those are left out of both.
  expect(judge(runs)).toEqual(judge(others));
  const half = renamed.slice(0, 6);
  expect(validate({ runs: half, skipped: [] }, runs).families[0]).toEqual(
    validate({ runs: half, skipped: [] }, others).families[0],
  );
});

test("without memory there is no memory error, and given constants are used as they are", () => {
  const nemo = runs.filter(({ family }) => family === "nemo").map((run) => ({ ...run, memoryBytes: null }));
  const report = validate({ runs: nemo, skipped: [] }, [], { constants: CONSTANTS });
  expect(report.memory).toMatchObject({ rows: 0, medianPercent: null });
  const errors = nemo.map((run) => Math.abs(predictRun(run, CONSTANTS).stepSeconds / run.stepSeconds! - 1));
  expect(report.all.mapePercent).toBeCloseTo(
    (100 * errors.reduce((sum, each) => sum + each)) / errors.length,
    9,
  );
});

test("rows that contradict one another are not worth calibrating on", () => {
  const base = runs.find(({ family }) => family === "nemo")!;
  const seconds = predictRun(base, CONSTANTS).stepSeconds;
  const noisy = [1.4, 0.6, 1.4, 0.6].map((factor, index) => ({
    ...base,
    recipe: `recipe ${index}`,
    stepSeconds: factor * seconds,
  }));
  expect(calibrateConstants(noisy, CONSTANTS)).toMatchObject({ worth: "not better" });
  expect(calibrateConstants(noisy.slice(0, 1), CONSTANTS)).toMatchObject({ worth: "unknown", heldOut: null });
});

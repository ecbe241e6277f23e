import { describe, expect, test } from "vitest";
import { chinchillaLaw, computeLaw } from "../../law/formulas/power-laws.ts";
import type { Law } from "../../law/law.ts";
import { checkTable } from "./checks.ts";
import { confoundedParameters } from "./confounded.ts";
import type { RunTable } from "./run-table.ts";

type Sizes = readonly (readonly [n: number, d: number])[];

const chinchilla = (n: number, d: number) => 1.69 + 406.4 * n ** -0.34 + 410.7 * d ** -0.28;

function tableOf(sizes: Sizes, lossOf = chinchilla): RunTable {
  return {
    source: "runs",
    runs: sizes.map(([n, d], i) => ({ run: `run ${i}`, n, d, c: 6 * n * d, loss: lossOf(n, d) })),
    setAside: [],
    warnings: [],
    conventions: { parameters: "all", compute: "6 N D" },
  };
}

function refused(table: RunTable, law: Law) {
  const check = checkTable(table, law);
  if (check.decision === "fit") throw new Error("the table was taken");
  return check.refusal;
}

const powers = [0, 1, 2, 3, 4, 5, 6, 7];
const grid: Sizes = [1, 2, 4, 8].flatMap((k) =>
  [5, 20, 80].map((ratio) => [k * 1e7, k * 1e7 * ratio] as const),
);

describe("what a table can bear", () => {
  test("takes a grid without a word", () => {
    expect(checkTable(tableOf(grid), chinchillaLaw)).toEqual({ decision: "fit", warnings: [] });
  });

  test("refuses losses that are all one number", () => {
    const { found, remedy } = refused(
      tableOf(grid, () => 3),
      chinchillaLaw,
    );
    expect(found).toBe(`runs: every one of ${grid.length} runs has the loss 3`);
    expect(remedy).toContain("--columns loss=");
  });

  test("wants a run more than parameters, and counts a design once", () => {
    const few = tableOf([...grid.slice(0, 5), grid[0]!, grid[1]!]);
    const { found, remedy } = refused(few, chinchillaLaw);
    expect(found).toMatch(/^runs: 7 runs of 5 designs for the 5 parameters/);
    expect(remedy).toMatch(/^add 1 run of other sizes/);
    expect(checkTable(tableOf(grid.slice(0, 6)), chinchillaLaw).decision).toBe("fit");
  });

  test.each<[string, Sizes, readonly string[]]>([
    ["N", powers.map((k) => [1e8, 1e9 * 2 ** k]), ["A", "E", "alpha"]],
    ["D", powers.map((k) => [1e7 * 2 ** k, 1e9]), ["B", "E", "beta"]],
    ["D/N", powers.map((k) => [1e7 * 2 ** k, 2e8 * 2 ** k]), ["A", "B", "alpha", "beta"]],
  ])("refuses a table without spread in %s, and names what cannot be told apart", (what, sizes, names) => {
    const { found, remedy } = refused(tableOf(sizes), chinchillaLaw);
    expect(found).toContain(`: ${what} is `);
    expect(found).toContain(`${names.join(", ")} cannot be told apart`);
    expect(remedy).toMatch(/^add runs/);
    expect(checkTable(tableOf(sizes), computeLaw).decision).toBe("fit");
  });

  test("warns of a small spread", () => {
    const narrow = grid.map(([n, d]) => [1e8 * (n / 1e7) ** 0.4, (d / n) * 1e9] as const);
    expect(checkTable(tableOf(narrow), chinchillaLaw)).toMatchObject({
      decision: "fit",
      warnings: [expect.stringMatching(/^N spans only a factor of 2\.3/)],
    });
  });

  test("refuses losses that rise with compute, and names the rows", () => {
    const { found } = refused(
      tableOf(grid, (n, d) => 2 + 1e-3 * Math.log(n * d)),
      chinchillaLaw,
    );
    expect(found).toMatch(
      /the loss rises with compute \(rank correlation 1\.00 over 12 runs\), most of all run 11/,
    );
  });

  test("tells of runs that did worse than a smaller one", () => {
    const table = tableOf(grid, (n, d) => (n === 8e7 && d === 6.4e9 ? 3.9 : chinchilla(n, d)));
    expect(checkTable(table, chinchillaLaw)).toMatchObject({
      warnings: [expect.stringMatching(/^1 of 12 runs did worse.*: run 11 \(3\.9, while /)],
    });
  });
});

describe("the pieces", () => {
  test("finds nothing confounded on a grid", () => {
    expect(confoundedParameters(chinchillaLaw, tableOf(grid).runs)).toEqual([]);
  });
});

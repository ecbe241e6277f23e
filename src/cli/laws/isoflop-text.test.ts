import { JSDOM } from "jsdom";
import { beforeAll, describe, expect, test } from "vitest";
import { isoflopFigure } from "../../figures/isoflop-figure.ts";
import { fitIsoflops, type IsoflopReport } from "../../laws/isoflop/isoflop.ts";
import { readTable } from "../../laws/table/read-table.ts";
import type { RunTable } from "../../laws/table/run-table.ts";
import { isoflopText } from "./isoflop-text.ts";

let table: RunTable;
let report: IsoflopReport;

beforeAll(() => {
  // Parabolas with their bottom at N* = C^.5 / 10, one budget only above it, one with a single size.
  const rows = [1e16, 1e18, 1e20, 1e22].flatMap((c, i) =>
    [-2, -1, 0, 1, 2].map((step) => {
      const off = step + (i === 3 ? 4 : 0);
      return `${0.1 * Math.sqrt(c) * 2 ** off},${c},${(4 - i / 2) * Math.exp(0.02 * off ** 2)}`;
    }),
  );
  table = readTable(`params,flops,loss\n${rows.join("\n")}\n1e8,1e15,4.4`, "points.csv", {
    columns: { c: "flops" },
  });
  report = fitIsoflops(table, { numDraws: 50 });
});

describe("what a person reads", () => {
  test("has the exponents with intervals, every budget, and the reason where there is no optimum", () => {
    const text = isoflopText(report, table.source);
    expect(text).toMatch(/^a +0\.5000 +0\.\d+ to 0\.5\d+ /m);
    expect(text).toMatch(/^1\.00e18 FLOP +5 +100 M \(/m);
    expect(text).toMatch(/^1\.00e22 FLOP +5 +- .*no interior minimum: the loss is lowest at the$/m);
    expect(text).toContain("and 1 more amounts of compute with one or two sizes");
    expect(text).toMatch(/otherwise +a = 0\.500 by the parabola through all sizes \(3 budgets, unweighted\)/);
  });
});

describe("the figure", () => {
  test("is sound SVG with a mark for each optimum", async () => {
    const { k, a } = report.parameters;
    const svg = await isoflopFigure({
      points: table.runs,
      optima: report.budgets.flatMap(({ c, optimum }) => (optimum ? [{ c, n: optimum.n }] : [])),
      lines: report.draws,
      line: { intercept: Math.log(k.median), slope: a.median },
    });
    expect(svg).not.toContain("NaN");
    const { documentElement } = new JSDOM(svg, { contentType: "image/svg+xml" }).window.document;
    expect(documentElement.querySelector("title")!.textContent).toBe("The best size at each compute budget");
    expect(documentElement.querySelector("desc")!.textContent).toContain("over 3 budgets");
  });
});

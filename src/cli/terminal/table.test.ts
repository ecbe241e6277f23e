import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { displayWidth, table, truncate } from "./table.ts";

const rows = [
  { name: "held-out loss", value: 2.05, causes: "law +0.3 %, seed noise +0.2 %, data +0.1 %" },
  { name: "step time", value: 113, causes: "none" },
];
const columns = [
  { title: "quantity", align: "left", cell: (row: (typeof rows)[number]) => row.name },
  { title: "value", align: "right", cell: (row: (typeof rows)[number]) => String(row.value) },
  { title: "causes", align: "left", cell: (row: (typeof rows)[number]) => row.causes, wrap: true },
] as const;

describe("table", () => {
  test("aligns columns under a ruled heading", () => {
    expect(table(rows, columns).split("\n")).toEqual([
      "quantity       value  causes",
      "─────────────  ─────  ──────────────────────────────────────────",
      "held-out loss   2.05  law +0.3 %, seed noise +0.2 %, data +0.1 %",
      "step time        113  none",
    ]);
  });

  test("wraps one column between words in a narrow terminal, a number staying with its percent sign", () => {
    expect(table(rows, columns, 40).split("\n")).toEqual([
      "quantity       value  causes",
      "─────────────  ─────  ──────────────────",
      "held-out loss   2.05  law +0.3 %, seed",
      "                      noise +0.2 %, data",
      "                      +0.1 %",
      "step time        113  none",
    ]);
  });

  test("counts what is seen: colours and combining marks nothing, wide letters two", () => {
    expect(displayWidth("\u001b[31mred\u001b[39m")).toBe(3);
    expect(displayWidth("e\u0301tude")).toBe(5);
    expect(displayWidth("言語")).toBe(4);
    expect(displayWidth("🙂")).toBe(2);
    expect(displayWidth("█░─")).toBe(3);
  });

  test("truncates to a width it never exceeds, and leaves alone what fits", () => {
    expect(truncate("abcdef", 4)).toBe("abc…");
    expect(truncate("abcd", 4)).toBe("abcd");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, width) => {
        expect(displayWidth(truncate(text, width))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 200 },
    );
  });
});

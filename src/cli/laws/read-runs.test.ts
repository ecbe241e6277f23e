import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { parseColumns, readRunTable, tableOptions } from "./read-runs.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-runs-"));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));

describe("what is read", () => {
  const one = file("one.csv", "run,n,d,loss\na,1e8,2e9,3.5\nb,2e8,4e9,3.2");
  const two = file("two.jsonl", '{"run":"a","n":4e8,"d":8e9,"loss":3}');

  test("joins several files and keeps their runs apart", () => {
    const { runs } = readRunTable(`${one},${two}`);
    expect(runs.map(({ n }) => n)).toEqual([1e8, 2e8, 4e8]);
    expect(new Set(runs.map(({ run }) => run)).size).toBe(3);
  });

  test("does not join two ways of counting", () => {
    const other = file("other.csv", "params,d,loss\n1e8,2e9,3.5");
    expect(() => readRunTable(`${one},${other}`)).toThrow(/count parameters and FLOPs alike/);
  });

  test("names what is not there", () => {
    expect(() => readRunTable(join(folder, "none.csv"))).toThrow(UserError);
    expect(() => readRunTable(folder)).toThrow(/has no record/);
    expect(() => readRunTable(folder, { columns: { n: "x" } })).toThrow(/a record has no columns/);
    expect(() => readRunTable(folder, { extra: { copy: "needed" } })).toThrow(
      /the column copy of .*, a folder/,
    );
  });
});

describe("flags", () => {
  test("reads columns, also those with a comma or an equals sign in their names", () => {
    expect(parseColumns("n=params,loss=val loss")).toEqual({ n: "params", loss: "val loss" });
    expect(parseColumns("n=params (M, dense),d=D=tokens")).toEqual({ n: "params (M, dense)", d: "D=tokens" });
  });

  test("refuses what no column can be", () => {
    expect(() => parseColumns("wieght=w")).toThrow(/--columns wieght=/);
    expect(() => parseColumns("params")).toThrow(UserError);
  });

  test("hands them on", () => {
    expect(tableOptions({})).toEqual({ keepAll: false });
    expect(tableOptions({ columns: "n=p", where: ["a=b"], keepAll: true })).toEqual({
      columns: { n: "p" },
      where: ["a=b"],
      keepAll: true,
    });
  });
});

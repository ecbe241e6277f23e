import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { readRunTable, setAsideLines, tableOptions } from "./run-table.ts";

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
  const columnsOf = (columns: string) => tableOptions({ columns }).columns;

  test("reads columns, also those with a comma or an equals sign in their names", () => {
    expect(columnsOf("n=params,loss=val loss")).toEqual({ n: "params", loss: "val loss" });
    expect(columnsOf("n=params (M, dense),d=D=tokens")).toEqual({ n: "params (M, dense)", d: "D=tokens" });
  });

  test("refuses what no column can be", () => {
    expect(() => columnsOf("wieght=w")).toThrow(/--columns wieght=/);
    expect(() => columnsOf("params")).toThrow(UserError);
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

const young = (run: string, ratio: number) => ({
  run,
  reason: `${ratio} tokens a parameter: still in the first steps of learning`,
});
const largest = (run: string) => ({ run, reason: "one of the 5 largest losses; --keep-all keeps it" });

test("nothing set aside, nothing said", () => {
  expect(setAsideLines([])).toEqual([]);
});

test("one reason is told in one line, with an example where its numbers differ", () => {
  expect(setAsideLines([young("a", 0.2)])).toEqual([
    "1 run set aside (a): 0.2 tokens a parameter: still in the first steps of learning",
  ]);
  expect(setAsideLines([young("a", 0.2), young("b", 0.51)])).toEqual([
    "2 runs set aside, such as a: 0.2 tokens a parameter: still in the first steps of learning",
  ]);
  expect(setAsideLines([largest("a"), largest("b")])).toEqual([
    "2 runs set aside (a, b): one of the 5 largest losses; --keep-all keeps it",
  ]);
});

test("each reason has its own count", () => {
  const repeat = { run: "z", reason: "repeats small: the same N, D, C and loss" };
  const other = { run: "y", reason: "repeats large: the same N, D, C and loss" };
  expect(
    setAsideLines([largest("a"), young("b", 0.2), repeat, young("c", 0.3), other, young("d", 1e-3)]),
  ).toEqual([
    "6 runs set aside:",
    "  3, such as b: 0.2 tokens a parameter: still in the first steps of learning",
    "  2, such as z: repeats small: the same N, D, C and loss",
    "  1 (a): one of the 5 largest losses; --keep-all keeps it",
  ]);
});

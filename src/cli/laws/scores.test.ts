import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { readRunTable } from "./run-table.ts";
import { scoreColumns, scoresOf } from "./scores.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-scores-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const read = (path: string, column: string) => scoresOf(readRunTable(path, scoreColumns(column)), column);
const scored = file(
  "scored.csv",
  "run,n,d,loss,copy,copy_sd,copy_chance\na,1e8,2e9,3.5,0.3,0.02,0.25\nb,2e8,4e9,nan,,0.02,0.25\n" +
    "c,4e8,8e9,3,0.5,0.03,0.25",
);

test("runs keep their own scores where a row between them is set aside", () => {
  expect(read(scored, "copy")).toMatchObject([
    { run: "a", score: 0.3, sd: 0.02, chance: 0.25 },
    { run: "c", score: 0.5, sd: 0.03, chance: 0.25 },
  ]);
});

test("files joined by a comma have their scores too; chance and spread are 0 where they are not told", () => {
  const plain = file("plain.csv", "run,n,d,loss,copy\nd,8e8,16e9,2.8,0.6");
  expect(read(`${plain},${scored}`, "copy")).toMatchObject([
    { score: 0.6, sd: 0, chance: 0 },
    { score: 0.3 },
    { score: 0.5 },
  ]);
});

test("a folder, another column and a run without a score are the user's mistakes", () => {
  const some = file("some.csv", "run,n,d,loss,copy\na,1e8,2e9,3.5,0.3\nb,2e8,4e9,3.2,");
  expect(() => read(folder, "copy")).toThrow(/longrun eval .* --csv FILE/);
  expect(() => read(scored, "copys")).toThrow(/no column "copys", perhaps copy\n/);
  expect(() => read(some, "copy")).toThrow(/b has no score in column copy/);
  for (const [path, column] of [
    [folder, "x"],
    [scored, "x"],
    [some, "copy"],
    [join(folder, "no.csv"), "x"],
  ] as const)
    expect(() => read(path, column)).toThrow(UserError);
});

import { expect, test } from "vitest";
import { readTable } from "./read-table.ts";

const rows = [1e8, 2e8, 4e8].flatMap((n) =>
  [1, 2].map((k) => `${n},${20 * n},42,${k},${n === 1e8 ? "a" : "b"},${3.5 - n / 1e9 - k / 50}`),
);
const text = ["params,tokens,seed,k,host,loss", ...rows].join("\n");
const variants = (table: string, where: readonly string[] = []) =>
  readTable(table, "runs", { where }).warnings.filter((warning) => warning.includes("variants"));

test("rows of one size and seed that differ in a setting are named, with the column and its values", () => {
  expect(variants(text)).toEqual([
    expect.stringMatching(/^6 of 6 rows agree in size and seed .* column k \(1, 2\): .*--where "k=\.\.\."/),
  ]);
});

test("one setting, or a mixture on purpose, is not", () => {
  expect(variants(text, ["k=1"])).toEqual([]);
  expect(variants(text, ["k=*"])).toEqual([]);
});

test("seeds, repeats and measurements are no variants", () => {
  const repeats = [1e8, 2e8, 4e8, 8e8, 1.6e9].flatMap((n) =>
    [1, 2].map((trial) =>
      [n, 20 * n, trial, trial, (n * trial * 7 + trial * 13) % 97, 3.5 - n / 1e9 - trial / 900].join(),
    ),
  );
  expect(variants(["params,tokens,seed,trial,seconds,loss", ...repeats].join("\n"))).toEqual([]);
  expect(variants(["params,tokens,rep,trial,seconds,loss", ...repeats].join("\n"))).toEqual([]);
});

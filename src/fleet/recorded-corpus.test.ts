/** @file A corpus in custody: found whole, made anew where damaged, refused where it comes out another. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { MANIFEST_FILE } from "../corpus/manifest.ts";
import { corpusSpec } from "../corpus/spec.ts";
import { openRecord } from "../record/record.ts";
import { workspaceOf } from "../record/workspace.ts";
import { recordedCorpus } from "./recorded-corpus.ts";

test("an edited share is put right and told of, and another corpus than the runs stand on is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "longrun-custody-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [i, name] of ["a", "b"].entries()) {
    mkdirSync(join(folder, name));
    const text = Array.from({ length: 900 }, (_, line) => `${name} says ${(line * 7919 + i) % 997} by night`);
    writeFileSync(join(folder, name, "text.txt"), text.join("\n"));
  }
  const sources = ["a", "b"].map((name) => ({ name, path: name }));
  const spec = corpusSpec.parse({ sources, vocabularySize: 264, passageBytes: 1000, seed: 1 });
  const workspace = workspaceOf("x", join(folder, "out"));
  using record = openRecord(workspace.folder);
  const told: string[] = [];
  const { signal } = new AbortController();
  const tell = (notice: { readonly kind: string; readonly text?: string }) => {
    if (notice.kind === "text") told.push(notice.text!);
  };
  const prepare = (hash?: string) => recordedCorpus({ record, workspace, signal, tell }, spec, folder, hash);

  const { hash } = await prepare();
  expect(record.events).toMatchObject([{ kind: "files-written", data: { of: "corpus" } }]);
  const path = join(workspace.corpus, MANIFEST_FILE);
  const before = readFileSync(path, "utf8");
  await prepare(hash);
  expect(told).toEqual([]);

  writeFileSync(path, before.replace(/"share": 0\.\d/, '"share": 0.9'));
  await prepare(hash);
  expect(told).toEqual([
    expect.stringMatching(/^corpus\/manifest.json has .* as event 0 says: the corpus is prepared anew$/),
  ]);
  expect(readFileSync(path, "utf8")).toBe(before);
  expect(record.events).toHaveLength(1);

  await expect(prepare("0".repeat(64))).rejects.toThrow(
    /prepared anew .* has the hash [\s\S]*which the record keeps/,
  );
});

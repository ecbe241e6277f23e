import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readChunks } from "./decompress.ts";
import { readDocuments } from "./documents.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-documents-"));

async function read(name: string, content: Uint8Array | string, textKey = "text") {
  const path = join(folder, name);
  writeFileSync(path, content);
  const documents = [];
  for await (const document of readDocuments({ path, name }, textKey)) {
    documents.push([document.name, document.bytes.toString("utf8")]);
  }
  return documents;
}

const lines = '{"text":"one\\nline"}\n\n{"id":7,"text":"two"}';

test("a text file is one document; a jsonl file has one per line, empty lines aside", async () => {
  expect(await read("a.md", "# one\ntwo")).toEqual([["a.md", "# one\ntwo"]]);
  const expected = [
    ["b.jsonl:1", "one\nline"],
    ["b.jsonl:3", "two"],
  ];
  expect(await read("b.jsonl", lines)).toEqual(expected);
  expect(await read("b.jsonl", `${lines}\n`)).toEqual(expected);
});

test("gzip and Zstandard, of several members and frames", async () => {
  const [first, second] = [lines.slice(0, 12), lines.slice(12)];
  const names = (name: string) => [
    [`${name}:1`, "one\nline"],
    [`${name}:3`, "two"],
  ];
  const gzip = Buffer.concat([gzipSync(first), gzipSync(second)]);
  expect(await read("c.jsonl.gz", gzip)).toEqual(names("c.jsonl.gz"));
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const zstd = Buffer.concat([
    zstdCompressSync(first),
    skippable,
    zstdCompressSync(second),
    zstdCompressSync(""),
  ]);
  expect(await read("c.jsonl.zst", zstd)).toEqual(names("c.jsonl.zst"));
  expect(await read("c.txt.zst", zstdCompressSync("plain"))).toEqual([["c.txt.zst", "plain"]]);
});

test("any frames, compressible or not, decompress to what went in", async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 400_000 }))
      .map(([byte, n]) => new Uint8Array(n).fill(byte)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
      const path = join(folder, "frames.zst");
      writeFileSync(path, Buffer.concat(parts.map((bytes) => zstdCompressSync(bytes))));
      const chunks: Uint8Array[] = [];
      for await (const chunk of readChunks(path)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(Buffer.concat(parts))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("a bad line is named with its file and number", async () => {
  await expect(read("bad.jsonl", '{"text":"a"}\n{"text":')).rejects.toThrow(
    /found: line 2 of .*bad\.jsonl is not JSON in UTF-8.*\nexpected: one JSON object a line\nremedy: mend or remove/,
  );
  await expect(read("latin.jsonl", Buffer.from('{"text":"caf\xe9"}', "latin1"))).rejects.toThrow(
    /line 1 of .* is not JSON in UTF-8/,
  );
  await expect(read("key.jsonl", '{"content":"a","id":1}')).rejects.toThrow(
    /line 1 of .*key\.jsonl has no text under the key "text": the keys content, id\n.*\nremedy: set textKey/,
  );
  expect(await read("key.jsonl", '{"content":"a"}', "content")).toEqual([["key.jsonl:1", "a"]]);
});

test("a file that is cut short or not what its name says is named", async () => {
  const whole = zstdCompressSync("some text that is long enough to be cut");
  await expect(read("cut.txt.zst", whole.subarray(0, -5))).rejects.toThrow(/cut\.txt\.zst cannot be read/);
  await expect(read("cut.txt.gz", gzipSync("some text").subarray(0, -9))).rejects.toThrow(
    /cut\.txt\.gz cannot be read/,
  );
  await expect(read("not.txt.zst", "plain text")).rejects.toThrow(
    /not\.txt\.zst cannot be read: not a Zstandard frame/,
  );
});

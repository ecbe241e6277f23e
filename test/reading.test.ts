/** @file Text of every kind is read right, or passed over and counted: never silently as something else. */

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { decodeDocument, wideDecoder, wideEncodingOf } from "../src/corpus/encoding.ts";
import { manifestSchema } from "../src/corpus/manifest.ts";
import { Random } from "../src/math/random.ts";
import { encodeIn, FOREIGN_TEXTS } from "./support/foreign-texts.ts";
import { longrun } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-reading-"));
afterAll(() => rmSync(base, { recursive: true }));

const texts = FOREIGN_TEXTS.map(({ text }) => text);
const decoded = async (bytes: Buffer) => (await decodeDocument(bytes)).utf8?.toString("utf8") ?? null;

test("text in any encoding is read as what it was", async () => {
  for (const { text, encodings } of FOREIGN_TEXTS) {
    for (const encoding of encodings) {
      const plain = text.replace(/[—–]/g, "-").replace(/[“”„«»]/g, '"');
      const bytes = encodeIn(text, encoding) ?? encodeIn(plain, encoding);
      expect(bytes, encoding).not.toBeNull();
      const found = await decodeDocument(bytes!);
      expect([encoding, found.utf8?.toString("utf8")]).toEqual([
        encoding,
        new TextDecoder(encoding).decode(bytes!),
      ]);
      expect(found).toMatchObject({ encoding: expect.any(String), replacedBytes: 0 });
    }
  }
});

test("a stretch of a text is read as what it was, or set aside, in nearly all cases", async () => {
  const pairs = FOREIGN_TEXTS.flatMap(({ text, encodings }) =>
    encodings.map((encoding) => ({ text, encoding })),
  );
  let [right, wrong] = [0, 0];
  for (const { text, encoding } of pairs) {
    const characters = [...text];
    for (let start = 0; start + 100 <= characters.length; start += 40) {
      const bytes = encodeIn(characters.slice(start, start + 100).join(""), encoding);
      if (bytes === null || bytes.every((byte) => byte < 128)) continue;
      const text = await decoded(bytes);
      if (text === new TextDecoder(encoding).decode(bytes)) right += 1;
      else if (text !== null) wrong += 1;
    }
  }
  expect(wrong).toBe(0);
  expect(right).toBeGreaterThan(50);
});

/** Characters beyond ASCII as RFC 2152 writes them. */
const inUtf7 = (text: string) =>
  text.replace(/\+/g, "+-").replace(/[^\0-\x7f]+/g, (run) => {
    const units = Buffer.from(run, "utf16le").swap16().toString("base64").replace(/=+$/, "");
    return `+${units}-`;
  });
/** Characters of GB 2312 as RFC 1843 writes them. */
const inHz = (text: string) =>
  text.replace(/[^\0-\x7f]+/g, (run) => {
    const bytes = encodeIn(run, "gb18030")!;
    return `~{${Buffer.from(bytes.map((byte) => byte & 0x7f)).toString("latin1")}~}`;
  });
const twice = (text: string, encoding: string) =>
  Buffer.from(new TextDecoder(encoding).decode(Buffer.from(text)));

test("other encodings that are valid UTF-8 are read as what they were, or set aside", async () => {
  const chinese = "老师说，学而时习之。\nHe said: 有朋自远方来，不亦乐乎！ 人不知而不愠。".repeat(4);
  expect(await decodeDocument(Buffer.from(inHz(chinese)))).toMatchObject({ encoding: "hz-gb-2312" });
  expect(await decoded(Buffer.from(inHz(chinese)))).toBe(chinese);
  for (const text of texts) {
    expect(await decodeDocument(Buffer.from(inUtf7(text)))).toMatchObject({ encoding: "utf-7" });
    expect(await decoded(Buffer.from(inUtf7(text)))).toBe(text);
    for (const encoding of ["windows-1252", "windows-1251", "macintosh", "koi8-r", "ibm866"]) {
      const found = await decodeDocument(twice(text, encoding));
      // What is lost on the way, as Windows-1251 has no 0x98, is told from what is whole.
      if (found.utf8 === null)
        expect(found.why).toMatch(/^set aside: encoding uncertain, perhaps UTF-8 twice/);
      else expect(found.utf8.toString()).toBe(text);
    }
    expect(await decoded(twice(twice(text, "windows-1252").toString(), "windows-1252"))).toBe(text);
  }
  const damaged = twice(texts[0]!, "windows-1252").toString().replace(" ", " \u0416 ");
  expect(await decodeDocument(Buffer.from(damaged))).toEqual({
    utf8: null,
    why: "set aside: encoding uncertain, perhaps UTF-8 twice, through windows-1252",
  });
  for (const text of [
    '(format t "~{~a~^, ~}~%" list) (format nil "~{~s ~}" x) (format t "~{~%~a~}" y) "~{~b~}"',
    "+49 30 1234567, +44 20 7946 0958, C++, 1+1, a+b-c, ++i, x += 1; +AND-",
    "+return x\n+    if y:\n+const z = 1\n+AAAA-\n",
    "Mojibake: Ã¼ for ü, Ã¶ for ö, Ã¤ for ä, ÃŸ for ß.",
    ...texts,
  ])
    expect(await decodeDocument(Buffer.from(text))).toMatchObject({ encoding: null, replacedBytes: 0 });
});

test("UTF-8 stays; a byte that is flipped changes its character alone", async () => {
  for (const text of texts) expect(await decodeDocument(Buffer.from(text))).toMatchObject({ encoding: null });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (text, at, flip) => {
        const bytes = Buffer.from(text);
        bytes[at % bytes.length]! ^= flip;
        const found = (await decoded(bytes)) ?? "";
        let [start, end] = [0, 0];
        while (start < found.length && found[start] === text[start]) start += 1;
        while (end < found.length - start && found.at(-1 - end) === text.at(-1 - end)) end += 1;
        expect(text.length - start - end).toBeLessThanOrEqual(2);
        expect(found.length - start - end).toBeLessThanOrEqual(4);
      },
    ),
    { numRuns: 1000 },
  );
});

test("UTF-16 and UTF-32 are known with and without a mark, in any chunks", async () => {
  for (const text of texts) {
    for (const mark of ["", "\ufeff"]) {
      const little = Buffer.from(mark + text, "utf16le");
      const wide = Buffer.alloc(4 * [...(mark + text)].length);
      for (const [i, character] of [...(mark + text)].entries())
        wide.writeUInt32LE(character.codePointAt(0)!, 4 * i);
      for (const [encoding, bytes] of [
        ["utf-16le", little],
        ["utf-16be", Buffer.from(little).swap16()],
        ["utf-32le", wide],
        ["utf-32be", Buffer.from(wide).swap32()],
      ] as const) {
        expect(await wideEncodingOf(bytes)).toBe(encoding);
        const decode = wideDecoder(encoding);
        let found = "";
        for (let i = 0; i < bytes.length; i += 7) found += decode(bytes.subarray(i, i + 7), true);
        expect(found + decode(Buffer.alloc(0), false)).toBe(mark + text);
      }
    }
  }
});

test("what is no text is set aside, also without a zero byte; so is UTF-8 spliced with another", async () => {
  const random = new Random(1, "bytes");
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => 1 + random.integer(255)));
  for (const length of [40, 300, 5000]) {
    for (let i = 0; i < 30; i++) expect(await decoded(noise(length))).toBeNull();
  }
  const packed = deflateRawSync(Buffer.from(texts.join("").repeat(3)));
  expect(await decoded(packed)).toBeNull();
  expect(await decoded(packed.filter((byte) => byte !== 0) as Buffer)).toBeNull();
  const program = readFileSync(process.execPath).subarray(0, 200_000);
  expect(await decoded(program)).toBeNull();
  expect(await decoded(Buffer.from(program.filter((byte) => byte !== 0)))).toBeNull();
  expect(await wideEncodingOf(program)).toBeUndefined();
  const french = texts.find((text) => text.startsWith("Au petit"))!;
  const spliced = Buffer.concat([Buffer.from(french), encodeIn(french, "windows-1252")!]);
  expect(await decodeDocument(spliced)).toEqual({
    utf8: null,
    why: "set aside: encoding uncertain, perhaps UTF-8 and another in one",
  });
});

const words = new Random(7, "words");
/** Sentences that do not repeat; each call goes on where the last one ended. */
function sentences(count: number): string {
  const word = () =>
    Array.from({ length: 2 + words.integer(6) }, () => "etaoinshrdlu"[words.integer(12)]).join("");
  return Array.from({ length: count }, () => `${Array.from({ length: 9 }, word).join(" ")}.`).join("\n");
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(base, path)), { recursive: true });
  writeFileSync(join(base, path), content);
}

/** A Zstandard frame of raw blocks whose header asks for a window of 2 GiB. */
function longWindow(text: string): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (31 - 10) << 3])];
  const content = Buffer.from(text);
  for (let i = 0; i < content.length; i += 1 << 16) {
    const block = content.subarray(i, i + (1 << 16));
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | Number(i + block.length === content.length), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

const jsonLines = (count: number) =>
  `${Array.from({ length: count }, (_, i) => JSON.stringify({ id: i, text: sentences(4) })).join("\n")}\n`;

test("longrun run reads each of them right, and says what it repaired and passed over", async () => {
  const russian = Buffer.from(Array.from({ length: 40 }, (_, i) => `${i}. ${texts[0]}`).join("\n\n"));
  russian[20_001] = 0xff;
  put("bad-byte/ru.txt", russian);
  put("utf16/en.txt", Buffer.from(sentences(120), "utf16le"));
  put("c4/c4-0000.json.gz", gzipSync(jsonLines(60)));
  put("cache/blobs/8f1c2d", jsonLines(60));
  mkdirSync(join(base, "cache/snapshots/abc/data"), { recursive: true });
  symlinkSync("../../../blobs/8f1c2d", join(base, "cache/snapshots/abc/data/train.jsonl"));
  const rows = Array.from({ length: 60 }, () => sentences(4));
  const data = parquetWriteBuffer({
    columnData: [{ name: "text", data: rows, type: "STRING" }],
    rowGroupSize: 25,
  });
  put("hub/data/train-00000-of-00001.parquet", new Uint8Array(data));
  put("hub/README.md", `# Dataset card\n\n${sentences(120)}`);
  put("hub/paper.tex", sentences(10));
  put("window/a.jsonl.zst", longWindow(jsonLines(60)));
  put("mixed/koi.txt", encodeIn(texts[0]!.replaceAll("—", "-").replace(/[«»]/g, '"'), "koi8-r")!);
  put(
    "mixed/noise.txt",
    randomBytes(3000).map((byte) => byte || 1),
  );
  put("mixed/en.txt", sentences(120));
  const sources = Object.entries({
    "bad-byte": "bad-byte/ru.txt",
    utf16: "utf16/en.txt",
    c4: "c4/*.json.gz",
    cache: "cache/snapshots/abc",
    hub: "hub",
    window: "window/a.jsonl.zst",
    mixed: "mixed",
  }).map(([name, path]) => ({ name, path }));
  const run = { shape: { width: 16 }, batchSequences: 4, numSteps: 2, sequenceLength: 32 };
  const file = { name: "all", corpus: { sources, passageBytes: 1000 }, vocabularySize: 300, run };
  put("run.yaml", stringify(file));
  const folder = join(base, "runs/all");
  const { code, stderr } = await longrun("run", join(base, "run.yaml"), "--folder", folder);
  expect([
    code,
    stderr.split("\n").filter((line) => / \d+ (of \d+ )?(file|document|line|row|folder)/.test(line)),
  ]).toEqual([
    0,
    [
      "bad-byte: 1 of 1 documents: bytes that are no UTF-8 replaced (2 B; ru.txt)",
      "utf16: 1 file: read as utf-16le (en.txt)",
      "cache: 1 file: outside the folder, read through links (data/train.jsonl)",
      "hub: 1 file: .tex, not read (paper.tex)",
      "hub: 1 file: describes the data beside it (README.md)",
      "mixed: 1 of 3 documents: read as koi8-r (koi.txt)",
      "mixed: 1 of 3 documents: set aside: no text (noise.txt)",
    ],
  ]);
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(folder, "corpus/manifest.json"), "utf8")),
  );
  const documents = Object.fromEntries(manifest.sources.map(({ name, documents: count }) => [name, count]));
  expect(documents).toEqual({ "bad-byte": 1, utf16: 1, c4: 60, cache: 60, hub: 60, window: 60, mixed: 3 });
  const text = readFileSync(join(folder, "corpus/text/bad-byte.train.00000.txt"), "utf8");
  expect(text).toContain("поднимается туман");
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { encodeIn, FOREIGN_TEXTS } from "../../test/support/foreign-texts.ts";
import type { UserError } from "../errors.ts";
import { decompress, readRaw } from "./decompress.ts";
import { readDocuments } from "./documents.ts";
import { jsonValuesOf } from "./json-values.ts";
import { noteLines, Tally } from "./notes.ts";
import { type TextFieldRules, TextFields } from "./text-fields.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-documents-"));

async function read(name: string, content: Uint8Array | string, change: Partial<TextFieldRules> = {}) {
  const path = join(folder, name);
  writeFileSync(path, content);
  const tally = new Tally();
  const rules = { source: "s", textKey: "text", badLines: 0, ...change };
  const fields = new TextFields(rules, tally);
  const documents = [];
  for await (const { name: document, utf8 } of readDocuments({ path, name }, { ...rules, fields, tally }))
    documents.push([document, utf8?.toString("utf8") ?? null]);
  fields.refuseTooMany();
  return { documents, notes: noteLines([{ name: "s", notes: tally.notes }]) };
}

const documentsOf = async (...args: Parameters<typeof read>) => (await read(...args)).documents;

const lines = '{"text":"one\\nline"}\n\n{"id":7,"text":"two"}';

test("a text file is one document; a jsonl file has one per line, empty lines aside", async () => {
  expect(await documentsOf("a.md", "# one\ntwo")).toEqual([["a.md", "# one\ntwo"]]);
  const expected = [
    ["b.jsonl:1", "one\nline"],
    ["b.jsonl:3", "two"],
  ];
  expect(await documentsOf("b.jsonl", lines)).toEqual(expected);
  expect(await documentsOf("b.jsonl", `${lines}\n`)).toEqual(expected);
});

test("gzip and Zstandard, of several members and frames", async () => {
  const [first, second] = [lines.slice(0, 12), lines.slice(12)];
  const names = (name: string) => [
    [`${name}:1`, "one\nline"],
    [`${name}:3`, "two"],
  ];
  const gzip = Buffer.concat([gzipSync(first), gzipSync(second)]);
  expect(await documentsOf("c.jsonl.gz", gzip)).toEqual(names("c.jsonl.gz"));
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const zstd = Buffer.concat([
    zstdCompressSync(first),
    skippable,
    zstdCompressSync(second),
    zstdCompressSync(""),
  ]);
  expect(await documentsOf("c.jsonl.zst", zstd)).toEqual(names("c.jsonl.zst"));
  expect(await documentsOf("c.txt.zst", zstdCompressSync("plain"))).toEqual([["c.txt.zst", "plain"]]);
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
      for await (const chunk of decompress(readRaw(path), "zstd")) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(Buffer.concat(parts))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("lines without text are counted, and refused beyond the share that may be so", async () => {
  const good = Array.from({ length: 58 }, (_, i) => `{"text":"line ${i}"}`).join("\n");
  const bad = ['{"text":null}', '{"text":', '{"text":7}', '{"content":"a"}', "[]"].join("\r\n");
  const latin = Buffer.from('\n{"text":"caf\xe9"}\n\n', "latin1");
  const content = Buffer.concat([Buffer.from(`\ufeff${good}\n${bad}`), latin]);
  const { documents, notes } = await read("some.jsonl", content, { badLines: 0.1 });
  expect(documents).toHaveLength(58);
  expect(notes).toEqual([
    "s: 1 file: byte order mark removed (some.jsonl)",
    's: 1 of 64 lines: null as "text" (some.jsonl:59)',
    "s: 1 of 64 lines: no JSON (some.jsonl:60)",
    's: 1 of 64 lines: no string, a number, as "text" (some.jsonl:61)',
    's: 2 of 64 lines: no "text" (some.jsonl:62, some.jsonl:63)',
    "s: 1 of 64 lines: set aside: encoding uncertain, perhaps Windows-1252 (some.jsonl:64)",
  ]);
  await expect(read("some.jsonl", content, { badLines: 0.05 })).rejects.toThrow(
    /6 of 64 lines of source "s" have no text: some.jsonl:59: null as "text"; some.jsonl:60: no JSON; some.*\n.*but for 5.*% of them \(badLines\)\nremedy: mend or remove these lines, or set badLines of the source to 0\.1 to/,
  );
});

const asLines = (texts: readonly string[]) => texts.map((text) => `${JSON.stringify({ text })}\n`).join("");

test("JSON in another encoding is read as what it was: lines, an array, and where no name says so", async () => {
  for (const { text, encodings } of FOREIGN_TEXTS) {
    for (const encoding of encodings) {
      const plain = text.replaceAll("—", "-").replace(/[«»“”„]/g, "'");
      const known = encodeIn(text, encoding) ? text : plain;
      // Alone, these tell little: the second has one character beyond ASCII.
      const short = [...known].find((character) => character > "\x7f")!;
      const expected = [`${known.slice(0, 60)}\n"quoted"`, `one ${short} alone`, "none", known];
      const [lines, array] = [asLines(expected), JSON.stringify(expected.map((one) => ({ text: one })))];
      for (const [name, json] of [
        ["f.jsonl", lines],
        ["f.json", array],
        ["f.txt", lines],
        ["f", array],
      ] as const) {
        const bytes = encodeIn(json, encoding)!;
        const { documents, notes } = await read(name, name === "f.json" ? gzipSync(bytes) : bytes);
        expect([encoding, name, documents.map(([, found]) => found)]).toEqual([encoding, name, expected]);
        expect(notes.filter((note) => / read as (?!JSON)/.test(note))).toHaveLength(1);
      }
    }
  }
});

test("what lines were read as is counted; the file vouches for what a short line cannot tell", async () => {
  const cafe = [...Array.from({ length: 8 }, (_, i) => `café ${i}`), FOREIGN_TEXTS[6]!.text];
  const latin = await read("latin.jsonl", Buffer.from(asLines([...cafe, "tea"]), "latin1"));
  expect(latin.documents.map(([, text]) => text)).toEqual([...cafe, "tea"]);
  expect(latin.notes).toEqual([
    "s: 9 of 10 lines: read as windows-1252 (latin.jsonl:1, latin.jsonl:2, latin.jsonl:3, ...)",
  ]);
  const russian = FOREIGN_TEXTS[0]!.text;
  const inKoi8 = (text: string) =>
    encodeIn(asLines([text.replaceAll("—", "-").replace(/[«»]/g, "'")]), "koi8-r")!;
  const utf8 = (text: string) => Buffer.from(asLines([text]));
  // A damaged byte, one line of another file, and a line that is cut inside a character.
  const mixed = [
    ...Array<Buffer>(40).fill(utf8(russian)),
    Buffer.from('{"text":"caf\xe9"}\n', "latin1"),
    inKoi8(russian),
  ];
  const { documents, notes } = await read("mixed.jsonl", Buffer.concat(mixed));
  expect(documents.slice(39).map(([, text]) => text?.slice(0, 9))).toEqual([
    "Утром ста",
    "caf\ufffd",
    "Утром ста",
  ]);
  expect(notes).toEqual([
    "s: 1 of 42 lines: bytes that are no UTF-8 replaced (1 B; mixed.jsonl:41)",
    "s: 1 of 42 lines: read as koi8-r (mixed.jsonl:42)",
  ]);
  // The other way about: UTF-8 among lines in KOI8-R is no KOI8-R.
  const turned = await read(
    "turned.jsonl",
    Buffer.concat([...Array<Buffer>(9).fill(inKoi8(russian)), utf8(russian)]),
  );
  expect(turned.documents[9]?.[1]).toBe(russian);
  expect(turned.notes[0]).toMatch(/^s: 9 of 10 lines: read as koi8-[ru]/);
});

test("the encoding is told where it first shows, however far into the file", async () => {
  const ascii = asLines(["only ASCII here, as in most lines of English"]).repeat(60_000);
  const cafe = Array.from({ length: 30 }, (_, i) => `${FOREIGN_TEXTS[6]!.text} ${i}`);
  for (const encoding of ["latin1", "utf8"] as const) {
    const { documents, notes } = await read(
      "late.jsonl",
      Buffer.concat([Buffer.from(ascii), Buffer.from(asLines(cafe), encoding)]),
    );
    expect(documents.slice(60_000).map(([, text]) => text)).toEqual(cafe);
    expect(notes).toHaveLength(encoding === "utf8" ? 0 : 1);
  }
});

test("lines whose encoding is in doubt are set aside, and refused where they are many", async () => {
  const good = asLines(Array.from({ length: 60 }, (_, i) => `line ${i}`));
  const odd = Buffer.from(Array.from({ length: 60 }, (_, i) => 0x80 + ((i * 37) % 32)));
  const line = Buffer.concat([Buffer.from('{"text":"'), odd, Buffer.from('"}\n')]);
  const { documents, notes } = await read("odd.jsonl", Buffer.concat([Buffer.from(good), line]), {
    badLines: 0.05,
  });
  expect(documents).toHaveLength(60);
  expect(notes).toEqual([expect.stringMatching(/^s: 1 of 61 lines: set aside: .* \(odd\.jsonl:61\)$/)]);
  await expect(read("odd.jsonl", line)).rejects.toThrow(
    /1 of 1 lines .*set aside.*\n.*\nremedy: where you know the encoding, convert the files: iconv/,
  );
});

test("the key of the text may be a path; another key is found by what it holds", async () => {
  const nested = Array.from({ length: 3 }, (_, i) =>
    JSON.stringify({ id: `${i}`, data: { body: { text: `the text ${i}`, n: 1 } }, "a.b": { c: "dotted" } }),
  ).join("\n");
  const under = async (textKey: string) => (await documentsOf("n.jsonl", nested, { textKey }))[1]?.[1];
  expect(await under("data.body.text")).toBe("the text 1");
  expect(await under("a.b.c")).toBe("dotted");
  await expect(read("n.jsonl", nested)).rejects.toThrow(
    /remedy: set textKey of the source, perhaps to data\.body\.text or a\.b\.c or id/,
  );
  await expect(read("p.jsonl", '{"toString":1}', { textKey: "constructor.name" })).rejects.toThrow(/no "con/);
});

test("a remedy is one that works: a key that enough lines have, a share that is enough, none for lists", async () => {
  const remedyFor = async (objects: readonly object[], change?: Partial<TextFieldRules>) => {
    const content = objects.map((object) => JSON.stringify(object)).join("\n");
    const refused: unknown = await read("r.jsonl", content, change).catch((error: unknown) => error);
    return (refused as UserError).remedy;
  };
  const lines = (count: number, object: object) => Array<object>(count).fill(object);
  const [good, other] = [{ text: "a" }, { content: "b" }];
  const share = (value: number) =>
    `mend or remove these lines, or set badLines of the source to ${value} to pass over them`;
  expect(await remedyFor([...lines(71, good), ...lines(29, other)])).toBe(share(0.29));
  expect(await remedyFor([...lines(2, good), ...lines(1, { text: { body: "c" } })])).toBe(share(0.34));
  expect(await remedyFor([...lines(1, good), ...lines(19, other)], { badLines: 0.05 })).toBe(
    "set textKey of the source, perhaps to content",
  );
  const [most, few] = [lines(71, good), lines(29, other)];
  const whole = [...most, ...few].map((object) => JSON.stringify(object)).join("\n");
  expect(await documentsOf("r.jsonl", whole, { badLines: 0.29 })).toHaveLength(71);
  const areLists = (keys: string) =>
    `lists (${keys}) are neither joined nor taken apart: write objects that have their text as one string under "text"`;
  expect(await remedyFor(lines(3, { text: ["a", "b"] }))).toBe(areLists('"text"'));
  expect(await remedyFor(lines(3, { messages: [{ content: "a" }] }))).toBe(areLists('"messages"'));
  expect((await read("z.jsonl", '{"text":"a zero \\u0000 byte"}')).notes).toEqual([
    "s: 1 of 1 documents: zero bytes replaced (1 B; z.jsonl:1)",
  ]);
  const { documents, notes } = await read("s.jsonl", '"one"\n"two"');
  expect(documents).toEqual([
    ["s.jsonl:1", "one"],
    ["s.jsonl:2", "two"],
  ]);
  expect(notes).toEqual(["s: 2 of 2 lines: a JSON string, read as the text itself (s.jsonl:1, s.jsonl:2)"]);
});

test("a file of the wrong key is given up long before its end", async () => {
  const many = '{"content":"a"}\n'.repeat(5000);
  await expect(read("wrong.jsonl", many)).rejects.toThrow(/1000 of 1000 lines .* have no text/);
});

test("JSON files: lines, an array, values over several lines; what describes data is none", async () => {
  const values = [{ text: 'a "quoted" ]} one' }, { text: "b\\", more: [1, { x: "}" }] }, { text: "c" }];
  const texts = values.map(({ text }, i) => [`v.json:${i + 1}`, text]);
  const pretty = JSON.stringify(values, null, 2);
  expect(await documentsOf("v.json", pretty)).toEqual(texts);
  expect(await documentsOf("v.json", values.map((value) => JSON.stringify(value)).join("\n"))).toEqual(texts);
  expect(await documentsOf("v.json", values.map((v) => JSON.stringify(v, null, 1)).join("\n"))).toEqual(
    texts,
  );
  expect(await documentsOf("v.json.gz", gzipSync(pretty))).toHaveLength(3);
  await expect(read("v.json", pretty.slice(0, -1))).rejects.toThrow(/1 of 4 lines .* v\.json:4: no JSON/);
  expect(await read("info.json", '{\n "features": {"a": "string"}\n}')).toEqual({
    documents: [],
    notes: ["s: 1 file: one JSON value without text (info.json)"],
  });
  expect(await documentsOf("8f1c2d", '{"text":"a"}\n{"text":"b"}')).toHaveLength(2);
  expect(await documentsOf("notes", "{a set}\n")).toEqual([["notes", "{a set}\n"]]);
});

test("values of any shape come out of any chunks as they went in", async () => {
  const value = fc.jsonValue({ maxDepth: 3 }).filter((json) => typeof json === "object" && json !== null);
  await fc.assert(
    fc.asyncProperty(
      fc.array(value),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (all, size, isArray) => {
        const json = isArray ? JSON.stringify(all) : all.map((one) => JSON.stringify(one, null, 1)).join(" ");
        const bytes = Buffer.from(
          isArray || all[0] === undefined || !Array.isArray(all[0]) ? json : `{} ${json}`,
        );
        const chunks = async function* () {
          for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
        };
        const found: unknown[] = [];
        for await (const piece of jsonValuesOf(chunks())) found.push(JSON.parse(String(piece.bytes)));
        expect(found.slice(found.length - all.length)).toEqual(JSON.parse(JSON.stringify(all)));
      },
    ),
    { numRuns: 100 },
  );
});

test("parquet: the text's column alone, nested ones by their path, row groups one after the other", async () => {
  const text = Array.from({ length: 9 }, (_, i) => (i === 4 ? null : `row ${i} é`));
  const meta = text.map((_, i) => ({ title: `title ${i}`, size: i }));
  const parquet = (codec: "SNAPPY" | "UNCOMPRESSED") =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "text", data: text, type: "STRING" },
          { name: "meta", data: meta, type: "JSON" },
        ],
        rowGroupSize: 4,
        codec,
      }),
    );
  const { documents, notes } = await read("a.parquet", parquet("SNAPPY"), { badLines: 0.2 });
  expect(documents).toHaveLength(8);
  expect(documents.slice(3, 5)).toEqual([
    ["a.parquet:4", "row 3 é"],
    ["a.parquet:6", "row 5 é"],
  ]);
  expect(notes).toEqual(['s: 1 of 9 rows: null as "text" (a.parquet:5)']);
  expect(await documentsOf("unnamed", parquet("UNCOMPRESSED"), { badLines: 0.2 })).toHaveLength(8);
  expect((await documentsOf("a.parquet", parquet("SNAPPY"), { textKey: "meta.title" }))[8]?.[1]).toBe(
    "title 8",
  );
  await expect(read("a.parquet", parquet("SNAPPY"), { textKey: "body" })).rejects.toThrow(
    /a\.parquet has no column "body"\n.*\nremedy: set textKey of the source to text or meta/,
  );
  await expect(read("a.parquet", parquet("SNAPPY").subarray(0, -20))).rejects.toThrow(
    /cannot be read: .*\n.*whole/,
  );
});

test("a file that is cut short or not what its name says is named", async () => {
  const whole = zstdCompressSync("some text that is long enough to be cut");
  await expect(read("cut.txt.zst", whole.subarray(0, -5))).rejects.toThrow(/cut\.txt\.zst cannot be read/);
  await expect(read("cut.txt.gz", gzipSync("some text").subarray(0, -9))).rejects.toThrow(
    /cut\.txt\.gz cannot be read/,
  );
  await expect(read("empty.txt.gz", "")).rejects.toThrow(/empty\.txt\.gz cannot be read: it is empty/);
  await expect(read("flip.txt.gz", gzipSync("some text").fill(7, 0, 1))).rejects.toThrow(
    /its name says that it is compressed, and its first bytes do not/,
  );
  expect(await documentsOf("not.txt.zst", "plain text")).toEqual([["not.txt.zst", "plain text"]]);
  expect(await documentsOf("gzip.txt", gzipSync("plain text"))).toEqual([["gzip.txt", "plain text"]]);
});

test("what longrun does not undo is refused with what does; what holds no text is passed over", async () => {
  for (const [head, tool] of [
    ["BZh91AY&SY", "bunzip2"],
    ["\xfd7zXZ\0\0", "unxz"],
    ["\x04\x22\x4d\x18", "unlz4"],
  ] as const)
    await expect(read("a.txt", Buffer.from(`${head}more`, "latin1"))).rejects.toThrow(
      `remedy: ${tool} a.txt`,
    );
  await expect(read("a.parquet", "version https://git-lfs.github.com/spec/v1\noid")).rejects.toThrow(
    /pointer of Git LFS.*\n.*\nremedy: git lfs pull/,
  );
  expect(await read("a.txt", "%PDF-1.7 ...")).toEqual({
    documents: [],
    notes: ["s: 1 file: set aside: PDF (a.txt)"],
  });
});

/** The header of a tar archive, with or without the name of its format, and one file in it. */
function tar(text: string, magic: string): Buffer {
  const header = Buffer.alloc(512);
  header.write("book.txt");
  header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(magic, 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return Buffer.concat([header, Buffer.from(text), Buffer.alloc(1024)]);
}

test("what holds no text is known inside a compression too; archives say what opens them", async () => {
  const aside = async (content: Uint8Array) => {
    const { documents, notes } = await read("books.txt", content);
    expect(documents).toEqual([]);
    return notes.map((note) => note.replace("s: 1 file: set aside: ", "").replace(" (books.txt)", ""));
  };
  const isTar = ["a tar archive: tar x gives its files"];
  for (const magic of ["", "ustar\x0000", "ustar  "])
    for (const pack of [(bytes: Buffer) => bytes, gzipSync, zstdCompressSync])
      expect(await aside(pack(tar("some text\n".repeat(200), magic)))).toEqual(isTar);
  expect(await aside(gzipSync("%PDF-1.7 ..."))).toEqual(["PDF"]);
  expect(await aside(gzipSync("PK\x03\x04"))).toEqual(["a ZIP archive (docx, xlsx, epub ...): unzip it"]);
  expect(await aside(gzipSync(gzipSync("text")))).toEqual(["compressed twice: unpack it once"]);
  expect(await aside(gzipSync("PAR1"))).toEqual(["parquet, compressed once more: unpack it once"]);
  await expect(read("a.txt", gzipSync(Buffer.from("\xfd7zXZ\0", "latin1")))).rejects.toThrow(/unxz/);
});

test("JSON is read as such whatever the name, where it begins so; and the other way about", async () => {
  const objects = Array.from({ length: 4 }, (_, i) => JSON.stringify({ id: `${i}`, text: `the text ${i}` }));
  const texts = (name: string) => objects.map((_, i) => [`${name}:${i + 1}`, `the text ${i}`]);
  const asLines = (name: string) => [`s: 1 file: read as JSON lines, which it is (${name})`];
  for (const name of ["a.txt", "a.jl", "a.jsonl.1", "a"])
    expect(await read(name, objects.join("\n"))).toEqual({ documents: texts(name), notes: asLines(name) });
  for (const [name, content] of [
    ["a.txt", `[${objects.join(",\n")}]`],
    ["a.jsonl", `[${objects.join()}]`],
    ["b.txt", objects.map((json) => JSON.stringify(JSON.parse(json), null, 1)).join("\n")],
    ["b.jsonl", objects.join("\r")],
  ] as const)
    expect(await read(name, content)).toEqual({
      documents: texts(name),
      notes: [`s: 1 file: read as JSON values, of an array or one after the other, which it is (${name})`],
    });
  await expect(read("logs.txt", objects.join("\n"), { textKey: "message" })).rejects.toThrow(
    /perhaps to text/,
  );
  for (const text of ['{"name": "a style file"}\n', '{ "a": 1,\n  "b": [] }\n', "[draft]\n{x}\n{y}\n{z}"])
    expect(await read("c.txt", text)).toEqual({ documents: [["c.txt", text]], notes: [] });
});

test("a Zstandard window of up to 2 GiB is read; beyond, the remedy is to compress again", async () => {
  const frame = (windowLog: number) => {
    const text = Buffer.from("a frame of one raw block");
    const block = Buffer.alloc(3);
    block.writeUIntLE((text.length << 3) | 1, 0, 3);
    return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3]), block, text]);
  };
  expect(await documentsOf("w.txt.zst", frame(31))).toEqual([["w.txt.zst", "a frame of one raw block"]]);
  await expect(read("w.txt.zst", frame(32))).rejects.toThrow(
    /w\.txt\.zst .*\n.*2 GiB.*\nremedy: compress it again/,
  );
});

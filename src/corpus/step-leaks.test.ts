import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../math/random.ts";
import { prepareCorpus } from "./prepare.ts";
import { corpusSpec } from "./spec.ts";

const root = mkdtempSync(join(tmpdir(), "longrun-check-"));
const random = new Random(3, "words");
const word = () =>
  Array.from({ length: 2 + random.integer(6) }, () => "etaoinshrdlu"[random.integer(12)]).join("");
const sentences = (count: number) =>
  Array.from({ length: count }, () => `${Array.from({ length: 9 }, word).join(" ")}.`).join("\n");

function put(path: string, content: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  return content;
}

let numFolders = 0;
function prepare(
  sources: readonly object[],
  holdOut: object = { fraction: 0.1 },
  folder = join(root, `corpus${numFolders++}`),
) {
  const spec = corpusSpec.parse({ sources, passageBytes: 400, holdOut, vocabularySize: 270, seed: 1 });
  return { folder, manifest: prepareCorpus(spec, root, folder) };
}

const tales = put("tales/a.txt", sentences(600));

test("a copy that begins elsewhere and is wrapped otherwise is found: an error, not a good loss", async () => {
  put("copy/b.txt", `${sentences(3)}\n${tales.slice(7).replaceAll("\n", " ")}`);
  const sources = [
    { name: "tales", path: "tales" },
    { name: "copy", path: "copy" },
  ];
  put("copy/a-other.txt", sentences(300));
  await expect(prepare(sources).manifest).rejects.toThrow(
    /found: \d+ of \d+ held-out passages stand word for word in the training text too \(of tales, copy; first ("[a-z .]+" in a\.txt of tales and b\.txt of copy(, )?){2}\)\nexpected: at most 1.*% of the held-out bytes.*\nremedy: take the second copy/,
  );
  // Given again, the command names them again: what was found is not kept without them.
  const { folder, manifest } = prepare(sources);
  for (const refused of [manifest, manifest.catch(() => prepare(sources, undefined, folder).manifest)])
    await expect(refused).rejects.toThrow(/first .* in a\.txt of tales and b\.txt of copy/);
  expect((await prepare([sources[0]!]).manifest).sources[0]!.notes).toEqual([]);
});

test("a few are counted, by what they begin with", async () => {
  const { folder, manifest } = prepare([{ name: "tales", path: "tales" }]);
  await manifest;
  const [file] = readdirSync(join(folder, "text")).filter((name) => name.includes("heldOut"));
  const [passage] = readFileSync(join(folder, "text", file!), "latin1").split("\xff");
  put("quotes/a.txt", `${sentences(40)}\n${passage}\n${sentences(40)}`);
  put("large/a.txt", sentences(9000));
  const names = ["tales", "large", "quotes"];
  const { sources } = await prepare(names.map((name) => ({ name, path: name }))).manifest;
  expect(sources.map(({ notes }) => notes.length)).toEqual([1, 0, 0]);
  expect(sources[0]!.notes[0]).toMatchObject({
    what: "held out, but also word for word in the training text",
    items: 1,
    of: sources[0]!.heldOut.passages,
    first: [`"${passage!.replaceAll("\n", " ").slice(0, 60)}" in quotes`],
  });
});

test("a document to be held out whole, of which an earlier copy is trained on, is an error", async () => {
  put("pair/a-copy.txt", put("pair/milton.txt", sentences(100)));
  put("pair/other.txt", sentences(100));
  const holdOut = (documents: string) => ({ fraction: 0.05, pattern: { source: "pair", documents } });
  await expect(prepare([{ name: "pair", path: "pair" }], holdOut("^milton")).manifest).rejects.toThrow(
    /held-out passages stand word for word in the training text too \(of pair; first milton\.txt/,
  );
  const { sources } = await prepare([{ name: "pair", path: "pair" }], holdOut("^a-copy|^milton")).manifest;
  expect(sources[0]!.notes).toMatchObject([{ what: "equal to an earlier one", unit: "passages" }]);
});

test("text that repeats itself without end is counted, not refused", async () => {
  const names = ["sea", "ship", "harbour", "wind", "north", "sail", "lamp"];
  put("endless/a.txt", Array.from({ length: 9000 }, (_, i) => names[(i * i + 3 * (i >> 3)) % 7]).join(" "));
  const { sources } = await prepare([{ name: "endless", path: "endless" }]).manifest;
  expect(sources[0]!.notes.at(-1)).toMatchObject({
    what: "held out, but more than 8 times in the training text",
  });
});

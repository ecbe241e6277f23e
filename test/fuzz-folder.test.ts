/** @file Every file of a run's folder, damaged at random: it is named, and who reads it refuses in words. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCorpus } from "../src/corpus/corpus.ts";
import { UserError } from "../src/errors.ts";
import { Random } from "../src/math/random.ts";
import { damagedFiles } from "../src/record/custody.ts";
import type { RecordEvent } from "../src/record/events.ts";
import { openRecord, readRecord, verifyRecord } from "../src/record/record.ts";
import { readWholeRunSeries } from "../src/record/run-series.ts";
import { damageOf, latestCheckpoint } from "../src/train/checkpoint.ts";
import { readHuggingFace } from "../src/train/hugging-face.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { longrun } from "./support/processes.ts";

/** `LONGRUN_FUZZ=10000 npx vitest run test/fuzz-folder.test.ts` for many more. */
const NUM_MUTATIONS = Number(process.env.LONGRUN_FUZZ ?? 300);

const base = mkdtempSync(join(tmpdir(), "longrun-fuzz-"));
const folder = join(base, "out");
let events: readonly RecordEvent[];

beforeAll(async () => {
  writeTexts(base);
  // The last checkpoint is vouched for; what was saved on the way, as far as the machine was slow, is not.
  const file = writeRun(base, { checkpointSeconds: 3600 });
  expect((await longrun("run", file, "--folder", folder)).code).toBe(0);
  events = readRecord(folder).events;
});

afterAll(() => rmSync(base, { recursive: true }));

/** A bit flipped, a tail or a stretch cut out, bytes put in, a stretch doubled, twenty bytes overwritten. */
function mutate(content: Buffer, random: Random): Buffer {
  const at = () => random.integer(content.length);
  const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
  const noise = (count: number) => Buffer.from(Array.from({ length: count }, () => random.integer(256)));
  const overwritten = Buffer.from(content);
  switch (random.integer(6)) {
    case 0:
      overwritten[from]! ^= 1 << random.integer(8);
      return overwritten;
    case 1:
      return content.subarray(0, from);
    case 2:
      return Buffer.concat([content.subarray(0, from), content.subarray(to)]);
    case 3:
      return Buffer.concat([content.subarray(0, from), noise(3), content.subarray(from)]);
    case 4:
      return Buffer.concat([content, content.subarray(from, to)]);
    default:
      for (const byte of noise(20)) overwritten[at()] = byte;
      return overwritten;
  }
}

/** What whoever opens the file does; each may refuse, in words alone. */
function readersOf(path: string): readonly (() => unknown)[] {
  const place = join(folder, dirname(path));
  if (path === "record.jsonl") return [() => openRecord(folder)[Symbol.dispose]()];
  if (path.startsWith("series/")) return [() => readWholeRunSeries(dirname(place))];
  if (path.startsWith("runs/")) return [() => latestCheckpoint(dirname(place))];
  if (path.startsWith("model/")) return [() => readHuggingFace(place)];
  return [() => openCorpus(join(folder, "corpus"))];
}

function isNamed(path: string): boolean {
  if (path === "record.jsonl") {
    const verification = verifyRecord(folder);
    return !verification.ok || verification.head !== events.at(-1)!.hash;
  }
  const damaged = damagedFiles(folder, events).map((file) => file.path);
  if (damaged.some((other) => other !== path)) throw new Error(`${path} damaged, ${damaged.join()} named`);
  const isCheckpoint = path.startsWith("runs/") && damageOf(join(folder, dirname(path))) !== null;
  return damaged.length === 1 || isCheckpoint;
}

const TIMEOUT_MS = 100_000 + 100 * NUM_MUTATIONS;

test(`${NUM_MUTATIONS} files damaged at random are each named, and refused in words`, {
  timeout: TIMEOUT_MS,
}, () => {
  const random = new Random(17, "fuzz");
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  // What processes and supervisor said to each other on the way is vouched for by nobody.
  const isTalk = (path: string) => /\/attempts\/|fence\.json$/.test(path);
  const files = all.filter((path) => statSync(join(folder, path)).isFile() && !isTalk(path)).sort();
  for (let i = 0; i < NUM_MUTATIONS; i++) {
    const path = i % 4 === 0 ? "record.jsonl" : files[random.integer(files.length)]!;
    const before = readFileSync(join(folder, path));
    const after = mutate(before, random);
    if (after.equals(before)) continue;
    try {
      writeFileSync(join(folder, path), after);
      expect(isNamed(path), `mutation ${i} of ${path}`).toBe(true);
      for (const read of readersOf(path))
        try {
          read();
        } catch (error) {
          expect(error, `mutation ${i} of ${path}`).toBeInstanceOf(UserError);
        }
    } finally {
      writeFileSync(join(folder, path), before);
    }
  }
});

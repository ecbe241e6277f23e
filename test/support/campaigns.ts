/** @file A campaign for a test: pseudo-English in every format, small rungs, seconds of training. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { stringify } from "yaml";
import { Random } from "../../src/math/random.ts";

/** Words of a made-up language; which follows which is far from even, so that there is something to learn. */
class Language {
  readonly #random: Random;
  readonly #words: readonly string[];
  readonly #followers: readonly (readonly number[])[];

  constructor(seed: number) {
    this.#random = new Random(seed, "language");
    this.#words = Array.from({ length: 400 }, () => this.#word());
    this.#followers = this.#words.map(() => Array.from({ length: 6 }, () => this.#frequentIndex()));
  }

  text(numBytes: number): string {
    let [text, at] = ["", 0];
    while (text.length < numBytes) {
      at = this.#chance(0.15) ? this.#frequentIndex() : this.#pick(this.#followers[at]!);
      text += this.#words[at]! + (this.#chance(0.1) ? ".\n" : this.#chance(0.1) ? ", " : " ");
    }
    return text;
  }

  #word(): string {
    const syllable = () =>
      this.#pick([..."bdfgklmnprstvz"]) +
      this.#pick([..."aeiou"]) +
      (this.#chance(0.3) ? this.#pick([..."nrst"]) : "");
    return Array.from({ length: 1 + this.#random.integer(3) }, syllable).join("");
  }

  /** The first words are the most frequent ones. */
  #frequentIndex(): number {
    return Math.floor(400 * this.#random.uniform() ** 2);
  }

  #chance(probability: number): boolean {
    return this.#random.uniform() < probability;
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.integer(list.length)]!;
  }
}

/** Two sources in a folder: `tales` in every format that is read, `notes` by a glob. About 500 kB. */
export function writeTexts(folder: string): void {
  const language = new Language(1);
  const write = (name: string, data: string | Uint8Array) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, data);
  };
  const lines = () =>
    Array.from({ length: 60 }, () => `${JSON.stringify({ text: language.text(1000) })}\n`).join("");
  for (let i = 0; i < 8; i++) write(`tales/plain-${i}.txt`, language.text(20_000));
  for (let i = 0; i < 2; i++) write(`tales/more/marked-${i}.md`, `# Tale\n\n${language.text(20_000)}`);
  write("tales/lines.jsonl", lines());
  write("tales/lines.jsonl.gz", gzipSync(lines()));
  write("tales/lines.jsonl.zst", zstdCompressSync(lines()));
  for (let i = 0; i < 6; i++) write(`notes/${i % 2}/note-${i}.md`, language.text(20_000));
  write("notes/0/note-0.txt", "not what the glob names");
}

const CAMPAIGN = {
  name: "tiny",
  budget: "70GFLOP",
  corpus: {
    sources: [
      { name: "tales", path: "tales" },
      { name: "notes", path: "notes/**/*.md", weight: 1.5, licence: "CC0-1.0" },
    ],
    passageBytes: 1000,
  },
  vocabularySize: 300,
  recipe: { sequenceLength: 32, tokensPerParameter: 4 },
  ladder: { rungs: 6, decades: 1, seeds: 1, extraSeeds: 1 },
  target: { reach: 3 },
  // So few tokens give wide forecasts: here the gate is to let them through.
  gate: { maxWidthPercent: 1000 },
};

/** Writes a campaign file that differs from the tiny campaign in some keys; returns its path. */
export function writeCampaign(folder: string, changes: Readonly<Record<string, unknown>> = {}): string {
  return writeYaml(folder, "campaign.yaml", { ...CAMPAIGN, ...changes });
}

const RUN = {
  name: "one",
  corpus: CAMPAIGN.corpus,
  vocabularySize: 300,
  run: {
    shape: { width: 48 },
    sequenceLength: 64,
    batchSequences: 8,
    numSteps: 400,
    heldOutTokens: 4000,
    checkpointSeconds: 0.05,
  },
};

/**
 * Writes a file for `longrun run`, with checkpoints twenty times a second; returns its path.
 * @param changes of the keys under `run`
 */
export function writeRun(
  folder: string,
  changes: Readonly<Record<string, unknown>> = {},
  name = "run.yaml",
): string {
  return writeYaml(folder, name, { ...RUN, run: { ...RUN.run, ...changes } });
}

function writeYaml(folder: string, name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, stringify(content));
  return path;
}

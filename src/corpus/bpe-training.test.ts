import fc from "fast-check";
import { expect, test } from "vitest";
import { trainMerges } from "./bpe-training.ts";
import { spellTokens } from "./vocabulary.ts";
import { WordCounts } from "./word-counts.ts";

function count(text: string): WordCounts {
  const counts = new WordCounts();
  counts.add(Buffer.from(text));
  return counts;
}

/** The definition, slowly: recount all pairs after each merge. */
function slowMerges(words: readonly { symbols: number[]; count: number }[], vocabularySize: number) {
  const merges: { left: number; right: number; id: number }[] = [];
  const spellings = spellTokens([]).map((bytes) => bytes.toString("latin1"));
  const state = words.map((word) => ({ ...word }));
  while (spellings.length < vocabularySize) {
    const totals = new Map<number, number>();
    for (const { symbols, count } of state) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = symbols[i]! * 65536 + symbols[i + 1]!;
        totals.set(pair, (totals.get(pair) ?? 0) + count);
      }
    }
    const best = [...totals].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
    if (best === undefined || best[1] < 2) return merges;
    const [left, right] = [Math.floor(best[0] / 65536), best[0] % 65536];
    const spelling = spellings[left]! + spellings[right]!;
    const known = spellings.indexOf(spelling, 1);
    const id = known >= 0 ? known : spellings.length;
    if (known < 0) spellings.push(spelling);
    merges.push({ left, right, id });
    for (const word of state) {
      const merged: number[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const isPair = word.symbols[i] === left && word.symbols[i + 1] === right;
        merged.push(isPair ? id : word.symbols[i]!);
        if (isPair) i += 1;
      }
      word.symbols = merged;
    }
  }
  return merges;
}

test("the incremental counts give what recounting gives", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 258, max: 275 }),
      (list, size) => {
        const counts = new WordCounts();
        for (const text of list) counts.add(Buffer.from(text));
        const words = Array.from({ length: counts.words.size }, (_, i) => ({
          symbols: [...counts.words.word(i)],
          count: counts.counts[i]!,
        }));
        const expected = slowMerges(words, size);
        const reached = spellTokens(expected).length;
        fc.pre(reached >= 258);
        expect(trainMerges(counts, reached, 2)).toEqual(expected);
      },
    ),
    { numRuns: 150 },
  );
});

test("the most frequent pair first, ties to the lower bytes", () => {
  const merges = trainMerges(count("ab ab ab cd cd cd zz"), 260, 2);
  expect(spellTokens(merges).slice(257).map(String)).toEqual([" c", "ab", " cd"]);
});

test("a vocabulary larger than the text supports is refused with the size it does support", () => {
  const text = "the cat sat on the mat ".repeat(12);
  expect(() => trainMerges(count(text), 4096)).toThrow(
    /found: the training text supports a vocabulary of 269: .*\nexpected: enough text for the vocabulary of 4096.*\nremedy: set vocabularySize to at most 269/,
  );
  expect(spellTokens(trainMerges(count(text), 269))).toHaveLength(269);
  expect(() => trainMerges(count("too short"), 300)).toThrow(/remedy: add text$/);
});

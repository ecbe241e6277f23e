import fc from "fast-check";
import { expect, test } from "vitest";
import { type HeldOutBatch, heldOutBatches } from "./held-out.ts";
import { END_OF_TEXT_ID } from "./vocabulary.ts";

const E = END_OF_TEXT_ID;
/** Token i stands for i + 1 bytes. */
const tokenBytes = Uint16Array.from({ length: 300 }, (_, i) => (i === E ? 0 : i + 1));
const source = (name: string, tokens: number[]) => ({ name, heldOut: Uint16Array.from(tokens) });

function read(sources: ReturnType<typeof source>[], T: number, B: number, cap?: number): HeldOutBatch[] {
  const request = { sequenceLength: T, batchSequences: B, tokenBytes };
  const capped = cap === undefined ? request : { ...request, maximumTokensPerSource: cap };
  return [...heldOutBatches(sources, capped)];
}

test("windows, padding and the end-of-text token", () => {
  const [batch, ...rest] = read([source("a", [E, 1, 2, E, 3, 4])], 4, 2);
  expect(rest).toEqual([]);
  expect(Array.from(batch!.inputs)).toEqual([E, 1, 2, E, 3, E, E, E]);
  expect(Array.from(batch!.targets)).toEqual([1, 2, -1, 3, 4, -1, -1, -1]);
  expect(batch).toMatchObject({ sourceIndex: 0, numTokens: 4, numBytes: 2 + 3 + 4 + 5 });
});

test("read in full, every token but the end-of-text ones counts once", () => {
  const passages = fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 8,
  });
  const size = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(passages, passages, size, size, (one, two, T, B) => {
      const stream = (parts: number[][]) => parts.flatMap((part) => [E, ...part]);
      const batches = read([source("a", stream(one)), source("b", stream(two))], T, B);
      for (const [index, parts] of [one, two].entries()) {
        const own = batches.filter((batch) => batch.sourceIndex === index);
        const counted = own.flatMap(({ targets }) => Array.from(targets).filter((token) => token >= 0));
        expect(counted).toEqual(parts.flat());
        expect(own.reduce((sum, batch) => sum + batch.numTokens, 0)).toBe(counted.length);
        expect(own.reduce((sum, batch) => sum + batch.numBytes, 0)).toBe(
          counted.reduce((sum, token) => sum + token + 1, 0),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test("a cap reads the same evenly spread windows each time", () => {
  const stream = [E, ...Array.from({ length: 200 }, (_, i) => i)];
  const starts = read([source("a", stream)], 10, 1, 40).map(({ inputs }) => inputs[0]);
  // 20 windows, 4 of them: 2.5, 7.5, 12.5 and 17.5 rounded down; each starts one token behind the count.
  expect(starts).toEqual([19, 69, 119, 169]);
  expect(read([source("a", stream)], 10, 1, 3)).toHaveLength(1);
  expect(read([source("a", stream)], 10, 1, 1e9)).toHaveLength(20);
});

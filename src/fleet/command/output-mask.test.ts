import fc from "fast-check";
import { expect, test } from "vitest";
import { OutputMask } from "./output-mask.ts";

/** The text in pieces that end at the cuts, as it is kept. */
function keptOf(text: string, secrets: readonly string[], cuts: readonly number[]): string {
  const mask = new OutputMask(secrets);
  const bytes = Buffer.from(text);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  const kept = ends.map((end, i) => mask.push(bytes.subarray(ends[i - 1] ?? 0, end)));
  return Buffer.concat([...kept, mask.end()]).toString();
}

test("a secret is masked wherever the output is parted, and all else stays", () => {
  const text = "login as grüße-geheim, then grüße-geh and aab-aaab; grüße-geheim";
  const expected = "login as ***, then grüße-geh and aab-***; ***";
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 8 }), (cuts) => {
      expect(keptOf(text, ["grüße-geheim", "aaab"], cuts)).toBe(expected);
    }),
    { seed: 1 },
  );
});

test("without secrets, and of bytes that are no text, nothing is changed", () => {
  expect(keptOf("as it is", [], [3])).toBe("as it is");
  const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
  const mask = new OutputMask(["unseen-secret"]);
  expect(Buffer.concat([mask.push(bytes), mask.end()])).toEqual(bytes);
});

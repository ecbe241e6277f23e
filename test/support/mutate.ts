/** @file Damage to a file, from a seed: bits, chunks, numbers, and the words that formats trip over. */

import type { Random } from "../../src/math/random.ts";

const NUMBERS = `0 -0 -1 1 0.5 1e-320 1e308 1e999 -1e999 2147483648 4294967296 9007199254740993 1e21 1e300
  18446744073709551615 NaN Infinity -Infinity 0x10 1_000 1,5 1e 00 .5 - 300 65536 1000000`.split(/\s+/);

const WORDS = [
  ...NUMBERS,
  ...`[ ] { } " ' , : ; null true false [] {} "" \\ \\u0000 \\ud800 "__proto__" "constructor" "length" &a *a <<: -- ---
      ... - | > ! !!binary !!float # % @ ? \`
      text 0: a: $ (?`.split(/\s+/),
  "\n",
  "\r",
  "\r\n\r\n",
  "\t",
  " ".repeat(500),
  "\n  ",
  "- ",
  "\0",
  "\uFEFF",
  "\uFFFE",
  "\u2028",
  "é",
  "😀",
];

/** Deep nesting, and more of one thing than a reader expects. */
const REPEATED = ["[", "{", '{"a":', "[[],", '"', "- ", "\n", ",", "a", "9", "\\", "[[", '{"text":', "("];

/** One to four wounds, or now and then a dozen. Never the same content again. */
export function mutate(original: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let left = random.uniform() < 0.1 ? 12 : 1 + random.integer(4); left > 0; left--)
    bytes = WOUNDS[random.integer(WOUNDS.length)]!(bytes, random);
  return bytes.equals(original) ? Buffer.concat([bytes, Buffer.from("x")]) : bytes;
}

const place = (bytes: Buffer, random: Random) => random.integer(bytes.length + 1);
/** Short ones are as frequent as long ones. */
const stretch = (most: number, random: Random) => Math.ceil(Math.max(1, most) ** random.uniform());
const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)]!;

function spliced(bytes: Buffer, at: number, numCut: number, news: string | Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(news), bytes.subarray(at + numCut)]);
}

const WOUNDS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  function flipBit(bytes, random) {
    const at = random.integer(Math.max(1, bytes.length));
    if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random.integer(8));
    return bytes;
  },
  function overwrite(bytes, random) {
    const [at, news] = [place(bytes, random), randomBytes(stretch(16, random), random)];
    return spliced(bytes, at, news.length, news);
  },
  function insertBytes(bytes, random) {
    return spliced(bytes, place(bytes, random), 0, randomBytes(stretch(64, random), random));
  },
  function cutOut(bytes, random) {
    return spliced(bytes, place(bytes, random), stretch(bytes.length / 2, random), "");
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, place(bytes, random));
  },
  function double(bytes, random) {
    const at = place(bytes, random);
    return spliced(bytes, at, 0, bytes.subarray(at, at + stretch(bytes.length, random)));
  },
  function move(bytes, random) {
    const [from, size] = [place(bytes, random), stretch(bytes.length / 2, random)];
    const moved = Buffer.from(bytes.subarray(from, from + size));
    const rest = spliced(bytes, from, size, "");
    return spliced(rest, place(rest, random), 0, moved);
  },
  function insertWord(bytes, random) {
    return spliced(bytes, place(bytes, random), 0, pick(WORDS, random));
  },
  function overwriteWithWord(bytes, random) {
    const word = Buffer.from(pick(WORDS, random));
    return spliced(bytes, place(bytes, random), word.length, word);
  },
  function repeat(bytes, random) {
    return spliced(bytes, place(bytes, random), 0, pick(REPEATED, random).repeat(stretch(20_000, random)));
  },
  changeNumber,
  changeNumber,
  function changeInteger(bytes, random) {
    // As binary headers have them.
    const [at, news] = [place(bytes, random) & ~7, Buffer.alloc(8)];
    news.writeBigUInt64LE(
      pick([0n, 1n, 0xffn, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n], random),
    );
    return spliced(bytes, at, 8, news.subarray(0, pick([1, 4, 8], random)));
  },
];

/** The first number from a random place on becomes another. */
function changeNumber(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString("latin1");
  const number = /-?\d+(\.\d*)?(e[-+]?\d+)?/gi;
  number.lastIndex = place(bytes, random);
  const found = number.exec(text);
  return found ? spliced(bytes, found.index, found[0].length, pick(NUMBERS, random)) : bytes;
}

function randomBytes(length: number, random: Random): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(256));
}

/** @file Text in another encoding that is valid UTF-8 all the same: UTF-7, HZ, and UTF-8 encoded twice. */

import { isAscii, isUtf8 } from "node:buffer";

/** What was found of an encoding: sequences that have its form, those that have not, the text it gives. */
type Disguise = {
  readonly encoding: string;
  readonly good: number;
  readonly bad: number;
  /** Beyond ASCII, that the good ones gave. */
  readonly characters: number;
  readonly text: string;
};

/** Fewer sequences, and fewer characters of them, are an accident or an example. */
const [LEAST_SEQUENCES, LEAST_CHARACTERS] = [4, 16];
/** Good sequences for each bad one, from which the rest is doubtful and no plain text. */
const GOOD_FOR_DOUBT = 3;
/** Of the beginning, which says whether the rest is looked at. */
const SAMPLE_BYTES = 1 << 16;

/**
 * The encoding that valid UTF-8 was written in beneath; `text` is null where only most of it has that form.
 * Undefined for text that is what it seems to be.
 */
export function disguisedEncoding(
  utf8: Buffer,
): { readonly encoding: string; readonly text: string | null } | undefined {
  const read = isAscii(utf8) ? [asUtf7, asHz] : [...TWICE_THROUGH.keys()].map(twiceThrough);
  const sample = utf8.toString("utf8", 0, SAMPLE_BYTES);
  for (const as of read) {
    if (!isLikely(as(sample))) continue;
    const found = as(utf8.toString("utf8"));
    const { encoding, bad, text } = found;
    // It may have happened more than once; each time made the text longer.
    if (isLikely(found) && bad === 0) return disguisedEncoding(Buffer.from(text)) ?? { encoding, text };
    if (isLikely(found)) return { encoding, text: null };
  }
  return undefined;
}

function isLikely({ good, bad, characters }: Disguise): boolean {
  return (good >= LEAST_SEQUENCES || characters >= LEAST_CHARACTERS) && good >= GOOD_FOR_DOUBT * bad;
}

/** Each match of the pattern replaced by what it means; those without a meaning are bad and stay. */
function replaced(
  encoding: string,
  text: string,
  pattern: RegExp,
  meaningOf: (match: string) => string | undefined,
): Disguise {
  let [good, bad, characters] = [0, 0, 0];
  const result = text.replace(pattern, (match) => {
    const meaning = meaningOf(match);
    const foreign = meaning?.match(/[^\0-\x7f]/gu)?.length ?? 0;
    good += Number(foreign > 0);
    bad += Number(meaning === undefined);
    characters += foreign;
    return meaning ?? match;
  });
  return { encoding, good, bad, characters, text: result };
}

/** RFC 2152: `+`, UTF-16 in base 64, and `-` or what is not of base 64; `+-` is a plus sign. */
function asUtf7(text: string): Disguise {
  return replaced("utf-7", text, /\+[A-Za-z0-9+/]*-?/g, (match) => {
    if (match === "+-") return "+";
    const digits = match.slice(1).replace(/-$/, "");
    const bytes = Buffer.from(digits, "base64");
    const units = bytes.subarray(0, bytes.length & ~1);
    const inside = Buffer.from(units).swap16().toString("utf16le");
    const isWhole = inside !== "" && units.toString("base64").replace(/=+$/, "") === digits;
    return isWhole && /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\t\r\n]+$/u.test(inside) ? inside : undefined;
  });
}

/** RFC 1843: GB 2312 in seven bits between `~{` and `~}`. */
function asHz(text: string): Disguise {
  const decoder = new TextDecoder("gb18030", { fatal: true });
  return replaced("hz-gb-2312", text, /~\{[^\n]*?(~\}|(?=\n)|$)|~[~\n]/g, (match) => {
    if (!match.startsWith("~{")) return match === "~~" ? "~" : "";
    const pairs = match.replace(/^~\{|~\}$/g, "");
    if (!/^(?:[\x21-\x77][\x21-\x7e])+$/.test(pairs)) return undefined;
    try {
      return decoder.decode(Buffer.from(pairs, "latin1").map((byte) => byte | 0x80));
    } catch {
      return undefined;
    }
  });
}

/** Bytes by their characters, of encodings that UTF-8 is taken for; C1 controls stand for themselves. */
const TWICE_THROUGH = new Map(
  ["windows-1252", "windows-1251", "macintosh", "koi8-r", "ibm866"].map((encoding) => {
    const bytes = Buffer.from(Array.from({ length: 128 }, (_, i) => 128 + i));
    const controls = Array.from({ length: 32 }, (_, i) => [String.fromCharCode(128 + i), 128 + i] as const);
    const characters = [...new TextDecoder(encoding).decode(bytes)];
    const pairs = characters.map((character, i) => [character, 128 + i] as const);
    return [encoding, new Map<string, number>([...controls, ...pairs])];
  }),
);

/** UTF-8 taken for another encoding and written as UTF-8 once more. */
function twiceThrough(encoding: string): (text: string) => Disguise {
  const byteOf = TWICE_THROUGH.get(encoding)!;
  return (text) =>
    replaced(`UTF-8 twice, through ${encoding}`, text, /[^\0-\x7f]+/g, (run) => {
      const codes = Array.from(run, (character) => byteOf.get(character) ?? -1);
      if (codes.includes(-1)) return undefined;
      const bytes = Buffer.from(codes);
      return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
    });
}

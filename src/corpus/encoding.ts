/** @file Bytes into UTF-8: damage is replaced, other encodings are decoded, what is in doubt is set aside. */

import { isUtf8 } from "node:buffer";
import { disguisedEncoding } from "./disguise.ts";

/** UTF-8 and how it was come by; or why there is none. */
export type Decoded =
  | { readonly utf8: Buffer; readonly encoding: string | null; readonly replacedBytes: number }
  | { readonly utf8: null; readonly why: string };

const REPLACEMENT = "\ufffd";
/**
 * Of the sequences of bytes that are not ASCII, good ones for each bad one. Text in another encoding has at
 * most 0.42 by accident (EUC-JP), so what lies between is UTF-8 spliced with something else.
 */
const [GOOD_FOR_DAMAGE, GOOD_FOR_SPLICE] = [4, 0.5];
/** Of all bytes: so few bad ones, and three for one character, are damage where good ones are not rarer. */
const FEW_BAD = 0.01;
/** Of the bytes: more zeros are no accident. */
const MOST_ZEROS = 0.02;
/** Of the first bytes: text has next to no control characters, compressed data one in eight. */
const MOST_CONTROLS = 0.05;
const CONTROL_SAMPLE_BYTES = 1024;
/**
 * The detector's own scale. Of windows of 40 characters in 39 encodings of 21 languages it was right above
 * 0.2, and wrong in one of ten between 0.1 and 0.2, most of those found by their mixed scripts.
 */
const LEAST_CONFIDENCE = 0.1;
/** It reads up to 200 kB, so it is shown the part in which the first foreign byte stands. */
const SAMPLE_BYTES = 128 << 10;
/** Of the characters: where a decoder does not know more than these, the text is in another encoding. */
const MOST_REPLACED = 0.01;
/** Of the characters of UTF-16: so many lie where its script has them. */
const MOST_IN_PLACE = 0.95;
const WIDE_SAMPLE_BYTES = 4096;
/** Fewer prove nothing. */
const LEAST_WIDE_CHARACTERS = 16;
/** Of the words beyond ASCII: so many with letters of two scripts are no words. */
const MOST_MIXED_WORDS = 0.2;

const notText: Decoded = { utf8: null, why: "set aside: no text" };
const inDoubt = (guess: string | null): Decoded => ({
  utf8: null,
  why: `set aside: encoding uncertain${guess === null ? "" : `, perhaps ${guess}`}`,
});

/** Decodes a document that has no byte order mark. */
export async function decodeDocument(bytes: Buffer): Promise<Decoded> {
  const zeros = bytes.includes(0) ? bytes.reduce((sum, byte) => sum + Number(byte === 0), 0) : 0;
  if (zeros === 0 && isUtf8(bytes)) {
    // ISO-2022-JP and its kin write everything in seven bits.
    if (bytes.includes("\x1b$", 0, "latin1")) return await decodeForeign(bytes, bytes);
    return hasControls(bytes) ? notText : unmasked(bytes);
  }
  if (zeros > MOST_ZEROS * bytes.length + 1) return notText;
  const { good, bad } = countSequences(bytes);
  if (bad === 0 || good >= GOOD_FOR_DAMAGE * bad || (good >= bad && isFew(bad, bytes)))
    return replaceBadBytes(bytes);
  if (zeros > 0) return notText;
  return good > GOOD_FOR_SPLICE * bad
    ? inDoubt("UTF-8 and another in one")
    : await decodeForeign(bytes, null);
}

/** Whether so many bad sequences are damage, where something else says that the rest is UTF-8. */
export const isFew = (bad: number, { length }: Buffer) => bad <= 3 + FEW_BAD * length;

/** Whether other encodings are ruled out: these are UTF-8, damaged, or with another in one. */
export function isUtf8InPart(bytes: Buffer): boolean {
  const { good, bad } = countSequences(bytes);
  return good > 0 && good > GOOD_FOR_SPLICE * bad;
}

function unmasked(bytes: Buffer): Decoded {
  const found = disguisedEncoding(bytes);
  if (found?.text === null) return inDoubt(found.encoding);
  return found
    ? { utf8: Buffer.from(found.text), encoding: found.encoding, replacedBytes: 0 }
    : { utf8: bytes, encoding: null, replacedBytes: 0 };
}

/** UTF-8 with U+FFFD for what is none, and for zero bytes. */
export function replaceBadBytes(bytes: Buffer): Decoded {
  const noZeros = bytes.includes(0) ? Buffer.from(bytes.map((byte) => byte || 0xff)) : bytes;
  const utf8 = Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(noZeros));
  if (hasControls(utf8)) return notText;
  const replacements = count(utf8, REPLACEMENT) - count(bytes, REPLACEMENT);
  return { utf8, encoding: null, replacedBytes: bytes.length - (utf8.length - 3 * replacements) };
}

function count(bytes: Buffer, character: string): number {
  let found = 0;
  for (let at = bytes.indexOf(character); at >= 0; at = bytes.indexOf(character, at + 3)) found += 1;
  return found;
}

/** Sequences beyond ASCII that have the form of UTF-8, and bytes or beginnings of sequences that have not. */
export function countSequences(bytes: Buffer): { readonly good: number; readonly bad: number } {
  let [good, bad] = [0, 0];
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i++]!;
    if (lead < 0x80) continue;
    const wanted = lead < 0xc2 || lead > 0xf4 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let found = 0;
    while (found < wanted && (bytes[i]! & 0xc0) === 0x80) [found, i] = [found + 1, i + 1];
    if (found === wanted) good += 1;
    else bad += 1;
  }
  return { good, bad };
}

/** Control characters that no text has; tabs, line ends, form feeds, backspaces and escapes it may have. */
function hasControls(utf8: Buffer): boolean {
  const sample = Math.min(utf8.length, CONTROL_SAMPLE_BYTES);
  let controls = 0;
  for (let i = 0; i < sample; i++) {
    const byte = utf8[i]!;
    if ((byte < 32 && (byte < 8 || byte > 13) && byte !== 27) || byte === 127) controls += 1;
  }
  return controls > MOST_CONTROLS * sample;
}

/** Text that is not UTF-8. `plain`: what it is where the detector finds that it is ASCII after all. */
async function decodeForeign(bytes: Buffer, plain: Buffer | null): Promise<Decoded> {
  const { encoding, confidence } = await detect(bytes);
  if (plain !== null && !/^iso.?2022/i.test(encoding ?? ""))
    return { utf8: plain, encoding: null, replacedBytes: 0 };
  if (encoding === null) return notText;
  const decoder = decoderOf(encoding);
  if (decoder === null || confidence < LEAST_CONFIDENCE) return inDoubt(encoding);
  const { text, replaced } = decodeAs(bytes, decoder);
  if (replaced > MOST_REPLACED * text.length || mixesScripts(text)) return inDoubt(encoding);
  const utf8 = Buffer.from(text);
  if (hasControls(utf8)) return notText;
  // Encodings that differ in none of a text's characters go by the name that is known best.
  const isCommon = new TextDecoder("windows-1252").decode(bytes) === text;
  return { utf8, encoding: isCommon ? "windows-1252" : decoder.encoding, replacedBytes: replaced };
}

/** Decodes a line of a file whose encoding is known. One character may be bad, however short it is. */
export function decodeLineAs(bytes: Buffer, decoder: TextDecoder): Decoded {
  const { text, replaced } = decodeAs(bytes, decoder);
  if (replaced > 1 + MOST_REPLACED * text.length)
    return { utf8: null, why: `set aside: no ${decoder.encoding}, as the rest of the file is` };
  return { utf8: Buffer.from(text), encoding: decoder.encoding, replacedBytes: replaced };
}

/** The text, and how many of its characters mean nothing in the encoding. `stream`: more follows. */
export function decodeAs(bytes: Buffer, decoder: TextDecoder, stream = false) {
  // Bytes without a meaning come out of one-byte encodings as control characters.
  const text = decoder.decode(bytes, { stream }).replace(/[\x80-\x9f]/g, REPLACEMENT);
  return { text, replaced: text.split(REPLACEMENT).length - 1 };
}

async function detect(bytes: Buffer) {
  let first = 0;
  while (first < bytes.length && bytes[first]! < 0x80 && bytes[first] !== 0x1b && bytes[first] !== 0) first++;
  // A multiple of four, for encodings of wide units.
  const start = Math.max(0, (first & ~3) - SAMPLE_BYTES / 4);
  // Loaded when it is needed: its tables take 0.1 s.
  const { detect: detectEncoding } = await import("jschardet");
  return detectEncoding(bytes.subarray(start, start + SAMPLE_BYTES));
}

/** The detector's names that are not those of the standard for the web, which `TextDecoder` follows. */
const WEB_NAMES: Readonly<Record<string, string>> = {
  cp932: "shift_jis",
  "shift-jis-2004": "shift_jis",
  cp949: "euc-kr",
  cp874: "windows-874",
  "euc-jis-2004": "euc-jp",
  macroman: "macintosh",
  maccyrillic: "x-mac-cyrillic",
};

function decoderOf(encoding: string): TextDecoder | null {
  const name = encoding
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^iso8859/, "iso-8859")
    .replace(/^iso-?2022-?jp.*/, "iso-2022-jp");
  try {
    return new TextDecoder(WEB_NAMES[name] ?? name.replace("shift-jis", "shift_jis"));
  } catch {
    return null;
  }
}

function mixesScripts(text: string): boolean {
  const sample = text.slice(0, SAMPLE_BYTES);
  const words = sample.match(/[\p{L}\p{M}]*[^\p{ASCII}\P{L}][\p{L}\p{M}]*/gu) ?? [];
  const mixed = words.filter(
    (word) =>
      /\p{Script=Latin}/u.test(word) &&
      /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}]/u.test(word),
  );
  return mixed.length > MOST_MIXED_WORDS * words.length;
}

/** UTF-16 and UTF-32, whose units are wider than a byte: the whole file is converted as it is read. */
export type WideEncoding = "utf-16le" | "utf-16be" | "utf-32le" | "utf-32be";

/** How a file begins: with a mark, or with text that can only be read in wide units; else undefined. */
export async function wideEncodingOf(head: Buffer): Promise<WideEncoding | undefined> {
  const marked = MARKS.find(([, mark]) => head.subarray(0, mark.length).equals(mark));
  if (marked) return marked[0];
  const sample = head.subarray(0, WIDE_SAMPLE_BYTES);
  if (!sample.includes(0) && countSequences(sample).bad <= 1) return undefined;
  const detected = (await detect(head)).encoding;
  const named = detected?.toLowerCase().replace(/-(?=[lb]e$)/, "");
  const encodings = MARKS.map(([wide]) => wide);
  return (
    encodings.find((wide) => wide === named && isReadable(sampleText(sample, wide))) ??
    // No zero stands in text of single bytes: the detector is wrong where it names such an encoding.
    encodings.find((wide) => (detected === null || sample.includes(0)) && isUtf16(sample, wide))
  );
}

/** The longer marks first: one begins with another. */
const MARKS: readonly (readonly [WideEncoding, Buffer])[] = [
  ["utf-32le", Buffer.from([0xff, 0xfe, 0, 0])],
  ["utf-32be", Buffer.from([0, 0, 0xfe, 0xff])],
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
];

function sampleText(sample: Buffer, encoding: WideEncoding): string {
  return wideDecoder(encoding)(sample, false);
}

function isReadable(text: string): boolean {
  if (text.length < LEAST_WIDE_CHARACTERS) return false;
  const odd = text.match(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\t-\r\ufeff]|\ufffd/gu) ?? [];
  // The sample may end inside a character.
  return odd.length <= 1 + MOST_REPLACED * text.length;
}

/**
 * The detector knows UTF-16 by its many zero bytes, which text beyond Latin has not. Of the other byte order
 * the characters lie all over the table: in the right one they are of East Asia, or of three rows of 256.
 */
function isUtf16(sample: Buffer, encoding: WideEncoding): boolean {
  if (!encoding.startsWith("utf-16")) return false;
  const text = sampleText(sample, encoding);
  const letters = text.match(/[\p{L}\p{M}]/gu) ?? [];
  if (letters.length < text.length / 2 || !isReadable(text)) return false;
  const eastAsian = text.match(/[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\n\r -~]/g) ?? [];
  return eastAsian.length > MOST_IN_PLACE * text.length || inThreeRows(text) > MOST_IN_PLACE * text.length;
}

function inThreeRows(text: string): number {
  const rows = new Uint32Array(256);
  for (let i = 0; i < text.length; i++) rows[text.charCodeAt(i) >> 8]! += 1;
  const [first = 0, second = 0, third = 0] = rows.sort().reverse();
  return first + second + third;
}

/** Decodes chunk by chunk; `more` says that others follow. */
export function wideDecoder(encoding: WideEncoding): (chunk: Buffer, more: boolean) => string {
  if (encoding === "utf-16le" || encoding === "utf-16be") {
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    return (chunk, more) => decoder.decode(chunk, { stream: more });
  }
  let held: Buffer = Buffer.alloc(0);
  return (chunk, more) => {
    const bytes = Buffer.concat([held, chunk]);
    const whole = bytes.length - (bytes.length % 4);
    held = bytes.subarray(whole);
    let text = "";
    for (let i = 0; i < whole; i += 4)
      text += codePoint(encoding === "utf-32le" ? bytes.readUInt32LE(i) : bytes.readUInt32BE(i));
    return more || held.length === 0 ? text : text + REPLACEMENT;
  };
}

function codePoint(value: number): string {
  return value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? REPLACEMENT : String.fromCodePoint(value);
}

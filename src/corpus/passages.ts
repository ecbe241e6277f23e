/** @file Cuts a document into passages; by its hash each is kept once and falls on one side. */

import { createHash } from "node:crypto";
import { isSpace } from "./repair-document.ts";

const NEWLINE = 10;
const SPACE = 32;

/**
 * Cuts text into pieces of nearly equal size, none above `passageBytes`, at the last paragraph end, else line
 * end, else sentence end, else blank in the second half of what a piece may hold. Joined, they are the text.
 */
export function cutPassages(text: Buffer, passageBytes: number): Buffer[] {
  const passages: Buffer[] = [];
  let start = 0;
  while (start < text.length) {
    const remaining = text.length - start;
    const target = Math.ceil(remaining / Math.ceil(remaining / passageBytes));
    const end = remaining <= passageBytes ? text.length : cutPoint(text, start, start + target);
    passages.push(text.subarray(start, end));
    start = end;
  }
  return passages;
}

function cutPoint(text: Buffer, start: number, limit: number): number {
  const earliest = start + Math.ceil((limit - start) / 2);
  for (const isEnd of [isParagraphEnd, isLineEnd, isSentenceEnd, isBlank]) {
    for (let i = limit; i > earliest; i--) if (isEnd(text, i)) return i;
  }
  let end = limit;
  while (end > earliest && isContinuation(text[end]!)) end--;
  return end;
}

function isParagraphEnd(text: Buffer, i: number): boolean {
  return text[i - 1] === NEWLINE && text[i - 2] === NEWLINE;
}

function isLineEnd(text: Buffer, i: number): boolean {
  return text[i - 1] === NEWLINE;
}

function isSentenceEnd(text: Buffer, i: number): boolean {
  return text[i - 1] === SPACE && ".!?".includes(String.fromCharCode(text[i - 2]!));
}

function isBlank(text: Buffer, i: number): boolean {
  return text[i - 1] === SPACE;
}

/** Bytes 10xxxxxx continue a UTF-8 character. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

export type PassageHash = {
  /** 64 bits: equal passages, up to white space, have equal keys; of a billion others none, most likely. */
  readonly key: bigint;
  /** Uniform in [0, 1), from the content and the seed alone. */
  readonly uniform: number;
  /** Another such number: where only part of the passages is used, those with the lowest are. */
  readonly order: number;
};

/**
 * The hash is of the content with each run of white space made one blank, so that the same text wrapped at
 * another width is the same passage. The split depends on nothing else: adding documents moves no passage
 * across.
 */
export function hashPassage(passage: Buffer, seed: number): PassageHash {
  const content = createHash("sha256").update(collapseSpace(passage)).digest();
  const side = createHash("sha256").update(`hold out ${seed}\n`).update(content).digest();
  const key = content.readBigUInt64LE(0);
  return { key, uniform: side.readUIntBE(0, 6) / 2 ** 48, order: side.readUIntBE(6, 6) / 2 ** 48 };
}

/** Each run of white space as one blank; none at the ends. `out` may be the bytes themselves. */
export function collapseSpace(bytes: Buffer, out = Buffer.allocUnsafe(bytes.length)): Buffer {
  let length = 0;
  let isPending = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (isSpace(byte)) {
      isPending = length > 0;
      continue;
    }
    if (isPending) out[length++] = SPACE;
    isPending = false;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

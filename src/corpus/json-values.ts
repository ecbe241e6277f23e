/** @file Lines out of a stream, and whole JSON values: one after the other, or inside one array. */

type Chunks = AsyncIterable<Buffer> | Iterable<Buffer>;

/** A piece of a file, with its number from 1; null in place of one that is too long to be held. */
export type Numbered = { readonly number: number; readonly bytes: Buffer | null };

const LONGEST_BYTES = 256 << 20;
const NEWLINE = 10;

/** The lines of a stream, without their ends. */
export async function* linesOf(chunks: Chunks): AsyncGenerator<Numbered> {
  const held = new Held();
  let number = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      held.add(chunk.subarray(start, end));
      yield { number: ++number, bytes: held.take() };
      start = end + 1;
    }
    held.add(chunk.subarray(start));
  }
  yield { number: number + 1, bytes: held.take() };
}

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];
const isSpace = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);

/** The values of a file: those of its one array, or those that follow each other, over however many lines. */
export async function* jsonValuesOf(chunks: Chunks): AsyncGenerator<Numbered> {
  const held = new Held();
  let [base, depth, number] = [0, 0, 0];
  let [isInString, isEscaped, isFirst, isHolding] = [false, false, true, false];
  for await (const chunk of chunks) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
        continue;
      }
      if (!isHolding) {
        if (isSpace(byte) || byte === COMMA) continue;
        if (isFirst && byte === OPEN_ARRAY) [base, depth] = [1, 1];
        else if (byte === CLOSE_ARRAY && base === 1) [base, depth] = [0, 0];
        else [isHolding, start] = [true, i];
        isFirst = false;
        if (!isHolding) continue;
      }
      let end = i;
      if (byte === QUOTE) isInString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
      if (isInString || byte === OPEN_OBJECT || byte === OPEN_ARRAY) continue;
      if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && depth > base) {
        depth -= 1;
        if (depth > base) continue;
        end = i + 1;
      } else if (depth > base || !(isSpace(byte) || byte === COMMA || byte === CLOSE_ARRAY)) continue;
      else if (byte === CLOSE_ARRAY) [base, depth] = [0, 0];
      held.add(chunk.subarray(start, end));
      yield { number: ++number, bytes: held.take() };
      isHolding = false;
    }
    if (isHolding) held.add(chunk.subarray(start));
  }
  // An array without its end is no JSON, whatever was in it.
  if (isHolding || base === 1) yield { number: number + 1, bytes: isHolding ? held.take() : UNENDED };
}

const UNENDED = Buffer.from("[");

/** Bytes collected across chunks, up to the longest piece there may be. */
class Held {
  #parts: Buffer[] = [];
  #length = 0;

  add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > LONGEST_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  take(): Buffer | null {
    const bytes = this.#length > LONGEST_BYTES ? null : Buffer.concat(this.#parts);
    [this.#parts, this.#length] = [[], 0];
    return bytes;
  }
}

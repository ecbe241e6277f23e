/** @file A file that another program writes, read as it grows, in bytes or in lines. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isThere } from "../../input-file.ts";

/** At one look; the rest comes at the next. */
const MOST_BYTES = 2 ** 22;

/** What came since it was last looked at; one that is not there yet is empty. */
export class FileTail implements Disposable {
  readonly #path: string;
  #file: number | null = null;
  #readBytes = 0;
  #unfinished: Buffer = Buffer.alloc(0);

  /** @param fromByte where an earlier reader came to */
  constructor(path: string, fromByte = 0) {
    this.#path = path;
    this.#readBytes = fromByte;
  }

  read(): Buffer {
    if (this.#file === null && !isThere(this.#path)) return Buffer.alloc(0);
    this.#file ??= openSync(this.#path, "r");
    const size = fstatSync(this.#file).size;
    // Written anew, it is another file with the same name.
    if (size < this.#readBytes) this.#readBytes = 0;
    if (size === this.#readBytes) return Buffer.alloc(0);
    const news = Buffer.alloc(Math.min(MOST_BYTES, size - this.#readBytes));
    const numBytes = readSync(this.#file, news, 0, news.length, this.#readBytes);
    this.#readBytes += numBytes;
    return news.subarray(0, numBytes);
  }

  /** Whole lines, all that came; one that is being written, or that a kill has torn, stays unread. */
  *lines(): Generator<string, void> {
    for (let news = this.read(); news.length > 0; news = this.read()) {
      const content = Buffer.concat([this.#unfinished, news]);
      const end = content.lastIndexOf(10) + 1;
      this.#unfinished = content.subarray(end);
      for (const line of content.toString("utf8", 0, end).split("\n")) if (line !== "") yield line;
    }
  }

  /** What came of the next line. */
  get unfinished(): string {
    return this.#unfinished.toString("utf8");
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
  }
}

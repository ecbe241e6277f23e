/** @file Bytes as lines, whatever ends them: a line feed, or the return that a progress bar begins with. */

import { StringDecoder } from "node:string_decoder";

/** A line without end (a binary file on a terminal) is cut: nothing of use is longer. */
const MOST_LINE = 1 << 16;

/** Splits what comes piece by piece. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #unfinished = "";

  /** The lines that are whole now. */
  push(bytes: Buffer): readonly string[] {
    const lines = (this.#unfinished + this.#decoder.write(bytes)).split(/\r\n|\n|\r/);
    this.#unfinished = lines.pop()!.slice(0, MOST_LINE);
    return lines;
  }

  /** The last one, without an end. */
  end(): readonly string[] {
    const last = this.#unfinished + this.#decoder.end();
    this.#unfinished = "";
    return last === "" ? [] : [last];
  }
}

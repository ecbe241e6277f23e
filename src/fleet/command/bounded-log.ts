/** @file What a command prints, kept on disk up to a limit: beyond it the oldest part goes. */

import { closeSync, fstatSync, openSync, statSync, writeFileSync } from "node:fs";
import { writeFully } from "../../record/files.ts";
import { lastBytes } from "../process/attempt-folder.ts";

const MOST_LOG_BYTES = 64 * 2 ** 20;
/** Of those, what stays when the limit is reached: copying is then rare. */
const KEPT_LOG_BYTES = 16 * 2 ** 20;

/** A log that takes at most so many bytes, and always holds the newest. */
export class BoundedLog implements Disposable {
  readonly #path: string;
  readonly #most: number;
  readonly #kept: number;
  readonly #file: number;
  #numBytes: number;

  constructor(path: string, most = MOST_LOG_BYTES, kept = KEPT_LOG_BYTES) {
    this.#path = path;
    this.#most = most;
    this.#kept = kept;
    this.#file = openSync(path, "a", 0o600);
    this.#numBytes = fstatSync(this.#file).size;
  }

  /** A full disk costs lines of the log, and nothing else. */
  append(bytes: Buffer): void {
    try {
      writeFully(this.#file, bytes);
      this.#numBytes += bytes.length;
      if (this.#numBytes > this.#most) this.#numBytes = cutLog(this.#path, this.#kept);
    } catch (error) {
      if (!["ENOSPC", "EDQUOT", "EFBIG", "EIO"].includes((error as NodeJS.ErrnoException).code ?? ""))
        throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/**
 * The same for a log that another process appends to, at each look; what it prints meanwhile may be lost. Who
 * bounds its own log is not interfered with.
 */
export function boundLog(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MOST_LOG_BYTES + KEPT_LOG_BYTES) cutLog(path, KEPT_LOG_BYTES);
}

/** In place, for whoever has the file open: from a whole line on. Returns what is left. */
function cutLog(path: string, kept: number): number {
  const size = statSync(path).size;
  const newest = lastBytes(path, kept);
  const from = newest.indexOf(10) + 1;
  const note = Buffer.from(`... ${size - newest.length + from} bytes before this are gone\n`);
  const content = Buffer.concat([note, newest.subarray(from)]);
  writeFileSync(path, content);
  return content.length;
}

/** @file Files never half-written: by write, fsync, rename; growing ones by append, fsync, roll back. */

import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { endianness } from "node:os";
import { basename, dirname, join } from "node:path";
import { assert, pathError, UserError } from "../errors.ts";
import { isFolder, isThere } from "../input-file.ts";

/** One write call takes at most this much: the kernel's own limit is just under 2 GiB. */
const MAX_WRITE_BYTES = 2 ** 28;

/** SHA-256 in hexadecimal: the one hash of longrun. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** SHA-256 of a file of any size, in bounded memory. */
export function sha256File(path: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(2 ** 20);
  const file = fs.openSync(path, "r");
  try {
    for (let n = fs.readSync(file, buffer); n > 0; n = fs.readSync(file, buffer))
      hash.update(buffer.subarray(0, n));
  } finally {
    fs.closeSync(file);
  }
  return hash.digest("hex");
}

/** The content of a file that longrun wrote itself. */
export function readOwnFile(path: string, what: string): Buffer {
  refuseIrregular(path, what);
  try {
    return fs.readFileSync(path);
  } catch (cause) {
    throw pathError(cause, path, `a file: ${what}`, "check the path");
  }
}

/** Refuses what is no file: a pipe in its place would be waited for without end. */
export function refuseIrregular(path: string, what: string): void {
  const stats = fs.statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isFile()) return;
  throw new UserError(
    `${path} is a ${stats.isDirectory() ? "folder" : "pipe or a device"}`,
    `a file: ${what}`,
    "put back an unchanged copy, or move it away",
  );
}

/**
 * What something survives that was written: the machine's end, for which a write waits for the disk; or only
 * that of its process, for the kernel has it in memory.
 */
export type Survives = "power cut" | "kill";

/** Writes a whole file: a reader, or a kill at any moment, finds the old content or the new, no part. */
export function writeFileAtomic(path: string, data: string | Uint8Array, survives?: Survives): void {
  writeFileInParts(path, [typeof data === "string" ? Buffer.from(data) : data], survives);
}

/** The same for content that should not be copied together in memory first. */
export function writeFileInParts(
  path: string,
  parts: Iterable<Uint8Array>,
  survives: Survives = "power cut",
): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    makeFolder(folder);
    const file = fs.openSync(temporary, "w");
    try {
      for (const part of parts) writeFully(file, part);
      if (survives === "power cut") fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(temporary, path);
    if (survives === "power cut") syncFolder(folder);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw diskError(error, path);
  }
}

/**
 * A file that only grows. What `append` has returned from survives what it was asked to; what it threw on (a
 * full disk) is cut off again before anything follows it, and readers drop it in the meantime.
 */
export class AppendFile implements Disposable {
  readonly path: string;
  readonly #file: number;
  #numBytes: number;
  /** A failed append may have left a piece behind `#numBytes`. */
  #isTorn = false;
  #isFlushed = true;

  constructor(path: string) {
    this.path = path;
    try {
      makeFolder(dirname(path));
      this.#file = fs.openSync(path, "a");
      syncFolder(dirname(path));
    } catch (error) {
      throw diskError(error, path);
    }
    this.#numBytes = fs.fstatSync(this.#file).size;
  }

  get numBytes(): number {
    return this.#numBytes;
  }

  append(data: Uint8Array, survives: Survives = "power cut"): void {
    if (this.#isTorn) this.truncate(this.#numBytes);
    try {
      writeFully(this.#file, data);
      this.#isFlushed = false;
      if (survives === "power cut") this.#flush();
    } catch (error) {
      this.#isTorn = true;
      throw diskError(error, this.path);
    }
    this.#numBytes += data.byteLength;
  }

  /** What was appended so far survives a power cut. */
  flush(): void {
    try {
      this.#flush();
    } catch (error) {
      throw diskError(error, this.path);
    }
  }

  #flush(): void {
    if (this.#isFlushed) return;
    fs.fsyncSync(this.#file);
    this.#isFlushed = true;
  }

  /** Drops a torn tail for good. */
  truncate(numBytes: number): void {
    assert(
      numBytes <= this.#numBytes,
      `${this.path} has ${this.#numBytes} bytes, too few to cut to ${numBytes}`,
    );
    try {
      fs.ftruncateSync(this.#file, numBytes);
      fs.fsyncSync(this.#file);
    } catch (error) {
      throw diskError(error, this.path);
    }
    this.#numBytes = numBytes;
    this.#isTorn = false;
  }

  [Symbol.dispose](): void {
    try {
      if (this.#isTorn) this.truncate(this.#numBytes);
    } finally {
      fs.closeSync(this.#file);
    }
  }
}

/**
 * Makes a folder and all above it, the owner's alone: logs may hold what a program prints of its secrets. One
 * by one, as Node's own `recursive` calls a read-only disk ENOENT.
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  if (!isThere(dirname(path))) makeFolder(dirname(path));
  try {
    fs.mkdirSync(path, 0o700);
  } catch (error) {
    if (!isFolder(path)) throw diskError(error, path);
  }
}

/** Reads a JSON file that longrun wrote itself. The caller validates it. */
export function readJson(path: string): unknown {
  return JSON.parse(readOwnFile(path, "JSON that longrun wrote").toString()) as unknown;
}

/** A rename is durable only once the folder that holds the name is on disk too. */
export function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** What the system says about a write, as the user's to mend; the old file still stands. */
export function diskError(error: unknown, path: string): unknown {
  const again = "then give the same command again";
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new UserError(
      `no space left on the disk while writing ${path}`,
      "room for the campaign's checkpoints and series",
      `free some space, or move the campaign folder to another disk, ${again}`,
      { cause: error },
    );
  return pathError(error, path, "a path that can be written to", `check the path, ${again}`);
}

/** Our binary formats are little-endian and read in place; so is every processor of Node 24 but s390x. */
export function assertLittleEndian(): void {
  assert(endianness() === "LE", "series and tensors need a little-endian processor");
}

/** All of it, where the file stands: a call of the system may write a part alone. */
export function writeFully(file: number, data: Uint8Array): void {
  for (let done = 0; done < data.byteLength; )
    done += fs.writeSync(file, data, done, Math.min(data.byteLength - done, MAX_WRITE_BYTES));
}

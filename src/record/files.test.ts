/** @file A disk that fills up half way through a write: what was there stays, the error says what to do. */

import * as realFs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UserError } from "../errors.ts";
import { AppendFile, makeFolder, sha256, sha256File, writeFileAtomic } from "./files.ts";

const disk = vi.hoisted(() => ({ bytesLeft: Number.POSITIVE_INFINITY }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof realFs>();
  /** Writes what still fits, then fails as a full disk does. */
  const writeSync = (file: number, data: Uint8Array, from: number, length: number): number => {
    if (disk.bytesLeft <= 0)
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const numWritten = fs.writeSync(file, data, from, Math.min(length, disk.bytesLeft));
    disk.bytesLeft -= numWritten;
    return numWritten;
  };
  return { ...fs, writeSync };
});

let folder: string;

beforeEach(() => {
  folder = realFs.mkdtempSync(join(tmpdir(), "longrun-files-"));
});

afterEach(() => {
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  realFs.rmSync(folder, { recursive: true });
});

test("a full disk leaves the old file whole and no temporary one", () => {
  const path = join(folder, "a.json");
  writeFileAtomic(path, "old");
  disk.bytesLeft = 2;
  expect(() => writeFileAtomic(path, "new content")).toThrow(UserError);
  expect(realFs.readFileSync(path, "utf8")).toBe("old");
  expect(realFs.readdirSync(folder)).toEqual(["a.json"]);
});

test("an append that failed half way is cut off before the next one", () => {
  const path = join(folder, "log");
  using file = new AppendFile(path);
  file.append(Buffer.from("one,"));
  disk.bytesLeft = 2;
  expect(() => file.append(Buffer.from("two,"))).toThrow(/no space left on the disk while writing/);
  expect(realFs.readFileSync(path, "utf8")).toBe("one,tw");
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  file.append(Buffer.from("three"));
  expect(realFs.readFileSync(path, "utf8")).toBe("one,three");
});

test("an append that failed is cut off when the file is closed", () => {
  const path = join(folder, "log");
  {
    using file = new AppendFile(path);
    file.append(Buffer.from("one,"));
    disk.bytesLeft = 2;
    expect(() => file.append(Buffer.from("two,"))).toThrow(UserError);
  }
  expect(realFs.readFileSync(path, "utf8")).toBe("one,");
});

test("the hash of a file that is larger than the buffer is the hash of its bytes", () => {
  const bytes = Buffer.alloc(2 ** 20 + 12_345, "longrun");
  writeFileAtomic(join(folder, "large"), bytes);
  expect(sha256File(join(folder, "large"))).toBe(sha256(bytes));
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a folder is made with all above it; what stands in its way is named", () => {
  makeFolder(join(folder, "a", "b", "c"));
  makeFolder(join(folder, "a", "b"));
  expect(realFs.readdirSync(join(folder, "a", "b"))).toEqual(["c"]);
  const [file, link] = [join(folder, "file"), join(folder, "link")];
  realFs.writeFileSync(file, "");
  realFs.symlinkSync(link, link);
  expect(() => makeFolder(file)).toThrow(`${file} is there already`);
  expect(() => makeFolder(join(file, "in"))).toThrow(`${file}/in leads through a file as through a folder`);
  expect(() => makeFolder(link)).toThrow(`${link} is there already`);
  expect(() => makeFolder(join(link, "in"))).toThrow(`${link} is a link that leads back to itself`);
  expect(() => makeFolder(join(folder, "x".repeat(300)))).toThrow("is longer than a path can be");
});

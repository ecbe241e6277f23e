import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BoundedLog, boundLog } from "./bounded-log.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-log-"));
afterAll(() => rmSync(base, { recursive: true }));

test("a log that grows past its limit keeps its newest whole lines, and says what is gone", () => {
  const path = join(base, "own.log");
  using log = new BoundedLog(path, 100, 25);
  for (let i = 1; i <= 11; i++) log.append(Buffer.from(`line ${String(i).padStart(4)}\n`));
  // 10 lines of 10 bytes are the limit; the eleventh leaves the two whole ones of the last 25 bytes.
  expect(readFileSync(path, "utf8")).toBe("... 90 bytes before this are gone\nline   10\nline   11\n");
  log.append(Buffer.from("line   12\n"));
  expect(readFileSync(path, "utf8")).toMatch(/line {3}11\nline {3}12\n$/);
});

test("a log that another process appends to is cut under its hands, and it writes on at the end", () => {
  const path = join(base, "foreign.log");
  const file = openSync(path, "a");
  const lines = Buffer.alloc(2 ** 20, "a line of sixteen\n".slice(1));
  for (let i = 0; i < 79; i++) writeSync(file, lines);
  boundLog(path);
  expect(statSync(path).size).toBe(79 * 2 ** 20);
  for (let i = 0; i < 3; i++) writeSync(file, lines);
  boundLog(path);
  writeSync(file, "the last words\n");
  closeSync(file);
  const { size } = statSync(path);
  expect(size).toBeGreaterThan(15.9 * 2 ** 20);
  expect(size).toBeLessThan(16.1 * 2 ** 20);
  expect(readFileSync(path, "latin1").endsWith("the last words\n")).toBe(true);
});

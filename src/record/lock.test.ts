/** @file One writer at a time; a dead one's lock is taken over, a live one's and a stranger's is not. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock, processStart } from "./lock.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longrun-lock-"));
  path = join(folder, "record.lock");
});

afterEach(() => rmSync(folder, { recursive: true }));

function holder(changes: object): string {
  const self = { pid: process.pid, started: processStart(process.pid), host: hostname() };
  return JSON.stringify({ ...self, since: "2026-01-01T00:00:00.000Z", ...changes });
}

test("names its process while it is held, and is gone afterwards", () => {
  {
    using _lock = acquireLock(path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
    expect(readdirSync(folder)).toEqual(["record.lock"]);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("a live holder is named, and keeps its lock", () => {
  using _lock = acquireLock(path);
  expect(() => acquireLock(path)).toThrow(
    new RegExp(`held by process ${process.pid}, which has been writing`),
  );
  expect(readdirSync(folder)).toEqual(["record.lock"]);
});

test("a dead process's lock is taken over", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const started = processStart(child.pid!);
  expect(started).not.toBeNull();
  writeFileSync(path, holder({ pid: child.pid, started }));
  expect(() => acquireLock(path)).toThrow(/one writer at a time/);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processStart(child.pid!)).toBeNull();
  using _lock = acquireLock(path);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
  expect(readdirSync(folder)).toEqual(["record.lock"]);
});

test("a process number that was given out again does not keep the lock", () => {
  writeFileSync(path, holder({ started: "another start" }));
  using _lock = acquireLock(path);
  expect(readFileSync(path, "utf8")).not.toContain("another start");
});

test("a take-over that was killed half way does not stand in the way", () => {
  const dead = holder({ started: "another start" });
  writeFileSync(path, dead);
  writeFileSync(`${path}.takeover`, dead);
  using _lock = acquireLock(path);
  expect(readdirSync(folder)).toEqual(["record.lock"]);
});

test("a holder on another machine is never overruled", () => {
  writeFileSync(path, holder({ host: "elsewhere", started: "another start" }));
  expect(() => acquireLock(path)).toThrow(/on the machine elsewhere[\s\S]*then delete/);
});

test("a file that is no lock is never overruled", () => {
  writeFileSync(path, "mine");
  expect(() => acquireLock(path)).toThrow(/is not a lock that longrun wrote/);
  expect(readFileSync(path, "utf8")).toBe("mine");
});

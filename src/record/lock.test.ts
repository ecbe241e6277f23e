/** @file One writer at a time; a dead one's lock is taken over, a live one's and a stranger's is not. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock, breakLock, isLocked, lockJob, processStart } from "./lock.ts";

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

const CHILD = join(import.meta.dirname, "lock.child.ts");
/** A process namespace of its own, as a container has. */
const CONTAINER = ["-r", "--pid", "--fork", "--kill-child", "--mount-proc"];
const hasContainers = spawnSync("unshare", [...CONTAINER, "true"]).status === 0;

/** A process that takes the lock, and the first that it says. */
async function contender(inContainer: boolean): Promise<readonly [ChildProcess, string]> {
  const own = [process.execPath, CHILD, path];
  const [program, ...args] = inContainer ? ["unshare", ...CONTAINER, ...own] : own;
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout!, "data")) as [Buffer];
  return [child, said.toString()];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

test.skipIf(!hasContainers)("a holder in another container is seen, and freed by its death", async () => {
  const [child, said] = await contender(true);
  try {
    expect(said).toBe("held\n");
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: 1 });
    expect(isLocked(path)).toBe(true);
    expect(() => acquireLock(path)).toThrow(
      /held by process 1 of another container on the host .*\n.*\nremedy: wait until it is done, or stop it there/,
    );
  } finally {
    await end(child);
  }
  while (isLocked(path)) await setTimeout(10);
  using _lock = acquireLock(path);
  const [, refused] = await contender(true);
  expect(refused).toMatch(`held by process ${process.pid} of another container`);
});

test("of eight at once, half of them in containers of their own, one gets it; a dead one's too", async () => {
  for (const before of [null, holder({ started: "another start" })]) {
    if (before !== null) writeFileSync(path, before);
    const contenders = await Promise.all(
      Array.from({ length: 8 }, (_, i) => contender(hasContainers && i % 2 === 0)),
    );
    await Promise.all(contenders.map(([child]) => end(child)));
    const said = contenders.map(([, text]) => text);
    expect(said.filter((text) => text === "held\n")).toHaveLength(1);
    expect(said.filter((text) => /^found: .* is held by process \d+/.test(text))).toHaveLength(7);
    rmSync(path, { force: true });
  }
});

test.skipIf(!existsSync("/proc/self/stat"))(
  "a stopped holder is said to be so, with how to end it",
  async () => {
    const [child] = await contender(false);
    child.kill("SIGSTOP");
    while (!/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, "utf8"))) await setTimeout(5);
    try {
      expect(() => acquireLock(path)).toThrow(
        new RegExp(
          `held by process ${child.pid}, .* and is stopped .*\\n.*\\nremedy: .*kill -9 ${child.pid}`,
        ),
      );
    } finally {
      await end(child);
    }
    expect(isLocked(path)).toBe(false);
  },
);

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

test("a lock that was taken in a job on another machine is told of, and broken for that job alone", () => {
  const job = { number: "7", cluster: "c", restarts: 0 };
  writeFileSync(path, holder({ started: "another-boot 5", host: "elsewhere", job }));
  expect(lockJob(path)).toEqual(job);
  expect(() => acquireLock(path)).toThrow(/on the machine elsewhere in job 7 since/);
  breakLock(path, { ...job, restarts: 1 });
  expect(isLocked(path)).toBe(true);
  breakLock(path, job);
  using _lock = acquireLock(path);
  expect(lockJob(path)).toBeNull();
});

test("a lock that was taken in a job on this machine is judged by its process alone", () => {
  writeFileSync(path, holder({ job: { number: "7", cluster: "c", restarts: 0 } }));
  expect(lockJob(path)).toBeNull();
});

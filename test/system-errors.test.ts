/** @file What the system refuses, as a user meets it: three parts and exit 2, whatever the command. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { MAIN } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-system-"));
const BIN = join(MAIN, "..", "..", "..", "bin", "longrun.js");
let file: string;

beforeAll(() => {
  chmodSync(base, 0o755);
  writeTexts(base);
  file = writeRun(base);
  mkdirSync(join(base, "odd", "record.jsonl"), { recursive: true });
  mkdirSync(join(base, "closed"));
  writeFileSync(join(base, "closed", "record.jsonl"), "{}\n");
  chmodSync(join(base, "closed"), 0o700);
});

afterAll(() => rmSync(base, { recursive: true }));

type Ended = { readonly status: number | null; readonly stderr: string };

/** A command under a shell, which sets the scene first; `$0` is the base folder. */
function under(scene: string, args: readonly string[], options: object = {}): Ended {
  const command = ["-c", `${scene} exec "$@"`, base, process.execPath, MAIN, ...args];
  return spawnSync("sh", command, { encoding: "utf8", cwd: base, ...options });
}

function expectRefusal({ status, stderr }: Ended, found: RegExp, remedy: RegExp): void {
  const [first, second, third] = stderr.trimEnd().split("\n").slice(-3);
  expect(first).toMatch(/^found: /);
  expect(first).toMatch(found);
  expect(second).toMatch(/^expected: ./);
  expect(third).toMatch(/^remedy: /);
  expect(third).toMatch(remedy);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(status).toBe(2);
}

const asNobody = { uid: 65_534, gid: 65_534 };
const mayBeNobody = spawnSync(process.execPath, ["--check", MAIN], asNobody).status === 0;
const mayMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "longrun", tmpdir()]).status === 0;
/** Below it Node itself does not start; with it there is none to spare for a second process. */
const FEWEST_FILES = 24;

describe("what the system says of a path", () => {
  test("that is of another kind than it should be", () => {
    expectRefusal(under("", ["status", "odd"]), /odd\/record\.jsonl is a folder/, /move it away/);
    const inFile = under("", ["run", "run.yaml", "--folder", "run.yaml/in"]);
    expectRefusal(inFile, /run\.yaml\/in leads through a file as through a folder/, /check the path/);
  });

  test.each([
    ["record.jsonl", ["status", "."], /record\.jsonl is a pipe/],
    ["record.jsonl", ["run", "../run.yaml", "--folder", "."], /record\.jsonl is a pipe/],
    ["report.md", ["record", "verify", "."], /report\.md is a pipe/],
    ["record.lock", ["run", "../run.yaml", "--folder", "."], /record\.lock is not a lock/],
  ] as const)("that is a pipe, which nobody writes to: %s", (path, command, found) => {
    const cwd = mkdtempSync(join(base, "pipe-"));
    const scene = `touch record.jsonl; rm -f ${path}; mkfifo ${path};`;
    expectRefusal(
      under(scene, command, { cwd, timeout: 20_000 }),
      found,
      /unchanged copy|no longrun process/,
    );
  });

  test.runIf(mayMount)("that lies on a disk which can only be read", () => {
    const scene = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" &&';
    const command = [`${scene} exec "$@"`, base, process.execPath, MAIN, "run", file, "--folder", "new/er"];
    const ended = spawnSync("unshare", ["-rm", "sh", "-c", ...command], { encoding: "utf8", cwd: base });
    expectRefusal(ended, /new is on a disk that can only be read/, /another disk/);
  });

  test.runIf(mayBeNobody)("that may not be read: a closed folder is not called an empty one", () => {
    expectRefusal(under("", ["status", "closed"], asNobody), /closed.* may not be opened/, /chmod/);
  });

  test("that standard output leads to", () => {
    writeFileSync(join(base, "runs.csv"), "n,d,loss\n1e6,2e7,4\n");
    const ended = under("exec >/dev/full;", ["laws", "fit", "--help"]);
    expectRefusal(ended, /standard output has no room/, /free some space/);
  });
});

describe("what the machine lacks", () => {
  test("open files: told by the shell where Node cannot start, else by longrun", () => {
    for (const few of [10, 20]) {
      const early = spawnSync("sh", ["-c", `ulimit -n ${few}; exec "$0" --version`, BIN], {
        encoding: "utf8",
      });
      expectRefusal(early, new RegExp(`a limit of ${few} open files: Node`), /ulimit -n 4096/);
      expect(early.stderr.split("\n")).toHaveLength(4);
    }
    const late = under(`ulimit -n ${FEWEST_FILES};`, ["run", file, "--folder", join(base, "few")]);
    expectRefusal(late, /cannot be opened: too many files are/, /ulimit -n 4096/);
  });

  test("memory: told by the shell where Node cannot start", () => {
    const ended = spawnSync("sh", ["-c", 'ulimit -v 500000; exec "$0" --version', BIN], { encoding: "utf8" });
    expectRefusal(ended, /a limit of 500000 kB of memory/, /ulimit -v/);
  });
});

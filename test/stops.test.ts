/** @file Runs that stop, by a full disk, a hang, Ctrl-C twice: the same command ends with the same bits. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { numbersOf } from "../src/fleet/chaos/numbers.ts";
import { processStart } from "../src/record/lock.ts";
import { readRecord, verifyRecord } from "../src/record/record.ts";
import { writeCampaign, writeRun, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, longrun, MAIN, ranksOf } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-stops-"));
const whole = join(base, "whole");
let file: string;

beforeAll(async () => {
  writeTexts(base);
  file = writeRun(base);
  expect((await longrun("run", file, "--folder", whole)).code).toBe(0);
});

afterAll(() => rmSync(base, { recursive: true }));

function place(name: string): string {
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Each script has a small disk that fills up, then makes room; the disk lives as long as its shell. */
const DISKS = [
  [
    "of checkpoints",
    // It holds the first checkpoint (1 MB), not the second beside it.
    `mount -t tmpfs -o size=16m longrun "$0" && mkdir "$0/run" && cp -r "$1/corpus" "$0/run" &&
     free=$(df -k --output=avail "$0" | tail -n 1) && head -c "$((free - 1600))k" /dev/zero > "$0/filler" &&
     "$2" "$3" run "$4" --folder "$0/run" 2> "$5/refused"; echo $? > "$5/code"
     rm "$0/filler" && "$2" "$3" run "$4" --folder "$0/run" --json && cp -r "$0/run/." "$5"`,
    /no space left on the disk while writing .*step-/,
    /goes on from step \d+/,
  ],
  [
    "of the record",
    `mount -t tmpfs -o size=12k longrun "$0" && cp -r "$1/corpus" "$5" && ln -s "$0/record.jsonl" "$5" &&
     "$2" "$3" run "$4" --folder "$5" 2> "$5/refused"; echo $? > "$5/code"
     mount -o remount,size=1m "$0" && "$2" "$3" run "$4" --folder "$5" --json &&
     cp "$0/record.jsonl" "$5/whole" && mv "$5/whole" "$5/record.jsonl"`,
    /no space left on the disk while writing .*record.jsonl/,
    // Where only its end found no room, what its process has said is heard now, and nothing trained again.
    /^one: (goes on from step \d+|1\.\d+ bits per byte)/m,
  ],
] as const;

test.skipIf(!canMount()).each(DISKS)(
  "a disk %s that fills up stops the run with a clear error, and it goes on once there is room",
  (name, script, found, then) => {
    const [disk, out] = [place(`disk ${name}`), place(`after ${name}`)];
    const { status, stderr } = spawnSync(
      "unshare",
      ["-rm", "sh", "-c", script, disk, whole, process.execPath, MAIN, file, out],
      { encoding: "utf8" },
    );
    const refused = {
      code: Number(readFileSync(join(out, "code"), "utf8")),
      stderr: readFileSync(join(out, "refused"), "utf8"),
    };
    expectRefusal(refused, found, /free some space/);
    expect(status).toBe(0);
    expect(stderr).toMatch(then);
    expect(numbersOf(out)).toEqual(numbersOf(whole));
    expect(verifyRecord(out)).toMatchObject({ ok: true });
  },
);

test("a second launch is told who has the folder; Ctrl-C ends a process that hangs, too", async () => {
  const folder = join(base, "hanging");
  const train = ["run", file, "--folder", folder];
  using command = new Command(train);
  await command.saw(/one: +\d+ %/);
  const [worker] = ranksOf(folder);
  expectRefusal(
    await longrun(...train),
    new RegExp(`record.lock is held by process ${command.pid}, which has been writing since`),
    new RegExp(`\`kill ${command.pid}\`; \`kill -9 ${command.pid}\` where it does not answer`),
  );
  process.kill(worker!, "SIGSTOP");
  command.signalGroup("SIGINT");
  expect((await command.ended).code).toBe(130);
  expect(processStart(worker!)).toBeNull();
  const { code, stderr } = await longrun(...train);
  expect(code, stderr).toBe(0);
  expect(numbersOf(folder)).toEqual(numbersOf(whole));
});

test("a campaign that a second Ctrl-C has ended at once is said to be interrupted", async () => {
  const folder = join(base, "twice");
  using command = new Command(["launch", writeCampaign(base, { budget: "1TFLOP" }), "--folder", folder]);
  await command.saw(/rung-0-seed-1: +\d+ %/);
  for (const pid of ranksOf(folder)) process.kill(pid, "SIGSTOP");
  command.signalGroup("SIGINT");
  await command.saw(/Ctrl-C once more ends it at once/);
  await sleep(400);
  command.signalGroup("SIGINT");
  expect((await command.ended).code).toBe(130);
  expect(ranksOf(folder)).toEqual([]);
  const { stdout } = await longrun("status", folder);
  expect(stdout).toMatch(/^tiny: interrupted, at once, by a second Ctrl-C; /);
  expect(verifyRecord(folder)).toMatchObject({ ok: true });
});

test("`kill` stops a run as Ctrl-C does: after its step, with a checkpoint", async () => {
  const folder = join(base, "terminated");
  using command = new Command(["run", file, "--folder", folder]);
  await command.saw(/one: +\d+ %/);
  process.kill(command.pid, "SIGTERM");
  expect((await command.ended).code).toBe(130);
  expect(ranksOf(folder)).toEqual([]);
  expect(readRecord(folder).events.at(-1)?.kind).toBe("interrupted");
});

/** Whether this user may have a small disk of its own. */
function canMount(): boolean {
  return spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "longrun", tmpdir()]).status === 0;
}

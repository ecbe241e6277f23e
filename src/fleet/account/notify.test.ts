import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Interrupted } from "../../errors.ts";
import { processStart } from "../../record/lock.ts";
import { openRecord } from "../../record/record.ts";
import { type EndFacts, notifying, wordsOfCommand } from "./notify.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-notify-"));
afterAll(() => rmSync(base, { recursive: true }));

const out = join(base, "told.jsonl");
const script = join(base, "page me.sh");
writeFileSync(script, `#!/bin/sh\nread line\necho "$1 $line" >> ${out}\nexit "$\{2:-0}"\n`);
chmodSync(script, 0o755);

/** What the script was told in each call, and what was warned of. */
async function told(name: string, command: readonly string[], work: () => Promise<EndFacts>) {
  rmSync(out, { force: true });
  const warnings: string[] = [];
  using record = openRecord(join(base, name));
  const incident = () =>
    record.append({
      run: "r",
      kind: "incident",
      data: {
        what: "the run's process died",
        evidence: { log: "$(touch /tmp/x) `id` HF hf_abcdefgh12345678", step: 3 },
        severity: "warning",
      },
    });
  const options = { command, folder: base, warn: (text: string) => warnings.push(text) };
  const ended = await notifying(
    record,
    options,
    async () => {
      incident();
      return await work();
    },
    (result) => result,
  ).catch((error: unknown) => error);
  incident();
  const lines = existsSync(out) ? readFileSync(out, "utf8").trimEnd().split("\n") : [];
  return { lines, warnings, ended };
}

const parsed = (line: string | undefined) =>
  JSON.parse(line!.slice(line!.indexOf("{"))) as Record<string, unknown>;
const finished = async () => ({ how: "finished", text: "done" }) as const;

describe("a notifier", () => {
  test("gets each incident and the end as JSON on standard input, its arguments as they are", async () => {
    const { lines, warnings } = await told("well", [script, "$HOME; `id`"], finished);
    expect(warnings).toEqual([]);
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line.startsWith("$HOME; `id` {"))).toBe(true);
    expect(parsed(lines[0])).toMatchObject({
      folder: base,
      kind: "incident",
      id: 0,
      run: "r",
      what: "the run's process died",
      evidence: { log: "$(touch /tmp/x) `id` HF hf_***", step: 3 },
      page: `longrun incidents ${base} 0`,
    });
    expect(parsed(lines[1])).toEqual({ folder: base, kind: "end", how: "finished", text: "done" });
  });

  test("that fails, or is not there, is a warning", async () => {
    const failing = await told("failing", [script, "x", "3"], finished);
    expect(failing.warnings).toEqual([
      `--notify: ${script} ended with exit code 3; the run is not touched by that`,
      `--notify: ${script} ended with exit code 3; the run is not touched by that`,
    ]);
    const missing = await told("missing", [join(base, "nowhere")], finished);
    expect(missing.warnings[0]).toMatch(/nowhere does not start \(ENOENT\)/);
    const unread = await told("unread", ["true"], finished);
    expect(unread.warnings).toEqual([]);
  });

  test("that does not end is ended after ten seconds, with what it has started", async () => {
    const sleeper = join(base, "sleeper.sh");
    writeFileSync(sleeper, `#!/bin/sh\nsleep 60 & echo $! > ${base}/pid\nwait\n`);
    chmodSync(sleeper, 0o755);
    rmSync(out, { force: true });
    using record = openRecord(join(base, "slow"));
    const warnings: string[] = [];
    const options = { command: [sleeper], folder: base, warn: (text: string) => warnings.push(text) };
    await notifying(record, options, finished, (result) => result);
    expect(warnings).toEqual([`--notify: ${sleeper} was ended after 10 s; the run is not touched by that`]);
    const pid = Number(readFileSync(join(base, "pid"), "utf8"));
    while (processStart(pid) !== null) await sleep(10);
  });

  test("is told how the work ended, also where it was interrupted or failed", async () => {
    const stopped = await told("stopped", [script], () => Promise.reject(new Interrupted("in run r")));
    expect(parsed(stopped.lines.at(-1))).toMatchObject({ how: "interrupted", text: "in run r" });
    const failed = await told("failed", [script], () => Promise.reject(new Error("no disk")));
    expect(parsed(failed.lines.at(-1))).toMatchObject({ how: "failed", text: "no disk" });
    expect(failed.ended).toEqual(new Error("no disk"));
  });
});

test("the words of a command are those of its quotes, and nothing is expanded", () => {
  expect(wordsOfCommand(`/bin/page --to "night \\"shift\\"" 'a b'c d\\ e $HOME`)).toEqual([
    "/bin/page",
    "--to",
    'night "shift"',
    "a bc",
    "d e",
    "$HOME",
  ]);
  for (const wrong of ["", "  ", `page "open`, "page 'open", '""'])
    expect(() => wordsOfCommand(wrong)).toThrow(/a program and its arguments/);
});

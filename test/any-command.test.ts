/** @file `longrun run -- COMMAND`: any program is watched, read, restarted, and told of truthfully. */

import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { ATTEMPT_VARIABLE } from "../src/fleet/process/attempt-folder.ts";
import { pidsWith } from "../src/fleet/process/proc.ts";
import { eventsOf, type RecordEvent } from "../src/record/events.ts";
import { readRecord, recordPath, verifyRecord } from "../src/record/record.ts";
import { readRunSeries } from "../src/record/run-series.ts";
import { Command, expectRefusal, incidentsOf, longrun, ranksOf } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-command-"));
afterAll(() => rmSync(base, { recursive: true }));

const TRAINER = join(import.meta.dirname, "support", "foreign-trainer.ts");

/** The command line of a run of the trainer. */
function train(folder: string, own: readonly string[], ...options: readonly string[]) {
  const out = join(folder, "out");
  const read = ["--checkpoints", join(out, "step-{step}"), "--resume", "--from {checkpoint}", "--json"];
  const program = [process.execPath, TRAINER, "--out", out, ...own];
  return ["run", "--folder", folder, ...read, ...options, "--", ...program];
}

const shell = (folder: string, script: string, ...options: readonly string[]) => [
  "run",
  "--folder",
  folder,
  ...options,
  "--",
  "sh",
  "-c",
  script,
];

function seriesOf(folder: string) {
  const [run] = readdirSync(join(folder, "series"));
  return readRunSeries(join(folder, "series", run!));
}

const eventsIn = (folder: string): readonly RecordEvent[] =>
  existsSync(recordPath(folder)) ? readRecord(folder).events : [];
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const lossesUpTo = (n: number) => upTo(n).map((step) => Math.round(1e5 / step) / 1e4);

describe("a command", () => {
  test("that dies goes on from its last checkpoint, with the cause in its incident", async () => {
    const folder = join(base, "dies");
    const { code, stdout, stderr } = await longrun(...train(folder, ["--steps", "60", "--die", "33"]));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lastStep: 60, lastLoss: 0.1667, numAttempts: 2 });
    expect(stderr).toContain("attempt 2: goes on from step 30");
    const { events } = readRecord(folder);
    expect(eventsOf(events, "run-started").map(({ data }) => [data.attempt, data.fromStep])).toEqual([
      [1, 0],
      [2, 30],
    ]);
    expect(eventsOf(events, "incident").map(({ data }) => data)).toMatchObject([
      {
        what: "the run's process died",
        evidence: {
          code: 1,
          step: 33,
          signature: { what: "the GPU's memory is full", role: "root", rank: 0 },
        },
        response: { action: "restart", toStep: 30 },
      },
    ]);
    expect(eventsOf(events, "command-ended")).toHaveLength(1);
    expect(verifyRecord(folder)).toMatchObject({ ok: true });
    expect((await longrun("record", "verify", folder, "--all")).code).toBe(0);
    expect((await longrun("status", folder)).stdout).toMatch(/completed +2 +60 /);
  });

  test("takes no checkpoint that lay there before for its own", async () => {
    const folder = join(base, "stale");
    mkdirSync(join(folder, "out"), { recursive: true });
    for (const step of ["20", "9000"]) writeFileSync(join(folder, "out", `step-${step}`), step);
    const { code, stderr } = await longrun(...train(folder, ["--steps", "60", "--die", "33"]));
    expect(code).toBe(0);
    expect(stderr).toContain("attempt 2: goes on from step 30");
    const { events } = readRecord(folder);
    expect(eventsOf(events, "run-started").map(({ data }) => data.fromStep)).toEqual([0, 30]);
    const saved = eventsOf(events, "checkpoint-written").map(({ data }) => data.step);
    expect(saved).toContain(20);
    expect(saved).not.toContain(9000);
  });

  test("that goes on has one curve, without what the attempt before had trained beyond", async () => {
    const { values, attempts } = seriesOf(join(base, "dies"));
    expect([...values.step!]).toEqual(upTo(60));
    expect([...values.loss!]).toEqual(lossesUpTo(60));
    expect(attempts).toEqual([
      { attempt: 1, firstStep: 1, numRows: 30 },
      { attempt: 2, firstStep: 31, numRows: 30 },
    ]);
  });

  test("that has ended is not run again", async () => {
    const folder = join(base, "dies");
    const before = eventsIn(folder).length;
    const { code, stderr } = await longrun(...train(folder, ["--steps", "60", "--die", "33"]));
    expect(code).toBe(0);
    expect(stderr).toContain("has ended before");
    expect(eventsIn(folder)).toHaveLength(before);
  });

  test("lives on when its supervisor is killed, and is adopted", async () => {
    const folder = join(base, "adopted");
    const args = train(folder, ["--steps", "60", "--ms", "100"]);
    using command = new Command(args);
    while (eventsOf(eventsIn(folder), "run-started").length === 0 && !command.hasEnded) await sleep(20);
    process.kill(command.pid, "SIGKILL");
    await command.ended;
    expect(ranksOf(folder)).toHaveLength(1);
    const { code, stdout } = await longrun(...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lastStep: 60, numAttempts: 1 });
    expect(incidentsOf(folder)).toEqual([]);
    expect([...seriesOf(folder).values.loss!]).toEqual(lossesUpTo(60));
  });

  test("is asked to stop as a scheduler would, and the same command goes on", async () => {
    const folder = join(base, "stopped");
    const args = train(folder, ["--steps", "60", "--ms", "50"]);
    using command = new Command(args);
    while (eventsOf(eventsIn(folder), "run-started").length === 0 && !command.hasEnded) await sleep(20);
    process.kill(command.pid, "SIGINT");
    expect(await command.ended).toMatchObject({ code: 130 });
    const [stopped] = eventsOf(eventsIn(folder), "interrupted");
    expect(stopped?.data.reason).toMatch(/^asked to stop; last step [1-9]/);
    const { code, stdout } = await longrun(...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lastStep: 60, numAttempts: 2 });
    expect([...seriesOf(folder).values.step!]).toEqual(upTo(60));
  });

  test("is drained at a checkpoint that it writes, and the record says so", async () => {
    const folder = join(base, "drained");
    const args = train(folder, ["--steps", "2000", "--ms", "50"]);
    using command = new Command(args);
    while (eventsOf(eventsIn(folder), "run-started").length === 0 && !command.hasEnded) await sleep(20);
    const { code, stdout } = await longrun("drain", folder);
    expect(code).toBe(0);
    expect((await command.ended).code).toBe(130);
    const [stopped] = eventsOf(eventsIn(folder), "interrupted");
    expect(stopped?.data.reason).toMatch(/^drained; last step [1-9]/);
    const saved = eventsOf(eventsIn(folder), "checkpoint-written").at(-1)!.data.step;
    expect(stdout).toContain(`ended, its checkpoint is of step ${saved}\n`);
  });

  test.each([
    ["without a pattern of its checkpoints", [], /is a command without --checkpoints/],
    ["that nobody supervises", ["--checkpoints", "out/step-{step}"], /is a command that nobody supervises/],
  ] as const)("%s is not drained, which would never come", async (name, options, found) => {
    const folder = join(base, name);
    using command = new Command(shell(folder, "echo begun; sleep 60", ...options));
    while (ranksOf(folder).length === 0 && !command.hasEnded) await sleep(20);
    if (options.length > 0) {
      process.kill(command.pid, "SIGKILL");
      await command.ended;
    }
    expectRefusal(await longrun("drain", folder), found, /`longrun stop .*` ends it now/);
    const { code, stdout } = await longrun("stop", folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sh\.[0-9a-f]+: ended, and no checkpoint of it is known$/m);
    expect(ranksOf(folder)).toEqual([]);
  });

  test("that was stopped from outside is replaced", async () => {
    const folder = join(base, "hangs");
    using command = new Command(train(folder, ["--steps", "40", "--ms", "50"]));
    while (eventsOf(eventsIn(folder), "run-started").length === 0 && !command.hasEnded) await sleep(20);
    const [attempt] = globSync(join(folder, "runs", "*", "attempts", "1"));
    const program = pidsWith(ATTEMPT_VARIABLE, attempt!).filter((pid) => !ranksOf(folder).includes(pid));
    process.kill(program[0]!, "SIGSTOP");
    const { code } = await command.ended;
    expect(code).toBe(0);
    const [incident] = eventsOf(eventsIn(folder), "incident");
    expect(incident?.data).toMatchObject({
      what: "the run's process hung",
      evidence: { section: "step", what: expect.stringMatching(/^stopped by a signal: silent for /) },
    });
    expect([...seriesOf(folder).values.step!]).toEqual(upTo(40));
  });

  test("leaves no child behind, in whatever session it was", async () => {
    const folder = join(base, "children");
    const script = "setsid sleep 300 & echo started; sleep 0.5; kill -9 $$";
    const { code, stderr } = await longrun(...shell(folder, script));
    expectRefusal({ code, stderr }, /killed by SIGKILL/, /failed 3 times in the same way/);
    for (const attempt of globSync(join(folder, "runs", "*", "attempts", "*")))
      expect(pidsWith(ATTEMPT_VARIABLE, attempt)).toEqual([]);
  });

  test("is decided on by the policy given, and what another one would decide can be asked", async () => {
    const folder = join(base, "policy");
    const policy = join(base, "policy.yaml");
    writeFileSync(policy, "withoutProgress: { sameFailure: 1 }\n");
    const outcome = await longrun(...shell(folder, "exit 3", "--policy", policy));
    expectRefusal(outcome, /ended with exit code 3/, /failed 1 times in the same way/);
    const { stdout } = await longrun("fleet", "replay", folder, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      totals: { restart: 1 },
      incidents: [{ decided: { action: "hold" }, now: { action: "restart" } }],
    });
  });

  test("that cannot start is refused once", async () => {
    const folder = join(base, "absent");
    const outcome = await longrun("run", "--folder", folder, "--", "no-such-program", "--json");
    expectRefusal(outcome, /the command no-such-program does not start \(ENOENT\)/, /check its name/);
    // Its own --json asks nothing of us.
    expect(outcome.stdout).toBe("");
    expect(incidentsOf(folder)).toEqual([]);
  });

  test("whose numbers are not found runs to its end, and is refused then", async () => {
    const folder = join(base, "unread");
    const outcome = await longrun(...shell(folder, "echo epoch 1 is done", "--metrics", "torchtitan"));
    expectRefusal(outcome, /no step in 1 lines of the log by --metrics torchtitan/, /give --metrics/);
    expect(outcome.stderr).toContain("nothing is read from the command, which is left alone");
    expect(eventsOf(eventsIn(folder), "command-ended")).toHaveLength(1);
    expect(incidentsOf(folder)).toEqual(["no numbers are read from the command"]);
  });

  test("whose file of metrics never comes is refused at its end", async () => {
    const outcome = await longrun(...shell(join(base, "no-file"), "true", "--metrics", "absent.jsonl"));
    expectRefusal(outcome, /no step in absent.jsonl, or no such file/, /give --metrics/);
  });

  test("whose pattern of checkpoints matches nothing is refused at its end", async () => {
    const options = ["--checkpoints", "nowhere/step-{step}"];
    const outcome = await longrun(...shell(join(base, "unsaved"), "true", ...options));
    expectRefusal(outcome, /nothing is there by --checkpoints nowhere/, /leave --checkpoints out/);
    expect(eventsOf(eventsIn(join(base, "unsaved")), "command-ended")).toHaveLength(1);
  });

  test("that prints as two trainers do is read as neither", async () => {
    const folder = join(base, "two-layouts");
    const script = "echo 'iter 1: loss 3.0, time 120ms'; echo 'step: 1  loss:  3.0  memory: 1GiB'";
    const outcome = await longrun(...shell(folder, script));
    expectRefusal(
      outcome,
      /two layouts, nanogpt and torchtitan/,
      /--metrics nanogpt or --metrics torchtitan/,
    );
  });

  test("without numbers that nobody asked for is well", async () => {
    const folder = join(base, "plain");
    const { code, stdout } = await longrun(...shell(folder, "echo done", "--json"));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lastStep: 0, lastLoss: null, numAttempts: 1 });
  });

  test("is read from a file of JSON lines", async () => {
    const folder = join(base, "json-lines");
    const file = join(base, "metrics.jsonl");
    const script = `for i in 1 2 3; do echo "{\\"step\\": $i, \\"train/loss\\": 2.5}" >> ${file}; sleep 0.2; done`;
    const { code } = await longrun(...shell(folder, script, "--metrics", file));
    expect(code).toBe(0);
    expect([...seriesOf(folder).values.step!]).toEqual([1, 2, 3]);
    expect([...seriesOf(folder).values.loss!]).toEqual([2.5, 2.5, 2.5]);
  });

  test("that torchrun restarts by itself has one curve too", async () => {
    const folder = join(base, "restarts");
    const line = (step: number) => `echo 'iter ${step}: loss ${step}.5, time 120ms'`;
    const restart = "echo '[default] Worker group FAILED. 2/3 attempts left; will restart worker group'";
    const script = [...[1, 2, 3, 4].map(line), "sleep 1.5", restart, ...[3, 4, 5].map(line)].join("; ");
    expect((await longrun(...shell(folder, script))).code).toBe(0);
    expect([...seriesOf(folder).values.step!]).toEqual([1, 2, 3, 4, 5]);
  });

  test("that floods its log costs neither disk nor memory, and keeps the newest", async () => {
    const folder = join(base, "flood");
    const script = "yes 'a line of a worker that prints and prints' | head -c 300000000; echo the last words";
    using command = new Command(shell(folder, script));
    let [most, largest] = [0, 0];
    while (!command.hasEnded) {
      most = Math.max(most, ...[command.pid, ...ranksOf(folder)].map(residentBytes));
      largest = Math.max(largest, ...globSync(join(folder, "runs/*/attempts/1/rank-0.log")).map(sizeOf));
      await sleep(50);
    }
    expect((await command.ended).code).toBe(0);
    expect(most).toBeGreaterThan(20e6);
    expect(most).toBeLessThan(300e6);
    expect(largest).toBeGreaterThan(16e6);
    expect(largest).toBeLessThan(68e6);
    const [log] = globSync(join(folder, "runs/*/attempts/1/rank-0.log"));
    expect(readFileSync(log!, "utf8")).toMatch(
      /^\.\.\. \d+ bytes before this are gone\n(a line|.*\n)*the last words\n$/,
    );
  }, 120_000);

  test("has its secrets in no file, not even its own log, and its folders are its owner's alone", async () => {
    const folder = join(base, "secrets");
    const secret = "correct-horse-battery-staple";
    const script = "echo argument $2 variable $MY_API_KEY $HF_TOKEN $AWS_SECRET_ACCESS_KEY >&2; exit 3";
    const address = `https://me:${secret}@host/x`;
    const own = ["--notify", `cat --token ${secret}`, "--resume", `--api-key ${secret}`];
    const args = [...own, "--", "sh", "-c", script, "sh", "--api-key", secret, address];
    Object.assign(process.env, SECRETS);
    try {
      expect((await longrun("run", "--folder", folder, ...args)).code).toBe(2);
    } finally {
      for (const name of Object.keys(SECRETS)) delete process.env[name];
    }
    const files = globSync("**/*", { cwd: folder }).map((name) => join(folder, name));
    const texts = files.filter((path) => statSync(path).isFile());
    expect(texts.length).toBeGreaterThan(3);
    const [log] = texts.filter((path) => path.endsWith(".log"));
    expect(readFileSync(log!, "utf8")).toBe("argument *** variable *** *** ***\n");
    for (const path of texts)
      expect(readFileSync(path, "latin1"), path).not.toMatch(/correct-horse|tr0ub4dor/);
    for (const path of [folder, ...files].filter((each) => statSync(each).isDirectory()))
      expect(statSync(path).mode & 0o777, path).toBe(0o700);
  });

  test.each([
    [["--resume", "--from {checkpoint}"], /without --checkpoints/],
    [["--checkpoints", "out/step"], /--checkpoints out\/step/],
    [["--metrics", "torchtitn"], /--metrics torchtitn/],
    [["--name", "../elsewhere"], /--name ..\/elsewhere/],
    [["--threads", "2"], /--threads 2 with a command/],
    [["--ranks", "2"], /--ranks 2 with a command/],
  ])("with %s is refused before it starts", async (options, found) => {
    expectRefusal(await longrun(...shell(join(base, "refused"), "true", ...options)), found, /./);
  });

  test("needs a command, or a file, and not both", async () => {
    expectRefusal(await longrun("run"), /neither a file nor a command/, /longrun run FILE/);
    expectRefusal(await longrun("run", "--"), /nothing after it/, /longrun run --/);
    expectRefusal(await longrun("run", "a.yaml", "--name", "x"), /a.yaml with --name/, /longrun run FILE/);
  });
});

const SECRETS = {
  MY_API_KEY: "tr0ub4dor-and-three",
  HF_TOKEN: "tr0ub4dor-and-four",
  AWS_SECRET_ACCESS_KEY: "tr0ub4dor-and-five",
};

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function residentBytes(pid: number): number {
  const path = `/proc/${pid}/statm`;
  return existsSync(path) ? 4096 * Number(readFileSync(path, "utf8").split(" ")[1]) : 0;
}

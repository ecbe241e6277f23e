/** @file The command line as a user meets it: real processes, their two streams and their exit codes. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRecord, readRecord, recordPath } from "../src/record/record.ts";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");

type Outcome = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

async function longrun(...args: readonly string[]): Promise<Outcome> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [MAIN, ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

const folder = mkdtempSync(join(tmpdir(), "longrun-cli-"));
const campaign = join(folder, "campaign");
const edited = join(folder, "edited");
let heads: readonly string[];

beforeAll(() => {
  heads = writeRecord(campaign);
  writeRecord(edited);
  const path = recordPath(edited);
  writeFileSync(path, readFileSync(path, "utf8").replace('"median":2', '"median":1.99'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Three events; returns the head after each. */
function writeRecord(where: string): readonly string[] {
  using record = openRecord(where);
  const prediction = {
    quantity: "loss",
    unit: "bits per byte",
    median: 2,
    lo: 1.9,
    hi: 2.1,
    basis: "a test",
  };
  return [
    () => record.append({ run: null, kind: "interrupted", data: { reason: "begun" } }),
    () => record.append({ run: "target", kind: "prediction", data: prediction }),
    () => record.append({ run: null, kind: "interrupted", data: { reason: "done" } }),
  ].map((append) => {
    append();
    return record.head;
  });
}

const COMMANDS = [
  ["launch"],
  ["status"],
  ["report"],
  ["run"],
  ["stop"],
  ["drain"],
  ["goodput"],
  ["incidents"],
  ["sample"],
  ["record", "hash"],
  ["record", "verify"],
  ["record", "show"],
  ["record", "audit"],
  ["fleet", "check"],
  ["fleet", "replay"],
  ["doctor"],
];

describe("help", () => {
  test("of the program names every command", async () => {
    const { code, stdout } = await longrun("--help");
    expect(code).toBe(0);
    for (const [command] of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  });

  test("of each command has an example and --json", async () => {
    const helps = await Promise.all(COMMANDS.map((command) => longrun(...command, "--help")));
    helps.forEach(({ code, stdout }, i) => {
      expect(code).toBe(0);
      expect(stdout).toContain(`Example:\n  longrun ${COMMANDS[i]!.join(" ")}`);
      expect(stdout).toContain("--json");
    });
  });
});

describe("mistakes on the command line", () => {
  const cases = [
    [["launch", "--bugdet", "2m"], "unknown option '--bugdet'", "Did you mean --budget?"],
    [["lanch"], "unknown command 'lanch'", "Did you mean launch?"],
    [["plan", "sizze", "--law", "x"], "unknown command 'sizze'", "Did you mean size?"],
    [["laws", "forcast"], "unknown command 'forcast'", "Did you mean forecast?"],
    [["run"], "neither a file nor a command", "longrun run"],
    [["launch", "--budget", "12 parsecs"], 'budget "12 parsecs"', "5m, 1h or 30TFLOP"],
    [["launch", "--accept", "issue-1"], "--accept issue-1 without a reason", '--because "why"'],
    [["launch", "/no/such.yaml"], "no file /no/such.yaml", "first-light.yaml"],
    [["sample", "--tokens", "-3"], '--tokens "-3"', "correct it"],
    [["sample", "/no/such"], "no trained model in /no/such", "launch the campaign"],
    [["record", "hash", "/no/such"], "there is no /no/such/record.jsonl", "launch the campaign"],
    [["record", "verify", "--head", "abc"], '--head "abc"', "longrun record hash"],
  ] as const;

  test("are told in three lines on standard error, and in JSON where it was asked for; exit code 2", async () => {
    const outcomes = await Promise.all(cases.map(([args]) => longrun(...args, "--json")));
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      const [, found, remedy] = cases[i]!;
      const { error } = JSON.parse(stdout) as { error: Record<"found" | "expected" | "remedy", string> };
      expect(error.found).toContain(found);
      expect(error.remedy).toContain(remedy);
      expect(stderr).toBe(`found: ${error.found}\nexpected: ${error.expected}\nremedy: ${error.remedy}\n`);
      expect(code).toBe(2);
    });
  });

  test("leave standard output empty without --json", async () => {
    const { code, stdout, stderr } = await longrun("launch", "--bugdet", "2m");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")).toHaveLength(4);
  });
});

describe("record", () => {
  test("hash prints the head and nothing else", async () => {
    expect(await longrun("record", "hash", campaign)).toEqual({
      code: 0,
      stdout: `${heads[2]}\n`,
      stderr: "",
    });
    const { stdout } = await longrun("record", "hash", campaign, "--json");
    expect(JSON.parse(stdout)).toEqual({ head: heads[2], numEvents: 3 });
  });

  test("verify finds the whole record whole, and knows a head that was published earlier", async () => {
    const { code, stdout } = await longrun("record", "verify", campaign, "--head", heads[1]!, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ok: true, numEvents: 3, head: heads[2], publishedSequence: 1 });
  });

  test("verify exits 2 on a head of another record, and one that the report names", async () => {
    const none = "0".repeat(64);
    const { code, stdout } = await longrun("record", "verify", campaign, "--head", none, "--json");
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, publishedSequence: null });
    const shortened = join(folder, "shortened");
    writeRecord(shortened);
    const whole = readFileSync(recordPath(shortened), "utf8");
    writeFileSync(join(shortened, "report.md"), `its head is \`${readRecord(shortened).head}\``);
    expect((await longrun("record", "verify", shortened)).code).toBe(0);
    writeFileSync(recordPath(shortened), whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + 1));
    const cut = await longrun("record", "verify", shortened);
    expect(cut).toMatchObject({ code: 2, stdout: expect.stringMatching(/^whole: 2 events, head /) });
    expect(cut.stderr).toMatch(/none of the 2 events .* which .*report.md names as its head/);
  });

  test("verify exits 2 and names the event that was edited, and a last line without its end", async () => {
    const { code, stderr } = await longrun("record", "verify", edited);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^found: .*record.jsonl is broken at sequence 1: event 1 now has the hash [0-9a-f]{64}: .*\nexpected: the hash /,
    );
    const torn = join(folder, "torn");
    writeRecord(torn);
    writeFileSync(recordPath(torn), readFileSync(recordPath(torn)).subarray(0, -1));
    const { code: tornCode, stderr: said } = await longrun("record", "verify", torn);
    expect(tornCode).toBe(2);
    expect(said).toMatch(/broken at sequence 2: the record's last line was never finished/);
    expect(said).toMatch(
      /the 2 events before it are whole.*\nremedy: where a process was killed .* launch again/,
    );
  });

  test("every other command refuses an edited record", async () => {
    const { code, stderr } = await longrun("record", "hash", edited);
    expect(code).toBe(2);
    expect(stderr).toContain("has been changed since it was written: at sequence 1");
  });

  test("show filters by kind and by run", async () => {
    const shown = async (...args: readonly string[]) => {
      const { stdout } = await longrun("record", "show", campaign, "--json", ...args);
      return (JSON.parse(stdout) as { events: { sequence: number }[] }).events.map(
        ({ sequence }) => sequence,
      );
    };
    expect(await shown("--kind", "interrupted")).toEqual([0, 2]);
    expect(await shown("--run", "target")).toEqual([1]);
    const { code, stderr } = await longrun("record", "show", campaign, "--kind", "predictions");
    expect(code).toBe(2);
    expect(stderr).toContain("prediction, measurement");
  });
});

describe("doctor", () => {
  test("lists its checks as JSON and exits 1 only where something is missing", async () => {
    const { code, stdout } = await longrun("doctor", "--json");
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(checks.map(({ name }) => name)).toContain("native kernels");
    expect(code).toBe(checks.some(({ status }) => status === "missing") ? 1 : 0);
  });
});

const RUN_FILE = `
name: tiny
corpus:
  sources: [{ name: words, path: words.txt }]
  passageBytes: 500
  holdOut: { fraction: 0.2 }
vocabularySize: 280
run:
  shape: { width: 16 }
  sequenceLength: 16
  batchSequences: 2
  numSteps: 4000
  heldOutTokens: 500
`;

describe("run", () => {
  const home = join(folder, "tiny");
  const file = join(folder, "tiny.yaml");
  const args = ["run", file, "--folder", home, "--threads", "1", "--json"];

  beforeAll(() => {
    const words = ["sea", "ship", "harbour", "wind", "north", "sail", "lamp"];
    const text = Array.from({ length: 12_000 }, (_, i) => words[(i * i + 3 * (i >> 3)) % words.length]);
    writeFileSync(join(folder, "words.txt"), text.join(" "));
    writeFileSync(file, RUN_FILE);
  });

  test("stops on Ctrl-C with exit code 130; the same command goes on, and the model can be sampled", async () => {
    const child = spawn(process.execPath, [MAIN, ...args]);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes("tiny: 0 %") && !stderr.includes("stopping")) child.kill("SIGINT");
    });
    const [code] = (await once(child, "close")) as [number];
    expect(stderr).toContain("stopping after this step; the same command goes on");
    expect(JSON.parse(stdout)).toHaveProperty("interrupted");
    expect(code).toBe(130);

    const second = await longrun(...args);
    expect(second.stderr).toContain("goes on from step");
    const { summary, head } = JSON.parse(second.stdout) as { summary: { numAttempts: number }; head: string };
    expect(summary.numAttempts).toBe(2);
    expect((await longrun("record", "hash", home)).stdout.trim()).toBe(head);

    const sample = () => longrun("sample", home, "--prompt", "ship", "--tokens", "8", "--seed", "3");
    const [first, again] = await Promise.all([sample(), sample()]);
    expect(first.stdout).toMatch(/^ship./);
    expect(again).toEqual(first);
  });
});

test("a JobSet for Kubernetes is printed, with the command that was given, and nothing is done", async () => {
  const words = ["run", "campaigns/single-run.yaml", "--on", "kubernetes", "--spares", "1"];
  const { code, stdout, stderr } = await longrun(...words, "--dry-run");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`command: ${JSON.stringify(["longrun", ...words])}\n`);
  const refused = await longrun(...words);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toMatch(/^found: --on kubernetes without --dry-run\n/);
});

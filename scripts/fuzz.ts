/**
 * @file Damaged files of every kind that is read: `npm run fuzz -- SEED [COUNT] [TARGETS]`, 10,000 of each
 * kind. A kind has a process of its own, with 1 GB at most and 10 s a file. What is done is kept under
 * build/fuzz: the same command goes on with the kinds that are left. TARGETS is a regular expression.
 */

import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MOST_SECONDS, prepareFuzz } from "../test/support/fuzz.ts";
import { type FuzzTarget, fuzzTargets } from "../test/support/fuzz-targets.ts";

const MOST_MEGABYTES = 1000;
const MOST_FAULTS = 20;

type Row = Record<"same" | "read" | "refused" | "failed", number> & {
  readonly slowestSeconds: number;
  readonly peakMegabytes: number;
  readonly failures: readonly string[];
};

type Progress = { readonly index: number } | { readonly row: Row };

const folder = mkdtempSync(join(tmpdir(), "longrun-fuzz-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const { first, count, only } = parsedArguments();
const targets = (await fuzzTargets(folder)).filter(({ name }) =>
  typeof only === "string" ? name === only : only.test(name),
);

if (typeof only === "string")
  process.send!({ row: await fuzz(targets[0]!) } satisfies Progress, () => process.exit());
else process.exitCode = await supervise();

/** Ends with the usage where they are none that it has. */
function parsedArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { child: { type: "boolean" } },
    });
    const [first = "1", count = "10000", only = "", ...more] = positionals;
    if (more.length > 0 || ![first, count].every((number) => /^[1-9][0-9]{0,8}$/.test(number)))
      throw new RangeError("SEED and COUNT are whole numbers from 1 to 999999999, and TARGETS is one word");
    // A child is told the very name.
    return { first: Number(first), count: Number(count), only: values.child ? only : new RegExp(only) };
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run fuzz -- [SEED] [COUNT] [TARGETS]`);
    process.exit(2);
  }
}

/** Reads every mutation, in this process. */
async function fuzz(target: FuzzTarget): Promise<Row> {
  const run = await prepareFuzz(target, first);
  const counts = { same: 0, read: 0, refused: 0, failed: 0 };
  const failures: string[] = [];
  const baseMegabytes = process.resourceUsage().maxRSS / 1e3;
  let [slowest, peak] = [0, 0];
  for (let index = 0; index < count; index++) {
    process.send!({ index } satisfies Progress);
    const start = performance.now();
    const outcome = await run(index);
    slowest = Math.max(slowest, (performance.now() - start) / 1000);
    const megabytes = process.resourceUsage().maxRSS / 1e3;
    const isTooMuch = megabytes > MOST_MEGABYTES && peak <= MOST_MEGABYTES;
    peak = megabytes;
    const { kind, ...rest } = isTooMuch ? { kind: "failed" as const, why: `${megabytes} MB` } : outcome;
    counts[kind] += 1;
    if ("why" in rest && failures.length < MOST_FAULTS) failures.push(`${index}: ${rest.why}`);
    // Messages leave only when the loop turns, and the supervisor has to know where a hang began.
    if (index % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...counts, slowestSeconds: slowest, peakMegabytes: Math.max(baseMegabytes, peak), failures };
}

async function supervise(): Promise<number> {
  const kept = join(import.meta.dirname, "..", "build", "fuzz", `${first}-${count}.json`);
  const rows: Record<string, Row> = existsSync(kept) ? JSON.parse(readFileSync(kept, "utf8")) : {};
  mkdirSync(join(kept, ".."), { recursive: true });
  console.log(`seed ${first}, ${count} mutations of each file\n`);
  console.log(`${"target".padEnd(30)}    same    read refused  failed  slowest     peak`);
  for (const { name } of targets) {
    rows[name] ??= await inChild(name);
    writeFileSync(kept, JSON.stringify(rows));
    const { same, read, refused, failed, slowestSeconds, peakMegabytes, failures } = rows[name];
    const counts = [same, read, refused, failed].map((each) => String(each).padStart(8)).join("");
    const worst = `${slowestSeconds.toFixed(2).padStart(7)} s ${peakMegabytes.toFixed(0).padStart(5)} MB`;
    console.log(`${name.padEnd(30)}${counts}${worst}`);
    for (const failure of failures) console.log(`    ${failure}`);
  }
  return targets.some(({ name }) => rows[name]!.failed > 0) ? 1 : 0;
}

function inChild(name: string): Promise<Row> {
  const child = fork(import.meta.filename, [String(first), String(count), name, "--child"], {
    execArgv: [`--max-old-space-size=${MOST_MEGABYTES}`],
  });
  return new Promise((resolve) => {
    let index = -1;
    let timer = watch(child);
    let row: Row | null = null;
    child.on("message", (message: Progress) => {
      clearTimeout(timer);
      timer = watch(child);
      if ("row" in message) row = message.row;
      else index = message.index;
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      const failures = [`from ${index} on: ended by ${signal ?? `exit code ${code}`}`];
      const none = { same: 0, read: 0, refused: 0, failed: 1, slowestSeconds: 0, peakMegabytes: 0 };
      resolve(row ?? { ...none, failures });
    });
  });
}

/** The start, which prepares all targets, and sixteen files in a row may take a while. */
function watch(child: ChildProcess): NodeJS.Timeout {
  return setTimeout(() => child.kill("SIGKILL"), 6 * MOST_SECONDS * 1000);
}

/**
 * @file Ranks in PyTorch over gloo of which one is killed or hangs: how soon that is noticed, and how soon
 * all step again; beside torchrun, with the prefix that its restarts need to work (bench/torchrun).
 *
 *     LONGRUN_PYTHON=... npm run bench:fleet-torch -- [--ranks 4] [--repeats 3] [--against torchrun]
 */

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { table } from "../src/cli/terminal/table.ts";
import { pythonWithTorch } from "../src/fleet/torch-python.ts";
import { recordPath } from "../src/record/record.ts";
import { writeTexts } from "../test/support/campaigns.ts";
import { TorchRun } from "../test/support/torch-run.ts";

const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "4" },
    repeats: { type: "string", default: "3" },
    against: { type: "string" },
  },
});
const numRanks = Number(values.ranks);
const numRepeats = Number(values.repeats);
const python = await pythonWithTorch(process.env.LONGRUN_PYTHON);
const base = mkdtempSync(join(tmpdir(), "longrun-bench-torch-"));

/** Limits of silence are learnt from so many steps first. */
const LEARNING_BEATS = 40;
const POLL_MS = 5;
const MOST_SECONDS = 60;

type Measured = {
  readonly fault: string;
  /** Null: not within a minute. */
  readonly noticedSeconds: number | null;
  readonly steppingSeconds: number | null;
  readonly note: string;
};

const secondsSince = (at: number) => (performance.now() - at) / 1000;

async function until(isTrue: () => boolean, at: number): Promise<number | null> {
  while (!isTrue()) {
    if (secondsSince(at) > MOST_SECONDS) return null;
    await sleep(POLL_MS);
  }
  return secondsSince(at);
}

async function longrunRows(): Promise<Measured[]> {
  writeTexts(base);
  const folder = join(base, "longrun");
  const options = { base, folder, python, numRanks, numSteps: 1_000_000, checkpointSeconds: 1 };
  using run = new TorchRun(options);
  /** Others warn of slow steps. */
  const incidents = () =>
    readFileSync(recordPath(folder), "utf8").split('"what":"the run\'s process').slice(1);
  const rows: Measured[] = [];
  for (const fault of ["kill -9", "hang"])
    for (let repeat = 0; repeat < numRepeats; repeat++) {
      await run.stepsAfter(0, LEARNING_BEATS);
      await sleep(2000);
      const { attempt } = run;
      const before = incidents().length;
      const at = performance.now();
      if (fault === "hang") run.disturb("hang", 2);
      else process.kill(run.pid(2), "SIGKILL");
      const noticedSeconds = await until(() => incidents().length > before, at);
      await run.stepsAfter(attempt);
      const note = /silent for .*? are allowed/.exec(incidents().at(-1)!)?.[0] ?? "";
      rows.push({ fault: `longrun, ${fault}`, noticedSeconds, steppingSeconds: secondsSince(at), note });
    }
  await run.end();
  return rows;
}

/** The steps of its ranks by restart, as bench/torchrun/ddp.py leaves them. */
async function torchrunRows(): Promise<Measured[]> {
  const folder = join(base, "torchrun");
  mkdirSync(folder);
  const log = openSync(join(base, "torchrun.log"), "a");
  const script = join(import.meta.dirname, "torchrun", "ddp.py");
  const args = [
    "--standalone",
    "--nproc-per-node",
    String(numRanks),
    "--max-restarts",
    "100",
    script,
    folder,
  ];
  const environment = { ...process.env, OMP_NUM_THREADS: "1", GLOO_SOCKET_IFNAME: "lo" };
  const agent = spawn(join(dirname(python), "torchrun"), args, {
    detached: true,
    env: environment,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const told = () =>
    readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8").split(" ").map(Number));
  const areAllAt = (restart: number) => () =>
    told().filter(([at = -1, step = 0]) => at >= restart && step > 0).length === numRanks;
  const numFailures = () =>
    readFileSync(join(base, "torchrun.log"), "utf8").split("failed (exitcode").length - 1;
  const rows: Measured[] = [];
  try {
    for (let repeat = 0; repeat < numRepeats; repeat++) {
      await until(areAllAt(repeat), performance.now());
      await sleep(2000);
      const before = numFailures();
      const at = performance.now();
      process.kill(Number(readFileSync(join(folder, "rank-2"), "utf8").split(" ")[2]), "SIGKILL");
      const noticedSeconds = await until(() => numFailures() > before, at);
      const steppingSeconds = await until(areAllAt(repeat + 1), at);
      rows.push({
        fault: "torchrun, kill -9",
        noticedSeconds,
        steppingSeconds,
        note: "without a checkpoint",
      });
    }
  } finally {
    process.kill(-agent.pid!, "SIGKILL");
  }
  return rows;
}

const rows = [...(await longrunRows()), ...(values.against === "torchrun" ? await torchrunRows() : [])];
const seconds = (value: number | null) => (value === null ? "not in 60" : value.toFixed(2));
console.log(`${numRanks} ranks; load ${loadavg()[0]!.toFixed(1)}`);
console.log(
  table(rows, [
    { title: "fault", align: "left", cell: ({ fault }) => fault },
    { title: "noticed, s", align: "right", cell: ({ noticedSeconds }) => seconds(noticedSeconds) },
    { title: "all stepping, s", align: "right", cell: ({ steppingSeconds }) => seconds(steppingSeconds) },
    { title: "", align: "left", cell: ({ note }) => note },
  ]),
);
rmSync(base, { recursive: true });

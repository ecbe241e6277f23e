/**
 * @file The peers of `bench/fleet-torch.ts` on the same faults: torchrun, and NVIDIA's ft_launcher (a Python
 * with nvidia-resiliency-ext in LONGRUN_NVRX_PYTHON), with one small model.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../src/errors.ts";
import { faultsEnvironment } from "../test/support/ranked-run.ts";

/** One fault, in seconds from it. Null: not within a minute, or nobody says. */
export type Measured = {
  readonly fault: string;
  readonly noticedSeconds: number | null;
  readonly steppingSeconds: number | null;
  readonly note: string;
};

/** Where and how often. `python` has PyTorch. */
export type PeerRun = {
  readonly base: string;
  readonly python: string;
  readonly numRanks: number;
  readonly numRepeats: number;
};

const POLL_MS = 5;
const MOST_SECONDS = 60;
/** In which a run settles before it is disturbed. */
const SETTLE_MS = 2000;
/** The one that is disturbed. */
const VICTIM = 2;

export const secondsSince = (at: number) => (performance.now() - at) / 1000;

/** Seconds since `at` when it holds; null: not within a minute. */
export async function until(isTrue: () => boolean, at: number): Promise<number | null> {
  while (!isTrue()) {
    if (secondsSince(at) > MOST_SECONDS) return null;
    await sleep(POLL_MS);
  }
  return secondsSince(at);
}

/** What bench/torchrun/ddp.py leaves: restart, step, process. */
function told(folder: string, rank: number) {
  const path = join(folder, `rank-${rank}`);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const [restart = -1, step = 0, pid = 0] = text.split(" ").map(Number);
  return { restart, step, pid };
}

const ranksOf = ({ numRanks }: PeerRun) => Array.from({ length: numRanks }, (_, rank) => rank);

function started(command: readonly string[], log: string, environment: Readonly<Record<string, string>>) {
  const output = openSync(log, "a");
  const child = spawn(command[0]!, command.slice(1), {
    detached: true,
    env: { ...process.env, OMP_NUM_THREADS: "1", GLOO_SOCKET_IFNAME: "lo", ...environment },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  return child;
}

function killGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, "SIGKILL");
  } catch {} // It has ended by itself.
}

type Launcher = {
  readonly name: string;
  readonly command: readonly string[];
  /** What its log says when it has noticed something. */
  readonly notice: string;
  readonly faults: readonly ("kill -9" | "hang")[];
  readonly note: string;
};

/** With the prefix that restarts of gloo's ranks need. A hang it leaves to gloo, which waits 30 minutes. */
export const torchrunRows = (run: PeerRun) =>
  launchedRows(run, {
    name: "torchrun",
    command: [join(dirname(run.python), "torchrun")],
    notice: "failed (exitcode",
    faults: ["kill -9"],
    note: "without a checkpoint",
  });

/** Its ranks send a heartbeat each step, and 6 s are allowed without one. */
export const nvrxRows = (run: PeerRun) =>
  launchedRows(run, {
    name: "NVRx",
    command: [
      join(dirname(pythonIn("LONGRUN_NVRX_PYTHON", "nvidia-resiliency-ext")), "ft_launcher"),
      ...["--ft-initial-rank-heartbeat-timeout", "60", "--ft-rank-heartbeat-timeout", "6"],
      ...["--ft-workload-check-interval", "0.5"],
    ],
    notice: "Worker group UNHEALTHY",
    faults: ["kill -9", "hang"],
    note: "heartbeat timeout 6 s, without a checkpoint",
  });

async function launchedRows(run: PeerRun, launcher: Launcher): Promise<Measured[]> {
  const folder = join(run.base, launcher.name);
  const log = join(run.base, `${launcher.name}.log`);
  mkdirSync(folder);
  const script = [join(import.meta.dirname, "torchrun", "ddp.py"), folder];
  const options = ["--standalone", "--nproc-per-node", String(run.numRanks), "--max-restarts", "100"];
  const environment = faultsEnvironment(folder);
  const agent = started([...launcher.command, ...options, ...script], log, environment);
  const areAllAt = (restart: number) => () =>
    ranksOf(run).every((rank) => told(folder, rank).restart >= restart && told(folder, rank).step > 0);
  const numNotices = () => readFileSync(log, "utf8").split(launcher.notice).length - 1;
  const rows: Measured[] = [];
  const repeats = launcher.faults.flatMap((fault) => Array.from({ length: run.numRepeats }, () => fault));
  try {
    for (const fault of repeats) {
      await until(areAllAt(rows.length), performance.now());
      await sleep(SETTLE_MS);
      const before = numNotices();
      const at = fault === "hang" ? await hang(folder) : await kill(folder);
      const noticedSeconds = await until(() => numNotices() > before, at);
      const steppingSeconds = await until(areAllAt(rows.length + 1), at);
      const { name, note } = launcher;
      rows.push({ fault: `${name}, ${fault}`, noticedSeconds, steppingSeconds, note });
    }
  } finally {
    killGroup(agent);
    for (const rank of ranksOf(run)) killRank(folder, rank);
  }
  return rows;
}

async function kill(folder: string): Promise<number> {
  let { pid } = told(folder, VICTIM);
  // The file is empty while it is written, and process 0 is our own group.
  for (; pid === 0; await sleep(1)) ({ pid } = told(folder, VICTIM));
  process.kill(pid, "SIGKILL");
  return performance.now();
}

/** From the moment at which the rank sleeps. */
async function hang(folder: string): Promise<number> {
  const path = join(folder, `hang-${VICTIM}`);
  writeFileSync(path, "");
  await until(() => !existsSync(path), performance.now());
  return performance.now();
}

/** One that its launcher has left behind. */
function killRank(folder: string, rank: number): void {
  const { pid } = told(folder, rank);
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch {}
}

function pythonIn(variable: string, package_: string): string {
  const python = process.env[variable];
  if (python) return python;
  throw new UserError(
    `${variable} is not set`,
    `a Python with PyTorch and ${package_}`,
    `make one (python -m venv; pip install ${package_}) and name it there`,
  );
}

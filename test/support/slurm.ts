/**
 * @file A Slurm of four nodes on this machine, for tests: munge, a controller and a `slurmd` for each node,
 * all on loopback, in a folder of their own, without root's services, cgroups or systemd.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Machines } from "./machines.ts";

const PROGRAMS = ["munged", "slurmctld", "slurmd", "srun", "sbatch", "scontrol", "squeue"];
export const NODES = ["n1", "n2", "n3", "n4"] as const;

/** What is not installed, in words; null: it is all here. */
export function slurmIsMissing(): string | null {
  const missing = PROGRAMS.filter((program) => pathOf(program) === null);
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")} (Debian: slurm-wlm and munge)`;
}

const pathOf = (program: string) =>
  ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map((folder) => join(folder, program)).find(existsSync) ?? null;

/** Ports from here on; each cluster takes its own ten, below those that the system gives to connections. */
const FIRST_PORT = 20_000;
const IDLE_MS = 90_000;

export type ClusterOptions = {
  /** In Lua: what the controller does with a job before it takes it. */
  readonly submitScript?: string;
  /** CONTROLLER and the nodes, with a network between them; left out, all of it is on loopback. */
  readonly machines?: Machines;
};

export const CONTROLLER = "controller";
/** Spoken with by a file, so that it serves all machines. */
const MUNGE = "munge";

/** A running cluster; disposing of it ends all of its processes. */
export class SlurmCluster implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "longrun-slurm-"));
  readonly #children = new Map<string, ChildProcess>();
  readonly #machines: Machines | undefined;
  readonly #port = FIRST_PORT + 10 * (process.pid % 1200);

  /** For everything that speaks to it. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, SLURM_CONF: join(this.folder, "slurm.conf") };
  }

  private constructor({ machines }: ClusterOptions) {
    this.#machines = machines;
  }

  static async start(options: ClusterOptions = {}): Promise<SlurmCluster> {
    const { submitScript } = options;
    const cluster = new SlurmCluster(options);
    for (const name of ["run", "state", "log", "spool"])
      mkdirSync(join(cluster.folder, name), { mode: 0o755 });
    const configuration = cluster.#configuration();
    writeFileSync(
      join(cluster.folder, "slurm.conf"),
      submitScript === undefined ? configuration : `${configuration}JobSubmitPlugins=lua\n`,
    );
    if (submitScript !== undefined) writeFileSync(join(cluster.folder, "job_submit.lua"), submitScript);
    await cluster.#startMunge();
    cluster.startController();
    for (const node of NODES) cluster.startNode(node);
    await cluster.idle(NODES);
    return cluster;
  }

  startController(): void {
    this.#spawn("slurmctld", ["-D", "-f", join(this.folder, "slurm.conf")], CONTROLLER);
  }

  /** @param before a program that starts it, with its own arguments */
  startNode(node: string, before: readonly string[] = []): void {
    this.#spawn("slurmd", ["-D", "-N", node, "-f", join(this.folder, "slurm.conf")], node, before);
  }

  /** Starts again what was killed, until all of it can take a job. */
  async mend(): Promise<void> {
    const isGone = (name: string) => this.#children.get(name)!.signalCode !== null;
    if (isGone("controller")) this.startController();
    for (const node of NODES.filter(isGone)) this.startNode(node);
    await this.idle(NODES);
  }

  /** Until all of them can take a job. */
  async idle(nodes: readonly string[]): Promise<void> {
    const until = performance.now() + IDLE_MS;
    while (!nodes.every((node) => this.#isIdle(node))) {
      if (performance.now() > until) throw new Error(`no idle cluster: ${this.log("controller")}`);
      await setTimeout(100);
    }
  }

  /** A node may stay "mixed", with no processor in use, when the controller was killed: it takes jobs. */
  #isIdle(node: string): boolean {
    const told = whenPossible(() => this.command("scontrol", "show", "node", "--oneliner", node)) ?? "";
    return /\bCPUAlloc=0\b/.test(told) && /\bState=(IDLE|MIXED) /.test(told);
  }

  /** Before the words of a command: it runs there. */
  wordsOn(machine: string): readonly string[] {
    return this.#machines?.wordsOn(machine) ?? [];
  }

  /** Runs one of Slurm's commands and gives what it prints. */
  command(program: string, ...words: readonly string[]): string {
    const [first, ...rest] = [...this.wordsOn(CONTROLLER), pathOf(program) ?? program, ...words];
    return execFileSync(first!, rest, {
      env: this.environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** As when its power fails: the daemon, its step daemons and all that they have started. */
  losePower(node: string): void {
    for (const pid of this.#processesOf(node)) signalIfThere(pid, "SIGKILL");
  }

  /** An agent on the node and its ranks, as where the network is cut between it and all others. */
  loseAgent(node: string): void {
    const isAgent = (pid: number) => /nodes\/agent\.[tj]s/.test(readIfThere(`/proc/${pid}/cmdline`));
    for (const pid of this.#processesOf(node).filter(isAgent)) signalIfThere(pid, "SIGKILL");
  }

  /** All that `losePower` ends stands still, as when a machine does; disposing lets it go on. */
  stopNode(node: string): Disposable {
    const pids = this.#processesOf(node);
    for (const pid of pids) signalIfThere(pid, "SIGSTOP");
    return {
      [Symbol.dispose]: () => {
        for (const pid of pids) signalIfThere(pid, "SIGCONT");
      },
    };
  }

  /** The daemon alone: jobs go on. */
  killDaemon(name: string): void {
    this.#children.get(name)?.kill("SIGKILL");
  }

  log(name: string): string {
    const path = join(this.folder, "log", `${name}.out`);
    return existsSync(path) ? readFileSync(path, "utf8").slice(-2000) : "";
  }

  #processesOf(node: string): readonly number[] {
    const daemon = this.#children.get(node)?.pid;
    // Another cluster on this machine has nodes of the same names.
    const own = [`\0SLURMD_NODENAME=${node}\0`, `\0SLURM_CONF=${join(this.folder, "slurm.conf")}\0`];
    const isOurs = (environment: string) => own.every((variable) => environment.includes(variable));
    const isOf = (pid: number) =>
      pid === daemon ||
      isOurs(readIfThere(`/proc/${pid}/environ`)) ||
      (readIfThere(`/proc/${pid}/cmdline`).startsWith("slurmstepd") && isBelow(pid, daemon));
    return allPids().filter(isOf);
  }

  async #startMunge(): Promise<void> {
    const key = join(this.folder, "munge.key");
    writeFileSync(key, randomBytes(128), { mode: 0o400 });
    const at = (name: string) => join(this.folder, "run", name);
    const options = { socket: at("munge.socket"), "key-file": key, "log-file": at("munge.log") };
    const more = { "pid-file": at("munge.pid"), "seed-file": at("munge.seed") };
    const words = Object.entries({ ...options, ...more }).map(([name, path]) => `--${name}=${path}`);
    chmodSync(this.folder, 0o755);
    this.#spawn("munged", ["--foreground", "--force", ...words], MUNGE);
    while (!existsSync(options.socket)) await setTimeout(10);
  }

  #spawn(program: string, words: readonly string[], name: string, before: readonly string[] = []): void {
    const log = join(this.folder, "log", `${name}.out`);
    const where = name === MUNGE ? [] : this.wordsOn(name);
    const quoted = [...where, ...before, pathOf(program)!, ...words];
    const child = spawn("/bin/sh", ["-c", 'exec "$@" >>"$0" 2>&1', log, ...quoted], {
      env: this.environment,
      stdio: "ignore",
      detached: true,
    });
    this.#children.set(name, child);
  }

  #configuration(): string {
    const user = userInfo().username;
    const addressOf = (machine: string) => this.#machines?.addressOf(machine) ?? "127.0.0.1";
    const at = (...names: readonly string[]) => join(this.folder, ...names);
    const settings: Readonly<Record<string, string | number>> = {
      ClusterName: "longrun",
      SlurmctldHost: `${hostname()}(${addressOf(CONTROLLER)})`,
      SlurmctldPort: this.#port,
      SlurmUser: user,
      SlurmdUser: user,
      AuthType: "auth/munge",
      AuthInfo: `socket=${at("run", "munge.socket")},cred_expire=5`,
      CryptoType: "crypto/munge",
      StateSaveLocation: at("state"),
      SlurmdSpoolDir: at("spool", "%n"),
      SlurmctldPidFile: at("run", "slurmctld.pid"),
      SlurmdPidFile: at("run", "slurmd.%n.pid"),
      ProctrackType: "proctrack/linuxproc",
      TaskPlugin: "task/none",
      JobAcctGatherType: "jobacct_gather/none",
      SelectType: "select/cons_tres",
      SelectTypeParameters: "CR_Core",
      SchedulerType: "sched/backfill",
      SchedulerParameters:
        "batch_sched_delay=0,sched_min_interval=0,bf_interval=1,sched_interval=1,requeue_delay=0",
      MpiDefault: "none",
      ReturnToService: 2,
      SlurmdTimeout: 5,
      SlurmctldTimeout: 10,
      InactiveLimit: 0,
      KillWait: 5,
      JobRequeue: 1,
    };
    const nodeLine = (node: string, i: number) =>
      `NodeName=${node} NodeHostname=${hostname()} NodeAddr=${addressOf(node)} Port=${this.#port + 1 + i} ` +
      "CPUs=2 RealMemory=2000 State=UNKNOWN";
    return [
      ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      ...NODES.map(nodeLine),
      "PartitionName=main Nodes=n[1-4] Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES",
      "",
    ].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    whenPossible(() => this.command("scancel", "-u", userInfo().username));
    await setTimeout(200);
    // Step daemons of a node that was started again are below no daemon that is known here.
    const mark = `\0SLURM_CONF=${this.environment.SLURM_CONF}\0`;
    for (const pid of allPids().filter((each) => readIfThere(`/proc/${each}/environ`).includes(mark)))
      signalIfThere(pid, "SIGKILL");
    await setTimeout(100);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const allPids = () => readdirSync("/proc").map(Number).filter(Number.isInteger);

function readIfThere(path: string): string {
  try {
    return `\0${readFileSync(path, "latin1")}`.replace(/^\0(?=slurmstepd)/, "");
  } catch {
    return "";
  }
}

function isBelow(pid: number, ancestor: number | undefined): boolean {
  for (let at = pid; at > 1; ) {
    if (at === ancestor) return true;
    const stat = readIfThere(`/proc/${at}/stat`);
    at = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
  }
  return false;
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  whenPossible(() => process.kill(pid, signal));
}

/** Null where it is refused: the controller is down, the process is gone. */
export function whenPossible<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

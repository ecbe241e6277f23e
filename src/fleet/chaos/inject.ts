/** @file How each kind of fault is brought about, from outside, in a few lines. */

import { execFileSync } from "node:child_process";
import { accessSync, appendFileSync, constants, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Random } from "../../math/random.ts";
import { eventSchema } from "../../record/events.ts";
import { recordPath } from "../../record/record.ts";
import { listCheckpoints, MODEL_FILE, OPTIMISER_FILE } from "../../train/checkpoint.ts";
import { runCheckpoints } from "../../train/state.ts";
import { sendSignal } from "../process/proc.ts";
import type { FaultKind } from "./fault.ts";
import { changeParameter } from "./memory.ts";
import type { Trainer, Victim } from "./victim.ts";

/** Strikes, and says what exactly it did. */
type Injector = (victim: Victim, trainer: Trainer, random: Random) => string | Promise<string>;

/** The file by which the clock is shifted, in the folder of the experiment. */
export const clockFile = (folder: string) => join(folder, "..", "clock-shift");

const SLOW = { seconds: 3, stoppedMs: 150, runningMs: 50 };
const FULL_DISK_SECONDS = 2;
/** Beats and fences are smaller, and overwrite what is there: a full disk lets them through, too. */
const FULL_DISK_BYTES = 4096;
const TERM_SECONDS = 5;
const CLOCK_HOURS = [-30, 49, 0];
const MOST_MEMORY_SECONDS = 3;

export const INJECTORS: Readonly<Record<FaultKind, Injector>> = {
  crash: (_, { pid }, random) => signalled(pid, random.pick(["SIGSEGV", "SIGABRT"])),
  kill: (_, { pid }) => signalled(pid, "SIGKILL"),
  hang: (_, { pid }) => signalled(pid, "SIGSTOP"),
  async slow(_, { pid }) {
    for (const until = performance.now() + 1000 * SLOW.seconds; performance.now() < until; ) {
      sendSignal(pid, "SIGSTOP");
      await setTimeout(SLOW.stoppedMs);
      sendSignal(pid, "SIGCONT");
      await setTimeout(SLOW.runningMs);
    }
    return `process ${pid} stopped ${SLOW.stoppedMs} of ${SLOW.stoppedMs + SLOW.runningMs} ms for ${SLOW.seconds} s`;
  },
  nan: (_, trainer, random) => changeParameter(trainer, random, (_bits, value) => value.fill(Number.NaN)),
  spike: (_, trainer, random) => changeParameter(trainer, random, (_bits, value) => value.fill(1000)),
  "memory-bits": (_, trainer, random) =>
    changeParameter(trainer, random, (bits) => {
      bits[0]! ^= 1 << random.integer(20);
    }),
  "torn-checkpoint": (victim, _, random) =>
    damageCheckpoint(victim, random, (path, bytes) => {
      truncateSync(path, Math.floor(bytes.length / 2));
      return `${path} cut to half of ${bytes.length} bytes`;
    }),
  "checkpoint-bits": (victim, _, random) =>
    damageCheckpoint(victim, random, (path, bytes) => {
      const at = random.integer(bytes.length);
      bytes[at]! ^= 1 << random.integer(8);
      writeFileSync(path, bytes);
      return `a bit of byte ${at} of ${path}`;
    }),
  async "full-disk"(victim) {
    const everyone = victim.everyone();
    const released = setTimeout(1000 * FULL_DISK_SECONDS);
    victim.hold(released);
    for (const pid of everyone) limit(pid, "fsize", `${FULL_DISK_BYTES}:`);
    await released;
    for (const pid of new Set([...everyone, ...victim.everyone()])) limit(pid, "fsize", "unlimited:");
    return `no file may grow beyond ${FULL_DISK_BYTES} bytes for ${FULL_DISK_SECONDS} s`;
  },
  async "clock-jump"(victim) {
    for (const hours of CLOCK_HOURS) {
      writeFileSync(clockFile(victim.folder), String(hours * 3_600_000));
      await setTimeout(300);
    }
    return `${CLOCK_HOURS.join(", then ")} h off`;
  },
  "supervisor-killed": (victim) => killSupervisor(victim),
  async "record-torn"(victim) {
    const killed = await killSupervisor(victim);
    const path = recordPath(victim.folder);
    const content = readFileSync(path);
    const start = content.lastIndexOf(10, content.length - 2) + 1;
    const line = content.subarray(start);
    const half = Math.floor(line.length / 2);
    // A line that was acknowledged can be lost only where its run tells of it again; else one more was begun.
    const { kind } = eventSchema.parse(JSON.parse(line.toString()));
    if (kind === "checkpoint-written") truncateSync(path, start + half);
    else appendFileSync(path, line.subarray(0, half));
    return `${killed}, and the record ends with ${half} bytes of a line of ${line.length}`;
  },
  async "out-of-memory"(victim, trainer) {
    const now = /^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${trainer.pid}/status`, "utf8"))?.[1];
    limit(trainer.pid, "as", String(1024 * Number(now)));
    const until = performance.now() + 1000 * MOST_MEMORY_SECONDS;
    const isGone = () => !victim.trainers().some(({ pid }) => pid === trainer.pid);
    await victim.when(() => isGone() || performance.now() > until);
    const what = `process ${trainer.pid} gets no more than its ${now} kB`;
    return isGone() ? what : `${what}, lives on with them, and ${signalled(trainer.pid, "SIGKILL")}`;
  },
  async "time-limit"(victim) {
    const everyone = victim.everyone();
    const before = victim.supervisor;
    for (const pid of everyone) sendSignal(pid, "SIGTERM");
    const until = performance.now() + 1000 * TERM_SECONDS;
    await victim.when(() => victim.supervisor !== before || performance.now() > until);
    const late = victim.supervisor === before ? everyone : [];
    for (const pid of late) sendSignal(pid, "SIGKILL");
    return `SIGTERM to ${everyone.length} processes, SIGKILL to ${late.length} of them`;
  },
  async "all-killed"(victim) {
    const everyone = victim.everyone();
    for (const pid of everyone) sendSignal(pid, "SIGKILL");
    return `SIGKILL to ${everyone.length} processes`;
  },
};

/** Why a kind cannot be brought about here; null where it can. */
export function impossible(kind: FaultKind): string | null {
  if (["nan", "spike", "memory-bits"].includes(kind)) {
    try {
      // Whoever may write to the memory of the first process may write to that of any.
      accessSync("/proc/1/mem", constants.W_OK);
    } catch {
      return "it takes Linux and root to write to another process's memory";
    }
  }
  if (kind === "full-disk" || kind === "out-of-memory") {
    try {
      execFileSync("prlimit", ["--version"], { stdio: "ignore" });
    } catch {
      return "it takes prlimit (util-linux)";
    }
  }
  return null;
}

function signalled(pid: number, signal: NodeJS.Signals): string {
  sendSignal(pid, signal);
  return `${signal} to process ${pid}`;
}

/** What follows at once happens before the next command starts. */
async function killSupervisor(victim: Victim): Promise<string> {
  const pid = victim.supervisor;
  if (pid === null) return "the command was not there";
  sendSignal(pid, "SIGKILL");
  await victim.when(() => victim.supervisor !== pid);
  return `SIGKILL to the command, process ${pid}`;
}

/** Of a run that trains and has a checkpoint, once there is one; its process reads it when it starts anew. */
async function damageCheckpoint(
  victim: Victim,
  random: Random,
  damage: (path: string, bytes: Buffer) => string,
): Promise<string> {
  const newestOf = ({ run: name }: Trainer) =>
    listCheckpoints(...Object.values(runCheckpoints({ folder: victim.folder, name }))).at(-1);
  const trainers = () => victim.trainers().filter((trainer) => newestOf(trainer));
  if (!(await victim.when(() => trainers().length > 0)))
    throw new Error("the command ended before a checkpoint");
  const trainer = random.pick(trainers());
  sendSignal(trainer.pid, "SIGSTOP"); // Lest it writes a newer one meanwhile.
  const path = join(newestOf(trainer)!.path, random.pick([MODEL_FILE, OPTIMISER_FILE]));
  const what = damage(path, readFileSync(path));
  return `${what}, and ${signalled(trainer.pid, "SIGKILL")}`;
}

/** One that has ended meanwhile is passed over. */
function limit(pid: number, resource: "fsize" | "as", value: string): void {
  try {
    execFileSync("prlimit", ["--pid", String(pid), `--${resource}=${value}`], { stdio: "ignore" });
  } catch (error) {
    if (!(error instanceof Error && "status" in error)) throw error;
  }
}

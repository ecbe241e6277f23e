/** @file longrun as a user starts it: processes in groups of their own, watched, killed, interrupted. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect } from "vitest";
import { livingProcesses } from "../../src/fleet/process/living.ts";
import { readRecord } from "../../src/record/record.ts";

export const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** What a command came to. */
export type Outcome = {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A command and the processes that it starts, a group as under a shell. None outlives its test. */
export class Command implements Disposable {
  readonly ended: Promise<Outcome>;
  readonly #pid: number;
  #stdout = "";
  #stderr = "";
  #hasEnded = false;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#pid = child.pid!;
    child.stdout.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      for (const watcher of this.#watchers) watcher();
    });
    this.ended = new Promise((resolve) => {
      child.on("close", (code, killedBy) => {
        this.#hasEnded = true;
        resolve({ code, killedBy, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    return this.#pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves once standard error holds the pattern, or the command has ended without it. */
  async saw(pattern: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watcher = () => pattern.test(this.#stderr) && resolve();
    this.#watchers.add(watcher);
    watcher();
    await Promise.race([promise, this.ended]);
    this.#watchers.delete(watcher);
  }

  /** Ctrl-C and `kill -9` as they meet the whole group. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#hasEnded) this.signalGroup("SIGKILL");
  }
}

/** The living processes of the runs in a campaign's folder: they outlive the command that started them. */
export const ranksOf = (folder: string) => livingProcesses(folder).map(({ pid }) => pid);

/** What went wrong, as the record has it. */
export function incidentsOf(folder: string): readonly string[] {
  return readRecord(folder).events.flatMap((event) => (event.kind === "incident" ? [event.data.what] : []));
}

/** A power cut, as far as processes can tell. */
export async function killAll(command: Command, folder: string): Promise<Outcome> {
  command.signalGroup("SIGKILL");
  const outcome = await command.ended;
  for (const pid of ranksOf(folder)) process.kill(pid, "SIGKILL");
  return outcome;
}

/** Runs a command to its end. */
export async function longrun(...args: readonly string[]): Promise<Outcome> {
  using command = new Command(args);
  return await command.ended;
}

/** Exit code 2, three lines on standard error as the last thing said, no stack. */
export function expectRefusal(
  { code, stderr }: Pick<Outcome, "code" | "stderr">,
  found: RegExp,
  remedy: RegExp,
): void {
  const said = stderr.trimEnd().split("\n").slice(-3);
  expect(said[0]).toMatch(/^found: /);
  expect(said[0]).toMatch(found);
  expect(said[1]).toMatch(/^expected: ./);
  expect(said[2]).toMatch(/^remedy: /);
  expect(said[2]).toMatch(remedy);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(code).toBe(2);
}

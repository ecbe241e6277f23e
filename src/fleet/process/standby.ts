/** @file Processes booted ahead of time: a start, or a restart after a crash, then takes a fraction. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../record/files.ts";
import { type ForkOrder, ForkServer } from "./fork-server.ts";

/** Both null: it is gone, and nobody was there to see how. */
export type ProcessEnd = { readonly code: number | null; readonly signal: string | null };

/** A process that runs, and how its end will be told. */
export type Started = { readonly pid: number; readonly ended: Promise<ProcessEnd> };

const PREFIX = ".standby-";

type Waiting = { readonly child: ChildProcess; readonly log: string };

/** Keeps one process of each command waiting for its order, or one server that forks. */
export class Standby implements Disposable {
  readonly #folder: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #servers = new Map<string, ForkServer>();

  /** @param folder on the same disk as the logs that it hands over */
  constructor(folder: string) {
    this.#folder = folder;
    // A supervisor that was killed has left the log of one whose input was closed with it.
    const isLeft = (name: string) => name.startsWith(PREFIX);
    if (existsSync(folder))
      for (const name of readdirSync(folder).filter(isLeft)) rmSync(join(folder, name), { force: true });
  }

  /** Boots one where none waits. */
  warm(kind: "warm" | "forked", command: readonly string[]): void {
    const key = JSON.stringify(command);
    if (kind === "forked") this.#serverOf(command);
    else if (!this.#waiting.has(key)) this.#waiting.set(key, this.#boot(command));
  }

  /** A process that runs `command`, told its order, with its output in the file `log`. */
  take(command: readonly string[], order: object, log: string): ChildProcess {
    const key = JSON.stringify(command);
    const waiting = this.#waiting.get(key);
    const isAlive = waiting && waiting.child.exitCode === null && waiting.child.signalCode === null;
    if (waiting && !isAlive) rmSync(waiting.log, { force: true });
    const taken = waiting && isAlive ? waiting : this.#boot(command);
    renameSync(taken.log, log);
    taken.child.stdin!.on("error", () => {}); // One that has died is told of by its exit.
    taken.child.stdin!.end(`${JSON.stringify(order)}\n`);
    this.#waiting.set(key, this.#boot(command));
    return taken.child;
  }

  /** A rank started by the server that `command` is. */
  fork(command: readonly string[], order: ForkOrder): Promise<Started> {
    return this.#serverOf(command).start(order);
  }

  #serverOf(command: readonly string[]): ForkServer {
    const key = JSON.stringify(command);
    const standing = this.#servers.get(key);
    if (standing?.isAlive) return standing;
    standing?.[Symbol.dispose]();
    const server = new ForkServer(command, this.#folder);
    this.#servers.set(key, server);
    return server;
  }

  #boot(command: readonly string[]): Waiting {
    makeFolder(this.#folder);
    const log = join(this.#folder, `${PREFIX}${randomBytes(4).toString("hex")}.log`);
    const output = openSync(log, "a");
    try {
      const child = spawn(command[0]!, command.slice(1), {
        detached: true,
        stdio: ["pipe", output, output],
      });
      return { child, log };
    } finally {
      closeSync(output);
    }
  }

  /** Those that wait end by themselves once their input is closed. */
  [Symbol.dispose](): void {
    for (const { child, log } of this.#waiting.values()) {
      child.stdin!.destroy();
      child.kill("SIGKILL");
      rmSync(log, { force: true });
    }
    this.#waiting.clear();
    for (const server of this.#servers.values()) server[Symbol.dispose]();
    this.#servers.clear();
  }
}

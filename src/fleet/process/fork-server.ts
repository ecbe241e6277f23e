/** @file A program that has done its imports and forks a rank per order (trainers/torch/standby.py). */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { makeFolder } from "../../record/files.ts";
import { processStart } from "../../record/lock.ts";
import type { ProcessEnd, Started } from "./standby.ts";

/** The ends of children whose server has died are nobody's to tell. */
const ORPHAN_POLL_MS = 100;
const LOG_CHARACTERS = 2000;

export type ForkOrder = {
  readonly folder: string;
  readonly rank: number;
  readonly log: string;
  readonly environment: Readonly<Record<string, string>>;
};

const pid = z.int().positive();
const answerSchema = z.union([
  z.strictObject({ rank: z.int().nonnegative(), pid }),
  z.strictObject({ pid, code: z.int().nullable(), signal: z.string().nullable() }),
]);

type Child = { readonly pid: number; readonly ended: PromiseWithResolvers<ProcessEnd> };

/** One server; the ranks that it starts outlive it. Dispose of it to end it. */
export class ForkServer implements Disposable {
  readonly #server: ChildProcess;
  readonly #command: readonly string[];
  readonly #log: string;
  /** Orders are answered in turn. */
  readonly #orders: PromiseWithResolvers<Started>[] = [];
  readonly #children = new Map<number, Child>();
  #death: string | null = null;

  /** @param folder where what the server itself prints lies while it lives */
  constructor(command: readonly string[], folder: string) {
    makeFolder(folder);
    this.#command = command;
    this.#log = join(folder, `.standby-${randomBytes(4).toString("hex")}.log`);
    const output = openSync(this.#log, "a");
    this.#server = spawn(command[0]!, command.slice(1), {
      detached: true,
      stdio: ["pipe", "pipe", output],
    });
    closeSync(output);
    this.#server.stdin!.on("error", () => {}); // Its exit tells.
    createInterface({ input: this.#server.stdout! }).on("line", (line) => this.#answered(line));
    this.#server.once("error", (error: NodeJS.ErrnoException) => this.#died(error.code ?? error.message));
    this.#server.once("close", (code, signal) => this.#died(signal ?? `exit code ${code}`));
  }

  get isAlive(): boolean {
    return this.#death === null;
  }

  /** Rejects with a UserError where the server ends before it has started the rank. */
  start(order: ForkOrder): Promise<Started> {
    const started = Promise.withResolvers<Started>();
    this.#orders.push(started);
    if (this.#death !== null) this.#died(this.#death);
    else this.#server.stdin!.write(`${JSON.stringify(order)}\n`);
    return started.promise;
  }

  /** It ends by itself once its input is closed, unless it is still importing. */
  [Symbol.dispose](): void {
    this.#server.stdin!.destroy();
    this.#server.kill("SIGKILL");
    rmSync(this.#log, { force: true });
  }

  #answered(line: string): void {
    const answer = answerSchema.parse(JSON.parse(line));
    if ("rank" in answer) {
      const child = { pid: answer.pid, ended: Promise.withResolvers<ProcessEnd>() };
      this.#children.set(answer.pid, child);
      this.#orders.shift()?.resolve({ pid: answer.pid, ended: child.ended.promise });
      return;
    }
    this.#children.get(answer.pid)?.ended.resolve({ code: answer.code, signal: answer.signal });
    this.#children.delete(answer.pid);
  }

  #died(how: string): void {
    this.#death = how;
    for (const order of this.#orders.splice(0)) order.reject(this.#startError(how));
    for (const child of this.#children.values()) void watchOrphan(child);
    this.#children.clear();
  }

  #startError(how: string): UserError {
    const log = existsSync(this.#log) ? readFileSync(this.#log, "utf8") : "";
    const printed = log.slice(-LOG_CHARACTERS).trim();
    return new UserError(
      `the command ${this.#command.join(" ")} ended (${how}) before it started a rank${printed && `: ${printed}`}`,
      "a program that imports its trainer and waits for orders",
      "run it by hand to see why: the trainer, or a package that it imports, is missing or broken",
    );
  }
}

async function watchOrphan({ pid, ended }: Child): Promise<void> {
  const started = processStart(pid);
  const isGone = () => started === null || processStart(pid) !== started;
  if (isGone()) return ended.resolve({ code: null, signal: null });
  const timer = setInterval(() => {
    if (!isGone()) return;
    clearInterval(timer);
    ended.resolve({ code: null, signal: null });
  }, ORPHAN_POLL_MS);
  timer.unref();
}

/** @file The supervisor's end of an agent: its orders out, its answers in, whether its node still lives. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { clockOffsetSeconds, type NodeLook } from "./node-look.ts";
import { type AgentAnswer, type AgentOrder, answerSchema } from "./protocol.ts";

/** An agent tells of itself twice a second; so long a silence is its node's end, or its network's. */
const LOST_MS = 4000;
/** Until the first word: a job step is made, and Node starts, on a machine that may be busy. */
const START_MS = 60_000;
/** For its ranks to be ended, and the command that started it. */
const MOST_END_MS = 5000;
const LOG_CHARACTERS = 2000;

type Looked = Extract<AgentAnswer, { readonly kind: "looked" }>;

/** One agent, started by a command of its own (`srun ...`). Disposed of, it ends with what it has started. */
export class NodeLink implements AsyncDisposable {
  readonly machine: string;
  readonly #agent: ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #looked: PromiseWithResolvers<Looked | null> | null = null;
  readonly #listener: (answer: AgentAnswer) => void;
  readonly #onLost: (why: string) => void;
  #timer: NodeJS.Timeout;
  #lost: string | null = null;
  #numHeard = 0;
  #log = "";

  constructor(
    machine: string,
    [program, ...words]: readonly string[],
    listener: (answer: AgentAnswer) => void,
    onLost: (why: string) => void,
  ) {
    this.machine = machine;
    this.#listener = listener;
    this.#onLost = onLost;
    this.#agent = spawn(program!, words, { stdio: ["pipe", "pipe", "pipe"] });
    this.#timer = this.#expectWord(START_MS);
    this.#agent.stdin!.on("error", () => {}); // Its exit tells.
    createInterface({ input: this.#agent.stdout! }).on("line", (line) => this.#heard(line));
    this.#agent.stderr!.on("data", (data: Buffer) => {
      this.#log = (this.#log + data.toString("utf8")).slice(-LOG_CHARACTERS);
    });
    this.#agent.once("error", (error: NodeJS.ErrnoException) => this.#isLost(error.code ?? error.message));
    this.#agent.once("close", (code, signal) => {
      this.#ended.resolve();
      this.#isLost(`its agent ended (${signal ?? `exit code ${code}`})`);
    });
  }

  /** Resolves when it takes orders, or is lost. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Why it is taken for gone; null: it lives. */
  get lost(): string | null {
    return this.#lost;
  }

  send(order: AgentOrder): void {
    if (this.#lost === null) this.#agent.stdin!.write(`${JSON.stringify(order)}\n`);
  }

  /** Null: it was lost meanwhile. */
  async look(file: string): Promise<NodeLook | null> {
    if (this.#lost !== null) return null;
    const beganAtMs = Date.now();
    this.#looked = Promise.withResolvers<Looked | null>();
    this.send({ kind: "look", file });
    const looked = await this.#looked.promise;
    if (looked === null) return null;
    const offset = clockOffsetSeconds(looked.atMs, { beganAtMs, endedAtMs: Date.now() });
    return { machine: this.machine, isSeen: looked.isSeen, offsetSeconds: offset };
  }

  #heard(line: string): void {
    if (this.#lost !== null) return;
    clearTimeout(this.#timer);
    this.#numHeard++;
    this.#timer = this.#expectWord(LOST_MS);
    const answer = answerSchema.parse(JSON.parse(line));
    if (answer.kind === "ready") this.#ready.resolve();
    else if (answer.kind === "looked") this.#looked?.resolve(answer);
    else this.#listener(answer);
  }

  /** What came while this process was busy (laws are fitted for seconds) is read before it is missed. */
  #expectWord(withinMs: number): NodeJS.Timeout {
    const numBefore = this.#numHeard;
    const judge = () => {
      if (this.#numHeard === numBefore) this.#isLost(`no word from its agent in ${withinMs / 1000} s`);
    };
    return setTimeout(() => setImmediate(judge), withinMs);
  }

  #isLost(why: string): void {
    clearTimeout(this.#timer);
    if (this.#lost !== null) return;
    this.#lost = `${why}${this.#log.trim() === "" ? "" : `: ${this.#log.trim()}`}`;
    this.#agent.kill("SIGKILL");
    this.#ready.resolve();
    this.#looked?.resolve(null);
    this.#onLost(this.#lost);
  }

  /** A step that outlives its job's script keeps Slurm from giving its node to anybody for 11 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#lost ??= "not needed any more";
    this.#agent.stdin!.end();
    await Promise.race([this.#ended.promise, sleep(MOST_END_MS, undefined, { ref: false })]);
    this.#agent.kill("SIGKILL");
  }
}

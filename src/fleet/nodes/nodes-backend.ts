/** @file Several machines as a backend: an agent on each, which is a backend of its own. */

import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { makeFolder } from "../../record/files.ts";
import type { Attempt, Backend, Launch, LostMachine, Probe, ProcessExit } from "../backend.ts";
import { machineOf } from "../decide/places.ts";
import type { StartedProcess } from "../process/attempt-folder.ts";
import { NodeLink } from "./node-link.ts";
import type { NodeLook } from "./node-look.ts";
import type { AgentAnswer } from "./protocol.ts";

/** After which a node that does not say that all of an attempt is gone is left to its fence. */
const MOST_STOP_MS = 10_000;

/** Where its agents are, and what was started through them. Dispose of it to end all of it. */
export class NodesBackend implements Backend, AsyncDisposable {
  readonly #places: readonly string[];
  readonly #links: ReadonlyMap<string, NodeLink>;
  readonly #addressOf: (machine: string) => string;
  readonly #attempts = new Set<NodesAttempt>();

  /**
   * @param commandOf what starts the agent of a machine, which has these places
   * @param addressOf where other machines reach it: an address, or a name that they know
   */
  constructor(
    places: readonly string[],
    commandOf: (machine: string, places: readonly string[]) => readonly string[],
    addressOf: (machine: string) => string = (machine) => machine,
  ) {
    this.#addressOf = addressOf;
    this.#places = places;
    this.#links = new Map(
      [...Map.groupBy(places, machineOf)].map(([machine, own]) => [
        machine,
        new NodeLink(
          machine,
          commandOf(machine, own),
          (answer) => this.#heard(machine, answer),
          (why) => this.#lost(machine, why),
        ),
      ]),
    );
  }

  /** Resolves when each agent takes orders, or is lost. */
  async ready(): Promise<void> {
    await Promise.all([...this.#links.values()].map(({ ready }) => ready));
  }

  get lost(): readonly LostMachine[] {
    return [...this.#links.values()].flatMap(({ machine, lost: why }) =>
      why === null ? [] : [{ machine, why }],
    );
  }

  /** What each machine that answers finds of a folder, and its clock. */
  async look(folder: string): Promise<readonly NodeLook[]> {
    const file = join(folder, `.seen-${randomBytes(8).toString("hex")}`);
    writeFileSync(file, "");
    try {
      const looks = await Promise.all([...this.#links.values()].map((link) => link.look(file)));
      return looks.filter((look) => look !== null);
    } finally {
      rmSync(file);
    }
  }

  places(): readonly string[] {
    return this.#places.filter((place) => this.#linkOf(place).lost === null);
  }

  async start(launch: Launch): Promise<Attempt> {
    makeFolder(launch.folder);
    const attempt: NodesAttempt = new NodesAttempt(
      launch,
      (place) => this.#linkOf(place),
      () => this.#attempts.delete(attempt),
    );
    this.#attempts.add(attempt);
    const used = Map.groupBy(launch.processes, ({ place }) => machineOf(place));
    // Ranks meet at the first one's machine; it, in turn, is reached from any other.
    const [first, second] = used.keys();
    const peerOf = (machine: string) =>
      second === undefined ? null : this.#addressOf(machine === first ? second : first!);
    for (const [machine, link] of this.#links) {
      const processes = used.get(machine);
      if (processes) link.send({ kind: "start", folder: launch.folder, processes, peer: peerOf(machine) });
      else link.send({ kind: "warm", program: launch.processes[0]!.program });
    }
    await attempt.started;
    return attempt;
  }

  /** Agents end with their supervisor, and with them what they have started. */
  adopt(): null {
    return null;
  }

  #linkOf(place: string): NodeLink {
    return this.#links.get(machineOf(place))!;
  }

  #heard(machine: string, answer: AgentAnswer): void {
    for (const attempt of this.#attempts) attempt.heard(machine, answer);
  }

  #lost(machine: string, why: string): void {
    for (const attempt of this.#attempts) attempt.lost(machine, why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
  }
}

class NodesAttempt implements Attempt {
  readonly #launch: Launch;
  readonly #linkOf: (place: string) => NodeLink;
  readonly #onDisposed: () => void;
  readonly #exits: ProcessExit[] = [];
  readonly #processes: StartedProcess[] = [];
  readonly #probes = new Map<number, Probe>();
  readonly #listeners = new Set<(exit: ProcessExit) => void>();
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = new Set<string>();

  constructor(launch: Launch, linkOf: (place: string) => NodeLink, onDisposed: () => void) {
    this.#launch = launch;
    this.#linkOf = linkOf;
    this.#onDisposed = onDisposed;
    // One may have been lost since its place was chosen.
    queueMicrotask(() => {
      for (const machine of this.#machines()) {
        const { lost } = this.#linkOf(machine);
        if (lost !== null) this.lost(machine, lost);
      }
    });
  }

  /** Rejects with a UserError where a command cannot be started. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  get places(): readonly string[] {
    return this.#launch.processes.map(({ place }) => place);
  }

  get processes(): readonly StartedProcess[] {
    return this.#processes;
  }

  get exits(): readonly ProcessExit[] {
    return this.#exits;
  }

  probe(rank: number): Probe | null {
    return this.#hasEnded(rank) ? null : (this.#probes.get(rank) ?? null);
  }

  signal(signal: NodeJS.Signals, rank?: number): void {
    const { folder, processes } = this.#launch;
    const meant = processes.filter((each) => rank === undefined || each.rank === rank);
    for (const machine of new Set(meant.map(({ place }) => machineOf(place))))
      this.#linkOf(machine).send({ kind: "signal", folder, signal, rank: rank ?? null });
  }

  onExit(listener: (exit: ProcessExit) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  async stop(): Promise<void> {
    const until = performance.now() + MOST_STOP_MS;
    const living = () =>
      this.#machines().filter(
        (machine) => this.#linkOf(machine).lost === null && !this.#stopped.has(machine),
      );
    for (const machine of living()) this.#linkOf(machine).send({ kind: "stop", folder: this.#launch.folder });
    while (living().length > 0 && performance.now() < until) await setTimeout(5);
  }

  heard(machine: string, answer: AgentAnswer): void {
    if (answer.kind === "alive") {
      for (const { folder, rank, probe } of answer.probes)
        if (folder === this.#launch.folder) this.#probes.set(rank, probe);
      return;
    }
    if (!("folder" in answer) || answer.folder !== this.#launch.folder) return;
    switch (answer.kind) {
      case "started":
        this.#processes.push(...answer.processes);
        this.#startedSome();
        break;
      case "refused":
        this.#started.reject(new UserError(answer.found, answer.expected, answer.remedy));
        break;
      case "exited":
        this.#ended({ rank: answer.rank, code: answer.code, signal: answer.signal });
        break;
      case "stopped":
        this.#stopped.add(machine);
    }
  }

  /** All that ran there is taken for dead; where it is not, its fence keeps it from writing. */
  lost(machine: string, why: string): void {
    for (const { rank, place } of this.#launch.processes)
      if (machineOf(place) === machine) this.#ended({ rank, code: null, signal: null, lostPlace: why });
    this.#startedSome();
  }

  #machines(): readonly string[] {
    return [...new Set(this.places.map(machineOf))];
  }

  #hasEnded(rank: number): boolean {
    return this.#exits.some((exit) => exit.rank === rank);
  }

  /** All ranks have started, or are lost already. */
  #startedSome(): void {
    const isKnown = (rank: number) =>
      this.#processes.some((each) => each.rank === rank) || this.#hasEnded(rank);
    if (this.#launch.processes.every(({ rank }) => isKnown(rank))) this.#started.resolve();
  }

  #ended(exit: ProcessExit): void {
    if (this.#hasEnded(exit.rank)) return;
    this.#exits.push(exit);
    for (const listener of this.#listeners) listener(exit);
  }

  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.#onDisposed();
  }
}

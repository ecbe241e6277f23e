/**
 * @file Machines that are network namespaces, each with an interface of its own on one switch: what listens
 * on the loopback of one is not reached from another. They share disk, processes and clock.
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** Why there are none here, in words; null: there are. */
export function machinesAreMissing(): string | null {
  const { status } = spawnSync("unshare", ["--net", "ip", "link", "add", "name", "one", "type", "bridge"]);
  return status === 0 ? null : "network namespaces take root, `unshare` and `ip` (Debian: iproute2)";
}

/** Disposing of them ends all that runs on them. */
export class Machines implements Disposable {
  readonly #switch: ChildProcess;
  readonly #machines: ReadonlyMap<string, ChildProcess>;

  private constructor(names: readonly string[]) {
    this.#switch = newNamespace();
    this.#machines = new Map(names.map((name) => [name, newNamespace()]));
  }

  static async start(names: readonly string[]): Promise<Machines> {
    const machines = new Machines(names);
    for (const namespace of [machines.#switch, ...machines.#machines.values()])
      while (namespaceOf(namespace.pid!) === namespaceOf(process.pid)) await setTimeout(5);
    ip(machines.#switch, "link", "add", "name", "switch", "type", "bridge");
    ip(machines.#switch, "link", "set", "switch", "up");
    for (const name of names) machines.#plugIn(name);
    return machines;
  }

  /** By which the others reach it. */
  addressOf(name: string): string {
    return `10.77.0.${1 + [...this.#machines.keys()].indexOf(name)}`;
  }

  /** Before the words of a command: it runs there. */
  wordsOn(name: string): readonly string[] {
    return inNamespace(this.#machine(name));
  }

  /** Addresses of this machine at which something listens, without their ports; those of loopback too. */
  listeningOn(name: string): readonly string[] {
    const table = execFileSync("nsenter", [
      ...inNamespace(this.#machine(name)).slice(1),
      "cat",
      "/proc/net/tcp",
    ]);
    const rows = table.toString().trim().split("\n").slice(1);
    const listening = rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, , , state]) => state === LISTENING);
    return [...new Set(listening.map(([, local]) => addressIn(local!)))].sort();
  }

  /** Cuts its cable, and then ends all that runs on it: nobody hears of their end from it. */
  losePower(name: string): void {
    const machine = this.#machine(name);
    ip(machine, "link", "set", INTERFACE, "down");
    const own = namespaceOf(machine.pid!);
    for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger))
      if (pid !== machine.pid && namespaceOf(pid) === own) killIfThere(pid);
  }

  [Symbol.dispose](): void {
    for (const name of this.#machines.keys()) this.losePower(name);
    for (const namespace of [this.#switch, ...this.#machines.values()]) namespace.kill("SIGKILL");
  }

  #machine(name: string): ChildProcess {
    return this.#machines.get(name)!;
  }

  #plugIn(name: string): void {
    const machine = this.#machine(name);
    const port = `to-${name}`;
    const cable = ["type", "veth", "peer", "name", INTERFACE, "netns", `${machine.pid}`];
    ip(this.#switch, "link", "add", "name", port, ...cable);
    ip(this.#switch, "link", "set", port, "master", "switch", "up");
    ip(machine, "address", "add", `${this.addressOf(name)}/24`, "dev", INTERFACE);
    ip(machine, "link", "set", INTERFACE, "up");
    ip(machine, "link", "set", "lo", "up");
  }
}

const INTERFACE = "wire0";
/** proc(5), TCP_LISTEN. */
const LISTENING = "0A";

/** What holds it ends with this process, however that ends. */
const newNamespace = () => spawn("unshare", ["--net", "cat"], { stdio: ["pipe", "ignore", "ignore"] });

const inNamespace = ({ pid }: ChildProcess) => ["nsenter", "--target", `${pid}`, "--net", "--"];

function ip(namespace: ChildProcess, ...words: readonly string[]): void {
  const [program, ...options] = inNamespace(namespace);
  execFileSync(program!, [...options, "ip", ...words]);
}

/** Four bytes in hexadecimal, the last one first; then the port. */
const addressIn = (local: string) =>
  [6, 4, 2, 0].map((at) => Number.parseInt(local.slice(at, at + 2), 16)).join(".");

function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}

/**
 * @file The program on each node of an allocation: it starts ranks there, tells how they end, and that it
 * lives. It has orders on its standard input; once that is closed its supervisor is gone, and it ends, with
 * all that it has started.
 *
 *     node agent.js FOLDER PLACES
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { systemError, UserError } from "../../errors.ts";
import type { Attempt } from "../backend.ts";
import { machineOf } from "../decide/places.ts";
import { LocalBackend } from "../process/local-backend.ts";
import { type AgentAnswer, type AgentOrder, orderSchema } from "./protocol.ts";
import { routeVariables } from "./route.ts";

const ALIVE_MS = 500;
/** A network disk may show a new file a little later on other machines. */
const MOST_DISK_MS = 2000;

const [folder, ...places] = process.argv.slice(2);
const machine = machineOf(places[0]!);
const tell = (answer: AgentAnswer): void => {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
};
const attempts = new Map<string, { readonly attempt: Attempt; readonly ranks: readonly number[] }>();
// The supervisor's to decide on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

using backend = new LocalBackend(join(folder!, "nodes", machine), places);
tell({ kind: "ready" });
const timer = setInterval(() => tell({ kind: "alive", probes: probes() }), ALIVE_MS);
for await (const line of createInterface({ input: process.stdin })) {
  const order = orderSchema.parse(JSON.parse(line));
  try {
    await follow(order);
  } catch (thrown) {
    const error = systemError(thrown);
    if (!(error instanceof UserError) || order.kind !== "start") throw error;
    const { found, expected, remedy } = error;
    tell({ kind: "refused", folder: order.folder, found, expected, remedy });
  }
}
clearInterval(timer);
for (const { attempt } of attempts.values()) await attempt.stop();

async function follow(order: AgentOrder): Promise<void> {
  switch (order.kind) {
    case "start": {
      const route = order.peer === null ? {} : await routeVariables(machine, order.peer);
      const processes = order.processes.map((each) => ({
        ...each,
        environment: { ...each.environment, ...route },
      }));
      const attempt = await backend.start({ folder: order.folder, processes });
      const ranks = order.processes.map(({ rank }) => rank);
      attempts.set(order.folder, { attempt, ranks });
      tell({ kind: "started", folder: order.folder, processes: [...attempt.processes] });
      const exited = ({ rank, code, signal }: (typeof attempt.exits)[number]) =>
        tell({ kind: "exited", folder: order.folder, rank, code, signal });
      attempt.onExit(exited);
      for (const exit of attempt.exits) exited(exit);
      return;
    }
    case "look":
      tell({ kind: "looked", isSeen: await isSeen(order.file), atMs: Date.now() });
      return;
    case "warm":
      backend.warm(order.program);
      return;
    case "signal": {
      const { folder: of, signal, rank } = order;
      attempts.get(of)?.attempt.signal(signal as NodeJS.Signals, rank ?? undefined);
      return;
    }
    case "stop": {
      const found = attempts.get(order.folder);
      attempts.delete(order.folder);
      await found?.attempt.stop();
      found?.attempt[Symbol.dispose]();
      tell({ kind: "stopped", folder: order.folder });
      return;
    }
  }
}

async function isSeen(file: string): Promise<boolean> {
  for (const until = performance.now() + MOST_DISK_MS; !existsSync(file); await setTimeout(50))
    if (performance.now() > until) return false;
  return true;
}

function probes() {
  return [...attempts].flatMap(([of, { attempt, ranks }]) =>
    ranks.flatMap((rank) => {
      const probe = attempt.probe(rank);
      return probe === null ? [] : [{ folder: of, rank, probe }];
    }),
  );
}

import { expect, test } from "vitest";
import { type LoggedExit, rootExit } from "./root-exit.ts";

const CLOSED =
  "RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:34960.";

const death = (rank: number, log: string, signal: string | null = null): LoggedExit => ({
  rank,
  code: signal === null ? 1 : null,
  signal,
  log,
});

test("a rank that lost its peer is not the one that the attempt died of, even if it ended first", () => {
  const raised = death(2, "ValueError: no such shard");
  expect(rootExit([death(0, CLOSED), raised, death(3, CLOSED)])).toBe(raised);
  const killed = death(1, CLOSED, "SIGKILL");
  expect(rootExit([death(0, CLOSED), killed])).toBe(killed);
  const watchdog = death(3, "Watchdog caught collective operation timeout", "SIGABRT");
  expect(rootExit([watchdog, raised])).toBe(raised);
});

test("of ranks that only tell of each other the first one to end is taken", () => {
  expect(rootExit([death(3, CLOSED), death(0, CLOSED)]).rank).toBe(3);
});

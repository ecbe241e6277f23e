import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { Attempt, Probe } from "../backend.ts";
import { flightFile, stacksFile } from "../process/attempt-folder.ts";
import { HangWatch } from "./hang-watch.ts";
import { SilenceSeen } from "./silence.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-hang-"));
afterAll(() => rmSync(base, { recursive: true }));

/** A step took 0.7 s: 2 s of silence are allowed. */
const LIMIT_MS = 2000;

/** Ranks that answer when asked: so many collectives joined, so much processor time a second. */
function ranksOf(
  ranks: readonly { readonly joined: number; readonly cpuShare?: number; readonly state?: Probe["state"] }[],
) {
  const folder = mkdtempSync(join(base, "attempt-"));
  const began = performance.now();
  for (const rank of ranks.keys()) writeFileSync(stacksFile(folder, rank), "");
  const attempt: Attempt = {
    places: ranks.map((_, rank) => `place-${rank}`),
    exits: [],
    processes: [],
    probe: (rank) => ({
      state: ranks[rank]!.state ?? "waiting",
      cpuSeconds: ((performance.now() - began) / 1000) * (ranks[rank]!.cpuShare ?? 0),
      residentBytes: 0,
    }),
    signal(_signal, rank = 0) {
      const { joined } = ranks[rank]!;
      const status = { last_enqueued_collective: joined, last_completed_collective: 6 };
      writeFileSync(flightFile(folder, rank), JSON.stringify({ pg_status: { 0: status }, entries: [] }));
      const lines = [
        "Current thread 0x01 (most recent call first):",
        `  File "a.py", line ${joined} in <module>`,
      ];
      appendFileSync(stacksFile(folder, rank), `${lines.join("\n")}\n`);
    },
    onExit: () => ({ [Symbol.dispose]() {} }),
    stop: async () => {},
    [Symbol.dispose]() {},
  };
  const seen = new SilenceSeen();
  seen.observe({ step: 0.7 });
  const watch = new HangWatch(folder, attempt, seen);
  for (const rank of ranks.keys()) watch.heard(rank, "step");
  return watch;
}

/** What is seen of rank 0 after so long a silence of all; the ranks were asked on the way. */
async function seenAfter(watch: HangWatch, numRanks: number, ms: number) {
  watch.forgive(-0.75 * LIMIT_MS);
  for (let rank = 0; rank < numRanks; rank++) expect(watch.sightingOf(rank)).toBeNull();
  await sleep(200);
  watch.forgive(0.75 * LIMIT_MS - ms);
  return watch.sightingOf(0);
}

test("a silence that is too long is told of the rank that the others wait for, as soon as it is", async () => {
  const watch = ranksOf([{ joined: 7 }, { joined: 6 }, { joined: 7 }]);
  expect(await seenAfter(watch, 3, LIMIT_MS)).toMatchObject({
    kind: "silent",
    rank: 1,
    place: "place-1",
    section: "step",
    testimony: [
      "rank 1 did not come to call 7 of group 0, for which ranks 0 and 2 wait",
      "its stack: a.py:6 <module>",
    ],
  });
});

test("a rank that computes while the others wait for it is slow, not hung", async () => {
  const watch = ranksOf([{ joined: 7 }, { joined: 6, cpuShare: 0.5 }, { joined: 7 }]);
  expect(await seenAfter(watch, 3, LIMIT_MS)).toBeNull();
});

test("a rank that waits for a processor is slow, not hung", async () => {
  const watch = ranksOf([{ joined: 7 }, { joined: 6, state: "running" }, { joined: 7 }]);
  expect(await seenAfter(watch, 3, LIMIT_MS)).toBeNull();
});

test("ranks that have come equally far are given five times as long", async () => {
  const equal = [{ joined: 7 }, { joined: 7 }, { joined: 7 }];
  expect(await seenAfter(ranksOf(equal), 3, 3 * LIMIT_MS)).toBeNull();
  expect(await seenAfter(ranksOf(equal), 3, 5 * LIMIT_MS)).toMatchObject({ rank: 0 });
});

test("a single process has nobody to be compared with", async () => {
  const watch = ranksOf([{ joined: 7 }]);
  expect(await seenAfter(watch, 1, LIMIT_MS)).toMatchObject({
    rank: 0,
    testimony: ["its stack: a.py:7 <module>"],
  });
});

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Flight, type GroupFlight, readFlight } from "./flight.ts";
import { disagreement, oddRank, type RankTestimony } from "./odd-rank.ts";
import { mainStack } from "./stacks.ts";

/** Ranks that wait in the same collective, 6 of group 0, with the same stack. */
const WAITING: Omit<RankTestimony, "rank"> = {
  state: "waiting",
  flight: flight({ 0: { joined: 6, completed: 5 } }),
  stack: ["graph.py:1113 _engine_run_backward", "train.py:45 step", "train.py:9 <module>"],
};

function flight(
  groups: Readonly<Record<string, Omit<GroupFlight, "last"> & { last?: string | null }>>,
): Flight {
  const last = "gloo:all_reduce of [[4160]]";
  return new Map(Object.entries(groups).map(([name, group]) => [name, { last, ...group }]));
}

const fourRanks = (...others: readonly Partial<RankTestimony>[]): readonly RankTestimony[] =>
  [0, 1, 2, 3].map((rank) => ({ ...WAITING, rank, ...others.find((other) => other.rank === rank) }));

describe("the odd rank", () => {
  test("is the one that has not joined the collective in which the others wait", () => {
    expect(oddRank(fourRanks({ rank: 2, flight: flight({ 0: { joined: 5, completed: 5 } }) }))).toEqual({
      rank: 2,
      why: "rank 2 is at collective 5 of group 0, while ranks 0, 1 and 3 wait in 6 (gloo:all_reduce of [[4160]])",
      isWaitedFor: true,
    });
  });

  test("is at the end of a chain of waiting: one that waits itself is not to blame", () => {
    // Ranks 0 and 1 are a group of their own; 0 waits there for 1, so both are behind in the group of all.
    const ranks = fourRanks(
      { rank: 0, flight: flight({ 0: { joined: 5, completed: 5 }, pair: { joined: 5, completed: 4 } }) },
      { rank: 1, flight: flight({ 0: { joined: 5, completed: 5 }, pair: { joined: 4, completed: 4 } }) },
    );
    expect(oddRank(ranks)?.rank).toBe(1);
  });

  test("is the one that joined another collective than the others", () => {
    const last = "gloo:broadcast of [[6]]";
    const ranks = fourRanks({ rank: 3, flight: flight({ 0: { joined: 6, completed: 5, last } }) });
    expect(oddRank(ranks)).toEqual({
      rank: 3,
      why:
        "rank 3 is in gloo:broadcast of [[6]], collective 6 of group 0; the others in " +
        "gloo:all_reduce of [[4160]]",
      isWaitedFor: true,
    });
  });

  test("is the one that was stopped, or that does not answer", () => {
    expect(oddRank(fourRanks({ rank: 1, state: "stopped", flight: null, stack: null }))).toEqual({
      rank: 1,
      why: "rank 1 is stopped by a signal",
      isWaitedFor: true,
    });
    expect(oddRank(fourRanks({ rank: 1, flight: null, stack: null }))).toEqual({
      rank: 1,
      why: "rank 1 is the one that does not answer",
      isWaitedFor: false,
    });
  });

  test("is the one with another stack, where there are no collectives to compare", () => {
    const ranks = fourRanks({ rank: 0, stack: ["train.py:44 step", "train.py:9 <module>"] });
    expect(oddRank(ranks.map((rank) => ({ ...rank, flight: null })))).toEqual({
      rank: 0,
      why:
        "rank 0 is elsewhere than the others, which are at graph.py:1113 _engine_run_backward < " +
        "train.py:45 step < train.py:9 <module>",
      isWaitedFor: false,
    });
  });

  test("is not named where all are alike, or no half of them is", () => {
    expect(oddRank(fourRanks())).toBeNull();
    const silent = { flight: null, stack: null };
    expect(oddRank(fourRanks({ rank: 0, ...silent }, { rank: 1, ...silent }))).toBeNull();
    expect(oddRank(fourRanks({ rank: 0, stack: ["a"] }, { rank: 1, stack: ["b"] }))).toBeNull();
  });
});

test("the main thread's last stack is read from what faulthandler wrote", () => {
  const dump = (line: number) =>
    `Thread 0x00007fa4f5bff6c0 (most recent call first):
  File "/trainers/torch/testimony.py", line 26 in answer
  File "/lib/python3.11/threading.py", line 982 in run

Current thread 0x00007fa5ab408b80 (most recent call first):
  File "/trainers/torch/train.py", line ${line} in step
  File "/trainers/torch/standby.py", line 114 in <module>
`;
  expect(mainStack(dump(44) + dump(45))).toEqual(["train.py:45 step", "standby.py:114 <module>"]);
  expect(mainStack('Current thread 0x01 (most recent call first):\n  File "a.py", li')).toBeNull();
  expect(mainStack("")).toBeNull();
});

test("a dump is read as torch 2.15 writes it", () => {
  const entry = {
    process_group: ["0", "default_pg"],
    collective_seq_id: 2,
    is_p2p: false,
    profiling_name: "gloo:all_reduce",
    input_sizes: [[64, 65]],
    state: "scheduled",
  };
  const text = JSON.stringify({
    version: "2.10",
    pg_config: { "": { name: "", desc: "", ranks: "[0]" } },
    pg_status: {
      0: {
        last_enqueued_collective: "2",
        last_started_collective: "-1",
        last_completed_collective: "1",
      },
    },
    entries: [{ ...entry, collective_seq_id: 1 }, entry],
  });
  expect(readFlight(text)).toEqual(
    new Map([["0", { joined: 2, completed: 1, last: "gloo:all_reduce of [[64,65]]" }]]),
  );
});

/** Four gloo ranks of which rank 2 hung, on which PyTorch's own analyser fails. They are pickles. */
const dumps = join(import.meta.dirname, "..", "..", "..", "shared", "cases", "diagnose", "gloo-dumps");
const hasDumps = existsSync(dumps) && spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!hasDumps)("rank 2 hung in the recorded dumps (skipped without ../shared, or python3)", () => {
  const script = "import json,pickle,sys; print(json.dumps(pickle.load(open(sys.argv[1],'rb'))))";
  const flights = [0, 1, 2, 3].map((rank) =>
    readFlight(execFileSync("python3", ["-c", script, join(dumps, `dump_${rank}`)], { encoding: "utf8" })),
  );
  const ranks = flights.map((found, rank) => ({ rank, state: null, flight: found, stack: null }));
  expect(oddRank(ranks)).toEqual({
    rank: 2,
    why: "rank 2 is at collective 5 of group 0, while ranks 0, 1 and 3 wait in 6 (gloo:all_reduce of [[1000]])",
    isWaitedFor: true,
  });
});

describe("replicas that differ", () => {
  const PLACES = ["a", "b", "c", "d"];
  const differing = (...checksums: readonly string[]) => ({ kind: "disagreed" as const, step: 9, checksums });

  test("the one that is unlike more than half is named with its place", () => {
    const event = differing("7", "7", "8", "7");
    expect(disagreement(event, PLACES)).toEqual({ ...event, rank: 2, place: "c" });
  });

  test.each([
    ["two", ["7", "8"]],
    ["two pairs", ["7", "7", "8", "8"]],
    ["all unlike", ["7", "8", "9"]],
  ])("nobody is named where no majority tells: %s", (_, checksums) => {
    expect(disagreement(differing(...checksums), PLACES)).toEqual(differing(...checksums));
  });
});

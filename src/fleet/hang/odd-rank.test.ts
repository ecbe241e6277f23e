import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Call, type FlightDump, readFlightDump } from "../../audit/flight/dump.ts";
import { disagreement, oddRank, type RankTestimony } from "./odd-rank.ts";
import { mainStack } from "./stacks.ts";

/** Ranks that wait in the same collective, 6 of group 0, with the same stack. */
const WAITING: Omit<RankTestimony, "rank"> = {
  state: "waiting",
  flight: flight({ 0: { joined: 6, completed: 5 } }),
  stack: ["graph.py:1113 _engine_run_backward", "train.py:45 step", "train.py:9 <module>"],
};

type Told = { readonly joined: number; readonly completed: number; readonly last?: string };

function flight(groups: Readonly<Record<string, Told>>): FlightDump {
  const entries = Object.entries(groups).map(
    ([group, { joined, last = "gloo:all_reduce" }]): Call => ({
      ...{ group, number: joined, name: last, inputs: [[4160]], outputs: [], dtypes: [] },
      ...{ atSeconds: null, timeoutSeconds: null, isDone: false, site: null },
    }),
  );
  return {
    progress: new Map(Object.entries(groups)),
    calls: entries,
    members: new Map(),
    newestGroupSize: null,
  };
}

const fourRanks = (...others: readonly Partial<RankTestimony>[]): readonly RankTestimony[] =>
  [0, 1, 2, 3].map((rank) => ({ ...WAITING, rank, ...others.find((other) => other.rank === rank) }));

describe("the odd rank", () => {
  test("is the one that has not joined the collective in which the others wait", () => {
    expect(oddRank(fourRanks({ rank: 2, flight: flight({ 0: { joined: 5, completed: 5 } }) }))).toEqual({
      rank: 2,
      why: "rank 2 did not come to call 6 of group 0, gloo:all_reduce of [[4160]], for which ranks 0, 1 and 3 wait",
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
    const last = "gloo:broadcast";
    const ranks = fourRanks({ rank: 3, flight: flight({ 0: { joined: 6, completed: 5, last } }) });
    expect(oddRank(ranks)).toEqual({
      rank: 3,
      why:
        "call 6 of group 0 is not the same on all ranks: rank 3 calls gloo:broadcast of [[4160]]; " +
        "ranks 0, 1 and 2 call gloo:all_reduce of [[4160]]",
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

/** Four gloo ranks of which rank 2 hung, on which PyTorch's own analyser fails. */
const dumps = join(import.meta.dirname, "..", "..", "..", "..", "shared", "cases", "diagnose", "gloo-dumps");

test.skipIf(!existsSync(dumps))("rank 2 hung in the recorded dumps (skipped without ../shared)", () => {
  const ranks = [0, 1, 2, 3].map((rank) => {
    const name = `dump_${rank}`;
    return { rank, state: null, flight: readFlightDump(readFileSync(join(dumps, name)), name), stack: null };
  });
  expect(oddRank(ranks)).toEqual({
    rank: 2,
    why: "rank 2 did not come to call 6 of group 0, gloo:all_reduce of [[1000]] Float, for which ranks 0, 1 and 3 wait",
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

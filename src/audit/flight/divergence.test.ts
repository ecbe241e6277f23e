import { describe, expect, test } from "vitest";
import { type Dumps, findDivergence, mixedAttempts } from "./divergence.ts";
import { readFlightDump } from "./dump.ts";

type Told = { readonly group?: string; readonly size?: number; readonly line?: number; readonly at?: number };

/** As torch 2.15 writes it under NCCL; the last call of each group is under way unless told otherwise. */
function dump(
  calls: readonly Told[],
  isDone = false,
  members: Readonly<Record<string, readonly number[]>> = {},
) {
  const numberIn = (at: number) =>
    calls.slice(0, at + 1).filter(({ group = "0" }) => group === (calls[at]!.group ?? "0")).length;
  const groups = [...new Set(calls.map(({ group = "0" }) => group))];
  const lastOf = (group: string) => calls.filter((call) => (call.group ?? "0") === group).length;
  const text = JSON.stringify({
    pg_config: Object.fromEntries(
      Object.entries({ 0: [0, 1, 2, 3], ...members }).map(([name, ranks]) => [
        name,
        { name, desc: "", ranks: JSON.stringify(ranks) },
      ]),
    ),
    pg_status: Object.fromEntries(
      groups.map((group) => [
        group,
        {
          last_enqueued_collective: String(lastOf(group)),
          last_started_collective: "-1",
          last_completed_collective: String(lastOf(group) - (isDone ? 0 : 1)),
        },
      ]),
    ),
    entries: calls.map(({ group = "0", size = 10, line = 7, at = 0 }, i) => ({
      process_group: [group, "default_pg"],
      collective_seq_id: numberIn(i),
      is_p2p: false,
      profiling_name: "nccl:all_reduce",
      input_sizes: [[size]],
      input_dtypes: ["Float"],
      output_sizes: [[size]],
      output_dtypes: ["Float"],
      time_created_ns: String(1e18 + 1e9 * (i + at)),
      timeout_ms: "600000",
      retired: isDone || numberIn(i) < lastOf(group),
      frames: [
        { name: "all_reduce", filename: "/venv/torch/distributed/c10d.py", line: "1" },
        { name: "step", filename: "train.py", line: String(line) },
      ],
    })),
  });
  return readFlightDump(Buffer.from(text), "dump");
}

const sizes = (...all: readonly number[]) => all.map((size) => ({ size }));
const dumps = (...all: readonly (ReturnType<typeof dump> | null)[]): Dumps =>
  new Map(all.flatMap((each, rank) => (each ? [[rank, each] as const] : [])));
const verdictOf = (all: Dumps) => findDivergence(all).verdict;

describe("the verdict", () => {
  const three = dump(sizes(1, 2, 3));
  test("a rank that the others wait for", () => {
    const missed = { number: 3, call: { number: 3, site: "train.py:7" }, madeBy: [0, 1, 3] };
    expect(verdictOf(dumps(three, three, dump(sizes(1, 2), true), three))).toMatchObject({
      kind: "behind",
      group: "0",
      ranks: [2],
      ...missed,
      slip: null,
    });
  });

  test("a call that one rank left out, by those after it", () => {
    const own = dump(sizes(1, 3, 4));
    const others = dump(sizes(1, 2, 3, 4));
    expect(verdictOf(dumps(others, own, others, others))).toMatchObject({
      kind: "differs",
      number: 2,
      sides: [{ ranks: [1] }, { ranks: [0, 2, 3] }],
      slip: { how: "left out", call: { inputs: [[2]] } },
    });
  });

  test("one that all but its line are alike with", () => {
    const from = (...lines: readonly number[]) => dump(lines.map((line) => ({ line })));
    expect(verdictOf(dumps(from(7, 8, 9), from(7, 9), from(7, 8, 9), from(7, 8, 9)))).toMatchObject({
      kind: "behind",
      ranks: [1],
      slip: { how: "left out", call: { number: 2, site: "train.py:8" } },
    });
  });

  test("a call that one rank made beyond the others", () => {
    const own = dump(sizes(1, 5, 2, 3));
    expect(verdictOf(dumps(three, three, three, own))).toMatchObject({
      kind: "differs",
      sides: [{ ranks: [3] }, { ranks: [0, 1, 2] }],
      slip: { how: "made one more", call: { inputs: [[5]] } },
    });
  });

  test("the earliest of several differences, whatever its group", () => {
    const calls = (...at: readonly Told[]) => dump(at, false, { 1: [0, 1] });
    const one = calls({ size: 1 }, { size: 1, group: "1" }, { size: 2 });
    const other = calls({ size: 1 }, { size: 9, group: "1" }, { size: 8 });
    expect(verdictOf(dumps(one, other, one, one))).toMatchObject({ kind: "differs", group: "1", number: 1 });
  });

  test("two groups in another order", () => {
    const both = { 1: [0, 1], 2: [0, 1] };
    const first = dump([{ group: "1" }], false, both);
    const second = dump([{ group: "2" }], false, both);
    expect(verdictOf(dumps(first, second))).toEqual({
      kind: "crossed",
      waits: [
        { ranks: [0], group: "1", number: 1, waitsFor: 1 },
        { ranks: [1], group: "2", number: 1, waitsFor: 0 },
      ],
    });
  });

  test("a rank without a dump, where nobody else is behind", () => {
    expect(verdictOf(dumps(three, null, three, three))).toMatchObject({
      kind: "absent",
      group: "0",
      ranks: [1],
      last: { ranks: [0, 2, 3], call: { number: 3 } },
    });
  });

  test("all in one call: no rank's fault", () => {
    const waiting = { ranks: [0, 1, 2, 3], call: { number: 3 } };
    expect(verdictOf(dumps(three, three, three, three))).toMatchObject({ kind: "alike", waiting });
  });

  test("nobody waits", () => {
    const done = dump(sizes(1, 2), true);
    expect(verdictOf(dumps(done, done, done, done))).toEqual({ kind: "done" });
  });
});

test("dumps of two attempts are told apart by calls that cannot have met", () => {
  const calls = sizes(1, 2);
  const later = dump(calls.map((call) => ({ ...call, at: 700 })));
  expect(mixedAttempts(dumps(dump(calls), dump(calls)))).toBeNull();
  expect(mixedAttempts(dumps(dump(calls), later))).toMatchObject({
    ranks: [0, 1],
    call: { number: 1 },
    seconds: 700,
  });
});

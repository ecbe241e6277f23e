/** @file Where ranks part, from their dumps: the first call that differs, and who did not come. Pure. */

import type { Call, FlightDump } from "./dump.ts";

/** By rank. */
export type Dumps = ReadonlyMap<number, FlightDump>;

/** How far a member of a group has come. */
export type Front = {
  readonly rank: number;
  readonly joined: number;
  readonly completed: number;
  /** Its last call of the group; null: forgotten, or none. */
  readonly last: Call | null;
};

/** A group of ranks, as far as their dumps tell of it. */
export type GroupFront = {
  readonly group: string;
  readonly fronts: readonly Front[];
  /** Members that have left no dump. */
  readonly absent: readonly number[];
};

/** Ranks that do the same, and what it is. */
export type Side = { readonly ranks: readonly number[]; readonly call: Call };

/** Ranks that wait in a call of a group for another rank. */
export type Wait = {
  readonly ranks: readonly number[];
  readonly group: string;
  readonly number: number;
  readonly waitsFor: number;
};

/**
 * What the dumps come to. `differs`: at the same place of a group's order ranks call different collectives;
 * the smallest side first. `behind`: ranks that others wait for, and that wait for nobody. `crossed`: each
 * waits for the next in another group, the last for the first; where the fewest wait comes first. `absent`:
 * nobody is behind of those that told, and some left no dump. `alike`: all are in the same call, and none has
 * come through. `done`: nobody waits.
 */
export type FlightVerdict =
  | {
      readonly kind: "differs";
      readonly group: string;
      readonly number: number;
      readonly sides: readonly Side[];
      readonly slip: Slip | null;
    }
  | {
      readonly kind: "behind";
      readonly group: string;
      readonly ranks: readonly number[];
      /** Of the first call that they have not made. */
      readonly number: number;
      /** Null: those that have made it have forgotten it since. */
      readonly call: Call | null;
      readonly madeBy: readonly number[];
      readonly slip: Slip | null;
    }
  | { readonly kind: "crossed"; readonly waits: readonly Wait[] }
  | {
      readonly kind: "absent";
      readonly group: string;
      readonly ranks: readonly number[];
      /** The last call of the others; null: they have called none. */
      readonly last: Side | null;
    }
  | { readonly kind: "alike"; readonly group: string; readonly waiting: Side }
  | { readonly kind: "done" };

/** The first side's calls are the others' from here on, one place off. */
export type Slip = { readonly how: "left out" | "made one more"; readonly call: Call };

/** Groups by name, and the verdict. Of at least one dump. */
export type FlightFindings = {
  readonly groups: readonly GroupFront[];
  readonly verdict: FlightVerdict;
};

/** Compares what the ranks have called, and follows who waits for whom. */
export function findDivergence(dumps: Dumps): FlightFindings {
  const everyone = knownRanks(dumps);
  const names = new Set([...dumps.values()].flatMap(({ progress }) => [...progress.keys()]));
  const groups = [...names].sort(byName).map((group) => frontOf(dumps, group, everyone));
  return { groups, verdict: verdictOf(dumps, groups) };
}

/** Groups are numbered, and numbers are sorted as such. */
const byName = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

const ascending = (a: number, b: number) => a - b;

/** All that a dump was left by, or that one mentions. */
function knownRanks(dumps: Dumps): readonly number[] {
  const mentioned = [...dumps.values()].flatMap(({ members, newestGroupSize }) => [
    ...[...members.values()].flat(),
    ...Array.from({ length: newestGroupSize ?? 0 }, (_, rank) => rank),
  ]);
  return [...new Set([...dumps.keys(), ...mentioned])].sort(ascending);
}

function frontOf(dumps: Dumps, group: string, everyone: readonly number[]): GroupFront {
  const members = membersOf(dumps, group, everyone);
  return {
    group,
    fronts: members.flatMap((rank) => {
      const dump = dumps.get(rank);
      if (dump === undefined) return [];
      const { joined, completed } = progressOf(dump, group);
      return [{ rank, joined, completed, last: callAt(dump, group, joined) }];
    }),
    absent: members.filter((rank) => !dumps.has(rank)),
  };
}

/** One that has called nothing is written as -1, or not at all. */
function progressOf(dump: FlightDump, group: string) {
  const { joined = 0, completed = 0 } = dump.progress.get(group) ?? {};
  return { joined: Math.max(0, joined), completed: Math.max(0, completed) };
}

const callAt = (dump: FlightDump, group: string, number: number): Call | null =>
  dump.calls.findLast((call) => call.group === group && call.number === number) ?? null;

/** The default group, in which all ranks are. */
const DEFAULT_GROUP = "0";

/**
 * NCCL's dumps say who is in a group. In gloo's, those are that have called something there; a rank that has
 * not yet is one where it makes up the number, and its own newest group is as large.
 */
function membersOf(dumps: Dumps, group: string, everyone: readonly number[]): readonly number[] {
  if (group === DEFAULT_GROUP) return everyone;
  const listed = [...dumps.values()].flatMap(({ members }) => members.get(group) ?? []);
  const callers = [...dumps].filter(([, { progress }]) => progress.has(group));
  const newestOf = ({ progress }: FlightDump) => [...progress.keys()].sort(byName).at(-1);
  const size = callers.find(([, dump]) => newestOf(dump) === group)?.[1].newestGroupSize ?? null;
  const others = [...dumps].filter(
    ([, { progress, newestGroupSize }]) => !progress.has(group) && newestGroupSize === size,
  );
  const silent = size !== null && callers.length + others.length === size ? others : [];
  const found = [...listed, ...[...callers, ...silent].map(([rank]) => rank)];
  return [...new Set(found)].sort(ascending);
}

function verdictOf(dumps: Dumps, groups: readonly GroupFront[]): FlightVerdict {
  return (
    firstDifference(dumps, groups) ??
    rankBehind(dumps, groups) ??
    crossing(groups) ??
    absence(groups) ??
    standstill(groups) ?? { kind: "done" }
  );
}

function firstDifference(dumps: Dumps, groups: readonly GroupFront[]): FlightVerdict | null {
  const differences = groups.flatMap(({ group }) => {
    const found = differenceIn(dumps, group);
    return found === null ? [] : [{ group, ...found }];
  });
  const timeOf = ({ sides }: { readonly sides: readonly Side[] }) =>
    Math.min(...sides.map(({ call }) => call.atSeconds ?? Number.POSITIVE_INFINITY));
  const [first] = differences.sort((a, b) => timeOf(a) - timeOf(b));
  if (first === undefined) return null;
  const [few, most] = [first.sides[0]!, first.sides.at(-1)!];
  const slip = slipAt(
    callsOf(dumps, few.ranks, first.group),
    callsOf(dumps, most.ranks, first.group),
    first.number,
  );
  return { kind: "differs", ...first, slip };
}

/** Of the first of some ranks that do the same. */
const callsOf = (dumps: Dumps, [rank]: readonly number[], group: string) =>
  dumps.get(rank!)!.calls.filter((call) => call.group === group);

/**
 * The first number of a group's order at which its ranks do not all call the same. Where all came through it,
 * and through the next, their sizes may differ: some collectives let them.
 */
function differenceIn(dumps: Dumps, group: string) {
  const calls = [...dumps].flatMap(([rank, dump]) =>
    dump.calls.filter((call) => call.group === group).map((call) => ({ rank, call })),
  );
  const numbered = [...Map.groupBy(calls, ({ call }) => call.number)].sort(([a], [b]) => a - b);
  for (const [number, same] of numbered) {
    const sides = [...Map.groupBy(same, ({ call }) => signatureOf(call)).values()];
    const isThrough = same.every(
      ({ rank, call }) =>
        call.name === same[0]!.call.name && progressOf(dumps.get(rank)!, group).completed > number,
    );
    if (sides.length === 1 || isThrough) continue;
    sides.sort((a, b) => a.length - b.length);
    return { number, sides: sides.map(sideOf) };
  }
  return null;
}

const sideOf = (same: readonly { readonly rank: number; readonly call: Call }[]): Side => ({
  ranks: same.map(({ rank }) => rank).sort(ascending),
  call: same[0]!.call,
});

/** What is the same on all ranks: of a scatter only the root has inputs, of all_to_all sizes may differ. */
function signatureOf({ name, inputs, outputs, dtypes }: Call): string {
  if (/all_?to_?all/i.test(name)) return name;
  if (/scatter/i.test(name) && !/reduce_?scatter/i.test(name)) return JSON.stringify([name, outputs]);
  return JSON.stringify([name, inputs, inputs.length > 0 ? dtypes[0] : null]);
}

/**
 * Whether one's calls from a number on are those of the other, one place off: a call was left out, or one
 * more was made. Null: neither, or too few calls to say.
 */
function slipAt(own: readonly Call[], others: readonly Call[], number: number): Slip | null {
  const from = (calls: readonly Call[], first: number) => calls.filter((call) => call.number >= first);
  const isPrefix = (a: readonly Call[], b: readonly Call[]) =>
    a.length > 0 && b.length > 0 && a.slice(0, b.length).every((call, i) => keyOf(call) === keyOf(b[i]!));
  const at = (calls: readonly Call[]) => calls.find((call) => call.number === number)!;
  if (isPrefix(from(own, number), from(others, number + 1))) return { how: "left out", call: at(others) };
  if (isPrefix(from(others, number), from(own, number + 1))) return { how: "made one more", call: at(own) };
  return null;
}

/** Equal calls from different lines are different calls. */
const keyOf = (call: Call) => JSON.stringify([signatureOf(call), call.site]);

/** At the end of all waiting: ranks that are waited for and wait for nobody, at the first call missed. */
function rankBehind(dumps: Dumps, groups: readonly GroupFront[]): FlightVerdict | null {
  const waits = waitsAmong(groups);
  const waiting = new Set(waits.map(({ rank }) => rank));
  const missed = waits
    .filter(({ waitsFor }) => !waiting.has(waitsFor))
    .map(({ group, waitsFor }) => missedBy(dumps, groups, group, waitsFor));
  const timeOf = ({ call }: (typeof missed)[number]) => call?.atSeconds ?? Number.POSITIVE_INFINITY;
  const [first] = missed.toSorted((a, b) => timeOf(a) - timeOf(b));
  if (first === undefined) return null;
  const { group, number, call, madeBy } = first;
  const alike = missed.filter((other) => other.group === group && other.number === number);
  const ranks = [...new Set(alike.map(({ rank }) => rank))].sort(ascending);
  const slip = earliestSlip(callsOf(dumps, ranks, group), callsOf(dumps, madeBy, group));
  return { kind: "behind", group, ranks, number, call, madeBy, slip };
}

/** The next call of a group after a rank's last, and those that have made it. */
function missedBy(dumps: Dumps, groups: readonly GroupFront[], group: string, rank: number) {
  const { fronts } = groups.find((each) => each.group === group)!;
  const number = fronts.find((front) => front.rank === rank)!.joined + 1;
  const madeBy = fronts.filter(({ joined }) => joined >= number).map((front) => front.rank);
  const made = madeBy.map((other) => callAt(dumps.get(other)!, group, number));
  return { group, rank, number, madeBy, call: made.find((call) => call !== null) ?? null };
}

/** Calls that look alike may come from other lines of the program: where they part, one was left out. */
function earliestSlip(own: readonly Call[], others: readonly Call[]): Slip | null {
  const parted = own.find((call) => {
    const other = others.find(({ number }) => number === call.number);
    return other !== undefined && keyOf(other) !== keyOf(call);
  });
  return parted ? slipAt(own, others, parted.number) : null;
}

/** A rank that waits for one other. */
type RankWait = Omit<Wait, "ranks"> & { readonly rank: number };

/** Who waits for whom: each unfinished call waits for the members that have joined fewer. */
function waitsAmong(groups: readonly GroupFront[]): readonly RankWait[] {
  return groups.flatMap(({ group, fronts }) =>
    fronts
      .filter(({ joined, completed }) => joined > completed)
      .flatMap(({ rank, joined: number }) =>
        fronts
          .filter(({ joined }) => joined < number)
          .map((behind) => ({ rank, group, number, waitsFor: behind.rank })),
      ),
  );
}

/** Ranks that stand in a call, and the call; null: none, or it is forgotten. */
function waitingIn(fronts: readonly Front[]): Side | null {
  const standing = fronts.filter(({ joined, completed }) => joined > completed);
  const call = standing.find(({ last }) => last !== null)?.last;
  return call ? { ranks: standing.map(({ rank }) => rank), call } : null;
}

/** Follows who waits for whom until a rank comes again. */
function crossing(groups: readonly GroupFront[]): FlightVerdict | null {
  const waits = waitsAmong(groups);
  const path: RankWait[] = [];
  for (let next = waits[0]; next !== undefined; ) {
    path.push(next);
    const { waitsFor } = next;
    const again = path.findIndex(({ rank }) => rank === waitsFor);
    if (again >= 0) {
      const circle = path.slice(again).map((wait) => withCrowd(wait, waits));
      return { kind: "crossed", waits: circle.sort((a, b) => a.ranks.length - b.ranks.length) };
    }
    next = waits.find(({ rank }) => rank === waitsFor);
  }
  return null;
}

/** With all that wait in the same call. */
function withCrowd({ rank: _, ...wait }: RankWait, waits: readonly RankWait[]): Wait {
  const same = waits.filter(({ group, number }) => group === wait.group && number === wait.number);
  return { ...wait, ranks: [...new Set(same.map(({ rank }) => rank))] };
}

function absence(groups: readonly GroupFront[]): FlightVerdict | null {
  const [found] = groups.filter(({ absent }) => absent.length > 0);
  if (found === undefined) return null;
  const { group, fronts, absent: ranks } = found;
  const call = fronts.find(({ last }) => last !== null)?.last;
  return {
    kind: "absent",
    group,
    ranks,
    last: call ? { ranks: fronts.map(({ rank }) => rank), call } : null,
  };
}

function standstill(groups: readonly GroupFront[]): FlightVerdict | null {
  for (const { group, fronts } of groups) {
    const waiting = waitingIn(fronts);
    if (waiting) return { kind: "alike", group, waiting };
  }
  return null;
}

/** Two ranks that cannot have met where both say that they came through the same call. */
export type Mixed = {
  readonly ranks: readonly [number, number];
  readonly call: Call;
  readonly seconds: number;
};

/** Dumps of different attempts: the calls are further apart than their timeout. Null: they may be of one. */
export function mixedAttempts(dumps: Dumps): Mixed | null {
  const done = [...dumps].flatMap(([rank, { calls }]) =>
    calls.flatMap((call) => {
      const { isDone, atSeconds, timeoutSeconds } = call;
      return isDone && atSeconds !== null && timeoutSeconds !== null
        ? [{ rank, call, atSeconds, timeoutSeconds }]
        : [];
    }),
  );
  for (const same of Map.groupBy(done, ({ call }) => JSON.stringify([call.group, call.number])).values()) {
    const [first, last] = [0, -1].map((at) => same.toSorted((a, b) => a.atSeconds - b.atSeconds).at(at)!);
    const seconds = last!.atSeconds - first!.atSeconds;
    if (seconds > first!.timeoutSeconds)
      return { ranks: [first!.rank, last!.rank], call: first!.call, seconds };
  }
  return null;
}

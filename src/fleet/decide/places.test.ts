import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_SECONDS } from "../../units/kinds.ts";
import {
  assignPlaces,
  avoidedPlaces,
  excludedUntil,
  leftOutFromStart,
  machineOf,
  type PlaceDecision,
  slotOf,
  slotsOf,
} from "./places.ts";
import { DEFAULT_POLICY, policySchema } from "./policy.ts";

test("a machine is one place, or has a slot for each", () => {
  expect(slotsOf("node7", 1)).toEqual(["node7"]);
  expect(slotsOf("node7", 3)).toEqual(["node7/0", "node7/1", "node7/2"]);
  expect(["node7", "node7/0", "node7/12"].map(machineOf)).toEqual(["node7", "node7", "node7"]);
  expect(["node7", "node7/0", "node7/12"].map(slotOf)).toEqual([0, 0, 12]);
});

describe("places are assigned", () => {
  test("in order at first; then whoever can stay does, and the first free ones fill the gaps", () => {
    expect(assignPlaces(3, ["a", "b", "c", "d"], [])).toEqual(["a", "b", "c"]);
    expect(assignPlaces(3, ["a", "c", "d"], ["a", "b", "c"])).toEqual(["a", "d", "c"]);
    expect(assignPlaces(3, ["a", "b", "c", "d"], ["a", "d", "c"])).toEqual(["a", "d", "c"]);
  });

  test("fewer, where fewer may be used, and as many again once they may", () => {
    expect(assignPlaces(3, ["a", "c"], ["a", "b", "c"])).toEqual(["a", "c"]);
    expect(assignPlaces(3, ["a", "b", "c"], ["a", "c"])).toEqual(["a", "c", "b"]);
  });

  test("with the fewest moves, whatever came before", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const some = fc.shuffledSubarray(names);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), some, some, (numPlaces, usable, ever) => {
        const before = ever.slice(0, numPlaces);
        const assigned = assignPlaces(numPlaces, usable, before);
        expect(assigned).toHaveLength(Math.min(numPlaces, usable.length));
        expect(new Set(assigned).size).toBe(assigned.length);
        expect(assigned.every((place) => usable.includes(place))).toBe(true);
        const staying = before.filter((place) => usable.includes(place));
        expect(assigned).toEqual(expect.arrayContaining(staying));
        // Without a gap left, nobody's rank changes.
        if (assigned.length === numPlaces)
          for (const place of staying) expect(assigned.indexOf(place)).toBe(before.indexOf(place));
        // The newcomers are the most preferred ones.
        const free = usable.filter((place) => !staying.includes(place));
        const newcomers = assigned.filter((place) => !staying.includes(place));
        expect(new Set(newcomers)).toEqual(new Set(free.slice(0, newcomers.length)));
      }),
    );
  });
});

describe("a place is left out", () => {
  const at = (day: number) => day * DAY_SECONDS;

  test("for the policy's days where a spare stands in for it, else for the rest of the run", () => {
    const decided: readonly PlaceDecision[] = [
      { place: "slow", action: "spare", atSeconds: at(10) },
      { place: "lemon", action: "exclude", atSeconds: at(10) },
      { place: "gone", action: "shrink", atSeconds: at(10) },
    ];
    const avoided = (day: number) => [...avoidedPlaces(decided, DEFAULT_POLICY, at(day))];
    expect(avoided(16.9)).toEqual(["slow", "lemon", "gone"]);
    expect(avoided(17)).toEqual(["lemon", "gone"]);
  });

  const history = [
    { place: "a", atSeconds: at(1) },
    { place: "b", atSeconds: at(5) },
    { place: "b", atSeconds: at(6) },
    { place: "c", atSeconds: at(6) },
    { place: "c", atSeconds: at(6.5) },
    { place: "c", atSeconds: at(7) },
    { place: "a", atSeconds: at(9) },
  ];

  test("by new runs until its failures are too old or too few", () => {
    const until = (place: string, day: number, policy = DEFAULT_POLICY) =>
      excludedUntil(place, history, policy, at(day));
    expect(until("a", 9)).toBeNull();
    expect(until("b", 9)).toBe(at(12));
    expect(until("b", 12)).toBeNull();
    expect(until("c", 9)).toBe(at(13.5));
    expect(until("c", 9, policySchema.parse({ place: { failures: 3 } }))).toBe(at(13));
    expect(until("d", 9)).toBeNull();
  });

  test("from the start, the worst first, as long as enough others are left", () => {
    const leftOut = (leastPlaces: number) =>
      leftOutFromStart(["a", "b", "c", "d"], leastPlaces, history, DEFAULT_POLICY, at(9));
    expect(leftOut(2)).toEqual([
      {
        action: "exclude",
        place: "c",
        reason: "c: 3 failures within 7.00 days, all before this launch; it is left out from the start",
      },
      {
        action: "exclude",
        place: "b",
        reason: "b: 2 failures within 7.00 days, all before this launch; it is left out from the start",
      },
    ]);
    expect(leftOut(3).map(({ place }) => place)).toEqual(["c"]);
    expect(leftOut(4)).toEqual([]);
  });
});

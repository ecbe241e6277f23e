import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { DEFAULT_POLICY, policySchema } from "../decide/policy.ts";
import type { RunJob } from "../supervise.ts";
import { Placing } from "./placing.ts";

const DAY = 86_400;
const now = Date.now() / 1000;

function placingOn(live: readonly string[], changes: Partial<RunJob> = {}): Placing {
  const backend: Backend = {
    places: () => live,
    lost: [],
    start: () => Promise.reject(new Error("never started")),
    adopt: () => null,
  };
  const job: RunJob = {
    folder: ".",
    run: "one",
    task: () => null,
    numPlaces: 2,
    processes: () => [],
    policy: DEFAULT_POLICY,
    ...changes,
  };
  return new Placing(job, backend);
}

/** As an attempt is started. */
function next(placing: Placing): readonly string[] {
  const places = placing.next();
  placing.isOn(places);
  return places;
}

const exclude = (place: string) => ({ action: "exclude", place, toStep: null, reason: "" }) as const;

test("a spare takes over, and the others stay", () => {
  const placing = placingOn(["a", "b", "c"]);
  expect(next(placing)).toEqual(["a", "b"]);
  expect(placing.facts).toEqual({ places: ["a", "b"], numSpares: 1, placeHistory: [] });
  placing.decided({ action: "restart", toStep: null, reason: "" });
  expect(next(placing)).toEqual(["a", "b"]);
  placing.decided(exclude("a"));
  expect(next(placing)).toEqual(["c", "b"]);
  expect(placing.facts).toMatchObject({ places: ["c", "b"], numSpares: 0 });
});

test("a replay leaves all of a run's places, and they are spares again where the trouble came again", () => {
  const placing = placingOn(["a", "b", "c", "d"]);
  expect(next(placing)).toEqual(["a", "b"]);
  placing.decided({ action: "replay", toStep: 50, without: ["a", "b"], reason: "" });
  expect(next(placing)).toEqual(["c", "d"]);
  expect(placing.facts.numSpares).toBe(0);
  placing.decided({ action: "rewind", toStep: 50, skip: [60], reason: "" });
  expect(next(placing)).toEqual(["c", "d"]);
  expect(placing.facts.numSpares).toBe(2);
});

test("a place that is gone from its backend is no place, and comes back with it", () => {
  const live = ["a", "b", "c"];
  const placing = placingOn(live);
  expect(next(placing)).toEqual(["a", "b"]);
  live.splice(0, 1);
  expect(next(placing)).toEqual(["c", "b"]);
  live.push("a");
  expect(next(placing)).toEqual(["c", "b"]);
  expect(placing.facts.numSpares).toBe(1);
});

test("what an earlier launch has decided holds; a place that was spared comes back after some days", () => {
  const placeDecisions = [
    { place: "a", action: "spare", atSeconds: now - 8 * DAY },
    { place: "b", action: "spare", atSeconds: now - 6 * DAY },
    { place: "c", action: "exclude", atSeconds: now - 60 * DAY },
  ] as const;
  const placing = placingOn(["a", "b", "c", "d", "e"], { placeDecisions });
  expect(next(placing)).toEqual(["a", "d"]);
  expect(placing.facts.numSpares).toBe(1);
});

const failedTwice = (place: string) => [1, 2].map((days) => ({ place, atSeconds: now - days * DAY }));

test("what earlier runs have failed on is left out where others are left, or the run may shrink", () => {
  const placeHistory = failedTwice("a");
  const placing = placingOn(["a", "b", "c"], { placeHistory });
  expect(placing.leaveOut()).toMatchObject([{ action: "exclude", place: "a" }]);
  expect(next(placing)).toEqual(["b", "c"]);
  expect(placing.leaveOut()).toEqual([]);

  const tight = placingOn(["a", "b"], { placeHistory });
  expect(tight.leaveOut()).toEqual([]);
  expect(next(tight)).toEqual(["a", "b"]);

  const shrinking = placingOn(["a", "b"], { placeHistory, policy: policySchema.parse({ shrink: true }) });
  expect(shrinking.leaveOut()).toMatchObject([{ place: "a" }]);
  expect(next(shrinking)).toEqual(["b"]);
});

test("too few places are refused, with what would help", () => {
  const placeDecisions = [{ place: "b", action: "exclude", atSeconds: now }] as const;
  expect(() => placingOn(["a", "b"], { placeDecisions }).next()).toThrow(
    /found: 2 places, of which 1 may be used \(this run has left b\)\nexpected: 2.*\nremedy: .*--spares.*--forgive b\)/,
  );
  const policy = policySchema.parse({ shrink: true });
  expect(placingOn(["a", "b"], { placeDecisions, policy }).next()).toEqual(["a"]);
  expect(() => placingOn([], { policy }).next()).toThrow(/0 places/);
});

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { DEFAULT_POLICY } from "../decide/policy.ts";
import {
  forgivePlace,
  placeStandings,
  placesFile,
  readPlaceHistory,
  rememberFailure,
} from "./place-history.ts";

beforeEach(() => rmSync(placesFile(), { force: true }));

const failed = (place: string, time: string) =>
  rememberFailure({ time, place, what: "the run's process died", folder: "/runs/one", run: "one.1" });

test("nothing is remembered, and nothing written, before a place has failed", () => {
  expect(readPlaceHistory()).toEqual({ failures: [], forgiven: new Map(), warnings: [] });
  expect(existsSync(placesFile())).toBe(false);
});

test("failures are remembered in order, in a file that is its owner's alone", () => {
  failed("n1/0", "2026-12-01T00:00:00.000Z");
  failed("n1/1", "2026-12-02T00:00:00.000Z");
  failed("n1/0", "2026-12-03T00:00:00.000Z");
  const { failures, warnings } = readPlaceHistory();
  expect(warnings).toEqual([]);
  expect(failures.map(({ place, atSeconds }) => [place, atSeconds])).toEqual([
    ["n1/0", Date.parse("2026-12-01") / 1000],
    ["n1/1", Date.parse("2026-12-02") / 1000],
    ["n1/0", Date.parse("2026-12-03") / 1000],
  ]);
  expect(statSync(placesFile()).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(placesFile())).mode & 0o777).toBe(0o700);
  const now = Date.parse("2026-12-04") / 1000;
  expect(placeStandings({ failures }, DEFAULT_POLICY, now)).toMatchObject([
    { place: "n1/0", numCounted: 2, excludedUntilSeconds: Date.parse("2026-12-08") / 1000 },
    { place: "n1/1", numCounted: 1, excludedUntilSeconds: null },
  ]);
  expect(placeStandings({ failures }, DEFAULT_POLICY, now + 30 * DAY_SECONDS)).toMatchObject([
    { place: "n1/0", numCounted: 0, excludedUntilSeconds: null },
    { place: "n1/1", numCounted: 0, excludedUntilSeconds: null },
  ]);
});

test("a place that was forgiven begins anew; no line is taken back", () => {
  failed("n1/0", "2026-01-01T00:00:00.000Z");
  failed("n1/1", "2026-01-01T00:00:00.000Z");
  forgivePlace("n1/0");
  const { failures, forgiven } = readPlaceHistory();
  expect(failures.map(({ place }) => place)).toEqual(["n1/1"]);
  expect([...forgiven.keys()]).toEqual(["n1/0"]);
  expect(readFileSync(placesFile(), "utf8").split("\n")).toHaveLength(4);
  failed("n1/0", new Date(Date.now() + 1000).toISOString());
  expect(readPlaceHistory().failures.map(({ place }) => place)).toEqual(["n1/1", "n1/0"]);
});

test("a line that was cut off, or is none of ours, is passed over with a warning and stays", () => {
  failed("n1/0", "2026-01-01T00:00:00.000Z");
  appendFileSync(placesFile(), '{"kind":"failed","ti');
  expect(readPlaceHistory()).toMatchObject({
    failures: [{ place: "n1/0" }],
    warnings: [expect.stringMatching(/places.jsonl: passed over are 1 lines .* the first of them line 2/)],
  });
  failed("n1/1", "2026-01-02T00:00:00.000Z");
  expect(readPlaceHistory()).toMatchObject({
    failures: [{ place: "n1/0" }, { place: "n1/1" }],
    warnings: [expect.stringContaining("1 lines")],
  });
  const garbage = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 151) % 256));
  writeFileSync(placesFile(), garbage);
  const { failures, warnings } = readPlaceHistory();
  expect([failures.length, warnings.length]).toEqual([0, 1]);
  failed("n1/0", "2026-01-01T00:00:00.000Z");
  expect(readPlaceHistory().failures).toHaveLength(1);
  expect(readFileSync(placesFile()).subarray(0, garbage.length)).toEqual(garbage);
});

test("what is no file is refused", () => {
  mkdirSync(placesFile(), { recursive: true });
  try {
    expect(() => readPlaceHistory()).toThrow(
      /places.jsonl is a folder\nexpected: a file: places that failed/,
    );
    expect(() => failed("n1/0", "2026-01-01T00:00:00.000Z")).toThrow(/places.jsonl is a folder/);
  } finally {
    rmSync(placesFile(), { recursive: true });
  }
});

import { expect, test } from "vitest";
import { placeVerdicts } from "./fleet-check.ts";

const well = {
  numThreads: 2,
  product: { flopsPerSecond: 1e11, wrongNumbers: 0 },
  disk: { freeBytes: 1e11, writeBytesPerSecond: 4e8, isReadBackEqual: true },
  clock: { at: 1, driftSeconds: 0.001 },
};

const verdictsOf = (checks: ReturnType<typeof placeVerdicts>, place: string) =>
  checks.filter((check) => check.place === place).map(({ verdict }) => verdict);

test("a place is judged by its own figures, and its speed by the middle of all", () => {
  const slow = { ...well, product: { flopsPerSecond: 8e10, wrongNumbers: 0 } };
  const sick = {
    ...well,
    product: { flopsPerSecond: 1e11, wrongNumbers: 3 },
    disk: { freeBytes: 1e9, writeBytesPerSecond: 4e8, isReadBackEqual: false },
  };
  const gone = { place: "d", name: "matrix product", verdict: "failed", found: "no answer" } as const;
  const checks = placeVerdicts([
    { place: "a", figures: well, offsetSeconds: 0 },
    { place: "b", figures: slow, offsetSeconds: 2 },
    { place: "c", figures: sick, offsetSeconds: -5.5 },
    gone,
  ]);
  expect(verdictsOf(checks, "a")).toEqual(["ok", "ok", "ok", "ok"]);
  expect(verdictsOf(checks, "b")).toEqual(["warn", "ok", "ok", "warn"]);
  expect(verdictsOf(checks, "c")).toEqual(["failed", "failed", "warn", "failed"]);
  expect(checks.at(-1)).toEqual(gone);
  expect(checks.find(({ place }) => place === "b")?.found).toBe(
    "80.0 GFLOP/s on 2 threads, 80 % of the usual, every number right",
  );
  expect(checks.find(({ place }) => place === "c")?.found).toMatch(/; 3 numbers are wrong$/);
});

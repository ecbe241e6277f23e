import { hostname } from "node:os";
import { expect, test } from "vitest";
import { clockOffsetSeconds, type NodeLook, refuseUnfit } from "./node-look.ts";

const look = (machine: string, offsetSeconds: number, isSeen = true): NodeLook => ({
  ...{ machine, offsetSeconds, isSeen },
});
const refused = (looks: readonly NodeLook[]) => () => refuseUnfit("/shared/run", looks);

test("clocks may be five seconds apart, and the error names the two that are further", () => {
  expect(refused([look("a", -2.5), look("b", 2.5), look("c", 0)])).not.toThrow();
  expect(refused([look("a", -2.6), look("b", 2.5), look("c", 0)])).toThrow(
    /^found: the clock of b is 5\.10 s ahead of that of a\n/,
  );
  expect(refused([])).not.toThrow();
});

test("all machines that do not see the folder are named", () => {
  expect(refused([look("a", 0, false), look("b", 0), look("c", 9, false)])).toThrow(
    `found: what is written to /shared/run on ${hostname()} is not seen on a, c\n`,
  );
});

test("a clock is off by what no delay of the answer explains", () => {
  const between = { beganAtMs: 1000, endedAtMs: 3000 };
  expect([500, 1000, 2000, 3000, 9000].map((at) => clockOffsetSeconds(at, between))).toEqual([
    -0.5, 0, 0, 0, 6,
  ]);
});

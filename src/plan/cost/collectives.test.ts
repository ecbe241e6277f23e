import fc from "fast-check";
import { expect, test } from "vitest";
import { CONSTANTS } from "../constants.ts";
import { accelerator } from "../hardware/catalogue.ts";
import { clusterOf } from "../hardware/cluster.ts";
import { allReduceSeconds, allToAllSeconds, gatherSeconds, linksOf, sendSeconds } from "./collectives.ts";

const exact = {
  ...CONSTANTS,
  domainEfficiency: 1,
  networkEfficiency: 1,
  scatterEfficiency: 1,
  exchangeStart: 0,
  domainLatency: 0,
  networkLatency: 0,
};
const h100 = clusterOf(accelerator("h100"), 1024);

test("inside a domain a ring moves (n - 1) / n of the bytes through each member", () => {
  const links = linksOf(h100, { size: 8, stride: 1 }, exact);
  expect(gatherSeconds(links, 9e9)).toBeCloseTo(((7 / 8) * 9e9) / 450e9, 12);
  expect(allReduceSeconds(links, 9e9)).toBeCloseTo((2 * (7 / 8) * 9e9) / 450e9, 12);
});

test("across domains the members of each drive their own rails", () => {
  // One rank a node: its own link. Eight: eight links, but never more than the fabric inside.
  const one = linksOf(h100, { size: 16, stride: 8 }, exact);
  expect(gatherSeconds(one, 1e9)).toBeCloseTo(((15 / 16) * 1e9) / 50e9, 12);
  const eight = linksOf(h100, { size: 128, stride: 1 }, exact);
  expect(gatherSeconds(eight, 1e9)).toBeCloseTo(((127 / 128) * 1e9) / 400e9, 12);
  const rack = linksOf(clusterOf(accelerator("gb200"), 1024), { size: 144, stride: 1 }, exact);
  expect(gatherSeconds(rack, 1e9)).toBeCloseTo(((143 / 144) * 1e9) / 900e9, 12);
});

test("a ring's latency grows with the ranks, a tree's with their logarithm", () => {
  const slow = { ...exact, networkLatency: 1e-5 };
  const links = linksOf(h100, { size: 128, stride: 8 }, slow);
  expect(gatherSeconds(links, 1)).toBeCloseTo(127e-5, 8);
  expect(allReduceSeconds(links, 1)).toBeCloseTo(2 * 7 * 1e-5, 8);
});

test("a row for experts crosses to another domain once, however many of its experts live there", () => {
  const links = linksOf(h100, { size: 16, stride: 1 }, exact);
  // Two domains: half of single copies leave; of 8 copies at least one does with probability 1 - 2^-8.
  expect(allToAllSeconds(links, 50e9, 1)).toBeCloseTo(0.5, 9);
  expect(allToAllSeconds(links, 8 * 50e9, 8)).toBeCloseTo(
    Math.max(1 - 2 ** -8, (8 * 50e9 * 7) / 16 / 450e9),
    9,
  );
});

test("oversubscription slows what leaves a domain, and nothing else", () => {
  const tight = clusterOf(accelerator("h100"), 1024, { oversubscription: 2 });
  const outside = { size: 16, stride: 8 };
  expect(sendSeconds(linksOf(tight, outside, exact), 1e9)).toBeCloseTo(
    2 * sendSeconds(linksOf(h100, outside, exact), 1e9),
    12,
  );
  const inside = { size: 8, stride: 1 };
  expect(gatherSeconds(linksOf(tight, inside, exact), 1e9)).toBe(
    gatherSeconds(linksOf(h100, inside, exact), 1e9),
  );
});

test("more bandwidth never slows an exchange, and alone nobody exchanges", () => {
  const names = ["a100", "h100", "gb200", "mi300x"];
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.integer({ min: 1, max: 512 }),
      fc.integer({ min: 1, max: 64 }),
      fc.double({ min: 1, max: 1e11, noNaN: true }),
      fc.double({ min: 1, max: 8, noNaN: true }),
      (name, size, stride, bytes, factor) => {
        const device = accelerator(name);
        const slow = linksOf(clusterOf(device, 4096), { size, stride }, CONSTANTS);
        const fast = linksOf(
          clusterOf({ ...device, domainBandwidth: device.domainBandwidth * factor }, 4096, {
            networkBandwidth: device.networkBandwidth * factor,
          }),
          { size, stride },
          CONSTANTS,
        );
        for (const seconds of [gatherSeconds, allReduceSeconds, allToAllSeconds]) {
          expect(seconds(fast, bytes)).toBeLessThanOrEqual(seconds(slow, bytes) * (1 + 1e-12));
          if (size === 1) expect(seconds(slow, bytes)).toBe(0);
        }
      },
    ),
    { numRuns: 60 },
  );
});

import { expect, test } from "vitest";
import { thirdParty } from "../../../test/support/third-party.ts";
import { fitLaw } from "../../laws/fit/fit.ts";
import { Random } from "../../math/random.ts";
import { quantile } from "../../math/statistics.ts";
import { lossOf, type Run } from "../law.ts";
import { routedLaw, routingCutoff, saturatingRoutedLaw } from "./routed.ts";

/** Table 3 of the paper, S-Base. */
const PUBLISHED = [-0.082, -0.108, 0.009, 1.104, 1.847, 314.478 / 1.847] as const;

test("as published: the loss of a 1.3B dense model, and more experts help a small one more", () => {
  const theta = saturatingRoutedLaw.internal(PUBLISHED);
  const loss = (n: number, experts: number) =>
    lossOf(saturatingRoutedLaw, theta, { n, d: 1.3e11, c: 6 * n * 1.3e11, experts });
  // One expert is worth E_start: log10 L = a log N + (b + c log N) log E_start + d.
  const start = Math.log10(1.847);
  expect(Math.log10(loss(1e9, 1))).toBeCloseTo(-0.082 * 9 + (-0.108 + 0.081) * start + 1.104, 10);
  expect(loss(1e7, 1) / loss(1e7, 64)).toBeGreaterThan(loss(1e9, 1) / loss(1e9, 64));
  expect(loss(1e9, 1e6) / loss(1e9, 1e7)).toBeLessThan(1.0001);
});

test("the cutoff: where b + c log N is zero, never where routing does not help less with size", () => {
  expect(routingCutoff([-0.08, -0.108, 0.009, 1.1])).toBeCloseTo(1e12, -3);
  expect(routingCutoff([-0.08, -0.108, -0.001, 1.1])).toBe(Infinity);
  expect(routingCutoff([-0.08, 0.1, 0, 1.1])).toBe(0);
});

const ROUTING = thirdParty("laws/routing-sbase.csv");

ROUTING.describe("Clark's S-Base runs", () => {
  /**
   * One expert a token, every other layer routed: the paper's main sweep; the others vary k and the routing
   * frequency.
   */
  function runs(): Run[] {
    const [header, ...lines] = ROUTING.read().trim().split(/\r?\n/);
    const names = header!.split(",");
    const rows = lines.map((line) => {
      const cells = line.split(",");
      return (name: string) => Number(cells[names.indexOf(name)]);
    });
    return rows
      .filter((cell) => cell("k") === 1 && cell("routing_frequency") === 0.5)
      .map((cell) => {
        const n = cell("dense_parameter_count");
        const experts = cell("num_experts");
        return {
          n,
          d: 1.3e11,
          c: cell("flops_per_step") * cell("step"),
          experts,
          loss: cell("loss_validation"),
        };
      });
  }

  test("the interaction is positive: routing helps less the larger the model", () => {
    const found = runs();
    expect(found).toHaveLength(61);
    const fit = fitLaw(routedLaw, found, { loss: { kind: "squared" } });
    expect(fit.parameters.c).toBeCloseTo(0.0075, 4);
    expect(routingCutoff(Object.values(fit.parameters)) / 1e9).toBeCloseTo(639, 0);
    expect(fitLaw(saturatingRoutedLaw, found).parameters.c).toBeGreaterThan(0.008);
  });

  test("the cutoff is known to a factor of some ten, and that interval holds the published 937B", () => {
    const found = runs();
    const random = new Random(1, "resamples");
    const draws = Array.from({ length: 400 }, () => {
      const resample = found.map(() => random.pick(found));
      return routingCutoff(routedLaw.natural(routedLaw.starts(resample)[0]!));
    });
    const [lo, hi] = [quantile(draws, 0.05), quantile(draws, 0.95)];
    expect(lo).toBeGreaterThan(1.3e9);
    expect(lo).toBeLessThan(639e9);
    expect(hi).toBeGreaterThan(937e9);
    expect(hi / lo).toBeGreaterThan(5);
  });
});

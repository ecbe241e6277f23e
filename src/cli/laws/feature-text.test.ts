import { expect, test } from "vitest";
import { judgeFeature } from "../../laws/decide/feature/feature.ts";
import { featureText } from "./feature-text.ts";

const runs = (factor: number) =>
  [1e17, 4e17, 1.6e18, 6.4e18].map((c, i) => ({
    run: `rung ${i}`,
    n: Math.sqrt(c / 120),
    d: 20 * Math.sqrt(c / 120),
    c,
    loss: factor * (1.7 + 0.9 * (c / 1e19) ** -0.16),
  }));

test("the verdict comes first, every number has its interval, and nothing is undefined", () => {
  const text = featureText(judgeFeature(runs(1), runs(0.98), { n: 7.3e8, d: 1.46e10, c: 6.4e19 }));
  expect(text.split("\n")[0]).toMatch(
    /^adopt: at the target, 10 times the largest rung, it is worth [\d.]+ \(/,
  );
  expect(text).toMatch(/1\.0e17 FLOP +1, same design +-2\.00 % \(-2\.\d+ % to -1\.\d+ %\)/);
  expect(text).toMatch(/worth in tokens +[\d.e+]+ \([\d.]+ to \S+\) times, at the same N/);
  expect(text).toContain("4 scales: the trend rests mostly on the priors");
  expect(text).not.toMatch(/undefined|NaN|Infinity/);
});

test("a change that helps everywhere has no crossover in reach", () => {
  const text = featureText(judgeFeature(runs(1), runs(0.9), { n: 7.3e8, d: 1.46e10, c: 6.4e19 }));
  expect(text).toMatch(/Crossover, along the ladder's path of N and D: /);
  expect(text).not.toContain("does not help at any scale");
});

test("every crossover is a sentence", () => {
  const report = judgeFeature(runs(1), runs(0.98), { n: 7.3e8, d: 1.46e10, c: 6.4e19 });
  const line = (kind: "stops" | "starts", [lo, median, hi]: readonly [number, number, number]) => {
    const ends = { median, lo, hi };
    const crossover = { kind: `${kind} helping above` as const, compute: ends, params: ends };
    return featureText({ ...report, crossover })
      .split("\n")
      .find((text) => text.startsWith("Crossover"));
  };
  const said = "Crossover, along the ladder's path of N and D: ";
  const [none, far] = [0, Number.POSITIVE_INFINITY];
  expect(line("stops", [far, far, far])).toBe(
    `${said}none within a million times the largest scale: it goes on helping.`,
  );
  expect(line("starts", [far, far, far])).toBe(
    `${said}none within a million times the largest scale: it does not help.`,
  );
  expect(line("stops", [none, none, none])).toBe(`${said}none: it does not help at any scale of the ladder.`);
  expect(line("starts", [none, none, none])).toBe(`${said}none: it helps at every scale of the ladder.`);
  expect(line("stops", [none, 1e20, far])).toBe(`${said}unknown: the 90 % interval holds every scale.`);
  expect(line("stops", [1e21, far, far])).toMatch(
    /none expected within .* but it may lie as low as 1\.0e21 FLOP.*below it\.$/,
  );
  expect(line("stops", [none, none, 1e19])).toMatch(
    /most likely none, it does not help at any scale of the ladder; if there is one, it lies below 1\.0e19 FLOP/,
  );
  expect(line("stops", [1e18, 1e19, far])).toMatch(
    /it stops helping above 1\.0e19 FLOP \(N .*\); 90 %: from 1\.0e18 FLOP \(N .*\) without an upper end\.$/,
  );
  expect(line("starts", [none, 1e19, 1e20])).toMatch(
    /it starts helping above 1\.0e19 .*90 %: from below the ladder to 1\.0e20/,
  );
});

test("the effect on the loss and the multiplier have a trend of their own", () => {
  const text = featureText(judgeFeature(runs(1), runs(0.98), { n: 7.3e8, d: 1.46e10, c: 6.4e19 }));
  expect(text).toMatch(/Trend of the effect on the loss: .* per decade of compute: /);
  expect(text).toMatch(/Trend of the multiplier of compute: .* times per decade: /);
});

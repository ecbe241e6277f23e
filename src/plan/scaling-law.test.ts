import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { lawNamed } from "../law/formulas/all.ts";
import { lossOf } from "../law/law.ts";
import { bestSize, lossAt, overDraws, parseScalingLaw } from "./scaling-law.ts";

/** Natural numbers near published fits, in the order of each law's parameters. */
const FITS: Readonly<Record<string, readonly number[]>> = {
  chinchilla: [482.01, 2085.43, 1.8172, 0.3478, 0.3658],
  "chinchilla-tied": [520.1, 1488, 1.87, 0.3527],
  gamma: [1e6, 1e8, 1.7, 0.6, 0.65, 0.55],
  kaplan: [8.8e13, 5.4e13, 0.076, 0.095],
  "over-training": [90, 220, 1.8, 0.18],
};

function fileOf(name: string, draws: readonly (readonly number[])[] = []): string {
  const law = lawNamed(name);
  const values = FITS[name]!;
  return JSON.stringify({
    format: "longrun.law.v1",
    law: name,
    formula: law.formula,
    parameters: Object.fromEntries(
      law.parameters.map((each, i) => [each.name, { value: values[i], lo: null, hi: null }]),
    ),
    theta: [...law.internal(values)],
    draws,
    rows: 50,
    largest: { n: 1e10, d: 1e12, c: 1e22 },
    flopsPerParameterToken: 6.3,
    conventions: { parameters: "as column n counts them", compute: "c" },
  });
}

test("every form gives the losses of the law itself, at the fit and at its draws", () => {
  for (const [name, values] of Object.entries(FITS)) {
    const law = lawNamed(name);
    const draw = law.internal(values.map((value, i) => value * (1 + 0.01 * (i + 1))));
    const read = parseScalingLaw(fileOf(name, [[...draw]]));
    fc.assert(
      fc.property(
        fc.double({ min: 7, max: 12, noNaN: true }),
        fc.double({ min: 9, max: 14, noNaN: true }),
        (logN, logD) => {
          const [n, d] = [10 ** logN, 10 ** logD];
          const design = { n, d, c: 6.3 * n * d };
          expect(lossAt(read.terms, n, d) / lossOf(law, law.internal(values), design)).toBeCloseTo(1, 9);
          expect(lossAt(read.draws[0]!, n, d) / lossOf(law, draw, design)).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 20 },
    );
  }
});

test("the best size is the least loss on its budget", () => {
  for (const name of Object.keys(FITS)) {
    const { terms } = parseScalingLaw(fileOf(name));
    const compute = 1e24;
    const best = bestSize(terms, compute, 6.3);
    const loss = (n: number) => lossAt(terms, n, compute / (6.3 * n));
    expect(loss(best)).toBeLessThan(loss(best * 1.05));
    expect(loss(best)).toBeLessThan(loss(best / 1.05));
  }
});

test("draws give an interval around the fit; without draws there is none", () => {
  const law = lawNamed("chinchilla");
  const draws = Array.from({ length: 40 }, (_, i) => {
    const [a, b, e, alpha, beta] = FITS.chinchilla!;
    return [...law.internal([a!, b!, e! + 0.001 * (i - 19.5), alpha!, beta!])];
  });
  const read = parseScalingLaw(fileOf("chinchilla", draws));
  const { median, lo, hi } = overDraws(read, (terms) => lossAt(terms, 1e10, 1e12));
  expect(median).toBeCloseTo(lossAt(read.terms, 1e10, 1e12), 12);
  expect(hi - lo).toBeCloseTo(0.9 * 0.039, 3);
  const bare = overDraws(parseScalingLaw(fileOf("chinchilla")), (terms) => lossAt(terms, 1e10, 1e12));
  expect(bare.lo).toBe(bare.hi);
});

test("plain numbers are read too, as a law written by hand", () => {
  const hand = {
    law: "chinchilla",
    parameters: { A: 482.01, B: 2085.43, E: 1.8172, alpha: 0.3478, beta: 0.3658 },
  };
  const read = parseScalingLaw(JSON.stringify(hand));
  expect(read.draws).toEqual([]);
  expect(read.largestCompute).toBeNull();
  expect(lossAt(read.terms, 70e9, 1.4e12)).toBeCloseTo(
    1.8172 + 482.01 * 70e9 ** -0.3478 + 2085.43 * 1.4e12 ** -0.3658,
    12,
  );
});

test("what is no law over size and data is refused with found, expected, remedy", () => {
  const refused = (text: string) => {
    try {
      parseScalingLaw(text, "law.json");
    } catch (error) {
      if (error instanceof UserError) return error.found;
      throw error;
    }
    return "accepted";
  };
  expect(refused("{")).toContain("law.json");
  expect(refused(JSON.stringify({ law: "power", parameters: { a: 1, b: 1 } }))).toContain('"power"');
  expect(
    refused(JSON.stringify({ law: "chinchilla", parameters: { A: 1, B: 1, E: 1, alpha: 0.3 } })),
  ).toContain("no beta");
  expect(
    refused(JSON.stringify({ law: "chinchilla", parameters: { A: 1, B: 1, E: 1, alpha: -0.3, beta: 0.3 } })),
  ).toContain("alpha -0.3");
  expect(refused(fileOf("chinchilla", [[1, 2, 3]]))).toContain("draws of another length");
});

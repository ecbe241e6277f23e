import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import type { SpikeSeen } from "../decide/sighting.ts";
import { SpikeDetector } from "./spikes.ts";
import type { StepRow } from "./step-row.ts";

const row = (step: number, loss: number | null, gradientNorm: number | null = null): StepRow => ({
  step,
  loss,
  gradientNorm,
  stepSeconds: null,
});

type Told = SpikeSeen & { readonly toldAt: number };

function spikesIn(rows: readonly StepRow[]): readonly Told[] {
  const detector = new SpikeDetector();
  return rows.flatMap((each) => {
    const seen = detector.take(each);
    return seen ? [{ ...seen, toldAt: each.step }] : [];
  });
}

/** A loss curve: a power law above a floor, log-normal noise, a drift that nobody can foresee. */
function curve(seed: number, numSteps: number, sigma: number, rise: (step: number) => number = () => 0) {
  const random = new Random(seed, "loss");
  let drift = 0;
  return Array.from({ length: numSteps }, (_, i) => {
    const step = i + 1;
    drift += 0.002 * sigma * random.normal();
    const trend = Math.log(1.7 + 9 * (1 + step / 20) ** -0.5);
    return row(step, Math.exp(trend + drift + sigma * random.normal() + rise(step)));
  });
}

describe("noise alone", () => {
  test.each([0.003, 0.02, 0.1, 0.3])("of %s raises no alarm in 100,000 steps of drift", (sigma) => {
    expect(spikesIn(curve(1, 100_000, sigma))).toEqual([]);
  });

  test("raises none in warm-up, nor when the learning rate decays to nothing", () => {
    const random = new Random(2, "loss");
    const rows = Array.from({ length: 20_000 }, (_, i) => {
      const warmUp = 6 * Math.exp(-i / 150);
      const decay = i < 16_000 ? 0 : (-0.25 * (i - 16_000)) / 4000;
      const fewer = i < 16_000 ? 1 : 1 - (0.5 * (i - 16_000)) / 4000;
      return row(i + 1, 3 * Math.exp(decay + 0.02 * fewer * random.normal()) + warmUp);
    });
    expect(spikesIn(rows)).toEqual([]);
  });
});

describe("a jump", () => {
  test.each([0.005, 0.02, 0.1])("by six sigma of %s is told within three steps, in 97 of 100", (sigma) => {
    const found = Array.from({ length: 100 }, (_, i) => {
      const rows = curve(1000 + i, 1503, sigma, (step) => (step >= 1500 ? 6 * sigma : 0));
      return spikesIn(rows).some(({ toldAt }) => toldAt >= 1500 && toldAt <= 1502);
    });
    expect(found.filter(Boolean).length).toBeGreaterThanOrEqual(97);
  });

  test("is told once, with where it began, what was expected and how long it lasted", () => {
    const at = (first: number, last: number) => (step: number) => (step >= first && step <= last ? 1 : 0);
    const [lasting, ...more] = spikesIn(curve(3, 2000, 0.02, at(1000, 1100)));
    expect(more).toEqual([]);
    expect(lasting).toMatchObject({
      kind: "spike",
      step: 1000,
      lastedSteps: 3,
      leadStep: 1000,
      toldAt: 1002,
    });
    expect(lasting!.loss / lasting!.expectedLoss).toBeGreaterThan(2.5);
    const passing = spikesIn(curve(3, 2000, 0.02, at(1000, 1001)));
    expect(passing).toMatchObject([{ step: 1000, lastedSteps: 2, toldAt: 1002 }]);
    const hardBatch = (step: number) => (step === 1000 ? 0.16 : 0);
    expect(spikesIn(curve(3, 2000, 0.02, hardBatch))).toEqual([]);
  });

  test("that stays becomes the new normal, above which the next one is told", () => {
    const steps = (step: number) => (step >= 2000 ? 2 : step >= 1000 ? 1 : 0);
    expect(spikesIn(curve(4, 3000, 0.02, steps)).map(({ step }) => step)).toEqual([1000, 2000]);
  });

  test("led by the gradient names the step where that rose", () => {
    const random = new Random(5, "gradient");
    const rows = curve(5, 1200, 0.02, (step) => (step >= 1000 ? 1 : 0)).map(({ step, loss }) =>
      row(step, loss, Math.exp(0.2 * random.normal() + (step >= 994 ? 3 : 0))),
    );
    expect(spikesIn(rows)).toMatchObject([{ step: 1000, leadStep: 994 }]);
  });

  test("that is trained again and does not recur is not told again; one that recurs is", () => {
    const spiked = curve(6, 1003, 0.02, (step) => (step >= 1000 ? 1 : 0));
    const well = curve(6, 1100, 0.02).slice(899);
    expect(spikesIn([...spiked, ...well]).map(({ toldAt }) => toldAt)).toEqual([1002]);
    expect(spikesIn([...spiked, ...spiked.slice(899)]).map(({ toldAt }) => toldAt)).toEqual([1002, 1002]);
  });

  test("in numbers that are missing or no numbers does not count", () => {
    const rows = curve(7, 500, 0.02);
    const holes = rows.map((each) =>
      each.step % 7 === 0 ? row(each.step, each.step % 2 ? null : Number.NaN) : each,
    );
    expect(spikesIn(holes)).toEqual([]);
  });
});

const BLOOM = join(
  import.meta.dirname,
  "..",
  "..",
  "..",
  "..",
  "shared",
  "data",
  "faults",
  "bloom-loss-lines.csv",
);

describe.skipIf(!existsSync(BLOOM))(
  "BLOOM's log lines (shared/data; skipped where they are not at hand)",
  () => {
    /** By excerpt of the chronicles: each is of another run, or of another time. */
    const excerpts = () => {
      const [header, ...lines] = readFileSync(BLOOM, "utf8")
        .trim()
        .split("\n")
        .map((line) => line.split(","));
      const at = (name: string) => header!.indexOf(name);
      const number = (text: string | undefined) => (text ? Number(text) : null);
      return Map.groupBy(lines, (cells) =>
        cells
          .slice(0, at("section") + 1)
          .filter((_, i) => i !== 1)
          .join(" "),
      )
        .entries()
        .map(([name, rows]) => ({
          name,
          rows: rows.map((cells) =>
            row(Number(cells[at("iteration")]), number(cells[at("lm_loss")]), number(cells[at("grad_norm")])),
          ),
        }));
    };

    test("hold three spikes that three rows or more lead up to, and no other alarm", () => {
      const found = [...excerpts()].flatMap(({ name, rows }) =>
        spikesIn(rows).map(({ step, lastedSteps }) => [name.split("/")[1], step, lastedSteps]),
      );
      expect(found).toEqual([
        ["tr1-13B-base", 29_050, 3],
        ["tr11-176B-ml", 31_219, 3],
        ["tr8-104B-wide", 8741, 1],
      ]);
    });
  },
);

import fc from "fast-check";
import { expect, test } from "vitest";
import { bandAt, reforecast } from "./reforecast.ts";

const locked = { median: 2, lo: 1.95, hi: 2.05 };
const band = Array.from({ length: 20 }, (_, k) => {
  const fraction = (k + 1) / 20;
  const median = 2 * fraction ** -0.1;
  return { fraction, median, lo: 0.97 * median, hi: 1.03 * median };
});

/** The expected curve up to `share`, all of it off by `factor`. */
const seenTo = (share: number, factor: number) =>
  band
    .filter((point) => point.fraction <= share + 1e-9)
    .map(({ fraction, median }) => ({ fraction, loss: factor * median }));

test("nothing seen: the locked forecast stands", () => {
  expect(reforecast(locked, band, [])).toMatchObject({ ...locked, onTrack: "on track" });
});

test("half way and 2 % above: half of it counts, still on track", () => {
  const now = reforecast(locked, band, seenTo(0.5, 1.02));
  expect(now.median).toBeCloseTo(2 * Math.sqrt(1.02), 9);
  expect(now.onTrack).toBe("on track");
  expect(now.reason).toBe(
    "at 50 % of the run the loss is +2.00 % from the expected curve, inside its band of -3.00 to +3.00 %; final loss now expected at 2.0199 bits per byte, by the locked forecast 2.0000",
  );
});

test("outside the band it says on which side", () => {
  expect(reforecast(locked, band, seenTo(0.5, 1.05)).onTrack).toBe("above");
  expect(reforecast(locked, band, seenTo(0.5, 0.95)).onTrack).toBe("below");
  expect(reforecast(locked, band, seenTo(0.5, 1.05)).reason).toContain(
    "+5.00 % from the expected curve, above its band",
  );
});

test("at the end the curve decides, and the interval has shrunk to what a held-out set can differ by", () => {
  const end = reforecast(locked, band, seenTo(1, 1.04));
  expect(end.median).toBeCloseTo(2.08, 9);
  expect(Math.log(end.hi / end.lo)).toBeCloseTo(2 * 1.6448536269514722 * 0.003, 9);
});

test("the interval never grows while a curve runs at a constant distance", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.95, max: 1.05, noNaN: true }), (factor) => {
      let width = Infinity;
      for (const { fraction } of band) {
        const { lo, hi } = reforecast(locked, band, seenTo(fraction, factor));
        expect(hi / lo).toBeLessThanOrEqual(width + 1e-12);
        width = hi / lo;
      }
    }),
    { numRuns: 20 },
  );
});

test("the band is read between its points in log loss, and is flat outside", () => {
  expect(bandAt(band, 0.075).median).toBeCloseTo(Math.sqrt(band[0]!.median * band[1]!.median), 12);
  expect(bandAt(band, 0.01)).toMatchObject({ median: band[0]!.median });
  expect(bandAt(band, 2)).toMatchObject({ median: band.at(-1)!.median });
});

/** The authors' own curves: 9 schedules for each of two sizes; read from the shared data where they are. */

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { thirdParty } from "../../../test/support/third-party.ts";
import { mean } from "../../math/statistics.ts";
import { multiPowerLaw } from "./curve-laws.ts";
import { expectedLosses, fitCurves, unitsOf } from "./fit-curves.ts";
import { errorsOf } from "./forecast-curve.ts";
import { readCurve } from "./read-curve.ts";

const CURVES = thirdParty("laws/multi-power-law/");
const PUBLISHED = {
  25: [3.04, 0.525, 0.508, 363.8, 2.066, 0.583, 0.641],
  100: [2.651, 0.601, 0.453, 437.9, 2.132, 0.598, 0.655],
} as const;

function curvesOf(size: 25 | 100) {
  const folder = new URL(`csv_${size}/`, CURVES.url);
  return readdirSync(folder).map((file) =>
    readCurve(readFileSync(new URL(file, folder), "utf8"), file.replace(".csv", "")),
  );
}

for (const size of [25, 100] as const)
  CURVES.describe(`multi-power law, ${size}M parameters`, () => {
    test("published parameters: mean absolute error of at most .008 on every curve", () => {
      const curves = curvesOf(size);
      const units = unitsOf(curves);
      const theta = multiPowerLaw.internal(PUBLISHED[size], units);
      expect(curves).toHaveLength(9);
      for (const { schedule, steps, losses } of curves) {
        const expected = expectedLosses({ law: multiPowerLaw, units, theta }, schedule, steps);
        expect(mean(expected.map((loss, i) => Math.abs(loss - losses[i]!)))).toBeLessThan(0.008);
      }
    });

    test.each(["cosine_24000", "cosine_72000"])(
      "fitted to constant_24000, wsdcon_9 and %s it predicts the other six",
      (cosine) => {
        const curves = curvesOf(size);
        const names = ["constant_24000", "wsdcon_9", cosine];
        const fit = fitCurves(
          curves.filter(({ name }) => names.includes(name)),
          multiPowerLaw,
        );
        const errors = curves
          .filter(({ name }) => !names.includes(name))
          .map((curve) => errorsOf(fit, curve));
        expect(errors).toHaveLength(6);
        expect(mean(errors.map(({ meanPercent }) => meanPercent))).toBeLessThan(0.2);
        expect(Math.max(...errors.map(({ worstPercent }) => worstPercent))).toBeLessThan(1);
        expect(fit.shareAtOptimum).toBe(1);
      },
    );
  });

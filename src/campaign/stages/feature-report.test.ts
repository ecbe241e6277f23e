import { expect, test } from "vitest";
import { featureOnTrial } from "../../report/feature-fixture.ts";
import { featureReportSchema, storedReport } from "./feature-report.ts";

test("a judgement comes back from the record as it was, numbers without a bound included", () => {
  const { report } = featureOnTrial;
  const stored = storedReport(report);
  expect(stored.scales[0]!.tokenMultiplier).toEqual({ median: 1.2, lo: 1.1, hi: null });
  expect(featureReportSchema.parse(stored)).toEqual(report);
  // What is missing stays missing: no token multiplier is not one without a bound.
  expect(featureReportSchema.parse(stored).atTarget.tokenMultiplier).toBeNull();
});

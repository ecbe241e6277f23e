import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { finishedCampaign } from "./fixture.ts";
import { causesText, completeCauses, firstAndLater, printedCauses, REST } from "./verdict-row.ts";

const percent = fc.double({ min: -80, max: 80, noNaN: true });
const rows = fc.record({
  gapPercent: percent,
  causes: fc.array(fc.record({ name: fc.string({ minLength: 1 }), percent }), { maxLength: 6 }),
});

describe("causes", () => {
  test("add up to the gap, whatever was attributed", () => {
    fc.assert(
      fc.property(rows, (row) => {
        const sum = completeCauses(row).reduce((total, cause) => total + cause.percent, 0);
        expect(Math.abs(sum - row.gapPercent)).toBeLessThan(0.006);
      }),
      { numRuns: 300 },
    );
  });

  test("add up as printed to the gap as printed", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 2 }), (row, decimals) => {
        const printed = printedCauses(row, decimals);
        const sum = printed.reduce((total, cause) => total + cause.printedPercent, 0);
        const unit = 10 ** decimals;
        expect(Math.round(sum * unit)).toBeCloseTo(Math.round(row.gapPercent * unit), 6);
        for (const cause of printed)
          expect(Math.abs(cause.printedPercent - cause.percent)).toBeLessThan(1.01 / unit);
      }),
      { numRuns: 300 },
    );
  });

  test("name what is left over only where something is", () => {
    expect(completeCauses({ gapPercent: 3, causes: [{ name: "law", percent: 3 }] })).toHaveLength(1);
    expect(completeCauses({ gapPercent: 3, causes: [{ name: "law", percent: 2 }] })[1]).toEqual({
      name: REST,
      percent: 1,
    });
    expect(completeCauses({ gapPercent: null, causes: [] })).toEqual([]);
    expect(causesText({ gapPercent: 3.04, causes: [{ name: "law", percent: 3 }] })).toBe("law +3.0 %");
    const many = {
      gapPercent: 6,
      causes: [3, 2, 1].map((percent) => ({ name: `cause ${percent}`, percent })),
    };
    expect(causesText(many, 2)).toBe("cause 3 +3.0 %, cause 2 +2.0 %, 1 other +1.0 %");
  });
});

describe("firstAndLater", () => {
  test("lets the prediction that was locked first stand, in whatever order the rows come", () => {
    const { first, later } = firstAndLater([...finishedCampaign.verdict].reverse());
    expect(first.map((row) => row.lockedSequence)).toEqual([57, 58, 59, 60]);
    expect(later.map((row) => row.lockedSequence)).toEqual([66]);
  });
});

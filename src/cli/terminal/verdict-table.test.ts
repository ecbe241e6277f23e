import { describe, expect, test } from "vitest";
import { finishedCampaign } from "../../report/fixture.ts";
import { plain } from "./paint.ts";
import { displayWidth } from "./table.ts";
import { verdictTable } from "./verdict-table.ts";

describe("verdictTable", () => {
  test.each([100, 110, 120])("fits a terminal of %i columns", (width) => {
    for (const line of verdictTable(finishedCampaign.verdict, plain, width).split("\n")) {
      expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  test("shows prediction and measurement in one unit and one number of decimals, with gap and causes", () => {
    const lines = verdictTable(finishedCampaign.verdict, plain, 120).split("\n");
    expect(lines.find((line) => line.startsWith("step time"))).toMatch(
      /^step time \(ms\) +106 \(101 to 112\) +113 +\+6\.5 % +outside +matrix products \+3\.8 %/,
    );
    expect(lines.find((line) => line.startsWith("peak memory"))).toContain(
      "inside   buffers of the runtime -2.2 %",
    );
  });

  test("names the two largest causes, and gives a share no gap", () => {
    const row = finishedCampaign.verdict.find(({ about }) => about === "step-time")!;
    expect(verdictTable([row], plain, 160)).toMatch(
      /matrix products \+3\.8 %, attention \+2\.4 %, \d others? \+0\.\d %$/,
    );
    const share = { ...row, unit: "share", predicted: { median: 0.9, lo: 0.8, hi: 1 }, measured: 0.44 };
    expect(verdictTable([share], plain, 160)).toMatch(/0\.44\d* +- +outside$/);
  });

  test("colours what fell outside", () => {
    const text = verdictTable(finishedCampaign.verdict, (colour, cell) => `<${colour}>${cell}`, 120);
    expect(text).toContain("<red>outside");
    expect(text).toContain("<green>inside");
  });

  test("has room for what was not measured", () => {
    const row = {
      ...finishedCampaign.verdict[0]!,
      measured: null,
      gapPercent: null,
      inside: null,
      causes: [],
    };
    expect(verdictTable([row], plain).split("\n").at(-1)).toMatch(/2\.085\) +- +- +-$/);
  });
});

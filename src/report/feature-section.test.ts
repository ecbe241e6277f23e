import { describe, expect, test } from "vitest";
import { featureOnTrial } from "./feature-fixture.ts";
import { featureJson, featureLine, featuresSection } from "./feature-section.ts";
import { finishedCampaign } from "./fixture.ts";
import { renderFigures } from "./report.ts";

describe("the section on features", () => {
  const text = featuresSection({ features: [featureOnTrial] });

  test("is not there where none is on trial", () => {
    expect(featuresSection({ features: [] })).toBe("");
  });

  test("shows every rung, its pairs, both losses, and ranges that may have no bound", () => {
    expect(text).toContain("### swiglu: feedForward swiglu instead of gelu");
    expect(text).toContain(
      "| 100 GFLOP | 40.8 k | 408 k | 3 | 2.5700 | 2.5443 | -1.00 % (-1.40 % to -0.60 %) " +
        "| 1.12 (1.07 to 1.17) | 1.20 (1.10 to unbounded) |",
    );
    expect(text.match(/^\| [\d.]+ [GT]FLOP/gm)).toHaveLength(3);
  });

  test("says what is expected at the target, how sure, and what could have been seen", () => {
    expect(text).toContain("| effect at the target, reach 18 | -0.90 % (-1.80 % to +0.10 %) |");
    expect(text).toContain("| token multiplier there | - |");
    expect(text).toContain("| probability that it helps there | 0.94 |");
    expect(text).toMatch(/time of a step on the largest rung.* \| 1.08 \(1.03 to 1.20\) \|/);
    expect(text).toContain(
      "| smallest effect seen 4 times out of 5 | 0.50 % on the largest rung, 1.40 % at the target |",
    );
    expect(text).toContain(
      "| forecasts of left-out rungs from those below | 1 of 1 inside their 90 % interval |",
    );
    expect(text).toContain(
      "**Verdict.** Undecided: at the target it is worth 1.11 (0.99 to 1.24) times the compute.",
    );
    expect(text).toContain("One D / N at each compute.");
  });

  test("holds the largest rung against what was predicted of it", () => {
    expect(text).toContain(
      "the rungs below it predicted -1.10 % (-2.00 % to -0.20 %) there; it came to -1.00 %, **inside**.",
    );
    expect(featuresSection({ features: [{ ...featureOnTrial, onLargestRung: null }] })).not.toContain(
      "Before the largest rung ran",
    );
  });

  test("has its figure drawn", async () => {
    const figures = await renderFigures({ ...finishedCampaign, features: [featureOnTrial] });
    const { svg } = figures.find(({ name }) => name === "feature-swiglu.svg")!;
    expect(text).toContain("(figures/feature-swiglu.svg)");
    expect(svg).toContain("Does swiglu still help at the target?");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("says which side ladder and target stand on", () => {
    expect(text).toContain("The ladder and the target have it");
    expect(featuresSection({ features: [{ ...featureOnTrial, adopted: false }] })).toContain(
      "The ladder and the target do without it.",
    );
  });
});

test("a line and JSON for the commands: the verdict's sentence, and null where there is no bound", () => {
  expect(featureLine(featureOnTrial)).toBe(
    "swiglu (feedForward swiglu instead of gelu): undecided: " +
      "at the target it is worth 1.11 (0.99 to 1.24) times the compute",
  );
  const json = JSON.parse(JSON.stringify(featureJson(featureOnTrial))) as ReturnType<typeof featureJson>;
  expect(json).toMatchObject({ name: "swiglu", adopted: true, verdict: { decision: "undecided" } });
  expect(json.scales[0]!.tokenMultiplier!.hi).toBeNull();
});

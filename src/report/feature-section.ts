/** @file The report on features: what each did on every rung, what that says of the target, the verdict. */

import type { FeatureScale } from "../laws/decide/feature/findings.ts";
import { holds, type Interval } from "../math/interval.ts";
import { fixed, formatCount, formatFlops, formatSignedPercent, significant } from "../units/print.ts";
import type { FeatureFacts, ReportData } from "./data.ts";
import { blocks, factsTable, markdownTable, right, sentence } from "./markdown.ts";

/** Nothing where no feature was on trial. */
export function featuresSection({ features }: Pick<ReportData, "features">): string {
  if (features.length === 0) return "";
  return blocks(
    "## The features on trial",
    "Every rung was run with and without each change, on the same seeds and batches. " +
      "Effect: log ratio of the held-out losses, with against without, at equal compute; negative helps. " +
      "Multiplier: how many times the compute, or the tokens at the same N, the recipe without the change " +
      "would need for the same loss. Ranges are 90 % intervals.",
    ...features.map(featureText),
  );
}

/** The file of a feature's figure. */
export const featureFigureName = ({ name }: Pick<FeatureFacts, "name">) => `feature-${name}.svg`;

function featureText(feature: FeatureFacts): string {
  const { name, change, adopted, report } = feature;
  return blocks(
    `### ${name}: ${change}`,
    adopted
      ? "The ladder and the target have it; the runs beside the ladder did without."
      : "The ladder and the target do without it.",
    scalesTable(feature),
    `![${name}, rung by rung and at the target](figures/${featureFigureName(feature)})`,
    largestRungText(feature),
    targetText(feature),
    `**Verdict.** ${sentence(report.verdict.reason)}`,
    ...report.warnings.map(sentence),
  );
}

function scalesTable({ report, rungs }: FeatureFacts): string {
  const nearest = ({ c }: FeatureScale) =>
    rungs.toSorted((a, b) => Math.abs(Math.log(a.flops / c)) - Math.abs(Math.log(b.flops / c)))[0]!;
  return markdownTable(report.scales, [
    right("C", ({ c }) => formatFlops(c)),
    right("N", ({ n }) => formatCount(n)),
    right("D", ({ d }) => formatCount(d)),
    right("pairs", ({ numPairs }) => String(numPairs)),
    right("without", (scale) => fixed(nearest(scale).without, 4)),
    right("with (bits per byte)", (scale) => fixed(nearest(scale).with, 4)),
    right("effect", ({ effectPercent }) => percentText(effectPercent)),
    right("compute multiplier", ({ computeMultiplier }) => timesText(computeMultiplier)),
    right("token multiplier", ({ tokenMultiplier }) => (tokenMultiplier ? timesText(tokenMultiplier) : "-")),
  ]);
}

/** What the rungs below said of the largest one before it ran. */
function largestRungText({ onLargestRung }: FeatureFacts): string {
  if (onLargestRung === null) return "";
  const { measured, ...predicted } = onLargestRung;
  const held = holds(predicted, measured) ? "inside" : "outside";
  return (
    `Before the largest rung ran, the rungs below it predicted ${percentText(predicted)} there; ` +
    `it came to ${formatSignedPercent(measured, 2)}, **${held}**.`
  );
}

/** Trend, target, what could have been seen, and how well the lower rungs predicted the upper ones. */
function targetText({ report, stepTimeRatio }: FeatureFacts): string {
  const { atTarget, trendPercentPerDecade, pairNoisePercent, backTest, minimumDetectable, reach } = report;
  const held = backTest.filter(({ inside }) => inside).length;
  const { atLargestPercent, atTargetPercent } = minimumDetectable;
  return factsTable([
    ["trend of the effect, a decade of compute", percentText(trendPercentPerDecade)],
    [`effect at the target, reach ${significant(reach, 2)}`, percentText(atTarget.effectPercent)],
    ["compute multiplier there", timesText(atTarget.computeMultiplier)],
    ["token multiplier there", atTarget.tokenMultiplier ? timesText(atTarget.tokenMultiplier) : "-"],
    [
      "time of a step on the largest rung, with against without (least to most of its pairs)",
      timesText(stepTimeRatio),
    ],
    ["probability that it helps there", chanceText(atTarget.probabilityHelps)],
    ["noise of one pair", `${fixed(pairNoisePercent, 2)} %`],
    [
      "smallest effect seen 4 times out of 5",
      `${fixed(atLargestPercent, 2)} % on the largest rung, ${fixed(atTargetPercent, 2)} % at the target`,
    ],
    [
      "forecasts of left-out rungs from those below",
      `${held} of ${backTest.length} inside their 90 % interval`,
    ],
  ]);
}

/** The verdict in a line: its reason says it in a sentence. */
export function featureLine({ name, change, report }: FeatureFacts): string {
  return `${name} (${change}): ${report.verdict.reason}`;
}

/** What `--json` shows of a feature: the judgement; the runs are in the record. */
export function featureJson({ name, change, adopted, report, onLargestRung, stepTimeRatio }: FeatureFacts) {
  return { name, change, adopted, onLargestRung, stepTimeRatio, ...report };
}

/** "-1.20 % (-1.90 to -0.50)". */
export function percentText({ median, lo, hi }: Interval): string {
  const number = (value: number) => (Number.isFinite(value) ? formatSignedPercent(value, 2) : "unbounded");
  return `${number(median)} (${number(lo)} to ${number(hi)})`;
}

/** "1.12 (1.05 to 1.20)". */
function timesText({ median, lo, hi }: Interval): string {
  const number = (value: number) => {
    if (!Number.isFinite(value)) return "unbounded";
    return value >= 0.01 && value < 1000 ? significant(value, 3) : significant(value, 2);
  };
  return `${number(median)} (${number(lo)} to ${number(hi)})`;
}

function chanceText(chance: number): string {
  if (chance > 0.99) return "above 0.99";
  return chance < 0.01 ? "below 0.01" : fixed(chance, 2);
}

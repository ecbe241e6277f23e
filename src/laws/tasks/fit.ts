/** @file Accuracy as a function of loss, fitted to a ladder: the second step of a two-step task law. */

import { type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Z_90 } from "../../math/normal.ts";
import { Random } from "../../math/random.ts";
import { formatShare } from "../../units/print.ts";
import { posteriorDraws } from "./posterior.ts";
import { sigmoidLaw, sigmoidParameters } from "./task-laws.ts";
import { checkTaskPoints, type TaskPoint } from "./task-point.ts";

/** A number of that function. */
export type TaskParameter = Interval & {
  /** False where the ladder says little more than what was assumed before it. */
  readonly identified: boolean;
};

/** Accuracy as a function of loss. */
export type TaskFit = {
  readonly formula: string;
  readonly parameters: Readonly<Record<"floor" | "top" | "slope" | "midpoint", TaskParameter>>;
  readonly warnings: readonly string[];
  /** Median and 90 % interval of the expected accuracy at a loss; a measurement's own noise comes on top. */
  readonly scoreAt: (loss: number) => Interval;
};

const NUM_DRAWS = 640;
/** The 90 % interval must be narrower than before the data by this factor to count as learnt. */
const LEARNT = 0.5;

/** Fits the sigmoid of arXiv 2412.04403. Deterministic. Throws a `UserError` where all runs are at chance. */
export function fitTaskLaw(points: readonly TaskPoint[]): TaskFit {
  checkTaskPoints(points);
  const chance = points[0]!.chance;
  const law = sigmoidLaw(
    points.map(({ loss }) => loss),
    chance,
  );
  const draws = posteriorDraws(law, points.map(againstLoss), NUM_DRAWS, new Random(0, "laws.tasks.fit"));
  const drawn = draws.map((draw) => sigmoidParameters(draw, chance));
  const parameter = (name: keyof TaskFit["parameters"], index: number): TaskParameter => {
    const interval = intervalOfDraws(drawn.map((each) => each[name]));
    // Each number rises or falls with its internal one, so the prior's interval is that of the internal one,
    // carried over.
    const [low, high] = [-Z_90, Z_90].map((z) => {
      const theta = law.priors.map(({ mean, sd }, i) => (i === index ? mean + z * sd : mean));
      return sigmoidParameters(theta, chance)[name];
    });
    return { ...interval, identified: interval.hi - interval.lo < LEARNT * (high! - low!) };
  };
  const parameters = {
    floor: parameter("floor", 0),
    top: parameter("top", 1),
    slope: parameter("slope", 2),
    midpoint: parameter("midpoint", 3),
  };
  return {
    formula: "accuracy = floor + (top - floor) / (1 + exp(slope (loss - midpoint)))",
    parameters,
    warnings: warningsOf(points, parameters),
    scoreAt: (loss) => intervalOfDraws(draws.map((draw) => law.curve(draw)(loss))),
  };
}

/** A run as the sigmoid sees it. */
export function againstLoss({ loss, score, sd }: TaskPoint) {
  return { x: loss, score, sd };
}

function warningsOf(points: readonly TaskPoint[], { top }: TaskFit["parameters"]): readonly string[] {
  const reached = formatShare(Math.max(...points.map(({ score }) => score)), 0);
  return [
    ...(top.identified
      ? []
      : [
          `the ladder does not show where accuracy levels off (its best run has ${reached} %): the top is ` +
            "mostly an assumption",
        ]),
    ...(points.every(({ sd }) => sd === 0)
      ? ["no standard deviations given: noise is taken from the scatter about the law alone"]
      : []),
  ];
}

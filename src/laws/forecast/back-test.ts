/** @file A table's rolling-origin back-test: what runs below a cut said of those above, and if it held. */

import { UserError } from "../../errors.ts";
import { lossOf } from "../../law/law.ts";
import { averaged, intervalOf } from "../../law/predict.ts";
import { MOST_WIDTH } from "../../law/scaling-law.ts";
import { type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { mean } from "../../math/statistics.ts";
import { fixed, formatPercent } from "../../units/print.ts";
import { bootstrapFit } from "../fit/bootstrap.ts";
import { fitLaw } from "../fit/fit.ts";
import type { TableRun } from "../table/run-table.ts";
import { type CutStudy, calibrate, cutsOf, LEAST_SPAN, studyCuts } from "./calibration.ts";
import { type CandidateLaw, candidateLawsFor, isOneRecipe } from "./candidate-laws.ts";
import { rungsOf } from "./model.ts";
import { usualLaw } from "./stray-runs.ts";
import { leastBelow, suitableRuns } from "./suitable.ts";

/** How a set of 90 % intervals did. All in percent of the loss. */
export type IntervalScore = {
  readonly coverage90: number;
  readonly meanWidthPercent: number;
  /** Width plus 20 times what the loss lies outside (Gneiting and Raftery 2007): lower is better. */
  readonly intervalScore: number;
};

/** One cut: fitted below, asked above. */
export type BackTestCut = IntervalScore & {
  /** Largest compute that was seen, in FLOPs. */
  readonly cut: number;
  /** The table's largest compute over the cut. */
  readonly reach: number;
  /** Runs below the cut and above it. */
  readonly train: number;
  readonly test: number;
  readonly meanErrorPercent: number;
  readonly worstErrorPercent: number;
  /** What the median was off by on average, with its sign. */
  readonly biasPercent: number;
  readonly widening: number;
  readonly laws: readonly { readonly name: string; readonly weight: number }[];
  readonly plainBootstrap: IntervalScore;
};

/** What a table's smaller runs would have said of its larger ones. */
export type BackTestReport = {
  readonly rows: number;
  readonly cuts: readonly BackTestCut[];
  /** Cuts from which no forecast is given. */
  readonly refused: readonly (Pick<BackTestCut, "cut" | "reach" | "train" | "test"> & {
    readonly reason: string;
  })[];
  readonly setAside: readonly { readonly run: string; readonly reason: string }[];
};

/** Reaches that the back-test reports; a ladder that spans too little for any of them reports every cut. */
const REACHES = { least: 9.9, most: 101 } as const;

const NUM_RESAMPLES = 200;

/** Back-test of the forecast that a table's runs allow. Deterministic. */
export function backTestTable(all: readonly TableRun[]): BackTestReport {
  const { runs, setAside } = suitableRuns(all);
  const rungs = rungsOf(runs);
  const designs = rungs.map(({ design }) => design);
  const candidates = candidateLawsFor(designs);
  const top = designs.at(-1)!.c;
  const cuts = cutsOf(rungs);
  const far = cuts.filter((cut) => top / cut >= REACHES.least && top / cut <= REACHES.most);
  const reported = far.length > 0 || !isOneRecipe(designs) ? far : cuts;
  if (reported.length === 0) throw nothingToTest(runs, top, leastBelow(designs));
  const studies = studyCuts(rungs, candidates, reported.at(-1)!);
  const judged = studies
    .filter(({ cut }) => reported.includes(cut))
    .map((study) => judge(study, studies, candidates, runs));
  return {
    rows: runs.length,
    cuts: judged.flatMap((one) => (one.kind === "scored" ? [one.cut] : [])),
    refused: judged.flatMap((one) => (one.kind === "refused" ? [one.refusal] : [])),
    setAside,
  };
}

function nothingToTest(runs: readonly TableRun[], top: number, least: number): UserError {
  const decades = Math.log10(top / Math.min(...runs.map(({ c }) => c)));
  const below = runs.filter(({ c }) => REACHES.least * c <= top);
  const spanned = below.length === 0 ? 0 : decades - Math.log10(top / Math.max(...below.map(({ c }) => c)));
  return new UserError(
    `${runs.length} usable runs over ${fixed(decades, 2)} decades of compute, of which ${below.length}, over ${fixed(spanned, 2)} decades, lie below a tenth of the largest`,
    `at least ${least} designs over ${LEAST_SPAN} decades below a tenth of the largest compute`,
    "add smaller runs",
  );
}

function judge(
  study: CutStudy,
  studies: readonly CutStudy[],
  candidates: readonly CandidateLaw[],
  runs: readonly TableRun[],
) {
  const { cut, above } = study;
  const { weights, widening } = calibrate(studies, candidates, cut);
  const forecasts = above.map(({ rung, predicted }) => ({
    rung,
    interval: intervalOf(averaged(predicted, weights), widening),
  }));
  const intervals = forecasts.flatMap(({ rung, interval }) =>
    rung.losses.map((loss) => ({ ...interval, loss })),
  );
  const below = runs.filter(({ c }) => c <= cut);
  const top = above.at(-1)!.rung.design.c;
  const place = { cut, reach: top / cut, train: below.length, test: intervals.length };
  const own = scoreIntervals(intervals);
  if (own.meanWidthPercent > 100 * MOST_WIDTH) {
    const reason = `90 % intervals would be ${formatPercent(own.meanWidthPercent)} wide on average: the runs below stray from every law, or span too little`;
    return { kind: "refused" as const, refusal: { ...place, reason } };
  }
  const errors = intervals.map(({ median, loss }) => 100 * (median / loss - 1));
  const sizes = errors.map(Math.abs);
  return {
    kind: "scored" as const,
    cut: {
      ...place,
      meanErrorPercent: mean(sizes),
      worstErrorPercent: Math.max(...sizes),
      biasPercent: mean(errors),
      ...own,
      widening,
      laws: candidates.map(({ name }, k) => ({ name, weight: weights[k]! })),
      plainBootstrap: scoreIntervals(
        plainIntervals(
          below,
          runs.filter(({ c }) => c > cut),
        ),
      ),
    },
  };
}

/** How intervals did on measured losses. */
export function scoreIntervals(
  intervals: readonly (Omit<Interval, "median"> & { readonly loss: number })[],
): IntervalScore {
  const scored = intervals.map(({ lo, hi, loss }) => {
    const width = (100 * (hi - lo)) / loss;
    const outside = (100 * (Math.max(0, lo - loss) + Math.max(0, loss - hi))) / loss;
    return { width, score: width + 20 * outside, isInside: outside === 0 };
  });
  return {
    coverage90: mean(scored.map(({ isInside }) => Number(isInside))),
    meanWidthPercent: mean(scored.map(({ width }) => width)),
    intervalScore: mean(scored.map(({ score }) => score)),
  };
}

/**
 * The plain bootstrap at its best: the usual law for such a table fitted to runs drawn again, plus a residual
 * drawn again, so that the scatter of the runs compared is in it.
 */
function plainIntervals(
  below: readonly TableRun[],
  above: readonly TableRun[],
): Parameters<typeof scoreIntervals>[0] {
  const law = usualLaw(below);
  const fit = fitLaw(law, below);
  const draws = bootstrapFit(fit, below, { resampling: "case", numResamples: NUM_RESAMPLES, seed: 0 });
  const random = new Random(0, "back-test.residuals");
  return above.map((run) => {
    const losses = draws.map(
      (theta) => lossOf(law, theta, run) * Math.exp(fit.residuals[random.integer(below.length)]!),
    );
    return { ...intervalOfDraws(losses), loss: run.loss };
  });
}

/** @file Which layout: the search's result, your own, the most similar measured run, the run's time. */

import { type Interval, scaledBy } from "../../math/interval.ts";
import { HOUR_SECONDS } from "../../units/kinds.ts";
import { CONSTANTS, type Constants } from "../constants.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { type Job, type Layout, microBatches, type Setup } from "../layout/layout.ts";
import { layoutText } from "../layout/parse.ts";
import { countParameters } from "../shape/parameters.ts";
import { predictStep } from "../step/predict.ts";
import type { StepPrediction } from "../step/prediction.ts";

import type { PublishedRun } from "../validate/published-run.ts";
import { ALL_CHOICES, type Choices } from "./choices.ts";
import { clusterParts } from "./cluster-parts.ts";
import { nothingFits } from "./nothing-fits.ts";
import { type RefusedSize, refusedSizes } from "./refused-sizes.ts";
import { type PlannedLayout, type SearchOptions, type SearchResult, searchLayouts } from "./search.ts";
import { type SimilarRun, similarRun } from "./similar-run.ts";
import { layoutProblem, type Problem } from "./validity.ts";

/** A job on a cluster, and what is wanted of its layout. */
export type LayoutRequest = Setup & {
  /** Tokens of the whole run. */
  readonly tokens?: number | undefined;
  readonly choices?: Choices;
  readonly constants?: Constants;
  /** Layouts to show. */
  readonly count?: number;
  /** A layout to be placed among them. */
  readonly yours?: Layout | undefined;
  /** Runs to look for the most similar one in. */
  readonly measured?: readonly PublishedRun[];
};

/** Time of all steps, nothing failing. */
export type WholeRun = {
  readonly days: Interval;
  readonly deviceHours: Interval;
};

/** A layout, its prediction and what follows from it. */
export type LayoutRow = StepPrediction & {
  /** As `--layout` takes it. */
  readonly layout: string;
  readonly sizes: Layout;
  readonly microBatches: number;
  /** null where no number of tokens was given. */
  readonly run: WholeRun | null;
};

/** The fastest layouts of a job, what they cost, and what was only just too big. */
export type LayoutPlan = {
  readonly model: { readonly name: string; readonly parameters: number; readonly activeParameters: number };
  readonly accelerator: string;
  readonly acceleratorLabel: string;
  readonly kind: Cluster["accelerator"]["kind"];
  readonly domainSize: number;
  readonly numDevices: number;
  /** Devices that no layout can use. */
  readonly idleDevices: number;
  readonly job: Job;
  readonly batchTokens: number;
  readonly tokens: number | null;
  readonly numValid: number;
  readonly numFitting: number;
  /** Median step time of all layouts that fit. */
  readonly medianStepSeconds: number;
  readonly best: readonly LayoutRow[];
  readonly cuts: readonly LayoutRow[];
  readonly choices: readonly {
    readonly axis: string;
    readonly choice: string;
    readonly stepSeconds: number;
    readonly layout: string;
  }[];
  readonly pareto: readonly LayoutRow[];
  readonly nearMisses: readonly (LayoutRow & { readonly missingBytes: number })[];
  readonly refusedSizes: readonly RefusedSize[];
  readonly yours: YourLayout | null;
  readonly similar: SimilarRun | null;
};

/** Your layout: why it cannot run, or where it stands. */
export type YourLayout =
  | { readonly kind: "refused"; readonly layout: string; readonly problem: Problem }
  | {
      readonly kind: "planned";
      readonly row: LayoutRow;
      /** 1: none is faster. */
      readonly rank: number;
      readonly slowerPercent: number;
    };

/** Searches the layouts. Throws a `UserError` where none divides, or none fits. */
export function planLayouts(request: LayoutRequest): LayoutPlan {
  const { model, job, choices = ALL_CHOICES, count = 10, constants = CONSTANTS, tokens } = request;
  const options = { choices, count, constants };
  const { cluster, found } = searchBestPart(request, options);
  const setup = { model, cluster, job };
  const [first] = found.best;
  if (!first) throw nothingFits(setup, options);
  const row = (planned: PlannedLayout) => rowOf(planned, setup, tokens);
  const { total, active } = countParameters(model);
  const capacity = cluster.accelerator.memoryBytes;
  return {
    model: { name: model.name, parameters: total, activeParameters: active },
    accelerator: cluster.accelerator.name,
    acceleratorLabel: cluster.accelerator.label,
    kind: cluster.accelerator.kind,
    domainSize: cluster.domainSize,
    numDevices: cluster.numDevices,
    idleDevices: request.cluster.numDevices - cluster.numDevices,
    job,
    batchTokens: job.batchSequences * job.sequence,
    tokens: tokens ?? null,
    numValid: found.numValid,
    numFitting: found.stepSeconds.length,
    medianStepSeconds: found.stepSeconds[found.stepSeconds.length >> 1]!,
    best: found.best.map(row),
    cuts: found.cuts.slice(0, count).map(row),
    choices: found.choices.map(({ axis, choice, layout, prediction }) => ({
      axis,
      choice,
      stepSeconds: prediction.stepSeconds,
      layout: layoutText(layout),
    })),
    pareto: found.pareto.map(row),
    nearMisses: found.nearMisses.slice(0, count).map((planned) => ({
      ...row(planned),
      missingBytes: planned.prediction.memory.totalBytes - capacity,
    })),
    refusedSizes: refusedSizes(setup, choices),
    yours: request.yours ? yourLayout(request.yours, request, constants, found) : null,
    similar: similarRun({ ...setup, layout: first.layout }, request.measured ?? [], constants),
  };
}

/** The part of the cluster on which the step is fastest. */
export function searchBestPart(setup: Setup, options: SearchOptions & { readonly choices: Choices }) {
  const seconds = ({ stepSeconds }: SearchResult) => stepSeconds[0] ?? Number.POSITIVE_INFINITY;
  return clusterParts(setup, options.choices)
    .map((cluster) => ({ cluster, found: searchLayouts({ ...setup, cluster }, options) }))
    .reduce((best, each) => (seconds(each.found) < seconds(best.found) ? each : best));
}

function rowOf({ layout, prediction }: PlannedLayout, setup: Setup, tokens: number | undefined): LayoutRow {
  return {
    layout: layoutText(layout),
    sizes: layout,
    microBatches: microBatches(layout, setup.job),
    ...prediction,
    run: tokens === undefined ? null : wholeRun(prediction, setup, tokens),
  };
}

function wholeRun(prediction: StepPrediction, { cluster, job }: Setup, tokens: number): WholeRun {
  const steps = Math.ceil(tokens / (job.batchSequences * job.sequence));
  const hours = scaledBy(prediction.stepInterval, steps / HOUR_SECONDS);
  return { days: scaledBy(hours, 1 / 24), deviceHours: scaledBy(hours, cluster.numDevices) };
}

/** Yours runs on all devices, even where the search could use only a part of them. */
function yourLayout(
  layout: Layout,
  request: LayoutRequest,
  constants: Constants,
  { stepSeconds }: SearchResult,
): YourLayout {
  const problem = layoutProblem(request, layout);
  if (problem) return { kind: "refused", layout: layoutText(layout), problem };
  const prediction = predictStep(request, layout, constants);
  const faster = stepSeconds.findIndex((seconds) => seconds >= prediction.stepSeconds);
  return {
    kind: "planned",
    row: rowOf({ layout, prediction }, request, request.tokens),
    rank: (faster < 0 ? stepSeconds.length : faster) + 1,
    slowerPercent: 100 * (prediction.stepSeconds / stepSeconds[0]! - 1),
  };
}

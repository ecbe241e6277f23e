/** @file How fast a run trains, where its model is named: the step of a layout as the planner predicts it. */

import { UserError } from "../../errors.ts";
import { trainingFlops } from "../../law/training-flops.ts";
import { type Interval, mapInterval } from "../../math/interval.ts";
import type { Constants } from "../../plan/constants.ts";
import { readConstants } from "../../plan/constants-file.ts";
import type { Precision } from "../../plan/hardware/accelerator.ts";
import { devicesOf, type Setup } from "../../plan/layout/layout.ts";
import { layoutText, parseLayout } from "../../plan/layout/parse.ts";
import { nothingFits } from "../../plan/search/nothing-fits.ts";
import { searchBestPart } from "../../plan/search/plan-layouts.ts";
import type { PlannedLayout } from "../../plan/search/search.ts";
import { layoutProblem } from "../../plan/search/validity.ts";
import { modelFlopsPerToken } from "../../plan/shape/flops.ts";
import { countParameters } from "../../plan/shape/parameters.ts";
import { validityNotes } from "../../plan/step/interval.ts";
import { predictStep } from "../../plan/step/predict.ts";
import { formatBytes, formatShare, formatWhole, significant } from "../../units/print.ts";
import { onlyPrecision, readChoices } from "./choices.ts";
import { readModel } from "./model.ts";
import { readSequence, readSetting, type SettingFlags } from "./setting.ts";

/** What a model says of its run. */
export type ModelFacts = {
  readonly parameters: number;
  /** Forward and backward, attention counted where the sequence is known. */
  readonly flopsPerToken: number;
};

/** Parameters and FLOPs of the model named; undefined without one. */
export function modelFacts({ model: name, sequence }: SettingFlags): ModelFacts | undefined {
  if (name === undefined) return undefined;
  const { model } = readModel(name);
  const { total, active } = countParameters(model);
  const flopsPerToken =
    sequence === undefined ? trainingFlops(active) : modelFlopsPerToken(model, readSequence(sequence));
  return { parameters: total, flopsPerToken };
}

/** The options that a speed is predicted from. */
export type SpeedFlags = SettingFlags & {
  readonly layout?: string;
  readonly precision?: string;
  readonly constants?: string;
};

/** A predicted speed and what is to be said of it. */
export type PredictedSpeed = {
  /** Idle devices counted, so that times all devices it is the whole cluster's. */
  readonly tokensPerSecondPerDevice: Interval;
  /** What was read in a way that is worth saying, and where the speed comes from. */
  readonly sentences: readonly string[];
};

/** What `readSetting` takes for granted. */
const SOFTWARE_TEXT = "software as of 2024, with fused kernels, attention and exchanges overlapped";

/** Tokens a second for each device by the layout given, or by the fastest one. */
export function predictedSpeed(flags: SpeedFlags): PredictedSpeed {
  const setting = readSetting(flags);
  const { cluster, job, notes } = setting;
  const { layout, prediction } = layoutFor(setting, flags);
  const { stepSeconds, stepInterval, mfu } = prediction;
  const tokens = (job.sequence * job.batchSequences) / cluster.numDevices;
  const basis = flags.layout === undefined ? "the fastest layout that fits" : "the layout";
  const idle = cluster.numDevices - devicesOf(layout);
  const rest = idle > 0 ? `; ${formatWhole(idle)} devices idle, no layout divides over all` : "";
  return {
    tokensPerSecondPerDevice: mapInterval(stepInterval, (seconds) => tokens / seconds),
    sentences: [
      // They stand in a list between semicolons.
      ...[...notes, ...validityNotes(prediction)].map((note) => note.replace(/\.$/, "")),
      `the speed of ${basis}, ${layoutText(layout)}: ${significant(stepSeconds, 3)} s a step, ` +
        `${formatShare(mfu, 0)} MFU${rest}; ${SOFTWARE_TEXT}`,
    ],
  };
}

function layoutFor(setup: Setup, { layout: text, precision, constants: file }: SpeedFlags): PlannedLayout {
  const choices = readChoices(precision === undefined ? {} : { precision }, setup.cluster.accelerator);
  const constants = readConstants(file);
  if (text !== undefined) return givenLayout(setup, text, constants, onlyPrecision(choices));
  const options = { choices, constants, count: 1 };
  const { cluster, found } = searchBestPart(setup, options);
  const [best] = found.best;
  if (best === undefined) throw nothingFits({ ...setup, cluster }, options);
  return best;
}

/** Throws a `UserError` where it cannot run or does not fit. */
function givenLayout(
  setup: Setup,
  text: string,
  constants: Constants,
  precision: Precision | undefined,
): PlannedLayout {
  const layout = parseLayout(text, setup.cluster.numDevices, precision);
  const remedy = "change --layout, or leave it out to take the fastest";
  const problem = layoutProblem(setup, layout);
  if (problem) throw new UserError(problem.found, problem.expected, remedy);
  const prediction = predictStep(setup, layout, constants);
  const { fits, totalBytes, capacityBytes } = prediction.memory;
  if (fits) return { layout, prediction };
  throw new UserError(
    `layout ${layoutText(layout)} needs ${formatBytes(totalBytes)} a device`,
    `at most ${formatBytes(capacityBytes)}`,
    remedy,
  );
}

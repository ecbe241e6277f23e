/** @file How far off a predicted step may be: the 90 % interval, by kind of model and of accelerator. */

import { type Interval, within } from "../../math/interval.ts";
import { LOG_SPREAD, UNVALIDATED_FACTOR } from "../constants.ts";
import type { Accelerator } from "../hardware/accelerator.ts";
import type { ModelShape } from "../shape/model-shape.ts";

import type { StepPrediction } from "./prediction.ts";

/** Whether steps on such accelerators were compared with published runs; no table states TPU layouts. */
export function isValidated({ kind }: Pick<Accelerator, "kind">): boolean {
  return kind !== "tpu";
}

/** What to say beside a prediction that was compared with nothing; empty where it was. */
export function validityNotes({ validated }: Pick<StepPrediction, "validated">): readonly string[] {
  return validated
    ? []
    : [
        "Not validated: no published run on TPUs states its layout. The interval is " +
          `${UNVALIDATED_FACTOR} times as wide as on GPUs, by assumption.`,
      ];
}

/**
 * The 90 % interval of a step, log-normal. Models with experts are predicted much less well than dense ones.
 */
export function stepIntervalOf(
  stepSeconds: number,
  model: Pick<ModelShape, "experts">,
  device: Pick<Accelerator, "kind">,
): Interval {
  const spread = LOG_SPREAD[model.experts ? "experts" : "dense"];
  return within(stepSeconds, spread * (isValidated(device) ? 1 : UNVALIDATED_FACTOR));
}

/** @file One shape on one cluster: its fastest layout, the tokens that the days allow, the loss. */

import type { Surfaces } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { devicesOf } from "../layout/layout.ts";
import type { PlannedLayout } from "../search/search.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { lossIn, middleOf } from "./scenarios.ts";
import { modelShapeOf, productParameters, type ShapeChoice } from "./shapes.ts";

/** What stays the same while shapes are tried. */
export type Setting = {
  readonly law: Surfaces;
  readonly vocabularySize: number;
  readonly days: number;
  /** Part of the time that training moves forward. */
  readonly goodput: Interval;
};

export type ShapeCandidate = PlannedLayout & {
  readonly choice: ShapeChoice;
  readonly shape: ModelShape;
  /** Parameters in matrix products that a token meets, and all of them. */
  readonly active: number;
  readonly all: number;
  readonly tokensPerSecond: number;
  readonly tokens: number;
  /** At the law's fit, the middle prediction of speed, and the middle of each assumption. */
  readonly loss: number;
};

/** Evaluates a shape at a layout. */
export function candidateOf(setting: Setting, choice: ShapeChoice, found: PlannedLayout): ShapeCandidate {
  const shape = modelShapeOf(choice, setting.vocabularySize);
  const { active, all } = productParameters(shape);
  const tokensPerSecond = found.prediction.tokensPerSecondPerDevice * devicesOf(found.layout);
  const tokens = tokensPerSecond * setting.goodput.median * setting.days * DAY_SECONDS;
  const loss = lossIn(middleOf(setting.law), { choice, active, all, tokens });
  return { ...found, choice, shape, active, all, tokensPerSecond, tokens, loss };
}

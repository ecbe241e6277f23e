/** @file The one table of operations, read by differentiation, fusion, cost, profile and audit alike. */

import type { Operation } from "../tensor.ts";
import { attentionGradientRow, attentionRow } from "./attention.ts";
import { addRow, broadcastRow, fillRow, meanRow, sumOfSquaresRow } from "./elementwise.ts";
import { embedGradientRow, embedRow } from "./embed.ts";
import { geluGradientRow, geluRow } from "./gelu.ts";
import { headNormGradientRow, headNormRow } from "./head-norm.ts";
import { headLossGradientRow, headLossRow } from "./loss.ts";
import { matmulRow } from "./matmul.ts";
import { rmsNormGradientRow, rmsNormRow } from "./norm.ts";
import { adamwRow } from "./optimiser.ts";
import { rotaryRow } from "./rotary.ts";
import { swigluGradientRow, swigluRow } from "./swiglu.ts";

/** The table of operations, one row each. */
export const OPERATIONS: readonly Operation<never>[] = [
  matmulRow,
  embedRow,
  embedGradientRow,
  rmsNormRow,
  rmsNormGradientRow,
  rotaryRow,
  attentionRow,
  attentionGradientRow,
  swigluRow,
  swigluGradientRow,
  headLossRow,
  headLossGradientRow,
  meanRow,
  broadcastRow,
  fillRow,
  addRow,
  sumOfSquaresRow,
  adamwRow,
  geluRow,
  geluGradientRow,
  headNormRow,
  headNormGradientRow,
];

/** @file What to say of a model before planning: sequences it cannot hold, parameters not counted. */

import { UserError } from "../../errors.ts";
import { formatCount, formatWhole } from "../../units/print.ts";
import type { ModelShape } from "./model-shape.ts";
import { countParameters } from "./parameters.ts";

/** Throws a `UserError` for a sequence longer than a learned table of positions. */
export function refuseBeyondTable({ name, learnedPositions }: ModelShape, sequence: number): void {
  if (learnedPositions === 0 || sequence <= learnedPositions) return;
  const positions = formatWhole(learnedPositions);
  throw new UserError(
    `${name}: a sequence of ${formatWhole(sequence)} tokens and a table of ${positions} positions`,
    `at most ${positions} tokens`,
    "shorten --sequence, or enlarge the table (n_positions, max_position_embeddings) in its config.json",
  );
}

/** Parameters without and with the layers for further predictions, seldom counted; null without those. */
export function furtherPredictionNote(model: ModelShape): string | null {
  if (model.extraPredictions === 0) return null;
  const alone = countParameters({ ...model, extraPredictions: 0 });
  const all = countParameters(model);
  const layers = model.extraPredictions === 1 ? "layer" : "layers";
  return (
    `${model.name}: ${formatCount(alone.total)} parameters, of which a token uses ` +
    `${formatCount(alone.active)}; with its further prediction ${layers} ${formatCount(all.total)} and ` +
    `${formatCount(all.active)}.`
  );
}

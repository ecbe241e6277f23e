/** @file Which shapes to try: one of a middle aspect for a size, and those one step away from another. */

import type { ShapeCandidate } from "./candidate.ts";
import {
  choiceNear,
  FEED_FORWARD_RATIO,
  feedForwardNear,
  feedForwardUnit,
  GRIDS,
  type Grid,
  headDimOn,
  isOn,
  type Routing,
  type ShapeChoice,
} from "./shapes.ts";

/** Middle of the aspects of published large models: GPT-3 128, Llama 3 102 to 130, DeepSeek-V3 117. */
const MIDDLE_ASPECT = 120;
const WIDEST = 2 ** 17;

/**
 * A round shape of a middle aspect with about so many parameters a token; null where the head alone has more.
 */
export function sized(params: number, vocabularySize: number, routing: Routing): ShapeChoice | null {
  const grid = GRIDS[1];
  let best: ShapeChoice | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (
    let hidden: number = grid.width;
    hidden <= WIDEST;
    hidden += hidden < 4096 ? 256 : hidden < 8192 ? 512 : 1024
  ) {
    const choice = choiceNear(params, hidden, grid, vocabularySize, routing);
    if (choice === null) break;
    const distance = Math.abs(Math.log(choice.hidden / choice.numLayers / MIDDLE_ASPECT));
    if (distance < nearest) [best, nearest] = [choice, distance];
  }
  return best;
}

/** Shapes one step away in depth, feed-forward width, heads, and width (at equal depth and equal size). */
export function neighbours(
  vocabularySize: number,
  grid: Grid,
  { choice, active }: ShapeCandidate,
): readonly ShapeChoice[] {
  const { hidden, numLayers, feedForwardWidth, routing } = choice;
  const unit = feedForwardUnit(grid, routing);
  const ratio = feedForwardWidth / hidden;
  const near = (size: number, width: number, feedForwardRatio = ratio) =>
    choiceNear(size, width, grid, vocabularySize, routing, feedForwardRatio);
  const deeper = [-8, -4, -2, -1, 1, 2, 4, 8].map((step) => ({
    ...choice,
    numLayers: numLayers + step * grid.layers,
  }));
  const wider = [-8, -4, -2, -1, 1, 2, 4, 8].flatMap((step) => {
    const width = hidden + step * grid.width;
    if (width < grid.width) return [];
    const scaled = feedForwardNear(ratio, width, grid, routing);
    return [
      near(active, width),
      { ...choice, hidden: width, feedForwardWidth: scaled, headDim: headDimOn(grid, width) },
    ];
  });
  const fed = [-4, -1, 1, 4].map((step) => ({ ...choice, feedForwardWidth: feedForwardWidth + step * unit }));
  const proportions = [8 / 3, FEED_FORWARD_RATIO, 4].map((value) => near(active, hidden, value));
  const heads = grid.headDims.map((dim) => ({ ...choice, headDim: dim }));
  return [...deeper, ...wider, ...fed, ...proportions, ...heads].filter(
    (each): each is ShapeChoice => each !== null && isOn(grid, each) && isSound(each),
  );
}

function isSound({ hidden, numLayers, headDim, feedForwardWidth }: ShapeChoice): boolean {
  const ratio = feedForwardWidth / hidden;
  // Kaplan et al., figure 5: feed-forward ratios from 1 to 8 are flat for two matrices; gated ones have 3 / 2
  // as many numbers.
  return numLayers >= 1 && hidden % headDim === 0 && ratio >= 1 && ratio <= 5;
}

/** @file Minima as Porian et al. 2024 (Akima's interpolation) and Hoffmann et al. 2022 (a parabola) do. */

import { linearFit } from "../../math/least-squares.ts";
import { mean } from "../../math/statistics.ts";
import type { TriedSize } from "./budgets.ts";

/** Places looked at between two neighbouring sizes. Porian et al. use 25. */
const PER_GAP = 25;

/** log N at the lowest place of the interpolation; null at either end, where there is no interior minimum. */
export function akimaMinimum(sizes: readonly TriedSize[]): number | null {
  const curve = akima(
    sizes.map(({ logN }) => logN),
    sizes.map(({ logLoss }) => logLoss),
  );
  const [first, last] = [sizes[0]!.logN, sizes.at(-1)!.logN];
  const numSteps = PER_GAP * (sizes.length - 1);
  let best = { x: first, y: Infinity, i: 0 };
  for (let i = 0; i <= numSteps; i++) {
    const x = first + ((last - first) * i) / numSteps;
    const y = curve(x);
    if (y < best.y) best = { x, y, i };
  }
  return best.i === 0 || best.i === numSteps ? null : best.x;
}

/**
 * Akima 1970: cubic pieces whose slope at a point weighs the two sides by how little the slope changes on the
 * other. Needs three points; two more slopes are continued beyond each end, quadratically.
 */
function akima(x: readonly number[], y: readonly number[]): (at: number) => number {
  const inner = x.slice(1).map((right, i) => (y[i + 1]! - y[i]!) / (right - x[i]!));
  const before = 2 * inner[0]! - inner[1]!;
  const after = 2 * inner.at(-1)! - inner.at(-2)!;
  const slopes = [2 * before - inner[0]!, before, ...inner, after, 2 * after - inner.at(-1)!];
  const tangents = x.map((_, i) => {
    const [a, b, c, d] = slopes.slice(i, i + 4) as [number, number, number, number];
    const [left, right] = [Math.abs(d - c), Math.abs(b - a)];
    return left + right < 1e-12 ? (b + c) / 2 : (left * b + right * c) / (left + right);
  });
  return (at) => {
    const next = x.findIndex((place, i) => i > 0 && at <= place);
    const i = (next < 0 ? x.length - 1 : next) - 1;
    const width = x[i + 1]! - x[i]!;
    const t = (at - x[i]!) / width;
    return (
      (2 * t ** 3 - 3 * t ** 2 + 1) * y[i]! +
      (t ** 3 - 2 * t ** 2 + t) * width * tangents[i]! +
      (3 * t ** 2 - 2 * t ** 3) * y[i + 1]! +
      (t ** 3 - t ** 2) * width * tangents[i + 1]!
    );
  };
}

/** log N at the bottom of the parabola of least squares; null where it has none within the sizes. */
export function parabolaMinimum(sizes: readonly TriedSize[]): number | null {
  const centre = mean(sizes.map(({ logN }) => logN));
  const [, slope, curvature] = linearFit(
    sizes.map(({ logN }) => [1, logN - centre, (logN - centre) ** 2]),
    sizes.map(({ logLoss }) => logLoss),
  );
  const bottom = centre - slope! / (2 * curvature!);
  const inside = bottom > sizes[0]!.logN && bottom < sizes.at(-1)!.logN;
  return curvature! > 0 && inside ? bottom : null;
}

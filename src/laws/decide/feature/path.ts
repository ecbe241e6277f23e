/** @file How the base's ladder grows: its N and D at any compute, and what a pair of parameter and token costs in it. */

import type { Design } from "../../../law/law.ts";
import { mean, median } from "../../../math/statistics.ts";
import type { TableRun } from "../../table/table.ts";
import { type Group, groupsOf } from "./pairs.ts";

/** How N and D grow with C along the base, straight in logs. */
export function pathOf(base: readonly Group[]) {
  const x = base.map(({ c }) => Math.log10(c));
  const line = (y: readonly number[]) => {
    const [middleX, middleY] = [mean(x), mean(y)];
    const spread = x.reduce((sum, value) => sum + (value - middleX) ** 2, 0);
    const slope = x.reduce((sum, value, i) => sum + (value - middleX) * (y[i]! - middleY), 0) / spread;
    return (c: number) => middleY + slope * (Math.log10(c) - middleX);
  };
  const sizeAt = line(base.map(({ n }) => Math.log10(n)));
  const ratioAt = line(base.map(({ n, d }) => Math.log10(d / n)));
  const designAt = (c: number): Design => ({ n: 10 ** sizeAt(c), d: 10 ** (sizeAt(c) + ratioAt(c)), c });
  return { ratioAt, designAt };
}

/** The design that the base's ladder would have at a compute: what a target is taken to be when only its compute is given. */
export function designAtCompute(base: readonly TableRun[], compute: number): Design {
  return pathOf(groupsOf(base)).designAt(compute);
}

/** C / (N D) of the base's runs, their median: about 6, with whatever the table counts besides. */
export function flopsPerPair(base: readonly TableRun[]): number {
  const ratios = base
    .map(({ n, d, c }) => c / (n * d))
    .filter((ratio) => ratio > 0 && Number.isFinite(ratio));
  return ratios.length === 0 ? 6 : median(ratios);
}

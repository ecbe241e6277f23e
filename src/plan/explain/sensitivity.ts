/** @file What ten percent more of one resource buys, all else equal: is the system balanced, and what would one pay for. */

import type { Accelerator } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { Layout } from "../layout/layout.ts";
import type { StepPrediction } from "../step/prediction.ts";

/** What can be had more of. */
export const RESOURCES = [
  "compute",
  "memorySize",
  "memoryBandwidth",
  "domainBandwidth",
  "networkBandwidth",
] as const;
export type Resource = (typeof RESOURCES)[number];

export type Sensitivity = {
  readonly resource: Resource;
  /** Percent more tokens per second for 10 % more of it. */
  readonly gainPercent: number;
  readonly stepSeconds: number;
};

/** What the sensitivities say together. */
export type Balance = {
  readonly verdict: "compute" | "memory" | "domain" | "network" | "fixed" | "balanced";
  readonly sentence: string;
};

/** Seconds of a step on a changed cluster, at the layout that is explained. */
type StepOn = (cluster: Cluster) => Pick<StepPrediction, "stepSeconds">;
/** The fastest layout that fits a changed cluster; null: none fits, or nobody searched. */
export type BestOn = (cluster: Cluster) => { readonly layout: Layout; readonly stepSeconds: number } | null;

const MORE = 1.1;

/** The cluster with 10 % more of one resource. */
export function withMore(cluster: Cluster, resource: Resource): Cluster {
  const change = (changes: Partial<Accelerator>): Cluster => ({
    ...cluster,
    accelerator: { ...cluster.accelerator, ...changes },
  });
  const { accelerator } = cluster;
  switch (resource) {
    case "compute": {
      const rates = Object.entries(accelerator.peakFlops).map(([width, rate]) => [width, rate * MORE]);
      // With the power to go with it: at the same watts the chip would slow down under its limit and give part of it back.
      return change({
        peakFlops: Object.fromEntries(rates) as Accelerator["peakFlops"],
        deviceWatts: accelerator.deviceWatts * MORE,
      });
    }
    case "memorySize":
      return change({ memoryBytes: accelerator.memoryBytes * MORE });
    case "memoryBandwidth":
      return change({ memoryBandwidth: accelerator.memoryBandwidth * MORE });
    case "domainBandwidth":
      return change({ domainBandwidth: accelerator.domainBandwidth * MORE });
    case "networkBandwidth":
      return { ...cluster, networkBandwidth: cluster.networkBandwidth * MORE };
  }
}

/**
 * What each resource buys. Rates count at the layout as it is. Memory size changes no layout's time: it buys through the best layout that
 * then fits, against the best that fits now (`best`); left out where that is not known.
 */
export function sensitivityOf(cluster: Cluster, step: StepOn, best: BestOn): readonly Sensitivity[] {
  const now = step(cluster).stepSeconds;
  return RESOURCES.flatMap((resource) => {
    const richer = withMore(cluster, resource);
    if (resource !== "memorySize") return [gain(resource, now, step(richer).stepSeconds)];
    const [before, after] = [best(cluster), best(richer)];
    return before === null || after === null ? [] : [gain(resource, before.stepSeconds, after.stepSeconds)];
  });
}

function gain(resource: Resource, before: number, after: number): Sensitivity {
  return { resource, gainPercent: 100 * (before / after - 1), stepSeconds: after };
}

/** A gain of this share of the whole 10 % counts as what limits. */
const DECISIVE_PERCENT = 5;
/** What a resource is called. */
export const RESOURCE_WORDS: Readonly<Record<Resource, string>> = {
  compute: "compute",
  memorySize: "memory",
  memoryBandwidth: "memory bandwidth",
  domainBandwidth: "bandwidth inside the fast domain",
  networkBandwidth: "bandwidth between domains",
};
const VERDICTS: Readonly<Record<Resource, Balance["verdict"]>> = {
  compute: "compute",
  memorySize: "memory",
  memoryBandwidth: "memory",
  domainBandwidth: "domain",
  networkBandwidth: "network",
};

/**
 * One sentence. Where one resource buys more than half of what it grows by, the step is bound by it; where none does and all together buy
 * less than half, fixed costs hold it; else no single one does: it is balanced.
 */
export function balanceOf(sensitivities: readonly Sensitivity[]): Balance {
  const ordered = [...sensitivities].sort((a, b) => b.gainPercent - a.gainPercent);
  const [most, ...others] = ordered;
  if (most === undefined) return { verdict: "fixed", sentence: "Nothing was varied." };
  const told = (each: Sensitivity) => `${RESOURCE_WORDS[each.resource]} ${each.gainPercent.toFixed(1)} %`;
  const rest = others.map(told).join(", ");
  const together = sensitivities
    .filter(({ resource }) => resource !== "memorySize")
    .reduce((sum, { gainPercent }) => sum + gainPercent, 0);
  const head = `10 % more ${told(most).replace(/ ([\d.-]+ %)$/, " buys $1")}; of ${rest}.`;
  if (most.gainPercent >= DECISIVE_PERCENT)
    return {
      verdict: VERDICTS[most.resource],
      sentence: `Not balanced: bound by ${RESOURCE_WORDS[most.resource]}. ${head}`,
    };
  if (together < DECISIVE_PERCENT)
    return {
      verdict: "fixed",
      sentence: `Bound by what no rate shortens (latency, launching, fixed costs): all rates together buy ${together.toFixed(1)} %. ${head}`,
    };
  return {
    verdict: "balanced",
    sentence: `Balanced: no single resource buys half of what it grows by. ${head}`,
  };
}

/** @file What ten percent more of one resource buys, all else equal, and what to pay for first. */

import { formatPercent } from "../../units/print.ts";
import type { Accelerator } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { Layout } from "../layout/layout.ts";
import type { StepPrediction } from "../step/prediction.ts";

const MORE = 1.1;

/** The cluster with more of one number of its accelerators. */
const moreOf =
  (number: "memoryBytes" | "memoryBandwidth" | "domainBandwidth") =>
  (cluster: Cluster): Cluster => {
    const { accelerator } = cluster;
    return { ...cluster, accelerator: { ...accelerator, [number]: accelerator[number] * MORE } };
  };

/** With the power to go with it: at the same watts the chip would slow down and give part of it back. */
function moreCompute(cluster: Cluster): Cluster {
  const { accelerator } = cluster;
  const rates = Object.entries(accelerator.peakFlops).map(([width, rate]) => [width, rate * MORE]);
  const peakFlops = Object.fromEntries(rates) as Accelerator["peakFlops"];
  const deviceWatts = accelerator.deviceWatts * MORE;
  return { ...cluster, accelerator: { ...accelerator, peakFlops, deviceWatts } };
}

const moreNetwork = (cluster: Cluster): Cluster => ({
  ...cluster,
  networkBandwidth: cluster.networkBandwidth * MORE,
});

/** What can be had more of: its name, what it binds, the cluster with 10 % more of it. */
const RESOURCES = {
  compute: { words: "compute", verdict: "compute", more: moreCompute },
  memorySize: { words: "memory", verdict: "memory", more: moreOf("memoryBytes") },
  memoryBandwidth: { words: "memory bandwidth", verdict: "memory", more: moreOf("memoryBandwidth") },
  domainBandwidth: {
    words: "bandwidth inside the fast domain",
    verdict: "domain",
    more: moreOf("domainBandwidth"),
  },
  networkBandwidth: { words: "bandwidth between domains", verdict: "network", more: moreNetwork },
} as const;

/** What a cluster may have more of. */
export type Resource = keyof typeof RESOURCES;

/** What a resource is called. */
export const wordsOf = (resource: Resource) => RESOURCES[resource].words;

/** What 10 % more of one resource would bring. */
export type Sensitivity = {
  readonly resource: Resource;
  /** Percent more tokens per second for 10 % more of it. */
  readonly gainPercent: number;
  readonly stepSeconds: number;
};

/** What the sensitivities say together. */
export type Balance = {
  readonly verdict: (typeof RESOURCES)[Resource]["verdict"] | "fixed" | "balanced";
  readonly sentence: string;
};

/** Seconds of a step on a changed cluster, at the layout that is explained. */
type StepOn = (cluster: Cluster) => Pick<StepPrediction, "stepSeconds">;
/** The fastest layout that fits a changed cluster; null: none fits, or no search was run. */
export type BestOn = (cluster: Cluster) => { readonly layout: Layout; readonly stepSeconds: number } | null;

/** The cluster with 10 % more of one resource. */
export const withMore = (cluster: Cluster, resource: Resource) => RESOURCES[resource].more(cluster);

/**
 * What each resource buys. Rates count at the layout as it is. Memory size changes no layout's time: it buys
 * through the best layout that then fits, against the best that fits now (`best`); left out where that is not
 * known.
 */
export function sensitivityOf(cluster: Cluster, step: StepOn, best: BestOn): readonly Sensitivity[] {
  const now = step(cluster).stepSeconds;
  return (Object.keys(RESOURCES) as readonly Resource[]).flatMap((resource) => {
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
/**
 * One sentence. Where one resource buys more than half of what it grows by, the step is bound by it; where
 * none does and all together buy less than half, fixed costs hold it; else no single one does: it is
 * balanced.
 */
export function balanceOf(sensitivities: readonly Sensitivity[]): Balance {
  const ordered = [...sensitivities].sort((a, b) => b.gainPercent - a.gainPercent);
  const [most, ...others] = ordered;
  if (most === undefined) return { verdict: "fixed", sentence: "Nothing was varied." };
  const percent = ({ gainPercent }: Sensitivity) => formatPercent(gainPercent);
  const rest = others.map((each) => `${wordsOf(each.resource)} ${percent(each)}`).join(", ");
  const together = sensitivities
    .filter(({ resource }) => resource !== "memorySize")
    .reduce((sum, { gainPercent }) => sum + gainPercent, 0);
  const head = `10 % more ${wordsOf(most.resource)} buys ${percent(most)}; of ${rest}.`;
  if (most.gainPercent >= DECISIVE_PERCENT)
    return {
      verdict: RESOURCES[most.resource].verdict,
      sentence: `Not balanced: bound by ${wordsOf(most.resource)}. ${head}`,
    };
  if (together < DECISIVE_PERCENT)
    return {
      verdict: "fixed",
      sentence:
        "Bound by what no rate shortens (latency, launching, fixed costs): all rates together buy " +
        `${formatPercent(together)}. ${head}`,
    };
  return {
    verdict: "balanced",
    sentence: `Balanced: no single resource buys half of what it grows by. ${head}`,
  };
}

/** @file Where a model fits nowhere: the smallest change that makes it fit. */

import { UserError } from "../../errors.ts";
import { formatBytes, formatWhole } from "../../units/print.ts";
import { CATALOGUE } from "../hardware/catalogue.ts";
import { type Cluster, clusterOf } from "../hardware/cluster.ts";
import type { Setup } from "../layout/layout.ts";
import { layoutText } from "../layout/parse.ts";
import { ALL_CHOICES, type Choices } from "./choices.ts";
import { type SearchOptions, searchLayouts } from "./search.ts";

/** The complaint about a model that fits in no layout. */
export function nothingFits(setup: Setup, options: SearchOptions): UserError {
  const { model, cluster } = setup;
  const { smallest } = searchLayouts(setup, { ...options, count: 1 });
  const { numDevices, accelerator } = cluster;
  const needs = smallest
    ? ` needs at least ${formatBytes(smallest.prediction.memory.totalBytes)} a device ` +
      `(${layoutText(smallest.layout)})`
    : " has no valid layout";
  const changes = changesThatFit(setup, options);
  return new UserError(
    `${model.name} on ${formatWhole(numDevices)} x ${accelerator.label}${needs}`,
    `at most ${formatBytes(accelerator.memoryBytes)} a device`,
    changes.length > 0
      ? `the smallest changes that fit: ${changes.join("; or ")}`
      : "a smaller model: neither more devices nor a larger memory of the catalogue is enough for this batch",
  );
}

/** Each kind of change alone: what was ruled out, more devices, other accelerators of one kind. */
function changesThatFit(setup: Setup, options: SearchOptions): readonly string[] {
  const { cluster } = setup;
  const fits = (part: Cluster, choices: Choices | undefined = options.choices) =>
    searchLayouts({ ...setup, cluster: part }, { ...options, ...(choices ? { choices } : {}), count: 1 })
      .best[0];
  const changes: string[] = [];
  const lifted = { ...ALL_CHOICES, precisions: options.choices?.precisions ?? ALL_CHOICES.precisions };
  const free = options.choices ? fits(cluster, lifted) : undefined;
  if (free) changes.push(`allow ${layoutText(free.layout)}`);
  const devices = [2, 4, 8, 16, 32, 64].map((factor) => factor * cluster.numDevices);
  const enough = devices.find((numDevices) => fits({ ...cluster, numDevices }));
  if (enough) changes.push(`${formatWhole(fewest(enough, cluster, fits))} devices of this kind`);
  const roomier = CATALOGUE.filter(
    ({ kind, memoryBytes }) =>
      kind === cluster.accelerator.kind && memoryBytes > cluster.accelerator.memoryBytes,
  )
    .toSorted((a, b) => a.memoryBytes - b.memoryBytes)
    .find((accelerator) => fits(clusterOf(accelerator, cluster.numDevices)));
  if (roomier)
    changes.push(
      `${formatWhole(cluster.numDevices)} x ${roomier.label} (${formatBytes(roomier.memoryBytes)})`,
    );
  return changes;
}

/** A doubling overshoots: three quarters of it are tried too. */
function fewest(enough: number, cluster: Cluster, fits: (part: Cluster) => unknown): number {
  const between = (3 * enough) / 4;
  return between % cluster.accelerator.devicesPerNode === 0 && fits({ ...cluster, numDevices: between })
    ? between
    : enough;
}

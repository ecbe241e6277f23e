/** @file A cluster: how many accelerators, and how they are tied together. */

import { UserError } from "../../errors.ts";
import { perhaps } from "../../math/edit-distance.ts";
import { formatWhole } from "../../units/print.ts";
import type { Accelerator } from "./accelerator.ts";
import { accelerator } from "./catalogue.ts";

/** Devices of one kind and the network between them. */
export type Cluster = {
  readonly accelerator: Accelerator;
  readonly numDevices: number;
  /** Devices that share one fast fabric; at most the accelerator's own. */
  readonly domainSize: number;
  /** Bytes per second and direction of one device to the outside, before oversubscription. */
  readonly networkBandwidth: number;
  /** 1: full bisection. 2: half as many links above the leaves. */
  readonly oversubscription: number;
};

/** A cluster with the catalogue's links where `changes` names no others. */
export function clusterOf(
  device: Accelerator,
  numDevices: number,
  changes: Partial<Omit<Cluster, "accelerator" | "numDevices">> = {},
): Cluster {
  return {
    accelerator: device,
    numDevices,
    domainSize: changes.domainSize ?? device.domainSize,
    networkBandwidth: changes.networkBandwidth ?? device.networkBandwidth,
    oversubscription: changes.oversubscription ?? 1,
  };
}

/** Ten times the largest cluster announced; what is asked for beyond it is a slip. */
const MOST_DEVICES = 4_000_000;

const OPTIONS = ["network", "domain", "oversubscription"] as const;

/**
 * Reads "h100:16384", or with changes "h100:1024,network=200Gbps,oversubscription=2,domain=8".
 * Throws a `UserError` for unknown accelerators and numbers that make no sense.
 */
export function parseCluster(text: string, more: readonly Accelerator[] = []): Cluster {
  const [head = "", ...options] = text.split(",");
  const [name = "", count = "", ...rest] = head.split(":");
  const numDevices = Number(count);
  if (rest.length > 0 || !/^\d+$/.test(count) || numDevices < 1)
    throw new UserError(
      `cluster "${text}"`,
      "ACCELERATOR:COUNT, such as h100:16384",
      "give the number of accelerators after a colon",
    );
  if (numDevices > MOST_DEVICES)
    throw new UserError(
      `cluster "${text}": ${formatWhole(numDevices)} devices`,
      `at most ${formatWhole(MOST_DEVICES)}`,
      "check the count",
    );
  const changes: { networkBandwidth?: number; domainSize?: number; oversubscription?: number } = {};
  for (const option of options) {
    const [key = "", value = ""] = option.split("=");
    const number = Number(value.replace(/Gbps$/i, ""));
    if (!OPTIONS.some((known) => known === key) || !(number > 0))
      throw new UserError(
        `"${option}" in cluster "${text}"`,
        `one of ${OPTIONS.join(", ")}, each with a number`,
        OPTIONS.some((known) => known === key)
          ? "for example network=400Gbps"
          : `${perhaps(key.trim().toLowerCase(), OPTIONS) ?? "leave it out"}; for example network=400Gbps`,
      );
    if (key === "domain" && !Number.isInteger(number))
      throw new UserError(
        `"${option}" in cluster "${text}"`,
        "a whole number of devices",
        "for example domain=8",
      );
    if (key === "oversubscription" && number < 1)
      throw new UserError(
        `"${option}" in cluster "${text}"`,
        "at least 1 (full bisection); 2 is half as many links above the leaves",
        "for example oversubscription=2",
      );
    if (key === "network") changes.networkBandwidth = (number * 1e9) / 8;
    else if (key === "domain") changes.domainSize = number;
    else changes.oversubscription = number;
  }
  return clusterOf(accelerator(name, more), numDevices, changes);
}

/** @file Time of collectives by algorithm, over groups across fast domains and the network between. */

import type { Constants } from "../constants.ts";
import type { Cluster } from "../hardware/cluster.ts";

/** Ranks that exchange: how many, and how far apart they are numbered. */
export type Group = {
  readonly size: number;
  /** Distance between neighbours in the order of devices: 1 means next door. */
  readonly stride: number;
};

/** Bytes per second and direction that one member has, the latency of a step, and how members lie. */
export type Links = {
  readonly size: number;
  readonly membersPerDomain: number;
  readonly numDomains: number;
  readonly inner: number;
  /** Of one member towards other domains. */
  readonly outer: number;
  /** The same where all exchange with all. */
  readonly scattered: number;
  /** Seconds of one hop, inside and between domains. */
  readonly innerLatency: number;
  readonly outerLatency: number;
  /** Seconds to start any exchange. */
  readonly start: number;
};

/** How a group lies on a cluster. */
export function linksOf(cluster: Cluster, group: Group, constants: Constants): Links {
  const room = Math.max(1, Math.floor(cluster.domainSize / group.stride));
  const membersPerDomain = Math.min(group.size, room);
  return {
    size: group.size,
    membersPerDomain,
    numDomains: Math.ceil(group.size / membersPerDomain),
    inner: cluster.accelerator.domainBandwidth * constants.domainEfficiency,
    outer: (cluster.networkBandwidth * constants.networkEfficiency) / cluster.oversubscription,
    scattered: (cluster.networkBandwidth * constants.scatterEfficiency) / cluster.oversubscription,
    innerLatency: constants.domainLatency,
    outerLatency: constants.networkLatency,
    start: constants.exchangeStart,
  };
}

/**
 * Seconds to gather `bytes` in total on every member, or to reduce and scatter as many. NCCL does both in a
 * ring: (n - 1) / n of the bytes pass through each member, in n - 1 steps, each with the latency of a hop.
 * Across domains each domain's members drive their own network links at once (rails), up to the rate inside.
 */
export function gatherSeconds(links: Links, bytes: number): number {
  const { size, numDomains } = links;
  if (size <= 1 || bytes <= 0) return 0;
  const hops = (numDomains - 1) * links.outerLatency + (size - numDomains) * links.innerLatency;
  return (((size - 1) / size) * bytes) / rateOf(links) + hops + links.start;
}

/** Seconds to leave the sum of `bytes` on all members: the better of ring and tree. */
export function allReduceSeconds(links: Links, bytes: number): number {
  if (links.size <= 1 || bytes <= 0) return 0;
  return Math.min(2 * gatherSeconds(links, bytes), treeSeconds(links, bytes));
}

/** A tree over domains, a chain inside: all bytes go up and down once, pipelined, in few hops. */
function treeSeconds(links: Links, bytes: number): number {
  const { numDomains, membersPerDomain, innerLatency, outerLatency } = links;
  const hops = Math.log2(numDomains) * outerLatency + (membersPerDomain - 1) * innerLatency;
  return 2 * (bytes / rateOf(links) + hops) + links.start;
}

/** Bytes per second through one member of a ring or tree. */
function rateOf({ numDomains, inner, outer, membersPerDomain }: Links): number {
  return numDomains === 1 ? inner : Math.min(inner, outer * membersPerDomain);
}

/**
 * Seconds of an exchange in which every member sends `bytes` in total, equal shares to each of the others.
 * Rows that go to several members of one domain (`copies` of each row in all) cross the network once and are
 * handed on inside.
 */
export function allToAllSeconds(links: Links, bytes: number, copies = 1): number {
  const { size, membersPerDomain, numDomains } = links;
  if (size <= 1 || bytes <= 0) return 0;
  const inside = (bytes * (membersPerDomain - 1)) / size / links.inner + links.start;
  if (numDomains === 1) return inside;
  // Other domains that at least one of the copies of a row goes to, of all that copies could go to.
  const reached = (numDomains - 1) * (1 - (1 - 1 / numDomains) ** copies);
  const outside = (bytes * reached) / copies / links.scattered + links.start + links.outerLatency;
  return Math.max(inside, outside);
}

/** Seconds to hand `bytes` to the neighbour `stride` devices away. */
export function sendSeconds(links: Links, bytes: number): number {
  if (links.size <= 1) return 0;
  return links.membersPerDomain > 1 && links.numDomains === 1
    ? bytes / links.inner + links.innerLatency + links.start
    : bytes / links.outer + links.outerLatency + links.start;
}

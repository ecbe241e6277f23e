/** @file What the record calls the kinds of sightings. */

import type { Sighting } from "./sighting.ts";

/** By kind. */
export const INCIDENT_NAMES: Readonly<Record<Sighting["kind"], string>> = {
  exited: "the run's process died",
  silent: "the run's process hung",
  diverged: "diverged",
  corrupted: "a parameter changed in memory",
  disagreed: "replicas disagree",
  place: "a place failed",
  spike: "loss spike",
  slow: "slow",
  memory: "memory grows",
  disk: "disk nearly full",
  checkpoints: "checkpoints slow or missing",
  differs: "a replayed step differs",
};

/** Null: an incident of another making. */
export function sightingKind(what: string): Sighting["kind"] | null {
  const found = Object.entries(INCIDENT_NAMES).find(([, name]) => name === what);
  return found ? (found[0] as Sighting["kind"]) : null;
}

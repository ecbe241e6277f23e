/** @file What the record calls incidents. */

import type { Sighting } from "./sighting.ts";

/** Of what was seen of a run, by kind. */
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

/** A checkpoint without its checksum; an older one, or the start, stands in. */
export const DAMAGED_CHECKPOINT = "damaged checkpoint passed over";

/** A checkpoint that was written whole and is whole no more. */
export const UNREADABLE_CHECKPOINT = "a checkpoint does not read back";

/** A place that earlier runs have failed on. */
export const LEFT_OUT = "a place left out from the start";

/** A command that runs well and tells nothing. */
export const NO_METRICS = "no numbers are read from the command";

/** A command that goes on with them. */
export const NOT_FINITE = "loss or gradient is not a finite number";

/** Null: an incident of another making. */
export function sightingKind(what: string): Sighting["kind"] | null {
  const found = Object.entries(INCIDENT_NAMES).find(([, name]) => name === what);
  return found ? (found[0] as Sighting["kind"]) : null;
}

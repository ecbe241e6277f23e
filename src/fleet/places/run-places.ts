/** @file What a recorded run knows of its places from before, and what it leaves for later ones. */

import { resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { placeDecisions } from "../attempt-start.ts";
import { blamedPlace, type Failure } from "../decide/decide.ts";
import { INCIDENT_NAMES } from "../decide/incident-names.ts";
import { countedFailures } from "../decide/places.ts";
import type { Policy } from "../decide/policy.ts";
import type { RunContext } from "../recorded-run.ts";
import type { RunJob } from "../supervise.ts";
import { readPlaceHistory, rememberFailure } from "./place-history.ts";

/** With a single one there is none to hold it against. */
const hasSeveralPlaces = ({ backend }: RunContext) => backend.places().length > 1;

/** Throws a UserError where what is remembered cannot be read. */
export function placesBefore(
  context: RunContext,
  run: string,
  policy: Policy,
): Pick<RunJob, "placeHistory" | "placeDecisions"> {
  if (!hasSeveralPlaces(context)) return {};
  const { failures, forgiven, warnings } = readPlaceHistory();
  for (const text of warnings) context.tell({ kind: "text", text });
  const now = Date.now() / 1000;
  const placeHistory = context.backend
    .places()
    .flatMap((place) => countedFailures(place, failures, policy, now))
    .map(({ place, atSeconds }) => ({ place, atSeconds }))
    .sort((a, b) => a.atSeconds - b.atSeconds);
  return { placeHistory, placeDecisions: placeDecisions(context.record.events, run, forgiven) };
}

/** For this run when it is launched again, and for others. A run does not end because that is impossible. */
export function rememberPlace(context: RunContext, run: string, failure: Failure): void {
  const place = blamedPlace(failure);
  if (place === null || !hasSeveralPlaces(context)) return;
  const time = new Date(1000 * failure.atSeconds).toISOString();
  const what = INCIDENT_NAMES[failure.sighting.kind];
  try {
    rememberFailure({ time, place, what, folder: resolve(context.workspace.folder), run });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    context.tell({ kind: "text", text: `that ${place} failed is not remembered: ${error.found}` });
  }
}

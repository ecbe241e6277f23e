/** @file `longrun fleet places`: which places have failed runs, which are left out for it, and a pardon. */

import type { Command } from "commander";
import { DEFAULT_POLICY, type Policy } from "../../fleet/decide/policy.ts";
import {
  forgivePlace,
  type PlaceStanding,
  placeStandings,
  placesFile,
  readPlaceHistory,
} from "../../fleet/places/place-history.ts";
import { left, right } from "../../report/markdown.ts";
import { type CommonOptions, finish, policyOption } from "../arguments.ts";
import { printAside, printResult } from "../output.ts";
import { table, wrapped } from "../terminal/table.ts";

type PlacesOptions = CommonOptions & { readonly forgive?: string; readonly policy?: Policy };

export function definePlaces(command: Command): void {
  command
    .option("--forgive <place>", "it was mended: what it did before counts no more")
    .addOption(policyOption());
  finish(command, "longrun fleet places", "longrun fleet places --forgive node7/3").action(runPlaces);
}

function runPlaces({ json, forgive, policy = DEFAULT_POLICY }: PlacesOptions): void {
  const standings = () => {
    const history = readPlaceHistory();
    return { places: placeStandings(history, policy, Date.now() / 1000), warnings: history.warnings };
  };
  if (forgive !== undefined) {
    // One that was only slow has no failure, and the run that left it goes back to it all the same.
    if (!standings().places.some(({ place }) => place === forgive))
      printAside(`no failure of ${forgive} is remembered; a run that has left it may use it again`);
    forgivePlace(forgive);
  }
  const { places, warnings } = standings();
  warnings.forEach(printAside);
  printResult({ json }, { file: placesFile(), places }, () => placesText(places));
}

function placesText(places: readonly PlaceStanding[]): string {
  if (places.length === 0) return `no place has failed (${placesFile()})`;
  return table(places, [
    left("place", ({ place }) => place),
    right("failures", ({ failures }) => String(failures.length)),
    right("counted", ({ numCounted }) => String(numCounted)),
    left("left out until", ({ excludedUntilSeconds: until }) =>
      until === null ? "-" : new Date(1000 * until).toISOString().slice(0, 16).replace("T", " "),
    ),
    wrapped("last failure", ({ failures }) => {
      const { time, what, run, folder } = failures.at(-1)!;
      return `${time.slice(0, 16).replace("T", " ")}: ${what}, ${run} in ${folder}`;
    }),
  ]);
}

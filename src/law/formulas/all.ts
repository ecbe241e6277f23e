/** @file Every law by name. */

import { UserError } from "../../errors.ts";
import type { Law } from "../law.ts";
import { brokenLaw } from "./broken.ts";
import { c4RepeatsLaw, dataConstrainedLaw } from "./data-constrained.ts";
import { farseerLaw } from "./farseer.ts";
import { gammaLaw } from "./gamma.ts";
import { kaplanLaw } from "./kaplan.ts";
import {
  chinchillaLaw,
  computeLaw,
  hyperParameterLaw,
  overfittingLaw,
  overTrainingLaw,
  pinnedComputeLaw,
  powerLaw,
  tiedChinchillaLaw,
} from "./power-laws.ts";
import { routedLaw, saturatingRoutedLaw } from "./routed.ts";

/** Laws of the loss, simplest first; the "loss" of the last is a learning rate or a batch. */
export const LAWS: readonly Law[] = [
  computeLaw,
  powerLaw,
  brokenLaw,
  kaplanLaw,
  chinchillaLaw,
  tiedChinchillaLaw,
  overTrainingLaw,
  gammaLaw,
  farseerLaw,
  dataConstrainedLaw,
  c4RepeatsLaw,
  overfittingLaw,
  routedLaw,
  saturatingRoutedLaw,
  hyperParameterLaw,
];

/** What people call some of them: by their authors. */
const OTHER_NAMES: ReadonlyMap<string, Law> = new Map([
  ["hoffmann", chinchillaLaw],
  ["gadre", overTrainingLaw],
  ["bnsl", brokenLaw],
  ["muennighoff", dataConstrainedLaw],
  ["lovelace", overfittingLaw],
  ["clark", routedLaw],
]);

/** The law of that name; `compute@1.7` pins the floor at 1.7. Throws a `UserError` that lists them. */
export function lawNamed(name: string): Law {
  if (/^compute@/.test(name)) return pinnedComputeLaw(Number(name.slice("compute@".length)));
  const law = LAWS.find((candidate) => candidate.name === name) ?? OTHER_NAMES.get(name);
  if (law) return law;
  throw new UserError(
    `the law "${name}"`,
    `one of ${LAWS.map((candidate) => candidate.name).join(", ")}, or compute@E with E a known floor`,
    "choose one of these; docs/laws.md says what each is for",
  );
}

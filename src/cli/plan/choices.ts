/** @file What a search may choose from, read from --precision and --schedule. */

import { UserError } from "../../errors.ts";
import { perhaps } from "../../math/edit-distance.ts";
import { type Accelerator, PRECISIONS, type Precision } from "../../plan/hardware/accelerator.ts";
import { ALL_CHOICES, type Choices } from "../../plan/search/choices.ts";
import { checkPrecisions } from "../../plan/search/validity.ts";

/** The options, as given. */
export type ChoiceFlags = {
  readonly precision?: string;
  readonly schedule?: string;
};

/**
 * Reads the choices; what is not said is free, but for the precision: bf16.
 * Throws a `UserError` for unknown words, and for formats that the accelerator lacks.
 */
export function readChoices({ precision = "bf16", schedule }: ChoiceFlags, device: Accelerator): Choices {
  const precisions = listOf("--precision", precision, PRECISIONS);
  checkPrecisions(device, precisions);
  const { schedules } = ALL_CHOICES;
  return {
    ...ALL_CHOICES,
    precisions,
    schedules:
      schedule === undefined ? schedules : listOf("--schedule", schedule, [...schedules, "gpipe"] as const),
  };
}

/**
 * The one format that is asked for, which a layout that names none runs in; undefined where there are more.
 */
export function onlyPrecision({ precisions }: Choices): Precision | undefined {
  return precisions.length === 1 ? precisions[0] : undefined;
}

function listOf<Choice extends string>(
  option: string,
  text: string,
  known: readonly Choice[],
): readonly Choice[] {
  const words = text
    .toLowerCase()
    .split(",")
    .map((word) => word.trim());
  const unknown = words.find((word) => !known.some((each) => each === word));
  if (unknown === undefined) return known.filter((each) => words.includes(each));
  throw new UserError(
    `${option} ${unknown}`,
    `one or more of ${known.join(", ")}`,
    `${perhaps(unknown, known) ?? "choose among them"}; for example ${option} ${known.slice(0, 2).join(",")}`,
  );
}

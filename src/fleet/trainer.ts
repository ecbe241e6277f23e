/** @file Who trains, as run and campaign files say it: our own engine, or PyTorch. */

import { z } from "zod";
import { type RunSpec, torchSettingsSchema } from "../train/run-spec.ts";

export const TRAINERS = ["builtin", "torch"] as const;

/** Our own engine, or PyTorch. */
export type TrainerName = (typeof TRAINERS)[number];

/** The keys of a run file and of a campaign file. */
export const trainerFields = {
  trainer: z.enum(TRAINERS).optional(),
  /** How PyTorch trains. */
  torch: torchSettingsSchema.optional(),
};

/** What the file says, as a run's specification has it. */
export function torchOf({
  trainer,
  torch,
}: {
  readonly trainer?: TrainerName | undefined;
  readonly torch?: RunSpec["torch"];
}): Pick<RunSpec, "torch"> {
  return trainer === "torch" ? { torch: torchSettingsSchema.parse(torch ?? {}) } : {};
}

/** @file Who trains, as run and campaign files say it: our own engine, or PyTorch. */

import { z } from "zod";
import { UserError } from "../errors.ts";
import { type RunSpec, torchSettingsSchema } from "../train/run-spec.ts";
import type { TorchPlace } from "./torch/torch-job.ts";
import { pythonWithTorch } from "./torch/torch-python.ts";

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

/**
 * Where a run is trained in PyTorch; null by the builtin engine. Throws a `UserError` where the latter is
 * given what only PyTorch has, or no Python has PyTorch.
 * @param options ranks, 1 unless given, and the interpreter, searched for unless given
 */
export async function torchPlaceFor(
  trainer: TrainerName | undefined,
  { numRanks, python }: { readonly numRanks?: number | undefined; readonly python?: string | undefined },
): Promise<TorchPlace | null> {
  if (trainer === "torch") return { python: await pythonWithTorch(python), numRanks: numRanks ?? 1 };
  if (numRanks === undefined && python === undefined) return null;
  throw new UserError(
    `${numRanks === undefined ? `--python ${python}` : `--ranks ${numRanks}`} for the builtin engine`,
    "a run in PyTorch; the builtin engine is one process, with threads",
    "leave it out, or train in PyTorch: `trainer: torch` in the file, or `longrun run --trainer torch`",
  );
}

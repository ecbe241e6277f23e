/** @file Checkpoints: a folder a step, whole or not there, all under checksums (docs/checkpoints.md). */

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { assert, UserError } from "../errors.ts";
import {
  diskError,
  makeFolder,
  readJson,
  type Survives,
  sha256,
  sha256File,
  syncFolder,
  writeFileAtomic,
  writeFileInParts,
} from "../record/files.ts";
import { jsonProblem } from "../record/json.ts";
import { readSafetensors, type StoredTensor, safetensorsParts, type TensorToWrite } from "./safetensors.ts";

/** A checkpoint whose every byte has been checked, or that was just written. */
export type Checkpoint = {
  readonly path: string;
  readonly step: number;
  readonly bytes: number;
  /** The trainer's own state, as it gave it. */
  readonly state: unknown;
};

/** A checkpoint that was passed over for an older one, and why. */
export type DamagedCheckpoint = { readonly path: string; readonly reason: string };

export const MODEL_FILE = "model.safetensors";
export const OPTIMISER_FILE = "optimiser.safetensors";
const STATE_FILE = "state.json";
const FOLDER_PATTERN = /^step-(\d{8,})$/;
const TEMPORARY_PATTERN = /^\.step-.*\.tmp$/;

const fileSchema = z.strictObject({
  /** Two of the builtin engine; the PyTorch trainer has one or more of each rank. */
  name: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
});
const stateSchema = z.strictObject({
  v: z.literal(1),
  step: z.int().nonnegative(),
  state: z.unknown(),
  files: z.array(fileSchema).min(1),
  /** Of the JSON of the fields above, compact and in this order. */
  sha256: z.string(),
});

/**
 * Writes `step-<step>` into a run's folder of checkpoints; until it is whole, and on disk where it has to
 * survive a power cut, the name does not exist. Checkpoints of this step or later ones are deleted: they can
 * only stem from a branch that the run has left.
 */
export function saveCheckpoint(
  folder: string,
  content: {
    readonly step: number;
    readonly state: unknown;
    readonly model: readonly TensorToWrite[];
    readonly optimiser: readonly TensorToWrite[];
  },
  survives: Survives = "power cut",
): Checkpoint {
  const { step, state, model, optimiser } = content;
  const path = join(folder, `step-${String(step).padStart(8, "0")}`);
  const temporary = temporaryName(path);
  const problem = jsonProblem(state);
  assert(problem === null, `the state of a checkpoint is JSON: ${problem}`);
  try {
    removeTemporaries(folder);
    const files = [
      writeTensors(join(temporary, MODEL_FILE), model, survives),
      writeTensors(join(temporary, OPTIMISER_FILE), optimiser, survives),
    ];
    const checked = { v: 1, step, state, files };
    const text = JSON.stringify({ ...checked, sha256: sha256(JSON.stringify(checked)) });
    writeFileAtomic(join(temporary, STATE_FILE), text, survives);
    // A save after going back begins a new branch: what the old one left must not be found as the latest.
    discardCheckpointsAfter(folder, step - 1);
    renameSync(temporary, path);
    if (survives === "power cut") syncFolder(folder);
    return { path, step, bytes: checkpointBytes(path), state };
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw diskError(error, path);
  }
}

/** Deletes those of later steps: of a branch that the run has left. */
export function discardCheckpointsAfter(folder: string, step: number): void {
  for (const left of listCheckpoints(folder).filter((other) => other.step > step))
    removeCheckpoint(left.path);
}

/** The newest checkpoint that is whole, every byte of it read; the damaged ones passed over are named. */
export function latestCheckpoint(...folders: readonly string[]): {
  readonly checkpoint: Checkpoint | null;
  readonly damaged: readonly DamagedCheckpoint[];
} {
  const damaged: DamagedCheckpoint[] = [];
  for (const { path } of listCheckpoints(...folders).toReversed()) {
    const checkpoint = inspect(path);
    if (!("reason" in checkpoint)) return { checkpoint, damaged };
    damaged.push({ path, reason: `${checkpoint.file} ${checkpoint.reason}` });
  }
  return { checkpoint: null, damaged };
}

/** Checks the checkpoint in this very folder; throws a UserError where it is damaged. */
export function openCheckpoint(path: string): Checkpoint {
  const checkpoint = inspect(path);
  if (!("reason" in checkpoint)) return checkpoint;
  throw new UserError(
    `the checkpoint ${path} is damaged: ${checkpoint.file} ${checkpoint.reason}`,
    `a folder with ${MODEL_FILE}, ${OPTIMISER_FILE} and ${STATE_FILE} whose checksums agree`,
    "use the checkpoint before it; resuming the run does so by itself",
  );
}

/** Reads the tensors of a checked checkpoint. */
export function loadCheckpoint(checkpoint: Checkpoint): {
  readonly step: number;
  readonly state: unknown;
  readonly model: readonly StoredTensor[];
  readonly optimiser: readonly StoredTensor[];
} {
  return {
    step: checkpoint.step,
    state: checkpoint.state,
    model: loadModel(checkpoint),
    optimiser: readSafetensors(join(checkpoint.path, OPTIMISER_FILE)).tensors,
  };
}

/** The parameters alone: what the last checkpoint of every trainer has. */
export const loadModel = ({ path }: Pick<Checkpoint, "path">): readonly StoredTensor[] =>
  readSafetensors(join(path, MODEL_FILE)).tensors;

export type PruneRule = {
  /** How many of the newest to keep. */
  readonly keep: number;
  /** The room for all of them together; the newest stays even if it alone takes more. */
  readonly maxBytes: number;
};

export type ListedCheckpoint = { readonly path: string; readonly step: number; readonly bytes: number };

/**
 * Which checkpoints to delete, and why. The newest always stays. Of the others those stay that are among the
 * newest `keep` and fit, together with all newer ones, into `maxBytes`.
 */
export function chooseToPrune(
  list: readonly ListedCheckpoint[],
  { keep, maxBytes }: PruneRule,
): readonly (ListedCheckpoint & { readonly reason: string })[] {
  let totalBytes = 0;
  return list
    .toSorted((a, b) => b.step - a.step)
    .flatMap((checkpoint, numNewer) => {
      totalBytes += checkpoint.bytes;
      if (numNewer === 0) return [];
      const name = `step ${checkpoint.step}`;
      if (numNewer >= keep)
        return [{ ...checkpoint, reason: `${name}: ${numNewer} newer ones, ${keep} are kept` }];
      if (totalBytes <= maxBytes) return [];
      const reason = `${name}: with the newer ones it takes ${totalBytes} bytes, the limit is ${maxBytes}`;
      return [{ ...checkpoint, reason }];
    });
}

/** Deletes old checkpoints by `chooseToPrune`, says which. For after a save, with the newest known good. */
export function prune(
  folder: string,
  rule: PruneRule,
): readonly (ListedCheckpoint & { readonly reason: string })[] {
  const list = listCheckpoints(folder).map(({ path, step }) => ({
    path,
    step,
    bytes: checkpointBytes(path),
  }));
  const chosen = chooseToPrune(list, rule);
  for (const { path } of chosen) removeCheckpoint(path);
  return chosen;
}

/** Hashed on the way out, so that a gigabyte is not read back just for its checksum. */
function writeTensors(
  path: string,
  tensors: readonly TensorToWrite[],
  survives: Survives,
): z.infer<typeof fileSchema> {
  const hash = createHash("sha256");
  let bytes = 0;
  function* tapped() {
    for (const part of safetensorsParts(tensors)) {
      hash.update(part);
      bytes += part.byteLength;
      yield part;
    }
  }
  writeFileInParts(path, tapped(), survives);
  return { name: basename(path), bytes, sha256: hash.digest("hex") };
}

/** The file of a checkpoint that is damaged, and how; null where all of it is whole. */
export function damageOf(path: string): Damage | null {
  const checkpoint = inspect(path);
  return "reason" in checkpoint ? checkpoint : null;
}

type Damage = { readonly file: string; readonly reason: string };

function inspect(path: string): Checkpoint | Damage {
  const parsed = readState(join(path, STATE_FILE));
  if (typeof parsed === "string") return { file: STATE_FILE, reason: parsed };
  const { sha256: stored, ...checked } = parsed;
  if (sha256(JSON.stringify(checked)) !== stored)
    return { file: STATE_FILE, reason: "does not have its checksum" };
  for (const { name: file, bytes, sha256: expected } of parsed.files) {
    const filePath = join(path, file);
    if (!existsSync(filePath)) return { file, reason: "is missing" };
    const numBytes = statSync(filePath).size;
    if (numBytes !== bytes) return { file, reason: `has ${numBytes} bytes, not ${bytes}` };
    if (sha256File(filePath) !== expected) return { file, reason: "does not have its checksum" };
  }
  return { path, step: parsed.step, bytes: checkpointBytes(path), state: parsed.state };
}

function readState(path: string): z.infer<typeof stateSchema> | string {
  if (!existsSync(path)) return "is missing";
  try {
    return stateSchema.parse(readJson(path));
  } catch {
    return "cannot be read";
  }
}

/** The file of a checkpoint that holds the checksums of the others, and its own. */
export const stateFile = (path: string) => join(path, STATE_FILE);

/** The checkpoints in these folders, oldest first; whether they are whole, nobody has looked. */
export function listCheckpoints(
  ...folders: readonly string[]
): readonly { readonly path: string; readonly step: number }[] {
  return folders
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => ({ folder, name })) : []))
    .flatMap(({ folder, name }) => {
      const match = FOLDER_PATTERN.exec(name);
      return match === null ? [] : [{ path: join(folder, name), step: Number(match[1]) }];
    })
    .sort((a, b) => a.step - b.step);
}

/** What the files of a checkpoint take. */
export function checkpointBytes(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.tmp`);
}

/** First out of sight, then away: a kill in between leaves no half of a checkpoint under its name. */
export function removeCheckpoint(path: string): void {
  const temporary = temporaryName(path);
  renameSync(path, temporary);
  rmSync(temporary, { recursive: true });
}

/** What a killed process left behind. A run has one live attempt, so nobody else is writing here. */
function removeTemporaries(folder: string): void {
  makeFolder(folder);
  for (const name of readdirSync(folder)) {
    if (TEMPORARY_PATTERN.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

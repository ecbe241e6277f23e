/** @file A run in PyTorch as a job: trainers/torch, a process for each rank. */

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../corpus/manifest.ts";
import { UserError } from "../../errors.ts";
import { initialValues } from "../../model/initialise.ts";
import { parametersOf } from "../../model/shape.ts";
import { sha256 } from "../../record/files.ts";
import { runFolder } from "../../record/workspace.ts";
import type { RunSpec } from "../../train/run-spec.ts";
import { writeSafetensors } from "../../train/safetensors.ts";
import type { ProcessLaunch } from "../backend.ts";
import { knownCheckpoints } from "../builtin-job.ts";
import { machineOf, slotOf } from "../decide/places.ts";
import { DEFAULT_POLICY } from "../decide/policy.ts";
import type { AttemptStart, RunTask } from "../run-task.ts";
import type { Follower, RunJob } from "../supervise.ts";
import { followTorch } from "./torch-follower.ts";

/** Python files that a user may read, beside `src` in a clone and beside `dist` in a package. */
const PROGRAMS = join(import.meta.dirname, "..", "..", "..", "trainers", "torch");

/** Where a run in PyTorch is trained: an interpreter that has it (torch-python.ts), and how many ranks. */
export type TorchPlace = {
  readonly python: string;
  readonly numRanks: number;
};

/**
 * Its task goes beyond the builtin engine's by the initial parameters, and by whose run it is. Throws a
 * UserError where a rank would have nothing to do.
 * @param start what was decided before the next attempt, as the record has it
 */
export function torchJob(task: RunTask, start: () => AttemptStart, place: TorchPlace): RunJob {
  const { folder, name, spec, corpusFolder } = task;
  refuseIdleRanks(spec, place);
  return {
    folder,
    run: name,
    policy: DEFAULT_POLICY,
    numPlaces: place.numRanks,
    checkpoints: () => knownCheckpoints(task),
    task: (attempt) => ({
      ...task,
      attempt,
      ...start(),
      specHash: sha256(JSON.stringify(spec)),
      corpusHash: readManifest(corpusFolder).hash,
      initial: initialFile(task),
    }),
    processes: (_, places) => places.map((_, rank) => launchOf(rank, places, task, place)),
    follow: (attempt) => {
      const follower = followTorch(task, attempt);
      const finished: Follower["finished"] = (scored) => {
        rmSync(initialPath(task), { force: true });
        return follower.finished(scored);
      };
      return { ...follower, finished };
    },
  };
}

/** Throws a `UserError` where a rank would have nothing to do. */
export function refuseIdleRanks({ batchSequences }: RunSpec, { numRanks }: TorchPlace): void {
  if (batchSequences >= numRanks) return;
  throw new UserError(
    `a batch of ${batchSequences} sequences on ${numRanks} ranks`,
    "a sequence for each rank at least",
    "give another number of ranks (--ranks) or another batchSequences",
  );
}

const launchOf = (
  rank: number,
  places: readonly string[],
  { numThreads }: RunTask,
  { python }: TorchPlace,
): ProcessLaunch => ({
  rank,
  place: places[rank]!,
  program: { kind: "forked", command: [python, join(PROGRAMS, "standby.py"), join(PROGRAMS, "train.py")] },
  environment: {
    RANK: String(rank),
    // The device that it takes where there are GPUs: a bad one is replaced by that of a spare place.
    LOCAL_RANK: String(slotOf(places[rank]!)),
    WORLD_SIZE: String(places.length),
    OMP_NUM_THREADS: String(Math.max(1, Math.floor(numThreads / numBeside(places, places[rank]!)))),
  },
});

/** Of the ranks: those that share a machine's threads with that of a place, itself among them. */
const numBeside = (places: readonly string[], place: string) =>
  places.filter((each) => machineOf(each) === machineOf(place)).length;

const initialPath = ({ folder, name }: RunTask) => join(runFolder(folder, name), "initial.safetensors");

/**
 * The parameters that the builtin engine begins with, so that both trainers train the same run. They stay
 * until it is finished: an attempt that finds no whole checkpoint begins with them.
 */
function initialFile(task: RunTask): string {
  const path = initialPath(task);
  const { shape, seed } = task.spec;
  if (existsSync(path)) return path;
  const tensors = parametersOf(shape).map((parameter) => ({
    name: parameter.name,
    shape: parameter.shape,
    dtype: "F32" as const,
    data: initialValues(parameter, shape, seed),
  }));
  writeSafetensors(path, tensors);
  return path;
}

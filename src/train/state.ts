/** @file What a run keeps between steps: parameters and moments, from the seed or the last checkpoint. */

import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Session } from "../engine/session.ts";
import { UserError } from "../errors.ts";
import { initialValues } from "../model/initialise.ts";
import { parametersOf } from "../model/shape.ts";
import { type Survives, sha256 } from "../record/files.ts";
import { checkpointsFolder, memoryFolder } from "../record/workspace.ts";
import {
  type DamagedCheckpoint,
  discardCheckpointsAfter,
  latestCheckpoint,
  loadCheckpoint,
  prune,
  saveCheckpoint,
} from "./checkpoint.ts";
import { momentNames } from "./optimiser.ts";
import type { RunPlace } from "./run.ts";
import type { RunSpec } from "./run-spec.ts";
import type { StoredTensor, TensorToWrite } from "./safetensors.ts";

/** Checkpoints of one run that are kept: the newest, and one to fall back on. */
const NUM_KEPT = 2;

/** What a run has cost up to a checkpoint: a later attempt adds its own share. */
const costSchema = z.strictObject({
  /** In all steps together, by operation. */
  operationSeconds: z.record(z.string(), z.number()),
  /** Largest resident size of the process. */
  peakBytes: z.number(),
});

export type RunCost = Readonly<z.infer<typeof costSchema>>;

const stateSchema = z.strictObject({
  specHash: z.string(),
  corpusHash: z.string(),
  instructionSet: z.string(),
  step: z.int(),
  cost: costSchema,
});

export class TrainingState {
  readonly spec: RunSpec;
  readonly place: RunPlace;
  readonly session: Session;
  /** On the disk, and in this machine's memory. */
  readonly folders: Readonly<Record<Survives, string>>;
  readonly specHash: string;

  constructor(session: Session, spec: RunSpec, place: RunPlace) {
    this.session = session;
    this.spec = spec;
    this.place = place;
    this.folders = runCheckpoints(place);
    this.specHash = sha256(JSON.stringify(spec));
  }

  /**
   * Writes a checkpoint and deletes the ones that the rule no longer keeps. In memory there is one at most,
   * and none that is older than the newest on the disk.
   */
  save(step: number, cost: RunCost, survives: Survives): { readonly path: string; readonly bytes: number } {
    const { corpus, instructionSet } = this.place;
    const state = { specHash: this.specHash, corpusHash: corpus.manifest.hash, instructionSet, step, cost };
    const { model, optimiser } = this.tensors();
    const folder = this.folders[survives];
    const { path, bytes } = saveCheckpoint(folder, { step, state, model, optimiser }, survives);
    const isOnDisk = survives === "power cut";
    prune(folder, { keep: isOnDisk ? NUM_KEPT : 1, maxBytes: this.place.checkpointBytes });
    if (isOnDisk) rmSync(dirname(this.folders.kill), { recursive: true, force: true });
    return { path, bytes };
  }

  /** Whether every parameter is a finite number. */
  isFinite(): boolean {
    // What is no number, or infinite, times zero is no number either.
    let zero = 0;
    for (const { name } of parametersOf(this.spec.shape)) {
      const values = this.session.floats(name);
      for (let i = 0; i < values.length; i++) zero += values[i]! * 0;
    }
    return zero === 0;
  }

  /** Of a checkpoint. */
  numBytes(): number {
    const { model, optimiser } = this.tensors();
    return [...model, ...optimiser].reduce((sum, { data }) => sum + data.byteLength, 0);
  }

  /** Views of parameters and moments in the arena. */
  tensors(): { readonly model: readonly TensorToWrite[]; readonly optimiser: readonly TensorToWrite[] } {
    const parameters = parametersOf(this.spec.shape);
    const view = (name: string, shape: readonly number[]): TensorToWrite => ({
      name,
      shape,
      dtype: "F32",
      data: this.session.floats(name),
    });
    return {
      model: parameters.map(({ name, shape }) => view(name, shape)),
      optimiser: parameters.flatMap(({ name, shape }) =>
        Object.values(momentNames(name)).map((moment) => view(moment, shape)),
      ),
    };
  }
}

/** Where a run saves, by what it has to survive. */
export const runCheckpoints = ({ folder, name }: Pick<RunPlace, "folder" | "name">) => ({
  "power cut": checkpointsFolder(folder, name),
  kill: memoryFolder(folder, name),
});

export type Start = {
  /** Steps already done. */
  readonly fromStep: number;
  readonly checkpoint: string | null;
  /** False when resumed on another instruction set: the numbers then differ in the last bits. */
  readonly exact: boolean;
  readonly damaged: readonly DamagedCheckpoint[];
  /** Of the steps already done. */
  readonly cost: RunCost;
};

/** Fills the parameters. A checkpoint of another spec or corpus is refused, a damaged one passed over. */
export function restoreOrInitialise(state: TrainingState): Start {
  const { fromStep, watch } = state.place;
  if (fromStep !== null) {
    watch.assertCurrent();
    for (const folder of Object.values(state.folders)) discardCheckpointsAfter(folder, fromStep);
  }
  const { checkpoint, damaged } = latestCheckpoint(...Object.values(state.folders));
  if (!checkpoint) {
    for (const parameter of parametersOf(state.spec.shape))
      state.session.floats(parameter.name).set(initialValues(parameter, state.spec.shape, state.spec.seed));
    return {
      fromStep: 0,
      checkpoint: null,
      exact: true,
      damaged,
      cost: { operationSeconds: {}, peakBytes: 0 },
    };
  }
  const { data: stored } = stateSchema.safeParse(checkpoint.state);
  if (!stored)
    throw new UserError(
      `the checkpoint ${checkpoint.path} was written by another version of longrun`,
      "one whose state this version knows",
      "go on with the version that wrote it, or start again in a new folder",
    );
  if (stored.specHash !== state.specHash || stored.corpusHash !== state.place.corpus.manifest.hash)
    throw new UserError(
      `the checkpoint ${checkpoint.path} belongs to another run specification or corpus`,
      `one made by this run (specification ${state.specHash.slice(0, 8)}, corpus ${state.place.corpus.manifest.hash.slice(0, 8)})`,
      "give the run another folder, or put back the file it was started with",
    );
  const { model, optimiser } = loadCheckpoint(checkpoint);
  const { model: ownModel, optimiser: ownOptimiser } = state.tensors();
  copyTensors([...model, ...optimiser], [...ownModel, ...ownOptimiser]);
  const exact = stored.instructionSet === state.place.instructionSet;
  return { fromStep: stored.step, checkpoint: checkpoint.path, exact, damaged, cost: stored.cost };
}

function copyTensors(stored: readonly StoredTensor[], own: readonly TensorToWrite[]): void {
  const byName = new Map(stored.map((tensor) => [tensor.name, tensor]));
  for (const { name, data } of own) {
    const source = byName.get(name);
    if (!(source?.data instanceof Float32Array) || !(data instanceof Float32Array))
      throw new Error(`the checkpoint has no ${name}`);
    data.set(source.data);
  }
}

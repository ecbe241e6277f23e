/** @file The models of a folder that can be scored: a campaign's checkpoints, or a finished model. */

import { dirname, join } from "node:path";
import { z } from "zod";
import { MANIFEST_FILE } from "../corpus/manifest.ts";
import { flopsOf } from "../engine/compile.ts";
import { UserError } from "../errors.ts";
import { isThere } from "../input-file.ts";
import { matrixParameters } from "../model/shape.ts";
import { modelWarnings, refuseDamagedIn } from "../record/custody.ts";
import type { RecordEvent } from "../record/events.ts";
import { parseStored } from "../record/read-back.ts";
import { readRecord, recordPath } from "../record/record.ts";
import { checkpointsFolder, workspaceOf } from "../record/workspace.ts";
import { listCheckpoints, loadCheckpoint, openCheckpoint } from "../train/checkpoint.ts";
import { type FinishedModel, readHuggingFace } from "../train/hugging-face.ts";
import { trainingPrograms } from "../train/programs.ts";
import { type RunSpec, runSpecSchema } from "../train/run-spec.ts";
import { type RunSummary, runSummarySchema } from "../train/summary.ts";

/** One model with its place among the runs. What a bare model folder does not say is null. */
export type Scorable = {
  readonly run: string;
  /** "feature": a rung trained once more for a feature on trial, no point of the ladder's own law. */
  readonly role: RunSpec["role"] | "feature" | "model";
  readonly seed: number | null;
  readonly step: number | null;
  /** Whether the run has done all its steps: only then is it a point for a law. */
  readonly isFinished: boolean;
  /** N */
  readonly n: number;
  /** D at this step. */
  readonly d: number | null;
  /** C at this step. */
  readonly c: number | null;
  /** Known where the run scored it at its end. */
  readonly heldOutBitsPerByte: number | null;
  readonly sequenceLength: number;
  readonly vocabularySize: number;
  readonly spec: RunSpec | null;
  /** Reads the weights; checkpoints are checked byte by byte. */
  readonly load: () => FinishedModel;
};

export type Found = {
  /** Where the held-out text lies, and the tokenizer of all models. */
  readonly corpus: string | null;
  readonly tokenizer: string;
  /** Ascending in compute, a run's checkpoints in order. */
  readonly models: readonly Scorable[];
  /** That nothing vouches for them, where a record should. */
  readonly warnings: readonly string[];
};

/** Finds them. Throws a `UserError` where there are none. */
export function findScorable(folder: string): Found {
  const workspace = workspaceOf("", folder);
  // What a checksum of its own guards, shards and checkpoints, is checked when it is read.
  refuseDamagedIn(folder, ({ path }) => /^corpus\/([^/]*|tokens\/.*\.json)$/.test(path));
  if (isThere(recordPath(folder))) {
    const models = checkpointsIn(readRecord(folder).events, folder);
    if (models.length > 0)
      return {
        corpus: workspace.corpus,
        tokenizer: join(workspace.corpus, "tokenizer.json"),
        models,
        warnings: [],
      };
  }
  const model = [folder, workspace.model].find((candidate) => isThere(join(candidate, "config.json")));
  if (model === undefined)
    throw new UserError(
      `no trained model in ${folder}`,
      "a campaign's folder with a finished run, or a folder with config.json and model.safetensors",
      "launch the campaign first, or name another folder",
    );
  refuseDamagedIn(dirname(model), ({ of }) => of === "model");
  const beside = workspaceOf("", dirname(model)).corpus;
  return {
    corpus: isThere(join(beside, MANIFEST_FILE)) ? beside : null,
    tokenizer: join(model, "tokenizer.json"),
    models: [modelFolder(model)],
    warnings: modelWarnings(model),
  };
}

function modelFolder(folder: string): Scorable {
  const model = readHuggingFace(folder);
  return {
    run: folder,
    role: "model",
    seed: null,
    step: null,
    isFinished: true,
    n: matrixParameters(model.shape),
    d: null,
    c: null,
    heldOutBitsPerByte: null,
    sequenceLength: model.sequenceLength,
    vocabularySize: model.shape.vocabularySize,
    spec: null,
    load: () => model,
  };
}

/** A record holds a run's specification with its first attempt, and its held-out loss with its end. */
function checkpointsIn(events: readonly RecordEvent[], folder: string): readonly Scorable[] {
  const features = featureRuns(events);
  const specs = new Map<string, RunSpec>();
  const summaries = new Map<string, RunSummary>();
  for (const event of events) {
    if (event.run === null) continue;
    if (event.kind === "run-started" && event.data.spec !== null)
      specs.set(event.run, parseStored(runSpecSchema, event.data.spec, `the specification of ${event.run}`));
    if (event.kind === "run-finished")
      summaries.set(
        event.run,
        parseStored(runSummarySchema, event.data.summary, `the summary of ${event.run}`),
      );
  }
  return [...specs]
    .flatMap(([run, spec]) => {
      const role = features.has(run.replace(/\.[0-9a-f]+$/, "")) ? "feature" : spec.role;
      return checkpointsOf(run, spec, summaries.get(run), folder).map(
        (model) => ({ ...model, role }) as const,
      );
    })
    .sort((a, b) => Number(a.role === "target") - Number(b.role === "target") || a.c! - b.c!);
}

/** What is read of plans: this room knows no campaigns. */
const plannedFeatures = z.object({
  plan: z.object({
    features: z
      .array(z.object({ rungs: z.array(z.object({ runs: z.array(z.object({ name: z.string() })) })) }))
      .default([]),
  }),
});

/** Names of the feature's runs in all plans, without the hash that the record puts after them. */
function featureRuns(events: readonly RecordEvent[]): ReadonlySet<string> {
  const plans = events.flatMap((event) => (event.kind === "campaign-planned" ? [event.data.plan] : []));
  const features = plans.flatMap((plan) => plannedFeatures.safeParse(plan).data?.plan.features ?? []);
  return new Set(features.flatMap(({ rungs }) => rungs.flatMap(({ runs }) => runs.map(({ name }) => name))));
}

function checkpointsOf(
  run: string,
  spec: RunSpec,
  summary: RunSummary | undefined,
  folder: string,
): Scorable[] {
  const { shape, batchSequences, sequenceLength, numSteps, optimiser } = spec;
  const kept = listCheckpoints(checkpointsFolder(folder, run));
  if (kept.length === 0) return [];
  const { programs } = trainingPrograms(shape, { batch: batchSequences, sequenceLength }, optimiser);
  const flopsPerStep = flopsOf(programs.get("train")!);
  return kept.map(({ step, path }) => ({
    run,
    role: spec.role,
    seed: spec.seed,
    step,
    isFinished: step === numSteps && summary !== undefined,
    n: matrixParameters(shape),
    d: step * batchSequences * sequenceLength,
    c: step * flopsPerStep,
    heldOutBitsPerByte: step === numSteps && summary ? summary.heldOut.all.bitsPerByte : null,
    sequenceLength,
    vocabularySize: shape.vocabularySize,
    spec,
    load: () => ({
      shape,
      sequenceLength,
      parameters: new Map(
        loadCheckpoint(openCheckpoint(path)).model.flatMap(({ name, data }) =>
          data instanceof Float32Array ? [[name, data] as const] : [],
        ),
      ),
    }),
  }));
}

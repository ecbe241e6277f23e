/** @file One training without a campaign: text, a shape, steps. Killed, it goes on; finished, it stays so. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { noteLines } from "../corpus/notes.ts";
import { type CorpusSpec, corpusInFile, corpusSpec, readsOf } from "../corpus/spec.ts";
import { UserError } from "../errors.ts";
import { requireMemory } from "../machine/step.ts";
import { thisMachine } from "../machine/this-machine.ts";
import { layersForWidth, shapeOfWidth, WIDTH_STEP } from "../model/dial.ts";
import { makeFolder } from "../record/files.ts";
import { nameInFile, workspaceOf } from "../record/workspace.ts";
import { exportRecorded } from "../train/export-run.ts";
import { architectureOf } from "../train/hugging-face.ts";
import { modelCard } from "../train/model-card.ts";
import { optimiserOf, plannedRun } from "../train/planned-run.ts";
import { decoderShapeSchema, optimiserSchema, type RunSpec, runSpecSchema } from "../train/run-spec.ts";
import type { RunSummary } from "../train/summary.ts";
import { readYamlFile } from "../yaml-file.ts";
import { notifying } from "./account/notify.ts";
import type { Policy } from "./decide/policy.ts";
import { LocalBackend, localPlaces } from "./process/local-backend.ts";
import { type CorpusNotice, recordedCorpus } from "./recorded-corpus.ts";
import { type RunNotice, runName, trainPlanned } from "./recorded-run.ts";
import { allocatedBackend, ranksPerNode, type SlurmJob } from "./slurm/allocation.ts";
import { inJob, openRecordFor } from "./slurm/recorded-job.ts";
import { refuseIdleRanks } from "./torch/torch-job.ts";
import { type TrainerName, torchOf, torchPlaceFor, trainerFields } from "./trainer.ts";

const { role: _role, torch: _torch, ...runFields } = runSpecSchema.shape;

export const singleRunSchema = z.strictObject({
  name: nameInFile,
  corpus: corpusInFile,
  vocabularySize: corpusSpec.shape.vocabularySize.default(1024),
  ...trainerFields,
  run: z.strictObject({
    ...runFields,
    /** The width gives every size that is left out, as it does in a campaign. */
    shape: decoderShapeSchema
      .omit({ vocabularySize: true })
      .partial()
      .extend({
        width: decoderShapeSchema.shape.width.refine(
          (width) => width % WIDTH_STEP === 0,
          `a multiple of ${WIDTH_STEP}`,
        ),
      }),
    optimiser: optimiserSchema.partial().prefault({}),
    sequenceLength: runFields.sequenceLength.default(256),
    seed: runFields.seed.default(1),
    heldOutTokens: runFields.heldOutTokens.default(160_000),
    checkpointSeconds: runFields.checkpointSeconds.default(60),
  }),
});

export type SingleRunFile = z.infer<typeof singleRunSchema>;

/** What is not said in the file. The learning rate holds at the width of 64 and goes to others by mu-P. */
const OPTIMISER = optimiserOf({ learningRate: 0.01, weightDecay: 0.1 });

/** One run from a file of its own. */
export type SingleRunOptions = {
  readonly path: string;
  /** Where everything of the run goes; `runs/NAME` unless given. */
  readonly folder?: string;
  /** All of the machine's unless given. The result does not depend on it. */
  readonly numThreads?: number;
  /** Instead of what the file says. */
  readonly trainer?: TrainerName;
  /** Of a run in PyTorch: processes, 1 unless given, and the interpreter, searched for unless given. */
  readonly numRanks?: number;
  /** Places beyond those that the run needs, to take over from one that fails; 0 unless given. */
  readonly numSpares?: number;
  readonly python?: string;
  /** A program and its arguments that is told of incidents and of the end (docs/fleet.md). */
  readonly notify?: readonly string[];
  /** What decisions about failures turn on, instead of what holds (policy.ts). */
  readonly policy?: Policy;
  /** Nodes of a job; this machine unless given. */
  readonly allocation?: SlurmJob;
  readonly signal: AbortSignal;
  readonly tell: (event: RunNotice | CorpusNotice) => void;
};

/** What it left. */
export type SingleRunResult = {
  /** Its name in the record. */
  readonly run: string;
  readonly summary: RunSummary;
  /** The Hugging Face folder. */
  readonly model: string;
  /** Of the record. */
  readonly head: string;
};

/** Prepares the corpus, trains, scores the held-out text and writes the model out. */
export async function singleRun({
  path,
  folder,
  numThreads,
  trainer,
  numRanks,
  numSpares = 0,
  python,
  notify,
  policy,
  allocation,
  signal,
  tell,
}: SingleRunOptions): Promise<SingleRunResult> {
  const file = readSingleRun(path);
  const spec = runSpecOf({ ...file, ...(trainer && { trainer }) });
  const torch = await torchPlaceFor(spec.torch && "torch", { numRanks, python });
  if (torch) refuseIdleRanks(spec, torch);
  const workspace = workspaceOf(file.name, folder);
  makeFolder(workspace.folder);
  const machine = thisMachine(workspace.folder);
  requireMemory(spec, machine.memoryBytes, "the run", "lower its width, layers, batch or sequence");
  using record = await openRecordFor(workspace.folder, allocation);
  const context = { record, workspace, signal, tell };
  const work = async (): Promise<SingleRunResult> => {
    const manifest = await recordedCorpus(context, corpusSpecOf(file), dirname(resolve(path)));
    for (const text of noteLines(manifest.sources)) tell({ kind: "text", text });
    const run = plannedRun(file.name, spec);
    const name = runName(run, manifest.hash);
    const finished = new Set(
      record.events.flatMap((event) => (event.kind === "run-finished" ? [event.run] : [])),
    );
    if (finished.size > 0 && !finished.has(name)) {
      const text =
        `${[...finished].join(", ")} in this folder has another run file or text: ${name} is trained beside it, ` +
        "and the model is replaced (to keep it, stop now and give a new folder, --folder)";
      tell({ kind: "text", text });
    }
    const placed = { run, numThreads: numThreads ?? machine.numThreads };
    const numPlaces = torch?.numRanks ?? 1;
    await using backend = allocation
      ? await allocatedBackend(allocation, workspace.folder, {
          perNode: ranksPerNode(allocation, numPlaces, numSpares),
          least: numPlaces,
        })
      : new LocalBackend(workspace.folder, localPlaces(numPlaces, numSpares));
    const summary = await trainPlanned({ ...context, machine, backend, torch, policy }, placed, name);
    exportRecorded(context, name, spec, modelCard(file.name, spec, manifest, summary));
    return { run: name, summary, model: workspace.model, head: record.head };
  };
  const warn = (text: string) => tell({ kind: "text", text });
  const told = () =>
    notifying(record, { command: notify ?? null, folder: workspace.folder, warn }, work, ({ run }) => ({
      how: "finished",
      text: `run ${run}: its model is in ${workspace.model}`,
    }));
  return allocation ? await inJob(record, allocation, signal, told) : await told();
}

/** Reads a run file. Throws a UserError where it is none. */
export function readSingleRun(path: string): SingleRunFile {
  return readYamlFile(path, singleRunSchema, {
    what: "one training",
    example: "campaigns/single-run.yaml",
    documentation: "docs/campaign.md",
  });
}

/** The whole specification, with what the file leaves out. */
export function runSpecOf({ vocabularySize, run, ...trainer }: SingleRunFile): RunSpec {
  const dial = shapeOfWidth(run.shape.width, {
    vocabularySize,
    numLayers: layersForWidth(run.shape.width),
    queriesPerKeyValue: 1,
    tiedEmbeddings: false,
    feedForward: run.shape.feedForward,
    queryKeyNorm: run.shape.queryKeyNorm,
  });
  const shape = { ...dial, ...run.shape };
  refuseOddHeads(shape);
  architectureOf(shape);
  return runSpecSchema.parse({
    ...run,
    role: "single",
    shape,
    optimiser: { ...OPTIMISER, ...run.optimiser },
    ...torchOf(trainer),
  });
}

/** Rotary positions turn pairs of channels; grouped queries share whole key/value heads. */
function refuseOddHeads(
  shape: Record<"numHeads" | "numKeyValueHeads" | "headDim", number | undefined>,
): void {
  const { numHeads = 1, numKeyValueHeads = 1, headDim = 2 } = shape;
  if (numHeads % numKeyValueHeads === 0 && headDim % 2 === 0) return;
  throw new UserError(
    `run.shape: ${numHeads} query heads, ${numKeyValueHeads} key/value heads, headDim ${headDim}`,
    "numHeads a multiple of numKeyValueHeads, headDim even",
    "leave the three out, and they follow from the width",
  );
}

function corpusSpecOf({ corpus, vocabularySize, run }: SingleRunFile): CorpusSpec {
  const { numSteps, batchSequences, sequenceLength, heldOutTokens, seed } = run;
  const reads = readsOf(numSteps * batchSequences * sequenceLength, heldOutTokens);
  return corpusSpec.parse({ ...corpus, vocabularySize, seed, reads });
}

/** @file Turns a table of published runs into runs that can be predicted, and says of the others why not. */

import { UserError } from "../../errors.ts";
import { readText } from "../../input-file.ts";
import { CONSTANT_PRIORS } from "../constants.ts";
import { type Accelerator, peakFlopsOf } from "../hardware/accelerator.ts";
import { CATALOGUE, findAccelerator } from "../hardware/catalogue.ts";
import { type Cluster, clusterOf } from "../hardware/cluster.ts";
import type { Job, Layout, Recompute, Setup } from "../layout/layout.ts";
import { memoryModel, memoryOf } from "../layout/memory.ts";
import { tokenFlops } from "../shape/flops.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { PRESETS } from "../shape/presets.ts";
import { type Cells, PUBLISHED_FILE, positiveIn, publishedText, readCells, textIn } from "./cells.ts";
import { layoutOfRow } from "./layout-of-row.ts";
import { modelOfRow } from "./model-of-row.ts";
import type { MemoryKind, PublishedRun, PublishedRuns, SkippedRow } from "./published-run.ts";
import { cellProblem, divisionProblem, timeProblem, unknownName } from "./row-problems.ts";

/** Reads a table of published runs from CSV text. */
export function readPublishedRuns(text: string, file: string): PublishedRuns {
  const runs: PublishedRun[] = [];
  const skipped: SkippedRow[] = [];
  for (const cells of readCells(text, file)) {
    const run = readRun(cells);
    if (typeof run !== "string") runs.push(run);
    else {
      const { row_id: rowId = "", family = "", line } = cells;
      skipped.push({ rowId, family, line: Number(line), reason: run });
    }
  }
  return { runs, skipped };
}

/** The table that comes with the planner: runs that can be predicted, and rows that cannot. */
export function publishedTable(): PublishedRuns {
  return readPublishedRuns(publishedText(), PUBLISHED_FILE);
}

/** Reads the runs of a file. Throws a `UserError` where it is no table of runs, or none can be predicted. */
export function readRunsFile(path: string): PublishedRuns {
  const read = readPublishedRuns(readText(path, "a table of runs in CSV"), path);
  if (read.runs.some(({ stepSeconds }) => stepSeconds !== null)) return read;
  const reasons = [...Map.groupBy(read.skipped, ({ reason }) => reason)]
    .slice(0, 5)
    .map(([reason, [first]]) => `line ${first!.line}: ${reason}`);
  throw new UserError(
    `${path}: no run with a step time that can be predicted (${reasons.join("; ") || "no rows"})`,
    "rows with model, accelerator, n_gpus, seq_len, gbs_seqs, mbs and step_time_s or tokens_per_s_gpu",
    "fill in what is missing; docs/plan.md lists the columns",
  );
}

/** A run, or in words why the row cannot be predicted. */
function readRun(cells: Cells): PublishedRun | string {
  const task = textIn(cells, "task");
  if (task && !task.startsWith("pretrain")) return `${task}, not pre-training`;
  const device = findAccelerator(cells.accelerator ?? "");
  if (!device) return unknownName("accelerator", cells.accelerator, CATALOGUE);
  if (device.kind === "tpu")
    return "TPU: its layout is not stated, and it is kept out of the figures for GPUs";
  const problem = cellProblem(cells);
  if (problem) return problem;
  const named = modelOfRow(cells);
  if (named === null) return unknownName("model", cells.model, PRESETS);
  if (typeof named === "string") return named;
  const read = layoutOfRow(cells, device);
  if (typeof read === "string") return read;
  const { recomputeStated } = read;
  const setup = { model: named.model, cluster: clusterOfRow(cells, device), job: read.job };
  const indivisible = divisionProblem(setup, read.layout);
  if (indivisible) return indivisible;
  const layout = recomputeStated ? read.layout : leastRecomputed(setup, read.layout);
  const outcome = textIn(cells, "outcome").includes("out of memory") ? "out of memory" : "ran";
  const measured = outcome === "ran" ? measuredSeconds(cells, setup, layout) : null;
  const memoryGib = positiveIn(cells, "mem_gib");
  // A source that splits its memory says that the layout ran.
  const isKnownToRun = memoryGib !== null || positiveIn(cells, "mem_model_state_gib") !== null;
  if (outcome === "ran" && !measured && !isKnownToRun) return "nothing measured";
  const run: PublishedRun = {
    rowId: cells.row_id ?? "",
    family: cells.family ?? "",
    source: cells.source ?? "",
    ...setup,
    layout,
    stepSeconds: measured?.seconds ?? null,
    memoryBytes: memoryGib === null ? null : memoryGib * 2 ** 30,
    memoryKind: memoryKindOf(textIn(cells, "mem_kind")),
    memoryStated: recomputeStated,
    outcome,
    filled: [
      ...named.notes,
      ...read.notes,
      ...(recomputeStated ? [] : [`recomputation not stated: ${layout.recompute}, the least that fits`]),
      ...(measured?.from ? [`step time from ${measured.from}`] : []),
    ],
    recipe: recipeOf(setup, layout),
  };
  return timeProblem(run) ?? run;
}

function clusterOfRow(cells: Cells, device: Accelerator): Cluster {
  const network = positiveIn(cells, "inter_node_gbps_per_gpu");
  const numDevices = positiveIn(cells, "n_gpus") ?? 1;
  return clusterOf(device, numDevices, network === null ? {} : { networkBandwidth: (network * 1e9) / 8 });
}

/** Tuned recipes avoid computing products again: what does not fit is offloaded or cut otherwise. */
const LEAST_WORK_FIRST: readonly Recompute[] = ["none", "selective"];

/** Judged by the priors: calibrated constants have seen the very runs that this one may be judged beside. */
function leastRecomputed({ model, cluster, job }: Setup, layout: Layout): Layout {
  const prepared = memoryModel(model);
  const choices = LEAST_WORK_FIRST.map((recompute) => ({ ...layout, recompute }));
  const fits = (each: Layout) => memoryOf(prepared, cluster, each, job, CONSTANT_PRIORS).fits;
  return choices.find(fits) ?? choices.at(-1)!;
}

/** Everything that decides the time, so that a row measured again has the same text. */
function recipeOf({ model, cluster, job }: Setup, layout: Layout): string {
  const { sequenceParallel: _, ...cut } = layout;
  const shape = [model.name.toLowerCase(), model.numLayers, model.hidden, model.attention.numHeads];
  const machine = [cluster.accelerator.name, cluster.numDevices, job.sequence, job.batchSequences];
  return [...shape, ...machine, ...Object.values(cut)].join(" ");
}

/** What a source's figure for memory includes; unless it says otherwise, what a device's tool shows. */
function memoryKindOf(text: string): MemoryKind {
  if (/alloc|active/.test(text)) return "allocated";
  return text.includes("reserv") ? "reserved" : "device";
}

/**
 * From best to worst: the step time; tokens per second; FLOP/s under the convention named; utilisation.
 * `from`: what the seconds were worked out of. Null: the row has none of them.
 */
function measuredSeconds(
  cells: Cells,
  { model, cluster: { accelerator, numDevices }, job }: Setup,
  { recompute, precision }: Layout,
): { readonly seconds: number; readonly from: string | null } | null {
  const tokens = job.sequence * job.batchSequences;
  const stated = positiveIn(cells, "step_time_s");
  if (stated !== null) return { seconds: stated, from: null };
  const total = positiveIn(cells, "tokens_per_s");
  if (total !== null) return { seconds: tokens / total, from: "tokens per second" };
  const each = positiveIn(cells, "tokens_per_s_gpu");
  if (each !== null) return { seconds: tokens / (each * numDevices), from: "tokens per second" };
  const rate = positiveIn(cells, "tflops_gpu");
  const kind = textIn(cells, "tflops_kind");
  if (rate !== null && /model|hardware/.test(kind)) {
    // An older estimator of the BLOOM project read about 3 % low, by its own account.
    const correction = kind.includes("older") ? 1.03 : 1;
    const flops = countedFlops(model, job, kind.startsWith("hardware") && recompute === "full");
    return { seconds: flops / (rate * correction * 1e12 * numDevices), from: "FLOP/s" };
  }
  const utilisation = positiveIn(cells, "mfu_pct");
  if (utilisation === null) return null;
  const reached = (utilisation / 100) * peakFlopsOf(accelerator, precision) * numDevices;
  return { seconds: countedFlops(model, job, false) / reached, from: "utilisation" };
}

/**
 * FLOPs of a step as most tables count them: attention in full, causal or not; the head; with recomputation
 * the layers' forward pass once more. For a GPT these are Megatron's 72 B s l h^2 (1 + s / 6h + V / 12lh) and
 * 96 ... (1 + s / 6h + V / 16lh), arXiv 2104.04473, section 5.1.
 */
function countedFlops(model: ModelShape, job: Job, isRecomputed: boolean): number {
  const { attentionProjections, scoresFull, feedForward, head } = tokenFlops(model, job.sequence);
  const layers = attentionProjections + scoresFull + feedForward;
  return job.sequence * job.batchSequences * ((isRecomputed ? 4 : 3) * layers + 3 * head);
}

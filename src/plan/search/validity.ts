/** @file Whether a layout can be run at all: what must divide what. Memory is another question. */

import { UserError } from "../../errors.ts";
import { type Accelerator, PRECISIONS, type Precision, widthOn } from "../hardware/accelerator.ts";
import { type Job, type Layout, microBatches, type Setup } from "../layout/layout.ts";
import { stageLayers } from "../layout/stages.ts";
import type { ModelShape } from "../shape/model-shape.ts";

/** Found and expected, in a UserError's words. */
export type Problem = {
  readonly found: string;
  readonly expected: string;
};

/** The first reason why a layout cannot be run; null if there is none. */
export function layoutProblem({ model, cluster, job }: Setup, layout: Layout): Problem | null {
  const { data, tensor, pipeline, context } = layout;
  const product = data * tensor * pipeline * context;
  if (product !== cluster.numDevices)
    return {
      found:
        `dp ${data} x tp ${tensor} x pp ${pipeline} x cp ${context} = ${product}, and ` +
        `${cluster.numDevices} devices`,
      expected: "dp x tp x pp x cp = the number of devices",
    };
  return (
    precisionProblem(cluster.accelerator, layout.precision) ??
    tensorProblem(model, tensor) ??
    contextProblem(job.sequence, layout) ??
    batchProblem(layout, job) ??
    pipelineProblem(model.numLayers, layout, job) ??
    expertProblem(model, layout) ??
    shardingProblem(layout)
  );
}

/**
 * A format narrower than 16 bits that the chip has no rate for: it would run at a wider one, and its
 * utilisation be stated of the wrong peak.
 */
export function precisionProblem(device: Accelerator, precision: Precision): Problem | null {
  if (isNative(device, precision)) return null;
  const formats = PRECISIONS.filter((each) => isNative(device, each));
  return { found: `${precision} on ${device.label}`, expected: `a format it has: ${formats.join(", ")}` };
}

/** Throws a `UserError` for the first format that the chip lacks. */
export function checkPrecisions(device: Accelerator, precisions: readonly Precision[]): void {
  for (const precision of precisions) {
    const problem = precisionProblem(device, precision);
    if (problem)
      throw new UserError(problem.found, problem.expected, "choose one of these, or another accelerator");
  }
}

function isNative(device: Accelerator, precision: Precision): boolean {
  const widths = { fp32: null, bf16: null, fp8: "fp8", mxfp8: "fp8", nvfp4: "fp4" } as const;
  const wanted = widths[precision];
  return wanted === null || widthOn(device, precision) === wanted;
}

/** Heads and feed-forward widths are dealt to tensor ranks whole. Key-value heads may be copied. */
export function tensorProblem(
  { attention, feedForwardWidth, experts }: ModelShape,
  tensor: number,
): Problem | null {
  if (attention.numHeads % tensor !== 0)
    return { found: `tp ${tensor} and ${attention.numHeads} heads`, expected: "heads divisible by tp" };
  const groups = attention.kind === "grouped" ? attention.numKeyValueHeads : tensor;
  if (groups % tensor !== 0 && tensor % groups !== 0)
    return {
      found: `tp ${tensor} and ${groups} key-value heads`,
      expected: "key-value heads divisible by tp, or tp by them",
    };
  for (const width of [feedForwardWidth, experts?.sharedWidth ?? 0])
    if (width % tensor !== 0)
      return {
        found: `tp ${tensor} and a feed-forward width of ${width}`,
        expected: "widths divisible by tp",
      };
  return null;
}

/**
 * A causal mask leaves early tokens less work: each context rank takes two pieces, one early and one late.
 */
export function contextProblem(
  sequence: number,
  { context, tensor, sequenceParallel }: Pick<Layout, "context" | "tensor" | "sequenceParallel">,
): Problem | null {
  if (context > 1 && sequence % (2 * context) !== 0)
    return {
      found: `cp ${context} and a sequence of ${sequence}`,
      expected: "a sequence divisible by 2 cp (two pieces a rank share out the causal mask evenly)",
    };
  if (sequenceParallel && tensor === 1)
    return {
      found: "sequence parallelism with tp 1",
      expected: "tp above 1, whose ranks share the sequence",
    };
  if (sequenceParallel && (sequence / context) % tensor !== 0)
    return {
      found: `${sequence / context} tokens a context rank and tp ${tensor}`,
      expected: "tokens divisible by tp for sequence parallelism",
    };
  return null;
}

/** Every replica works through the same whole number of micro batches. */
function batchProblem(layout: Layout, job: Job): Problem | null {
  if (Number.isInteger(microBatches(layout, job))) return null;
  const { data, microBatch } = layout;
  return {
    found: `a batch of ${job.batchSequences} sequences over dp ${data} in micro batches of ${microBatch}`,
    expected: `a batch divisible by dp x micro batch = ${data * microBatch}`,
  };
}

export function pipelineProblem(numLayers: number, layout: Layout, job: Job): Problem | null {
  const { pipeline, virtualStages, schedule } = layout;
  if (pipeline > numLayers || stageLayers(numLayers, layout).last < 1)
    return {
      found: `pp ${pipeline} and ${numLayers} layers`,
      expected: "at least one layer for every stage",
    };
  if (virtualStages > 1 !== (schedule === "interleaved"))
    return {
      found: `schedule ${schedule} with ${virtualStages} chunks a stage`,
      expected: "more than one chunk with the interleaved schedule, and one with the others",
    };
  if (schedule === "interleaved") return interleavedProblem(numLayers, layout, microBatches(layout, job));
  const waiting = microBatches(layout, job);
  if (schedule === "dualpipe" && (pipeline % 2 !== 0 || waiting % 2 !== 0 || waiting < 2 * pipeline))
    return {
      found: `dualpipe with pp ${pipeline} and ${waiting} micro batches`,
      expected: "pp even, micro batches even and at least 2 pp (arXiv 2412.19437, section 3.2.1)",
    };
  return null;
}

/** Equal chunks, embedding and head a layer each if need be; micro batches by pp (arXiv 2104.04473). */
function interleavedProblem(
  numLayers: number,
  { pipeline, virtualStages }: Layout,
  numMicroBatches: number,
): Problem | null {
  const chunks = pipeline * virtualStages;
  if (pipeline === 1) return { found: "the interleaved schedule with pp 1", expected: "more than one stage" };
  if (numLayers % chunks !== 0 && (numLayers + 2) % chunks !== 0)
    return {
      found: `pp ${pipeline} x vp ${virtualStages} = ${chunks} chunks and ${numLayers} layers`,
      expected: "layers, or layers + 2 for embedding and head, divisible by the chunks",
    };
  if (numMicroBatches % pipeline !== 0)
    return {
      found: `the interleaved schedule with ${numMicroBatches} micro batches and pp ${pipeline}`,
      expected: "micro batches divisible by pp",
    };
  return null;
}

/** Expert ranks are laid over the tensor, context and data ranks of one stage. */
export function expertProblem(
  { experts }: ModelShape,
  { expert, data, context, tensor }: Pick<Layout, "expert" | "data" | "context" | "tensor">,
): Problem | null {
  if (expert === 1) return null;
  if (!experts) return { found: `ep ${expert} for a dense model`, expected: "a model with experts, or ep 1" };
  if (experts.count % expert !== 0)
    return { found: `ep ${expert} and ${experts.count} experts`, expected: "experts divisible by ep" };
  if ((data * context * tensor) % expert !== 0)
    return {
      found: `ep ${expert} and dp x cp x tp = ${data * context * tensor}`,
      expected: "dp x cp x tp divisible by ep",
    };
  return null;
}

function shardingProblem({ sharding, shardGroup, data, context, pipeline }: Layout): Problem | null {
  const replicas = data * context;
  if (sharding === "gradients" && pipeline > 1)
    return {
      found: `zero=2 with pp ${pipeline}`,
      expected: "zero 0, 1 or 3: a pipeline keeps its gradients whole until the last micro batch",
    };
  if (replicas % shardGroup !== 0)
    return {
      found: `group ${shardGroup} and dp x cp = ${replicas}`,
      expected: "dp x cp divisible by the group",
    };
  return null;
}

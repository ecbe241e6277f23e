/**
 * @file The layout, job and software of a published row: spellings of sharding, precision and recomputation.
 */

import type { Accelerator, Precision } from "../hardware/accelerator.ts";
import {
  type Job,
  type Layout,
  type Recompute,
  SHARDINGS,
  type Sharding,
  SOFTWARE_2021,
  SOFTWARE_2023,
  SOFTWARE_2024,
  type Software,
} from "../layout/layout.ts";
import { type Cells, positiveIn, textIn } from "./cells.ts";

export type LayoutOfRow = {
  readonly layout: Layout;
  readonly job: Job;
  /** Whether the row says what is computed again. */
  readonly recomputeStated: boolean;
  readonly notes: readonly string[];
};

const NEEDED = {
  seq_len: "sequence length",
  gbs_seqs: "batch",
  n_gpus: "number of devices",
  mbs: "micro batch",
} as const;

/** The layout, or in words what is missing. */
export function layoutOfRow(cells: Cells, device: Accelerator): LayoutOfRow | string {
  for (const [name, what] of Object.entries(NEEDED))
    if (positiveIn(cells, name) === null) return `${what} not stated`;
  const [sequence, batchSequences, numDevices, microBatch] = Object.keys(NEEDED).map(
    (name) => positiveIn(cells, name)!,
  ) as [number, number, number, number];
  const [tensor, pipeline, context, expert, chunks] = ["tp", "pp", "cp", "ep", "vp"].map(
    (name) => positiveIn(cells, name) ?? 1,
  ) as [number, number, number, number, number];
  const data = numDevices / (tensor * pipeline * context);
  if (!Number.isInteger(data))
    return `${tensor} x ${pipeline} x ${context} does not divide ${numDevices} devices`;
  if (textIn(cells, "precision").includes("ambiguous")) return "precision ambiguous";
  const printed = positiveIn(cells, "dp");
  const software = softwareOf(cells, device);
  const recompute = recomputeOf(textIn(cells, "recompute"));
  const virtualStages = pipeline > 1 ? chunks : 1;
  const { sharding, group } = shardingOf(cells, software);
  const sequenceParallel = textIn(cells, "seq_parallel");
  return {
    layout: {
      data,
      tensor,
      pipeline,
      context,
      expert,
      sharding,
      shardGroup: Math.min(group ?? data * context, data * context),
      sequenceParallel: sequenceParallel
        ? sequenceParallel === "yes" && tensor > 1
        : tensor > 1 && software.overlapTensor === "both",
      schedule: virtualStages > 1 ? "interleaved" : "1f1b",
      virtualStages,
      microBatch,
      recompute: recompute ?? "none",
      precision: precisionOf(cells),
    },
    job: { sequence, batchSequences, software },
    recomputeStated: recompute !== null,
    notes: printed === null || printed === data ? [] : [`replicas printed ${printed}: ${data} by division`],
  };
}

function precisionOf(cells: Cells): Precision {
  const text = textIn(cells, "precision");
  if (text.includes("nvfp4") || text.includes("fp4")) return "nvfp4";
  if (/^mxfp8|^fp8-mx/.test(text)) return "mxfp8";
  if (text.includes("fp8")) return "fp8";
  return text === "fp32" || text === "tf32" ? "fp32" : "bf16";
}

/** Null: not stated. */
function recomputeOf(text: string): Recompute | null {
  if (text === "") return null;
  if (text.includes("full")) return "full";
  return /select|sac|partial/.test(text) ? "selective" : "none";
}

/** "FSDP=128", "FSDP group 64", "ZeRO-1", "DDP/dist-opt" and the like; null: over all replicas. */
function shardingOf(
  cells: Cells,
  software: Software,
): { readonly sharding: Sharding; readonly group: number | null } {
  const text = textIn(cells, "zero_or_fsdp");
  const over = (sharding: Sharding, group: number | null = null) => ({ sharding, group });
  const stage = /(?:zero[-\s]*|^)([0-3])$/.exec(text)?.[1];
  if (stage !== undefined) return over(SHARDINGS[Number(stage)]!);
  if (text.includes("shard_grad_op")) return over("gradients");
  const group = /fsdp\s*(?:=|group)\s*(\d+)/.exec(text)?.[1];
  if (/fsdp|hsdp/.test(text)) return over("full", group === undefined ? null : Number(group));
  if (/dist-opt|distributed optimizer/.test(text)) return over("optimiser");
  if (text === "none" || text === "ddp") return over("none");
  // NVIDIA's recipes since 2023 share out the optimiser unless they say otherwise; the older ones did not.
  return over(software.overlapData ? "optimiser" : "none");
}

/**
 * Which generation of software: FULL_SHARD and SHARD_GRAD_OP are the names of PyTorch's first, uncompiled
 * FSDP; everything else on Hopper and later has fused kernels; what ran on A100 with tensor or pipeline
 * parallelism, ZeRO or fp16 predates flash attention.
 */
function softwareOf(cells: Cells, device: Accelerator): Software {
  const text = textIn(cells, "zero_or_fsdp");
  const ampere = device.name.startsWith("a100");
  if (/full_shard|shard_grad_op/.test(text)) return SOFTWARE_2023;
  if (!ampere || text.includes("fsdp")) return SOFTWARE_2024;
  const gradientBytes =
    positiveIn(cells, "gradient_bytes") ?? (textIn(cells, "precision") === "fp16" ? 4 : 6);
  return {
    ...SOFTWARE_2021,
    launches: textIn(cells, "launches") === "blocking" ? "blocking" : "queued",
    // Who reports sequence parallelism ran the Megatron-LM of 2022, which reduces beside the weights'
    // gradients.
    overlapTensor: textIn(cells, "knows_seq_parallel") ? "backward" : "none",
    wireBytes: textIn(cells, "precision") === "fp16" ? 2 : Math.min(4, gradientBytes),
    gradientBytes,
  };
}

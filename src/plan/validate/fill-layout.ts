/** @file The layout, job and software of a published row: spellings of sharding, precision and recomputation, and what follows from them. */

import type { Accelerator, Precision } from "../hardware/accelerator.ts";
import {
  type Job,
  type Layout,
  type Recompute,
  type Sharding,
  SOFTWARE_2021,
  SOFTWARE_2023,
  SOFTWARE_2024,
  type Software,
} from "../layout/layout.ts";
import { type Cells, positiveIn, textIn } from "./cells.ts";

export type FilledLayout = {
  readonly layout: Layout;
  readonly job: Job;
  /** Whether the row says what is computed again. */
  readonly recomputeStated: boolean;
  readonly notes: readonly string[];
};

export function fillLayout(cells: Cells, device: Accelerator): FilledLayout | { readonly refused: string } {
  const sequence = positiveIn(cells, "seq_len");
  const batchSequences = positiveIn(cells, "gbs_seqs");
  const microBatch = positiveIn(cells, "mbs");
  const numDevices = positiveIn(cells, "n_gpus");
  if (sequence === null) return { refused: "sequence length not stated" };
  if (batchSequences === null) return { refused: "batch not stated" };
  if (numDevices === null) return { refused: "number of devices not stated" };
  if (microBatch === null) return { refused: "micro batch not stated" };
  const notes: string[] = [];
  const tensor = positiveIn(cells, "tp") ?? 1;
  const pipeline = positiveIn(cells, "pp") ?? 1;
  const context = positiveIn(cells, "cp") ?? 1;
  const expert = positiveIn(cells, "ep") ?? 1;
  const data = numDevices / (tensor * pipeline * context);
  if (!Number.isInteger(data))
    return { refused: `${tensor} x ${pipeline} x ${context} does not divide ${numDevices} devices` };
  const printed = positiveIn(cells, "dp");
  if (printed !== null && printed !== data) notes.push(`replicas printed ${printed}: ${data} by division`);
  if (textIn(cells, "precision").includes("ambiguous")) return { refused: "precision ambiguous" };
  const precision = precisionOf(cells);
  const software = softwareOf(cells, device);
  const stated = recomputeOf(textIn(cells, "recompute"));
  const virtual = positiveIn(cells, "vp") ?? 1;
  const virtualStages = pipeline > 1 ? virtual : 1;
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
      recompute: stated ?? "none",
      precision,
    },
    job: { sequence, batchSequences, software },
    recomputeStated: stated !== null,
    notes,
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

/** "FSDP=128", "FSDP group 64", "ZeRO-1", "DDP/dist-opt" and the like. */
function shardingOf(
  cells: Cells,
  software: Software,
): { readonly sharding: Sharding; readonly group: number | null } {
  const text = textIn(cells, "zero_or_fsdp");
  const group = Number(/(?:fsdp\s*(?:=|group)\s*)(\d+)/.exec(text)?.[1] ?? Number.NaN);
  const zero = /(?:zero[-\s]*|^)([0-3])$/.exec(text)?.[1];
  if (zero !== undefined)
    return {
      sharding: (["none", "optimiser", "gradients", "full"] as const)[Number(zero)] ?? "none",
      group: null,
    };
  if (text.includes("shard_grad_op")) return { sharding: "gradients", group: null };
  if (text.includes("fsdp") || text.includes("hsdp"))
    return { sharding: "full", group: Number.isFinite(group) ? group : null };
  if (text.includes("dist-opt") || text.includes("distributed optimizer"))
    return { sharding: "optimiser", group: null };
  if (text === "none" || text === "ddp") return { sharding: "none", group: null };
  // NVIDIA's recipes since 2023 share out the optimiser unless they say otherwise; the older ones did not.
  return { sharding: software.overlapData ? "optimiser" : "none", group: null };
}

/**
 * Which generation of software: FULL_SHARD and SHARD_GRAD_OP are the names of PyTorch's first, uncompiled FSDP; everything else on Hopper and
 * later has fused kernels; what ran on A100 with tensor or pipeline parallelism, ZeRO or fp16 predates flash attention.
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
    // Who reports sequence parallelism ran the Megatron-LM of 2022, which reduces beside the weights' gradients.
    overlapTensor: textIn(cells, "knows_seq_parallel") ? "backward" : "none",
    wireBytes: textIn(cells, "precision") === "fp16" ? 2 : Math.min(4, gradientBytes),
    gradientBytes,
  };
}

/** Recomputation to try where a row does not say. Tuned recipes avoid doing products again: what does not fit is offloaded or cut otherwise. */
export const LEAST_WORK_FIRST: readonly Recompute[] = ["none", "selective"];

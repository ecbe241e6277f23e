/** @file Seconds per step that a published row stands for: measured, or worked out of the speed or the utilisation it prints. */

import { type Accelerator, peakOf } from "../hardware/accelerator.ts";
import type { Job, Layout } from "../layout/layout.ts";
import { tokenFlops } from "../shape/flops.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { type Cells, positiveIn, textIn } from "./cells.ts";

export type Measured = {
  readonly seconds: number;
  /** Where the time was worked out of something else. */
  readonly note: string | null;
};

/** From best to worst: the step time; tokens per second; FLOP/s under the convention named; utilisation. Null: the row has none of them. */
export function measuredSeconds(
  cells: Cells,
  shape: ModelShape,
  job: Job,
  layout: Layout,
  device: Accelerator,
  numDevices: number,
): Measured | null {
  const tokens = job.sequence * job.batchSequences;
  const stated = positiveIn(cells, "step_time_s");
  if (stated !== null) return { seconds: stated, note: null };
  const total = positiveIn(cells, "tokens_per_s");
  if (total !== null) return { seconds: tokens / total, note: "step time from tokens per second" };
  const each = positiveIn(cells, "tokens_per_s_gpu");
  if (each !== null)
    return { seconds: tokens / (each * numDevices), note: "step time from tokens per second" };
  const rate = positiveIn(cells, "tflops_gpu");
  const kind = textIn(cells, "tflops_kind");
  if (rate !== null && /model|hardware/.test(kind)) {
    // An older estimator of the BLOOM project read about 3 % low, by its own account.
    const correction = kind.includes("older") ? 1.03 : 1;
    const flops = countedFlops(shape, job, kind.startsWith("hardware") && layout.recompute === "full");
    return { seconds: flops / (rate * correction * 1e12 * numDevices), note: "step time from FLOP/s" };
  }
  const utilisation = positiveIn(cells, "mfu_pct");
  if (utilisation !== null) {
    const flops = countedFlops(shape, job, false);
    const peak = peakOf(device, layout.precision);
    return { seconds: flops / ((utilisation / 100) * peak * numDevices), note: "step time from utilisation" };
  }
  return null;
}

/**
 * FLOPs of a step as most tables count them: attention in full, causal or not; the head; with recomputation the layers' forward pass once more.
 * For a GPT these are Megatron's 72 B s l h^2 (1 + s / 6h + V / 12lh) and 96 ... (1 + s / 6h + V / 16lh), arXiv 2104.04473, section 5.1.
 */
export function countedFlops(shape: ModelShape, job: Job, recomputed: boolean): number {
  const { attentionProjections, scoresFull, feedForward, head } = tokenFlops(shape, job.sequence);
  const layers = attentionProjections + scoresFull + feedForward;
  return job.sequence * job.batchSequences * ((recomputed ? 4 : 3) * layers + 3 * head);
}

/** @file What is wrong with a row: no numbers, layouts that do not divide, impossible times, names. */

import { nearest } from "../../math/edit-distance.ts";
import { significant } from "../../units/print.ts";
import type { Layout, Setup } from "../layout/layout.ts";
import { layoutProblem } from "../search/validity.ts";
import { type Cells, numberIn, statedIn } from "./cells.ts";
import { idealSeconds, type PublishedRun } from "./published-run.ts";

/** Columns of numbers with their units, none of which a prediction can do without once it is stated. */
const WHOLE = "n_gpus seq_len gbs_seqs mbs tp pp vp cp ep layers hidden heads".split(" ");
const COUNTS = [...WHOLE, ..."kv_heads ffn vocab experts topk moe_ffn".split(" ")];
const MEASURED: Readonly<Record<string, string>> = {
  step_time_s: "seconds",
  tokens_per_s: "a plain count",
  tokens_per_s_gpu: "a plain count",
  mfu_pct: "per cent",
  tflops_gpu: "TFLOP/s of one device",
  mem_gib: "GiB of one device",
  params_b: "billions",
};

/** The first cell that cannot be what its column says, in words; null if there is none. */
export function cellProblem(cells: Cells): string | null {
  for (const name of [...COUNTS, ...Object.keys(MEASURED)]) {
    const text = statedIn(cells, name);
    // Latent attention has no key-value heads to count, and tables say so in this column.
    if (text === "" || (name === "kv_heads" && text.toLowerCase() === "mla")) continue;
    const value = numberIn(cells, name);
    const unit = MEASURED[name] ?? "a plain count";
    if (value === null) return `${name} "${text}" is not a number (${unit}, without its unit)`;
    if (value < 0) return `${name} ${text} is below 0`;
    if (WHOLE.includes(name) && !Number.isInteger(value)) return `${name} ${value} is not a whole number`;
  }
  return null;
}

/**
 * Why a row's layout could not have run. Software that lays layouts out by hand may cut 61 layers into 16
 * chunks: of the rules for chunks only that none is empty holds for it.
 */
export function divisionProblem(setup: Setup, layout: Layout): string | null {
  const { numLayers } = setup.model;
  const { pipeline, virtualStages } = layout;
  const chunks = pipeline * virtualStages;
  // Embedding and head may be chunks of their own.
  if (chunks > numLayers + 2) {
    const cut = `pp ${pipeline} x vp ${virtualStages} = ${chunks} chunks and ${numLayers} layers`;
    return `${cut}: at least one layer for every chunk`;
  }
  const problem = layoutProblem(setup, { ...layout, schedule: "1f1b", virtualStages: 1 });
  return problem && `${problem.found}: ${problem.expected}`;
}

/** Published utilisations lie between 0.048 and 0.63; beyond these bounds a unit must be wrong. */
const UTILISATION = { low: 0.005, high: 1 };

/** Why a row's time cannot be one of a training step; null if it can, or none was measured. */
export function timeProblem(run: PublishedRun): string | null {
  if (run.stepSeconds === null) return null;
  const utilisation = idealSeconds(run) / run.stepSeconds;
  if (utilisation >= UTILISATION.low && utilisation <= UTILISATION.high) return null;
  const share = `${significant(100 * utilisation, 3)} % of the peak`;
  const step = `a step of ${significant(run.stepSeconds, 3)} s is ${share}`;
  const units = "step_time_s in seconds, tokens_per_s of all devices, tokens_per_s_gpu of one";
  return `${step}, and 0.5 to 100 % can be: check the units (${units})`;
}

/** A name that is not known, with the nearest that is. */
export function unknownName(
  what: "model" | "accelerator",
  name: string | undefined,
  known: readonly { readonly name: string }[],
): string {
  const close = nearest(
    (name ?? "").toLowerCase(),
    known.map((each) => each.name),
  );
  const remedy = what === "model" ? "; its shape is not stated" : "";
  return `unknown ${what} ${name || "(empty)"}${close ? `, perhaps ${close}` : ""}${remedy}`;
}

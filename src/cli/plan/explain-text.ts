/** @file One step explained as a person reads it: waterfall, operations, memory by stage, sensitivities. */

import type { Explanation, StageMemory } from "../../plan/explain/explain.ts";
import type { StepOperation } from "../../plan/explain/operations.ts";
import { wordsOf } from "../../plan/explain/sensitivity.ts";
import { layoutText } from "../../plan/layout/parse.ts";
import { validityNotes } from "../../plan/step/interval.ts";
import { left, right } from "../../report/markdown.ts";
import {
  fixed,
  formatBytes,
  formatCount,
  formatFlopsPerSecond,
  formatSeconds,
  formatShare,
  roundToSum,
  significant,
} from "../../units/print.ts";
import { table } from "../terminal/table.ts";

const WIDTH = 120;

/** The whole answer. */
export function explanationText(explanation: Explanation, title: string): string {
  return [
    ...headLines(explanation, title),
    "",
    waterfallTable(explanation),
    "",
    "Operations of one layer and the head for one micro batch, forward and backward:",
    operationTable(explanation),
    "",
    "Memory of one device by pipeline stage:",
    memoryTable(explanation),
    memoryLine(explanation),
    "",
    "10 % more of one resource, all else equal:",
    sensitivityTable(explanation),
    "Memory buys through the fastest layout that then fits, against the fastest that fits now; the " +
      "rest at this layout.",
    explanation.balance.sentence,
    ...bestLines(explanation),
  ].join("\n");
}

function headLines(
  { layout, prediction, peakFlops, numMicroBatches }: Explanation,
  title: string,
): readonly string[] {
  const { stepInterval, mfu, hfu, tokensPerSecondPerDevice, memory } = prediction;
  const { median, lo, hi } = stepInterval;
  const speed = `${formatCount(Math.round(tokensPerSecondPerDevice))} tokens/s a device`;
  return [
    `${title}, ${layoutText(layout)}: ${numMicroBatches} micro batches a replica and step`,
    `Step ${formatSeconds(median)} (90 % interval ${formatSeconds(lo)} to ${formatSeconds(hi)}), ${speed}, ` +
      `${formatFlopsPerSecond(mfu * peakFlops)} a device.`,
    ...validityNotes(prediction),
    ...(memory.fits ? [] : ["It does not fit in memory: what follows is what it would be if it did."]),
    `MFU ${formatShare(mfu)}, HFU ${formatShare(hfu)}, of ${formatFlopsPerSecond(peakFlops)} dense ` +
      `${layout.precision} peak: model FLOPs forward and backward, causal attention counted by half, ` +
      "nothing counted twice; HFU adds what is recomputed.",
  ];
}

/** How far the layout is from the fastest one that fits. */
function bestLines({ best, prediction }: Explanation): readonly string[] {
  if (best === null) return ["No layout of those that most people run fits."];
  const gain = prediction.stepSeconds / best.stepSeconds - 1;
  const found = `${layoutText(best.layout)}, ${formatSeconds(best.stepSeconds)}`;
  const line = `The fastest layout that fits, of those that most people run: ${found}`;
  return [gain > 0.001 ? `${line}, ${formatShare(gain)} more tokens per second.` : `${line}.`];
}

/** Printed seconds add up to the printed step. */
function waterfallTable({ waterfall, prediction }: Explanation): string {
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(prediction.stepSeconds)));
  const printed = roundToSum(
    waterfall.map(({ seconds }) => seconds),
    prediction.stepSeconds,
    decimals,
  );
  const rows = waterfall.map((step, i) => ({ ...step, printed: fixed(printed[i]!, decimals) }));
  const total = {
    label: "step",
    printed: fixed(prediction.stepSeconds, decimals),
    seconds: prediction.stepSeconds,
    mfu: prediction.mfu,
  };
  return table(
    [...rows, total],
    [
      left("cause", ({ label }) => label),
      right("seconds", (row) => row.printed),
      right("of the step", ({ seconds }) => formatShare(seconds / prediction.stepSeconds)),
      right("MFU down to", ({ mfu }) => formatShare(mfu)),
    ],
  );
}

function operationTable({ operations }: Explanation): string {
  const product = ({ m, n, k, count }: NonNullable<StepOperation["shape"]>) => {
    const [rows, columns, inner, copies] = [m, n, k, count].map(Math.round);
    return `${copies! > 1 ? `${copies} x ` : ""}[${rows}, ${inner}] x [${inner}, ${columns}]`;
  };
  return table(operations, [
    left("operation", ({ name }) => name),
    right("[m, k] x [k, n]", ({ shape }) => (shape ? product(shape) : "-")),
    right("time", ({ seconds }) => formatSeconds(seconds)),
    right("of peak", ({ efficiency }) => formatShare(efficiency)),
  ]);
}

const COMPONENTS = ["weights", "gradients", "optimiser", "activations", "workspace", "overhead"] as const;

function memoryTable({ stages }: Explanation): string {
  return table(
    stages,
    [
      left("stage", stageName),
      right("layers", ({ numLayers }) => String(numLayers)),
      ...COMPONENTS.map((name) => right<StageMemory>(name, ({ memory }) => formatBytes(memory[name]))),
      right("total", ({ memory }) => formatBytes(memory.totalBytes)),
    ],
    WIDTH,
  );
}

/** "3" or "3 to 9", counted from 1. */
export function stageName({ firstStage, lastStage }: StageMemory): string {
  return firstStage === lastStage ? String(firstStage + 1) : `${firstStage + 1} to ${lastStage + 1}`;
}

function memoryLine({ prediction: { memory } }: Explanation): string {
  const left = memory.capacityBytes - memory.totalBytes;
  const verdict = memory.fits
    ? left >= 0
      ? `${formatBytes(left)} left`
      : "which fits only because the allocator can give back what it holds beyond use"
    : `${formatBytes(-left)} too much: it does not fit`;
  const used = `${formatBytes(memory.totalBytes)} of ${formatBytes(memory.capacityBytes)}`;
  return `The fullest, stage ${memory.stage + 1}: ${used}, ${verdict}.`;
}

function sensitivityTable({ sensitivities }: Explanation): string {
  return table(sensitivities, [
    left("resource", ({ resource }) => wordsOf(resource)),
    right("tokens per second", ({ gainPercent }) => `+${significant(gainPercent, 2)} %`),
    right("step", ({ stepSeconds }) => formatSeconds(stepSeconds)),
  ]);
}

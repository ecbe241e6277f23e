/** @file One step explained as a person reads it: waterfall, operations, memory by stage, sensitivities. */

import type { Explanation } from "../../plan/explain/explain.ts";
import { wordsOf } from "../../plan/explain/sensitivity.ts";
import { layoutText } from "../../plan/layout/parse.ts";
import { validityNotes } from "../../plan/step/interval.ts";
import {
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
    "Memory buys through the fastest layout that then fits, against the fastest that fits now; the rest at this layout.",
    explanation.balance.sentence,
    ...bestLines(explanation),
  ].join("\n");
}

function headLines(
  { layout, prediction, peakFlops, numMicroBatches }: Explanation,
  title: string,
): readonly string[] {
  const { stepSeconds, stepInterval, mfu, hfu, tokensPerSecondPerDevice } = prediction;
  return [
    `${title}, ${layoutText(layout)}: ${numMicroBatches} micro batches a replica and step`,
    `Step ${formatSeconds(stepSeconds)} (90 % interval ${formatSeconds(stepInterval.lo)} to ${formatSeconds(stepInterval.hi)}), ${formatCount(Math.round(tokensPerSecondPerDevice))} tokens/s a device, ${formatFlopsPerSecond(mfu * peakFlops)} a device.`,
    ...validityNotes(prediction),
    ...(prediction.memory.fits
      ? []
      : ["It does not fit in memory: what follows is what it would be if it did."]),
    `MFU ${formatShare(mfu)}, HFU ${formatShare(hfu)}, of ${formatFlopsPerSecond(peakFlops)} dense ${layout.precision} peak: model FLOPs forward and backward, causal attention counted by half, nothing counted twice; HFU adds what is recomputed.`,
  ];
}

/** How far the layout is from the fastest one that fits. */
function bestLines({ best, prediction }: Explanation): readonly string[] {
  if (best === null) return ["No layout of those that most people run fits."];
  const gain = prediction.stepSeconds / best.stepSeconds - 1;
  const line = `The fastest layout that fits, of those that most people run: ${layoutText(best.layout)}, ${formatSeconds(best.stepSeconds)}`;
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
  const rows = waterfall.map((step, i) => ({ ...step, printed: printed[i]!.toFixed(decimals) }));
  const total = {
    label: "step",
    printed: prediction.stepSeconds.toFixed(decimals),
    seconds: prediction.stepSeconds,
    mfu: prediction.mfu,
  };
  return table(
    [...rows, total],
    [
      { title: "cause", align: "left", cell: ({ label }) => label },
      { title: "seconds", align: "right", cell: (row) => row.printed },
      {
        title: "of the step",
        align: "right",
        cell: ({ seconds }) => formatShare(seconds / prediction.stepSeconds),
      },
      { title: "MFU down to", align: "right", cell: ({ mfu }) => formatShare(mfu) },
    ],
    WIDTH,
  );
}

function operationTable({ operations }: Explanation): string {
  const size = (value: number) => String(Math.round(value));
  return table(
    operations,
    [
      { title: "operation", align: "left", cell: ({ name }) => name },
      {
        title: "[m, k] x [k, n]",
        align: "right",
        cell: ({ shape }) =>
          shape
            ? `${shape.count > 1 ? `${size(shape.count)} x ` : ""}[${size(shape.m)}, ${size(shape.k)}] x [${size(shape.k)}, ${size(shape.n)}]`
            : "-",
      },
      { title: "time", align: "right", cell: ({ seconds }) => formatSeconds(seconds) },
      { title: "of peak", align: "right", cell: ({ efficiency }) => formatShare(efficiency) },
    ],
    WIDTH,
  );
}

function memoryTable({ stages }: Explanation): string {
  const column = (title: string, of: (memory: Explanation["stages"][number]["memory"]) => number) =>
    ({
      title,
      align: "right",
      cell: (row: Explanation["stages"][number]) => formatBytes(of(row.memory)),
    }) as const;
  return table(
    stages,
    [
      { title: "stage", align: "left", cell: stageName },
      { title: "layers", align: "right", cell: ({ numLayers }) => String(numLayers) },
      column("weights", ({ weights }) => weights),
      column("gradients", ({ gradients }) => gradients),
      column("optimiser", ({ optimiser }) => optimiser),
      column("activations", ({ activations }) => activations),
      column("workspace", ({ workspace }) => workspace),
      column("overhead", ({ overhead }) => overhead),
      column("total", ({ totalBytes }) => totalBytes),
    ],
    WIDTH,
  );
}

/** "3" or "3 to 9", counted from 1. */
export function stageName({ firstStage, lastStage }: Explanation["stages"][number]): string {
  return firstStage === lastStage ? String(firstStage + 1) : `${firstStage + 1} to ${lastStage + 1}`;
}

function memoryLine({ prediction: { memory } }: Explanation): string {
  const left = memory.capacityBytes - memory.totalBytes;
  const verdict = memory.fits
    ? left >= 0
      ? `${formatBytes(left)} left`
      : "which fits only because the allocator can give back what it holds beyond use"
    : `${formatBytes(-left)} too much: it does not fit`;
  return `The fullest, stage ${memory.stage + 1}: ${formatBytes(memory.totalBytes)} of ${formatBytes(memory.capacityBytes)}, ${verdict}.`;
}

function sensitivityTable({ sensitivities }: Explanation): string {
  return table(
    sensitivities,
    [
      { title: "resource", align: "left", cell: ({ resource }) => wordsOf(resource) },
      {
        title: "tokens per second",
        align: "right",
        cell: ({ gainPercent }) => `+${significant(gainPercent, 2)} %`,
      },
      { title: "step", align: "right", cell: ({ stepSeconds }) => formatSeconds(stepSeconds) },
    ],
    WIDTH,
  );
}

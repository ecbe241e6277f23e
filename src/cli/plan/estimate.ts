/** @file `longrun plan estimate`: the back of an envelope, formulas shown. */

import type { Command } from "commander";
import type { Interval } from "../../math/interval.ts";
import { type RoughEstimate, roughEstimate } from "../../plan/estimate/estimate.ts";
import type { EstimateLine } from "../../plan/estimate/lines.ts";
import { peakFlopsOf } from "../../plan/hardware/accelerator.ts";
import { COUNT } from "../../units/kinds.ts";
import { formatBytes, formatCount, formatFlops, formatInterval, formatSeconds } from "../../units/print.ts";
import { amountOption, type CommonOptions, finish, wholeNumber } from "../arguments.ts";
import { printResult } from "../output.ts";
import { MFU, readCluster, readSequence, type SettingFlags, withHardware } from "./setting.ts";

type EstimateFlags = CommonOptions &
  Pick<SettingFlags, "cluster" | "hardware"> & {
    readonly params: number;
    readonly batchSequences: number;
    readonly sequence: number;
    readonly layers?: number;
    readonly hidden?: number;
    readonly heads?: number;
    readonly mfu?: Interval;
  };

export function defineEstimate(command: Command): void {
  command
    .addOption(amountOption("--params <n>", "parameters: 12e9, 70B", COUNT).makeOptionMandatory())
    .requiredOption(
      "--batch-sequences <n>",
      "sequences of one optimiser step",
      wholeNumber("--batch-sequences", 1, 1e9),
    )
    .requiredOption("--sequence <n>", "tokens of a sequence; k is 1024 here", readSequence)
    .option("--cluster <name:count>", "accelerators", "h100:64");
  withHardware(command)
    .option("--layers <n>", "layers", wholeNumber("--layers", 1, 1e5))
    .option("--hidden <n>", "width", wholeNumber("--hidden", 1, 1e7))
    .option("--heads <n>", "attention heads", wholeNumber("--heads", 1, 1e6))
    .addOption(MFU);
  finish(
    command,
    "longrun plan estimate --params 12e9 --batch-sequences 512 --sequence 2048",
    "longrun plan estimate --params 70B --batch-sequences 1024 --sequence 8192 --cluster h100:1024 " +
      "--layers 80 --hidden 8192",
  ).action(runEstimate);
}

function runEstimate(flags: EstimateFlags): void {
  const { accelerator, numDevices, networkBandwidth, oversubscription } = readCluster(flags);
  const answer = roughEstimate({
    parameters: flags.params,
    batchSequences: flags.batchSequences,
    sequence: flags.sequence,
    numDevices,
    deviceName: accelerator.label,
    peakFlopsPerDevice: peakFlopsOf(accelerator, "bf16"),
    memoryBytesPerDevice: accelerator.memoryBytes,
    networkBandwidth: networkBandwidth / oversubscription,
    mfu: flags.mfu ?? null,
    numLayers: flags.layers ?? null,
    hidden: flags.hidden ?? null,
    numHeads: flags.heads ?? null,
  });
  printResult(flags, { cluster: flags.cluster, values: valuesOf(answer), ...answer }, () =>
    estimateText(answer),
  );
}

/** By name, for programs. */
const valuesOf = ({ lines }: RoughEstimate) => Object.fromEntries(lines.map(({ id, value }) => [id, value]));

const GROUPS: Readonly<Record<EstimateLine["group"], string>> = {
  memory: "States",
  activations: "Activations, 16 bits, no tensor parallelism",
  time: "A step",
  communication: "Data-parallel gradients, bf16",
};

function estimateText({ lines, verdicts, assumed }: RoughEstimate): string {
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => {
    const own = lines.filter((line) => line.group === group);
    if (own.length === 0) return [];
    const rows = own.map(
      (line) => `  ${line.name}\n    ${line.formula} = ${formatInterval(line.value, FORMATS[line.unit])}`,
    );
    return [`${title}:\n${rows.join("\n")}`];
  });
  return [
    ...groups,
    verdicts.join("\n"),
    `In brackets: 90 % intervals. Assumed: ${assumed.join("; ")}.`,
  ].join("\n\n");
}

const FORMATS: Readonly<Record<EstimateLine["unit"], (value: number) => string>> = {
  bytes: formatBytes,
  FLOP: formatFlops,
  s: formatSeconds,
  "bytes/s": (value) => `${formatBytes(value)}/s`,
  count: formatCount,
};

/** @file `longrun plan time`: a whole run with its failures. */

import { type Command, Option } from "commander";
import { planTimeFigure } from "../../figures/plan-time-figure.ts";
import { trainingFlops } from "../../law/training-flops.ts";
import type { Interval } from "../../math/interval.ts";
import { peakFlopsOf } from "../../plan/hardware/accelerator.ts";
import type { PartOfTime } from "../../plan/time/breakdown.ts";
import { forecastRun, type RunForecast, refuseHopeless } from "../../plan/time/forecast.ts";
import { goodputOverSize } from "../../plan/time/goodput-by-size.ts";
import { completeInputs, type RunInputs } from "../../plan/time/run-inputs.ts";
import {
  BYTES,
  BYTES_PER_SECOND,
  COUNT,
  DAY_SECONDS,
  DURATION,
  NUMBER,
  SECONDS,
  TOKENS_PER_SECOND,
  WATTS,
} from "../../units/kinds.ts";
import { formatWhole } from "../../units/print.ts";
import { readAmount } from "../../units/read.ts";
import {
  amountOption as amount,
  type CommonOptions,
  finish,
  intervalOption as interval,
  nonNegative,
} from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printResult } from "../output.ts";
import { type FailureFlags, failureFacts } from "./failures.ts";
import { MFU, PRICE, readCluster, withConstants, withSetting } from "./setting.ts";
import { modelFacts, predictedSpeed, type SpeedFlags } from "./speed.ts";
import { runForecastText } from "./time-text.ts";

type TimeFlags = CommonOptions &
  FigureFlag &
  SpeedFlags &
  FailureFlags & {
    readonly elapsed?: number;
    readonly productive?: Interval;
    readonly steps?: number;
    readonly stepSeconds?: Interval;
    readonly tokens?: number;
    readonly tokensPerSecond?: Interval;
    readonly mfu?: Interval;
    readonly params?: number;
    readonly activeParams?: number;
    readonly checkpointBytes?: number;
    readonly storage?: Interval;
    readonly saveMode: "sync" | "async";
    readonly checkpointInterval?: number;
    readonly hardwareAge?: number;
    readonly softwareAge?: number;
    readonly detection?: Interval;
    readonly restart?: Interval;
    readonly repair?: Interval;
    readonly plannedPerDay?: number;
    readonly watts?: Interval;
    readonly pue?: Interval;
    readonly price?: Interval;
  };

export function defineTime(command: Command): void {
  withConstants(
    withSetting(command)
      .option(
        "--layout <layout>",
        "how a step is cut, such as tp=8,pp=16: its predicted speed is taken (the fastest one's)",
      )
      .option("--precision <list>", "number formats of that step: bf16, fp8, mxfp8, nvfp4 (bf16)"),
  );
  for (const option of [...WORK, ...FAILURES, ...MONEY_AND_POWER]) command.addOption(option);
  withFigureFlag(command);
  finish(
    command,
    "longrun plan time --cluster h100:16384 --elapsed 54d --model llama3-405b --failures 419/54d",
    "longrun plan time --cluster h100:4096 --tokens 5T --params 70B --mfu 0.38..0.45 --price 2..3 " +
      "--svg run.svg",
    "longrun plan time --model llama3-405b --cluster h100:16384 --tokens 15.6T --sequence 8192 " +
      "--batch-tokens 16M",
  ).action(runTime);
}

const WORK = [
  amount("--elapsed <time>", "time that passes: how much of it is productive?", DURATION),
  interval("--productive <time>", "time that it takes undisturbed", DURATION),
  amount("--steps <n>", "optimiser steps, with --step-seconds", COUNT),
  interval("--step-seconds <s>", "seconds of one step", SECONDS),
  amount("--tokens <n>", "tokens to train on, with a speed", COUNT),
  interval("--tokens-per-second <n>", "speed of one device", TOKENS_PER_SECOND),
  MFU,
  amount("--params <n>", "parameters: 6 FLOPs a token and 14 bytes of checkpoint each", COUNT),
  amount("--active-params <n>", "those a token uses, of a model with experts", COUNT),
  amount("--checkpoint-bytes <bytes>", "size of a checkpoint", BYTES),
  interval("--storage <bytes/s>", "what storage writes", BYTES_PER_SECOND),
  new Option("--save-mode <mode>", "sync: training waits; async: it goes on after a copy")
    .choices(["sync", "async"])
    .default("sync"),
  amount("--checkpoint-interval <time>", "training between saves (the best one)", DURATION),
];

const FAILURES = [
  new Option("--failures <n/time>", "interruptions seen on this cluster, such as 419/54d, or n/time/devices"),
  new Option("--observed <file>", "interruptions by cause: JSON with gpus, run_days, causes"),
  new Option(
    "--failure-days <file>",
    "days since the start on which the cluster failed, one a line; the last line: the day it is now",
  ),
  new Option("--hardware-age <time>", "age of new hardware at the start: it fails more often").argParser(
    readAge("--hardware-age"),
  ),
  new Option("--software-age <time>", "age of new software at the start").argParser(
    readAge("--software-age"),
  ),
  interval("--detection <time>", "until a failure is noticed", DURATION),
  interval("--restart <time>", "until training goes on", DURATION),
  interval("--repair <time>", "until a node is back, on average", DURATION),
  new Option("--planned-per-day <n>", "planned stops a day").argParser(nonNegative("--planned-per-day")),
];

const MONEY_AND_POWER = [
  interval("--watts <w>", "of one device with its share of the node", WATTS),
  interval("--pue <ratio>", "power of the hall over that of its machines", NUMBER),
  PRICE,
];

/** Days; 0 is an age too. */
function readAge(option: string): (text: string) => number {
  return (text) => (/^0+[a-z]*$/i.test(text.trim()) ? 0 : readAmount(option, DURATION)(text) / DAY_SECONDS);
}

async function runTime(flags: TimeFlags): Promise<void> {
  const cluster = readCluster(flags);
  const model = modelFacts(flags);
  const speed = isSpeedUnknown(flags) ? predictedSpeed(flags) : null;
  const { accelerator, numDevices } = cluster;
  const failures = failureFacts(flags, numDevices, accelerator.devicesPerNode);
  const { inputs, assumed: ofRun } = completeInputs({
    cluster,
    elapsedSeconds: flags.elapsed,
    productiveSeconds: flags.productive,
    steps: flags.steps,
    stepSeconds: flags.stepSeconds,
    tokens: flags.tokens,
    tokensPerSecondPerDevice: flags.tokensPerSecond ?? speed?.tokensPerSecondPerDevice,
    mfu: flags.mfu,
    flopsPerToken:
      flags.activeParams === undefined ? model?.flopsPerToken : trainingFlops(flags.activeParams),
    peakFlopsPerDevice: peakFlopsOf(accelerator, "bf16"),
    parameters: flags.params ?? model?.parameters,
    checkpointBytes: flags.checkpointBytes,
    storageBandwidth: flags.storage,
    saveMode: flags.saveMode,
    intervalSeconds: flags.checkpointInterval,
    record: failures.record,
    ages: {
      hardwareDays: flags.hardwareAge ?? null,
      softwareDays: flags.softwareAge ?? null,
      observed: failures.observed,
    },
    detectionSeconds: flags.detection,
    restartSeconds: flags.restart,
    repairSeconds: flags.repair,
    plannedPerDay: flags.plannedPerDay,
    nodeWattsPerDevice: flags.watts,
    pue: flags.pue,
    pricePerDeviceHour: flags.price,
  });
  const assumed = speed === null ? ofRun : [...speed.sentences, ...ofRun];
  const forecast = forecastRun(inputs);
  refuseHopeless(inputs, forecast);
  const title = `A run on ${formatWhole(numDevices)} ${accelerator.label}`;
  printResult(flags, { cluster: flags.cluster, record: inputs.record, ...forecast, assumed }, () =>
    runForecastText(title, forecast, assumed),
  );
  await writeFigure(flags, () => timeFigure(title, inputs, forecast));
}

/** Tokens to train on, a model, and nothing that says how fast: then the planner predicts it. */
function isSpeedUnknown({ tokens, model, tokensPerSecond, mfu }: TimeFlags): boolean {
  return tokens !== undefined && model !== undefined && tokensPerSecond === undefined && mfu === undefined;
}

const LOST: Readonly<Record<Exclude<PartOfTime, "productive">, string>> = {
  saving: "saving",
  lostWork: "done again",
  detection: "noticing",
  restart: "restarting",
  planned: "planned",
};

function timeFigure(title: string, inputs: RunInputs, { breakdown, goodput }: RunForecast): Promise<string> {
  return planTimeFigure({
    title,
    numDevices: inputs.numDevices,
    goodput,
    parts: Object.entries(LOST).map(([name, part]) => ({
      part,
      seconds: breakdown[name as keyof typeof LOST].median,
    })),
    sizes: goodputOverSize(inputs),
  });
}

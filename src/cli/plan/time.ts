/** @file `longrun plan time`: a whole run with its failures. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { Interval } from "../../math/interval.ts";
import {
  BYTES,
  BYTES_PER_SECOND,
  COUNT,
  DAY_SECONDS,
  DURATION,
  MONEY,
  NUMBER,
  SECONDS,
  SHARE,
  TOKENS_PER_SECOND,
  WATTS,
} from "../../units/kinds.ts";
import { readAmount, readInterval } from "../../units/read.ts";
import { type CommonOptions, finish, nonNegative } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printJson, printText } from "../output.ts";
import { type FailureFlags, failureFacts } from "./failures.ts";
import { withSetting } from "./setting.ts";
import { modelFacts, predictedSpeed, readCluster, type SpeedFlags } from "./speed.ts";

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
    readonly saveMode: string;
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

export function addTimeCommand(plan: Command): void {
  const command = plan
    .command("time")
    .description(
      "Say how long a whole run takes with its failures: goodput, checkpoints, spares, energy and cost. Amounts may be 90 % intervals, lo..hi.",
    );
  withSetting(command)
    .option(
      "--layout <layout>",
      "how a step is cut, such as tp=8,pp=16: its predicted speed is taken (the fastest one's)",
    )
    .option("--precision <list>", "number formats of that step: bf16, fp8, mxfp8, nvfp4 (bf16)")
    .option("--constants <file>", "constants that `longrun plan calibrate --save` has written");
  withWork(command);
  withFailures(command);
  withMoney(command);
  withFigureFlag(command);
  finish(
    command,
    "longrun plan time --cluster h100:16384 --elapsed 54d --model llama3-405b --failures 419/54d\nlongrun plan time --cluster h100:4096 --tokens 5T --params 70B --mfu 0.38..0.45 --price 2..3 --svg run.svg\nlongrun plan time --model llama3-405b --cluster h100:16384 --tokens 15.6T --sequence 8192 --batch-tokens 16M",
  ).action(runTime);
}

function withWork(command: Command): void {
  command
    .option(
      "--elapsed <time>",
      "time that passes: how much of it is productive?",
      readAmount("--elapsed", DURATION),
    )
    .option("--productive <time>", "time that it takes undisturbed", readInterval("--productive", DURATION))
    .option("--steps <n>", "optimiser steps, with --step-seconds", readAmount("--steps", COUNT))
    .option("--step-seconds <s>", "seconds of one step", readInterval("--step-seconds", SECONDS))
    .option("--tokens <n>", "tokens to train on, with a speed", readAmount("--tokens", COUNT))
    .option(
      "--tokens-per-second <n>",
      "speed of one device",
      readInterval("--tokens-per-second", TOKENS_PER_SECOND),
    )
    .option("--mfu <share>", "model FLOPs over the bf16 peak", readInterval("--mfu", SHARE))
    .option(
      "--params <n>",
      "parameters: 6 FLOPs a token and 14 bytes of checkpoint each",
      readAmount("--params", COUNT),
    )
    .option(
      "--active-params <n>",
      "those a token uses, of a model with experts",
      readAmount("--active-params", COUNT),
    )
    .option("--checkpoint-bytes <bytes>", "size of a checkpoint", readAmount("--checkpoint-bytes", BYTES))
    .option("--storage <bytes/s>", "what storage writes", readInterval("--storage", BYTES_PER_SECOND))
    .option("--save-mode <mode>", "sync: training waits; async: it goes on after a copy", "sync")
    .option(
      "--checkpoint-interval <time>",
      "training between saves (the best one)",
      readAmount("--checkpoint-interval", DURATION),
    );
}

function withFailures(command: Command): void {
  command
    .option("--failures <n/time>", "interruptions seen on this cluster, such as 419/54d, or n/time/devices")
    .option("--observed <file>", "interruptions by cause: JSON with gpus, run_days, causes")
    .option(
      "--failure-days <file>",
      "days since the start on which the cluster failed, one a line; the last line: the day it is now",
    )
    .option(
      "--hardware-age <time>",
      "age of new hardware at the start: it fails more often",
      readAge("--hardware-age"),
    )
    .option("--software-age <time>", "age of new software at the start", readAge("--software-age"))
    .option("--detection <time>", "until a failure is noticed", readInterval("--detection", DURATION))
    .option("--restart <time>", "until training goes on", readInterval("--restart", DURATION))
    .option("--repair <time>", "until a node is back, on average", readInterval("--repair", DURATION))
    .option("--planned-per-day <n>", "planned stops a day", nonNegative("--planned-per-day"));
}

function withMoney(command: Command): void {
  command
    .option("--watts <w>", "of one device with its share of the node", readInterval("--watts", WATTS))
    .option("--pue <ratio>", "power of the hall over that of its machines", readInterval("--pue", NUMBER))
    .option("--price <money>", "of one device for an hour", readInterval("--price", MONEY));
}

/** Days; 0 is an age too. */
function readAge(option: string): (text: string) => number {
  return (text) => (/^0+[a-z]*$/i.test(text.trim()) ? 0 : readAmount(option, DURATION)(text) / DAY_SECONDS);
}

async function runTime(flags: TimeFlags): Promise<void> {
  const [{ peakOf }, { completeInputs }, { forecastRun, refuseHopeless }] = await Promise.all([
    import("../../plan/hardware/accelerator.ts"),
    import("../../plan/time/run-inputs.ts"),
    import("../../plan/time/forecast.ts"),
  ]);
  const cluster = await readCluster(flags);
  const model = await modelFacts(flags);
  const speed = isSpeedUnknown(flags) ? await predictedSpeed(flags) : null;
  const { accelerator, numDevices } = cluster;
  const failures = await failureFacts(flags, numDevices, accelerator.devicesPerNode);
  const { inputs, assumed: ofRun } = completeInputs({
    cluster,
    elapsedSeconds: flags.elapsed,
    productiveSeconds: flags.productive,
    steps: flags.steps,
    stepSeconds: flags.stepSeconds,
    tokens: flags.tokens,
    tokensPerSecondPerDevice: flags.tokensPerSecond ?? speed?.tokensPerSecondPerDevice,
    mfu: flags.mfu,
    flopsPerToken: flags.activeParams === undefined ? model?.flopsPerToken : 6 * flags.activeParams,
    peakFlopsPerDevice: peakOf(accelerator, "bf16"),
    parameters: flags.params ?? model?.parameters,
    checkpointBytes: flags.checkpointBytes,
    storageBandwidth: flags.storage,
    saveMode: saveModeOf(flags.saveMode),
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
  const title = `A run on ${numDevices.toLocaleString("en")} ${accelerator.label}`;
  if (flags.json) {
    printJson({ cluster: flags.cluster, record: inputs.record, ...forecast, assumed });
  } else {
    const { runForecastText } = await import("./time-text.ts");
    printText(runForecastText(title, forecast, assumed));
  }
  await writeFigure(flags, () => timeFigure(title, inputs, forecast));
}

/** Tokens to train on, a model, and nothing that says how fast: then the planner predicts it. */
function isSpeedUnknown({ tokens, model, tokensPerSecond, mfu }: TimeFlags): boolean {
  return tokens !== undefined && model !== undefined && tokensPerSecond === undefined && mfu === undefined;
}

function saveModeOf(text: string): "sync" | "async" {
  if (text === "sync" || text === "async") return text;
  throw new UserError(`--save-mode "${text}"`, "sync or async", "choose one");
}

async function timeFigure(
  title: string,
  inputs: import("../../plan/time/run-inputs.ts").RunInputs,
  forecast: import("../../plan/time/forecast.ts").RunForecast,
): Promise<string> {
  const [{ planTimeFigure }, { goodputOverSize }] = await Promise.all([
    import("../../figures/plan-time-figure.ts"),
    import("../../plan/time/goodput-by-size.ts"),
  ]);
  const { productive: _, ...lost } = forecast.breakdown;
  const names = {
    saving: "saving",
    lostWork: "done again",
    detection: "noticing",
    restart: "restarting",
    planned: "planned",
  };
  return planTimeFigure({
    title,
    numDevices: inputs.numDevices,
    goodput: forecast.goodput,
    parts: Object.entries(lost).map(([part, { median: seconds }]) => ({
      part: names[part as keyof typeof names],
      seconds,
    })),
    sizes: goodputOverSize(inputs),
  });
}

/** @file From what people know of a run (tokens, parameters, MFU, storage) to the whole-run question, with every assumption said. */

import { UserError } from "../../errors.ts";
import { certain, type Interval, scaledBy, within } from "../../math/interval.ts";
import { formatBytes, formatSeconds, significant } from "../../units/print.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { refuseMfuAboveOne } from "../usual.ts";
import type { Ages } from "./burn-in.ts";
import { CLUSTERS_LOG_SD, type FailureRecord, LLAMA_3, plannedStopsPerDay } from "./causes.ts";
import { CHECKPOINT_BYTES_PER_PARAMETER, STORAGE_BANDWIDTH_PER_DEVICE, saveCost } from "./checkpoint.ts";
import {
  DETECTION_SECONDS,
  PUE,
  REPAIR_SECONDS,
  RESTART_SECONDS,
  type RunQuestion,
  WATTS_LOG_SD,
  type Work,
} from "./question.ts";

/** What may be known; undefined: take the default and say so. */
export type RunFacts = {
  readonly cluster: Cluster;
  readonly elapsedSeconds?: number | undefined;
  readonly productiveSeconds?: Interval | undefined;
  readonly steps?: number | undefined;
  readonly stepSeconds?: Interval | undefined;
  readonly tokens?: number | undefined;
  readonly tokensPerSecondPerDevice?: Interval | undefined;
  readonly mfu?: Interval | undefined;
  /** FLOPs of a token, forward and backward; 6 x parameters where not known better. */
  readonly flopsPerToken?: number | undefined;
  readonly peakFlopsPerDevice: number;
  readonly parameters?: number | undefined;
  readonly checkpointBytes?: number | undefined;
  readonly storageBandwidth?: Interval | undefined;
  readonly saveMode: "sync" | "async";
  readonly intervalSeconds?: number | undefined;
  readonly record?: FailureRecord | undefined;
  readonly ages: Ages;
  readonly detectionSeconds?: Interval | undefined;
  readonly restartSeconds?: Interval | undefined;
  readonly repairSeconds?: Interval | undefined;
  readonly plannedPerDay?: number | undefined;
  readonly nodeWattsPerDevice?: Interval | undefined;
  readonly pue?: Interval | undefined;
  readonly pricePerDeviceHour?: Interval | undefined;
};

/** Storage that is written to by everybody is faster or slower by half. Assumption. */
const STORAGE_LOG_SD = 0.4;

/** The question, and what had to be assumed for it, in sentences. */
export function askRun(facts: RunFacts): {
  readonly question: RunQuestion;
  readonly assumed: readonly string[];
} {
  const assumed: string[] = [];
  const assume = <T>(given: T | undefined, otherwise: T, sentence: string): T => {
    if (given !== undefined) return given;
    assumed.push(sentence);
    return otherwise;
  };
  const { cluster } = facts;
  const { accelerator, numDevices } = cluster;
  const work = workOf(facts);
  refuseUnits(facts, work);
  const planned = plannedStopsPerDay(numDevices, accelerator.devicesPerNode);
  const save = saveOf(facts, assume);
  const record = assume(
    facts.record,
    LLAMA_3,
    `failures as those of ${LLAMA_3.source}; clusters differ by a factor of 3.7 either way (90 %), and others published failed 1.1 to 6 times as often`,
  );
  const question: RunQuestion = {
    work,
    numDevices,
    devicesPerNode: accelerator.devicesPerNode,
    record,
    clusterLogSd: facts.record === undefined ? CLUSTERS_LOG_SD : 0,
    ages: facts.ages,
    stallSeconds: save.stall,
    lagSeconds: save.lag,
    intervalSeconds: facts.intervalSeconds ?? null,
    detectionSeconds: assume(
      facts.detectionSeconds,
      DETECTION_SECONDS,
      `${rangeOf(DETECTION_SECONDS)} until a failure is noticed`,
    ),
    restartSeconds: assume(
      facts.restartSeconds,
      RESTART_SECONDS,
      `${rangeOf(RESTART_SECONDS)} to restart, as MLPerf submissions need to start`,
    ),
    plannedPerDay: assume(
      // Those of a record count where it is the cluster's own.
      facts.plannedPerDay ?? facts.record?.plannedPerDay ?? undefined,
      planned,
      planned === 0
        ? "no planned stops: less than one node"
        : `${significant(planned, 2)} planned stops a day, Llama 3's ${LLAMA_3.plannedPerDay!.toFixed(2)} in proportion to the devices and at most those`,
    ),
    repairSeconds: assume(
      facts.repairSeconds,
      REPAIR_SECONDS,
      `${rangeOf(REPAIR_SECONDS)} of repair on average, as in StepFun's trace`,
    ),
    nodeWattsPerDevice: assume(
      facts.nodeWattsPerDevice,
      within(accelerator.nodeWattsPerDevice, WATTS_LOG_SD),
      `${accelerator.nodeWattsPerDevice} W for each ${accelerator.label} with its share of the node`,
    ),
    pue: assume(facts.pue, PUE, `a PUE of ${PUE.lo} to ${PUE.hi}`),
    pricePerDeviceHour: facts.pricePerDeviceHour ?? null,
  };
  return { question, assumed };
}

/** Throws a `UserError` for a hall that makes power, and for a run that ends before its first save. */
function refuseUnits({ pue, intervalSeconds }: RunFacts, work: Work): void {
  if (pue !== undefined && pue.lo < 1) {
    throw new UserError(
      `a PUE of ${pue.lo}`,
      "1 or more: power of the hall over that of its machines",
      "give --pue 1.1..1.4, or leave it out",
    );
  }
  const seconds = work.kind === "elapsed" ? work.seconds : work.seconds.median;
  if (intervalSeconds !== undefined && intervalSeconds > seconds) {
    throw new UserError(
      `a save every ${formatSeconds(intervalSeconds)} of a run of ${formatSeconds(seconds)}`,
      "an interval that is no longer than the run",
      "shorten --checkpoint-interval, or leave it out to take the best",
    );
  }
}

type Assume = <T>(given: T | undefined, otherwise: T, sentence: string) => T;

function rangeOf({ lo, hi }: Interval): string {
  return `${formatSeconds(lo)} to ${formatSeconds(hi)}`;
}

function saveOf(facts: RunFacts, assume: Assume): { readonly stall: Interval; readonly lag: Interval } {
  const { numDevices } = facts.cluster;
  const bytes = facts.checkpointBytes ?? (facts.parameters ?? Number.NaN) * CHECKPOINT_BYTES_PER_PARAMETER;
  if (!(bytes > 0)) {
    throw new UserError(
      "nothing that says how large a checkpoint is",
      "--model or --params (14 bytes each), or --checkpoint-bytes",
      "add one: --params 405B",
    );
  }
  const usual = STORAGE_BANDWIDTH_PER_DEVICE * numDevices;
  const bandwidth = assume(
    facts.storageBandwidth,
    within(usual, STORAGE_LOG_SD),
    `storage of ${formatBytes(usual)}/s, Llama 3's share for each device`,
  );
  const costAt = (speed: number) => saveCost(bytes, numDevices, speed, facts.saveMode);
  // The slower the storage the longer both: its interval turns round.
  const [middle, slow, fast] = [costAt(bandwidth.median), costAt(bandwidth.lo), costAt(bandwidth.hi)];
  return {
    stall: { median: middle.stallSeconds, lo: fast.stallSeconds, hi: slow.stallSeconds },
    lag:
      middle.lagSeconds === 0
        ? certain(0)
        : { median: middle.lagSeconds, lo: fast.lagSeconds, hi: slow.lagSeconds },
  };
}

const WAYS =
  "one of: --elapsed 54d; --productive 50d; --steps with --step-seconds; --tokens with --tokens-per-second, or with --mfu and --params or --model";

function workOf(facts: RunFacts): Work {
  const { elapsedSeconds, productiveSeconds, steps, stepSeconds, tokens } = facts;
  const given = [elapsedSeconds, productiveSeconds, steps, tokens].filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw new UserError(`${given.length} ways to say how much work there is`, WAYS, "give exactly one");
  }
  if (elapsedSeconds !== undefined) return { kind: "elapsed", seconds: elapsedSeconds };
  if (productiveSeconds !== undefined) return { kind: "productive", seconds: productiveSeconds };
  if (steps !== undefined && stepSeconds !== undefined) {
    return { kind: "productive", seconds: scaledBy(stepSeconds, steps) };
  }
  if (tokens !== undefined) return { kind: "productive", seconds: secondsFor(facts, tokens) };
  throw new UserError("--steps without --step-seconds", WAYS, "add --step-seconds");
}

function secondsFor(facts: RunFacts, tokens: number): Interval {
  const { cluster, tokensPerSecondPerDevice, mfu, peakFlopsPerDevice, parameters } = facts;
  const over = ({ median, lo, hi }: Interval, work: number) => ({
    median: work / median,
    lo: work / hi,
    hi: work / lo,
  });
  if (tokensPerSecondPerDevice !== undefined) {
    return over(tokensPerSecondPerDevice, tokens / cluster.numDevices);
  }
  const flopsPerToken = facts.flopsPerToken ?? (parameters === undefined ? undefined : 6 * parameters);
  if (mfu === undefined || flopsPerToken === undefined) {
    throw new UserError(
      "--tokens without a speed",
      WAYS,
      "add --mfu 0.38..0.43 and --params 405B, or --tokens-per-second (per device)",
    );
  }
  refuseMfuAboveOne(mfu);
  return over(mfu, (tokens * flopsPerToken) / (cluster.numDevices * peakFlopsPerDevice));
}

/** @file What a run's forecast starts from: facts that people know, and stated assumptions. */

import { UserError } from "../../errors.ts";
import { trainingFlops } from "../../law/training-flops.ts";
import { type Interval, mapInterval, scaledBy, within } from "../../math/interval.ts";
import { fixed, formatBytes, formatSeconds, significant } from "../../units/print.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { CHECKPOINT_BYTES } from "../optimiser.ts";
import { refuseMfuAboveOne } from "../typical-runs.ts";
import {
  DETECTION_SECONDS,
  PUE,
  REPAIR_SECONDS,
  RESTART_SECONDS,
  STORAGE_BANDWIDTH_PER_DEVICE,
  STORAGE_LOG_SD,
  WATTS_LOG_SD,
} from "./assumptions.ts";
import type { Ages } from "./burn-in.ts";
import { CLUSTERS_LOG_SD, type FailureRecord, LLAMA_3, plannedStopsPerDay } from "./causes.ts";
import { saveCost } from "./checkpoint.ts";

/** How much there is to do. */
export type Work =
  /** Training at full speed, uninterrupted, takes so long: how long does it take in all? */
  | { readonly kind: "productive"; readonly seconds: Interval }
  /** So much time passes: how much of it is productive? */
  | { readonly kind: "elapsed"; readonly seconds: number };

/** All that a run's forecast starts from. */
export type RunInputs = {
  readonly work: Work;
  readonly numDevices: number;
  readonly devicesPerNode: number;
  readonly record: FailureRecord;
  /** How far this cluster may differ from the record's: sd of the log; 0 where the record is its own. */
  readonly clusterLogSd: number;
  readonly ages: Ages;
  /** Seconds that training stands still at a save, and until it is safe. */
  readonly stallSeconds: Interval;
  readonly lagSeconds: Interval;
  /** Seconds of training between saves; null: the best. */
  readonly intervalSeconds: number | null;
  readonly detectionSeconds: Interval;
  readonly restartSeconds: Interval;
  readonly plannedPerDay: number;
  /** From a node's failure to its return. */
  readonly repairSeconds: Interval;
  readonly nodeWattsPerDevice: Interval;
  readonly pue: Interval;
  /** Money an hour for each device; null: not asked. */
  readonly pricePerDeviceHour: Interval | null;
};

/** Inputs that an assumption can stand in for. */
export type Assumable = Pick<
  RunInputs,
  | "record"
  | "detectionSeconds"
  | "restartSeconds"
  | "plannedPerDay"
  | "repairSeconds"
  | "nodeWattsPerDevice"
  | "pue"
>;

/** What may be known; where it is undefined an assumption takes its place. */
export type RunFacts = { readonly [Name in keyof Assumable]?: Assumable[Name] | undefined } & {
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
  readonly ages: Ages;
  readonly pricePerDeviceHour?: Interval | undefined;
};

/** A value that was given, or the one assumed in its place with the sentence that says so. */
type Assume = <T>(given: T | undefined, otherwise: T, sentence: string) => T;

/**
 * The inputs, and what had to be assumed for them, in sentences.
 * Throws a `UserError` for work or a checkpoint of unknown size, and for values that cannot be.
 */
export function completeInputs(facts: RunFacts): {
  readonly inputs: RunInputs;
  readonly assumed: readonly string[];
} {
  const assumed: string[] = [];
  const assume: Assume = (given, otherwise, sentence) => {
    if (given !== undefined) return given;
    assumed.push(sentence);
    return otherwise;
  };
  const { numDevices, accelerator } = facts.cluster;
  const { devicesPerNode, nodeWattsPerDevice: watts } = accelerator;
  const work = workOf(facts);
  refuseUnits(facts, work);
  const planned = plannedStopsPerDay(numDevices, devicesPerNode);
  const inputs: RunInputs = {
    work,
    numDevices,
    devicesPerNode,
    ...saveOf(facts, assume),
    record: assume(
      facts.record,
      LLAMA_3,
      `failures as those of ${LLAMA_3.source}; clusters differ by a factor of 3.7 either way (90 %), ` +
        "and others published failed 1.1 to 6 times as often",
    ),
    clusterLogSd: facts.record === undefined ? CLUSTERS_LOG_SD : 0,
    ages: facts.ages,
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
        : `${significant(planned, 2)} planned stops a day, Llama 3's ${fixed(LLAMA_3.plannedPerDay!, 2)} ` +
            "in proportion to the devices and at most those",
    ),
    repairSeconds: assume(
      facts.repairSeconds,
      REPAIR_SECONDS,
      `${rangeOf(REPAIR_SECONDS)} of repair on average, as in StepFun's trace`,
    ),
    nodeWattsPerDevice: assume(
      facts.nodeWattsPerDevice,
      within(watts, WATTS_LOG_SD),
      `${watts} W for each ${accelerator.label} with its share of the node`,
    ),
    pue: assume(facts.pue, PUE, `a PUE of ${PUE.lo} to ${PUE.hi}`),
    pricePerDeviceHour: facts.pricePerDeviceHour ?? null,
  };
  return { inputs, assumed };
}

function rangeOf({ lo, hi }: Interval): string {
  return `${formatSeconds(lo)} to ${formatSeconds(hi)}`;
}

/** Throws a `UserError` for a hall that makes power, and for a run that ends before its first save. */
function refuseUnits({ pue, intervalSeconds }: RunFacts, work: Work): void {
  if (pue !== undefined && pue.lo < 1)
    throw new UserError(
      `a PUE of ${pue.lo}`,
      "1 or more: power of the hall over that of its machines",
      "give --pue 1.1..1.4, or leave it out",
    );
  const seconds = work.kind === "elapsed" ? work.seconds : work.seconds.median;
  if (intervalSeconds !== undefined && intervalSeconds > seconds)
    throw new UserError(
      `a save every ${formatSeconds(intervalSeconds)} of a run of ${formatSeconds(seconds)}`,
      "an interval that is no longer than the run",
      "shorten --checkpoint-interval, or leave it out to take the best",
    );
}

function saveOf(facts: RunFacts, assume: Assume): Pick<RunInputs, "stallSeconds" | "lagSeconds"> {
  const { numDevices } = facts.cluster;
  const bytes = facts.checkpointBytes ?? (facts.parameters ?? Number.NaN) * CHECKPOINT_BYTES;
  if (!(bytes > 0))
    throw new UserError(
      "nothing that says how large a checkpoint is",
      `--model or --params (${CHECKPOINT_BYTES} bytes each), or --checkpoint-bytes`,
      "add one: --params 405B",
    );
  const typical = STORAGE_BANDWIDTH_PER_DEVICE * numDevices;
  const bandwidth = assume(
    facts.storageBandwidth,
    within(typical, STORAGE_LOG_SD),
    `storage of ${formatBytes(typical)}/s, Llama 3's share for each device`,
  );
  const costAt = (speed: number) => saveCost(bytes, numDevices, speed, facts.saveMode);
  return {
    stallSeconds: mapInterval(bandwidth, (speed) => costAt(speed).stallSeconds),
    lagSeconds: mapInterval(bandwidth, (speed) => costAt(speed).lagSeconds),
  };
}

const WAYS =
  "one of: --elapsed 54d; --productive 50d; --steps with --step-seconds; --tokens with " +
  "--tokens-per-second, or with --mfu and --params or --model";

function workOf(facts: RunFacts): Work {
  const { elapsedSeconds, productiveSeconds, steps, stepSeconds, tokens } = facts;
  const given = [elapsedSeconds, productiveSeconds, steps, tokens].filter((each) => each !== undefined);
  if (given.length !== 1)
    throw new UserError(`${given.length} ways to say how much work there is`, WAYS, "give exactly one");
  if (elapsedSeconds !== undefined) return { kind: "elapsed", seconds: elapsedSeconds };
  if (productiveSeconds !== undefined) return { kind: "productive", seconds: productiveSeconds };
  if (tokens !== undefined) return { kind: "productive", seconds: secondsFor(facts, tokens) };
  if (stepSeconds === undefined)
    throw new UserError("--steps without --step-seconds", WAYS, "add --step-seconds");
  return { kind: "productive", seconds: scaledBy(stepSeconds, steps!) };
}

function secondsFor(facts: RunFacts, tokens: number): Interval {
  const { cluster, tokensPerSecondPerDevice, mfu, peakFlopsPerDevice, parameters } = facts;
  const at = (speed: Interval, work: number) => mapInterval(speed, (each) => work / each);
  if (tokensPerSecondPerDevice !== undefined)
    return at(tokensPerSecondPerDevice, tokens / cluster.numDevices);
  const flopsPerToken =
    facts.flopsPerToken ?? (parameters === undefined ? undefined : trainingFlops(parameters));
  if (mfu === undefined || flopsPerToken === undefined)
    throw new UserError(
      "--tokens without a speed",
      WAYS,
      "add --mfu 0.38..0.43 and --params 405B, or --tokens-per-second (per device)",
    );
  refuseMfuAboveOne(mfu);
  return at(mfu, (tokens * flopsPerToken) / (cluster.numDevices * peakFlopsPerDevice));
}

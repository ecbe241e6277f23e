/** @file Model and layout chosen together for one cluster, a number of days and a law. */

import { UserError } from "../../errors.ts";
import { type ScalingLaw, surfacesOf } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { formatWhole } from "../../units/print.ts";
import { type Precision, peakFlopsOf } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { devicesOf, type Job, type Layout, type Software } from "../layout/layout.ts";
import { divisors } from "../layout/parse.ts";
import { validityNotes } from "../step/interval.ts";
import { TYPICAL_MFU } from "../typical-runs.ts";
import { ASSUMPTIONS, batchTokensFor, MOST_BATCH_TOKENS } from "./assumptions.ts";
import type { Setting, ShapeCandidate } from "./candidate.ts";
import type { LayoutFinder } from "./layout-finder.ts";
import { frontierOf, optimise, type ShapeSearch } from "./optimise.ts";
import { type PlannedModel, type PricedModel, plannedModelOf } from "./planned-model.ts";
import { type LawAlone, lawAlone, priceOf, scenariosOf } from "./scenarios.ts";
import { GRIDS, MODERATE_RULE, type Routing, type ShapeChoice } from "./shapes.ts";
import { codesignWarnings } from "./warnings.ts";

/** What is given. */
export type CodesignRequest = {
  readonly cluster: Cluster;
  readonly law: ScalingLaw;
  readonly days: number;
  readonly goodput: Interval;
  readonly sequence: number;
  readonly vocabularySize: number;
  /** Ways of routing to choose among; null: dense. */
  readonly routings: readonly Routing[];
  readonly precision: Precision;
  /** Sequences of one step; null: DeepSeek LLM's rule, at most Llama 3's largest. */
  readonly batchSequences: number | null;
  readonly software: Software;
};

/** The answer, in plain numbers. */
export type Codesign = {
  readonly cluster: {
    readonly accelerator: string;
    readonly acceleratorLabel: string;
    readonly numDevices: number;
    /** Devices that the best design's layout does not use. */
    readonly idleDevices: number;
    readonly domainSize: number;
  };
  readonly days: number;
  readonly goodput: Interval;
  readonly sequence: number;
  readonly batchTokens: number;
  readonly precision: Precision;
  readonly law: {
    readonly name: string;
    readonly formula: string;
    readonly counts: string;
    readonly numDraws: number;
  };
  readonly best: PlannedModel;
  /** FLOPs of the whole run. */
  readonly compute: number;
  /** Training compute over that of the law's largest run; null: not known. */
  readonly reach: number | null;
  /** The law's own optimum for the same FLOPs, whatever runs them. */
  readonly lawAlone: LawAlone;
  /** Model and layout chosen apart: the law's own size in a middle shape. Null: it does not fit. */
  readonly apart: PricedModel | null;
  /** By grid, from free to round, then of a moderate aspect on any grid. Null: nothing of it fits. */
  readonly rounded: readonly {
    readonly name: string;
    /** What it asks for, in words. */
    readonly rule: string;
    readonly best: PricedModel | null;
  }[];
  /** With other fast domains, priced against the cluster's own; negative: better. Null: none fits. */
  readonly domains: readonly {
    readonly domainSize: number;
    readonly isOwn: boolean;
    readonly best: PricedModel | null;
    /** The least loss of each size. */
    readonly sizes: readonly {
      readonly activeParameters: number;
      readonly loss: number;
      readonly mfu: number;
    }[];
  }[];
  readonly frontier: readonly PlannedModel[];
  readonly numTried: number;
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
};

/** Finds layouts on a cluster. */
export type FinderFor = (cluster: Cluster, job: Job) => LayoutFinder;

/** Fast domains to compare with: eight of an HGX board, 72 of an NVL72 rack. */
const DOMAINS = [8, 72] as const;

/** The answer. Throws a `UserError` where nothing fits. */
export function codesign(request: CodesignRequest, finderFor: FinderFor): Codesign {
  const { cluster, law, days, goodput } = request;
  const rough = roughCompute(request);
  const job = jobOf(request, rough);
  const setting: Setting = {
    law: surfacesOf(law),
    vocabularySize: request.vocabularySize,
    days,
    goodput,
  };
  const optima = optimaByDomain(request, (domainSize, known) =>
    optimise(setting, finderFor({ ...cluster, domainSize }, job), request.routings, rough, known),
  );
  const own = optima.get(cluster.domainSize)!;
  const best = own.best[0];
  if (!best) throw nothingFits(request, job);
  const scenarios = scenariosOf(setting, best.prediction.stepInterval);
  const model = (candidate: ShapeCandidate) => plannedModelOf(law, scenarios, candidate);
  const priced = (candidate: ShapeCandidate | null | undefined) =>
    candidate ? { model: model(candidate), price: priceOf(scenarios, days, candidate, best) } : null;
  const compute = (best.prediction.modelFlops / best.prediction.stepSeconds) * trainingSeconds(request);
  return {
    cluster: usedBy(best.layout, cluster),
    days,
    goodput,
    sequence: job.sequence,
    batchTokens: job.batchSequences * job.sequence,
    precision: request.precision,
    law: { name: law.name, formula: law.formula, counts: law.counts, numDraws: law.draws.length },
    best: model(best),
    compute,
    reach: law.largestCompute === null ? null : compute / law.largestCompute,
    lawAlone: lawAlone(law, scenarios, compute, compute / (best.active * best.tokens)),
    apart: priced(own.apart),
    rounded: [
      ...GRIDS.map(({ name, rule }, i) => ({ name, rule, best: priced(own.best[i]) })),
      { name: "moderate", rule: MODERATE_RULE, best: priced(own.moderate) },
    ],
    domains: [...optima].map(([domainSize, { best: there, tried }]) => ({
      domainSize,
      isOwn: domainSize === cluster.domainSize,
      best: priced(there[0]),
      sizes: frontierOf(tried).map(({ active, loss, prediction }) => ({
        activeParameters: active,
        loss,
        mfu: prediction.mfu,
      })),
    })),
    frontier: frontierOf(own.tried).map(model),
    numTried: own.tried.length,
    assumptions: ASSUMPTIONS,
    warnings: [
      ...codesignWarnings(law, request.routings, best, own, compute),
      ...validityNotes(best.prediction).map((note) => note.replace(/\.$/, "")),
    ],
  };
}

/** The cluster in plain numbers, with what of it a layout leaves idle. */
function usedBy(layout: Layout, { accelerator, numDevices, domainSize }: Cluster): Codesign["cluster"] {
  return {
    accelerator: accelerator.name,
    acceleratorLabel: accelerator.label,
    numDevices,
    idleDevices: numDevices - devicesOf(layout),
    domainSize,
  };
}

/** The cluster with its own and other fast domains; what is best on one is tried on the next. */
function optimaByDomain(
  { cluster }: CodesignRequest,
  optimumOn: (domainSize: number, known: readonly ShapeChoice[]) => ShapeSearch,
): ReadonlyMap<number, ShapeSearch> {
  const optima = new Map<number, ShapeSearch>();
  const known: ShapeChoice[] = [];
  for (const domainSize of [...new Set([cluster.domainSize, ...DOMAINS])].sort((a, b) => a - b)) {
    const optimum = optimumOn(domainSize, known);
    optima.set(domainSize, optimum);
    known.push(...optimum.best.flatMap((candidate) => candidate?.choice ?? []));
  }
  return optima;
}

function trainingSeconds({ days, goodput }: CodesignRequest): number {
  return days * DAY_SECONDS * goodput.median;
}

function roughCompute(request: CodesignRequest): number {
  const { accelerator, numDevices } = request.cluster;
  return (
    TYPICAL_MFU.median * peakFlopsOf(accelerator, request.precision) * numDevices * trainingSeconds(request)
  );
}

/**
 * The batch in whole sequences that replicas can share: a power of two, times what of the device count is
 * odd. Where that is more than a quarter of the batch, as with 100,000 = 32 x 3125, a part of it is left to
 * the pipeline.
 */
function jobOf({ cluster, sequence, batchSequences, software }: CodesignRequest, compute: number): Job {
  if (batchSequences !== null) return { sequence, batchSequences, software };
  const wanted = Math.min(batchTokensFor(compute), MOST_BATCH_TOKENS) / sequence;
  const odd = divisors(cluster.numDevices).filter((divisor) => divisor % 2 === 1);
  const unit = odd.findLast((divisor) => divisor <= wanted / 4) ?? 1;
  return {
    sequence,
    batchSequences: unit * 2 ** Math.max(0, Math.round(Math.log2(wanted / unit))),
    software,
  };
}

function nothingFits({ cluster, vocabularySize }: CodesignRequest, job: Job): UserError {
  return new UserError(
    `no shape that fits ${formatWhole(cluster.numDevices)} x ${cluster.accelerator.label} ` +
      `with ${job.batchSequences} sequences of ${job.sequence} a step and ${vocabularySize} tokens ` +
      "in the vocabulary",
    "at least one layout that fits in memory and divides the batch",
    "change --batch-tokens so that replicas can share it, shorten --sequence, or take more devices",
  );
}

/** @file The account of a campaign for its reader: the record folded into what the report says. Nothing else is read. */

import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { allParameters, architectureText } from "../../model/shape.ts";
import type { RecordEvent } from "../../record/events.ts";
import { readRecord, recordPath } from "../../record/record.ts";
import type {
  Bet,
  CampaignFacts,
  DataFacts,
  EnvironmentFacts,
  ForecastFacts,
  GateFact,
  OpenIssue,
  ReportData,
  RungRow,
  SourceLoss,
  TargetFacts,
} from "../../report/data.ts";
import type { HeldOut } from "../../train/held-out.ts";
import { WARM_UP_SHARE } from "../../train/schedule.ts";
import { formatCount } from "../../units/print.ts";
import { statedIssues } from "../planning/make-plan.ts";
import { LOSS, STEP_TIME } from "../quantities.ts";
import type { FitResult } from "../stages/fit.ts";
import { lastChecks } from "../stages/gate.ts";
import type { LadderRun } from "../stages/ladder.ts";
import { curveAgainstBand, curvePoints } from "./curve-band.ts";
import { featureFacts } from "./features.ts";
import type { History } from "./history.ts";
import { environmentAt, historyOf, lockOf } from "./history.ts";
import { incidentsOf } from "./incidents.ts";
import { scoredRows } from "./scored-rows.ts";
import { secondsOfWork } from "./work-time.ts";

/** Reads a campaign's folder. */
export function accountOf(folder: string): ReportData {
  const { events, head } = readRecord(folder);
  const history = historyOf(events);
  const { planned, manifest, ladder, fit, target, verdict, targetName } = history;
  return {
    campaign: campaignFacts(folder, events, history),
    bet: betOf(history),
    data: manifest ? dataFacts(history, manifest) : null,
    ladder: (ladder ?? []).map(rungRow),
    features: featureFacts(history),
    forecast: fit ? forecastOf(fit, ladder ?? [], planned.plan.target.flops) : null,
    lock: lockOf(events, targetName),
    gates: gatesOf(events, targetName),
    issues: issuesOf(events, history),
    target: targetOf(events, history),
    verdict: scoredRows(events, history),
    operations: fit && target ? operationsOf(fit, target) : [],
    incidents: incidentsOf(events),
    sample: verdict ? verdict.sample : null,
    environment: environmentFacts(events, history),
    record: { events: events.length, headHash: head, path: recordPath(folder) },
  };
}

function campaignFacts(
  folder: string,
  events: readonly RecordEvent[],
  { planned, plannedAt, ladder, features, target, verdict }: History,
): CampaignFacts {
  const peaks = [
    ...[...(ladder ?? []), ...(features ?? []).flatMap(({ runs }) => runs)].map(
      ({ summary }) => summary.peakBytes,
    ),
    ...(target ? [target.peakBytes] : []),
  ];
  return {
    name: planned.campaign,
    folder,
    status: statusOf(events, verdict !== null),
    startedAt: plannedAt,
    endedAt: verdict ? (events.findLast(({ kind }) => kind === "stage-finished")?.time ?? null) : null,
    seconds: secondsOfWork(events),
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
  };
}

function statusOf(events: readonly RecordEvent[], finished: boolean): CampaignFacts["status"] {
  if (finished) return { kind: "finished" };
  const last = events.findLast((event) => event.kind === "decision" || event.kind === "stage-started");
  if (last?.kind === "decision" && last.data.decision !== "go")
    return { kind: last.data.decision === "hold" ? "held" : "stopped", reason: last.data.reason };
  return {
    kind: "running",
    stage: last?.kind === "stage-started" ? last.data.stage : last ? "target" : "prepare",
  };
}

function betOf({ planned, plannedOn }: History): Bet {
  const { plan, budget, expectedSeconds } = planned;
  const { spec, matrixParameters, tokens, flops } = plan.target;
  const { shape, optimiser } = spec;
  const stepFlops = flops / spec.numSteps;
  const ladderFlops = plan.rungs.flatMap(({ runs }) => runs).reduce((sum, run) => sum + run.flops, 0);
  return {
    parameters: matrixParameters,
    allParameters: allParameters(shape),
    tokens,
    flops,
    steps: spec.numSteps,
    tokensPerStep: spec.batchSequences * spec.sequenceLength,
    shape: [
      {
        name: "architecture",
        value: architectureText(shape),
      },
      { name: "width, layers", value: `${shape.width}, ${shape.numLayers}` },
      {
        name: "heads",
        value: `${shape.numHeads} of ${shape.headDim}, ${shape.numKeyValueHeads} for keys and values`,
      },
      { name: "feed-forward width", value: String(shape.feedForwardWidth) },
      { name: "vocabulary", value: `${plan.vocabularySize}: ${plan.vocabularyReason}` },
      {
        name: "sequence length, batch",
        value: `${spec.sequenceLength} tokens, ${spec.batchSequences} sequences`,
      },
      {
        name: "learning rate",
        value: `${optimiser.learningRate} at width ${optimiser.baseWidth}, by mu-P elsewhere; ${100 * WARM_UP_SHARE} % warm-up, linear to zero`,
      },
    ],
    budget,
    ladderFlops,
    totalFlops: plan.totalFlops,
    expectedSeconds,
    machine: {
      processor: plannedOn.processor,
      threads: plannedOn.cores,
      instructionSet: plannedOn.instructionSet,
      flopsPerSecondPerThread: stepFlops / planned.targetStepSeconds / plannedOn.cores,
      memoryBytes: plannedOn.memoryBytes,
    },
  };
}

function rungRow({ name, seed, summary }: LadderRun): RungRow {
  const { matrixParameters, tokens, flops, wallSeconds, heldOut } = summary;
  return {
    run: name,
    seed,
    parameters: matrixParameters,
    tokens,
    flops,
    seconds: wallSeconds,
    natsPerToken: heldOut.all.natsPerToken,
    bitsPerByte: heldOut.all.bitsPerByte,
    perSource: perSource(heldOut),
  };
}

function perSource({ sources }: HeldOut): readonly SourceLoss[] {
  return Object.entries(sources).map(([source, { bitsPerByte }]) => ({ source, bitsPerByte }));
}

/** The forecast is one mixture of the laws; each law beside it is what the mixture would be with that law alone. */
function forecastOf(fit: FitResult, ladder: readonly LadderRun[], targetFlops: number): ForecastFacts {
  const beyond = fit.line.at(-1);
  const levels = [...new Set(ladder.map(({ summary }) => summary.flops))];
  return {
    predicted: fit.predictions.get(LOSS.name)!,
    reach: fit.reach,
    widening: fit.widening,
    laws: fit.laws
      .toSorted((a, b) => b.weight - a.weight)
      .map(({ name, formula, weight, target, parameters }) => ({
        name,
        formula,
        weight,
        target,
        free: {
          formula: name === chinchillaLaw.name ? chinchillaLaw.formula : formula,
          parameters: parameters.map(({ name: parameter, unit, ...estimate }) => ({
            name: parameter,
            unit,
            estimate,
          })),
        },
      })),
    backtests: fit.backTest.map(({ run, cut, reach, predicted, lo, hi, actual }) => ({
      run,
      rungsFitted: levels.filter((flops) => flops <= cut).length,
      reach,
      predicted: { median: predicted, lo, hi },
      measured: actual,
    })),
    line: fit.line.filter(({ flops }) => flops <= 1.5 * targetFlops),
    beyond: beyond ? { flops: beyond.flops, predicted: beyond } : null,
  };
}

function gatesOf(events: readonly RecordEvent[], targetName: string | null): readonly GateFact[] {
  return lastChecks(events, targetName).map(({ id, decision, reason }) => ({
    gate: id,
    decision,
    reason,
    accepted: acceptanceOf(events, targetName, id),
  }));
}

function acceptanceOf(
  events: readonly RecordEvent[],
  targetName: string | null,
  id: string,
): GateFact["accepted"] {
  const event = events.findLast(
    (candidate) =>
      candidate.kind === "acceptance" && candidate.run === targetName && candidate.data.id === id,
  );
  return event?.kind === "acceptance" ? { because: event.data.because, at: event.time } : null;
}

function issuesOf(events: readonly RecordEvent[], { targetName }: History): readonly OpenIssue[] {
  return statedIssues(events).map(({ id, what, chance, costDays, fixDueDays }) => ({
    id,
    title: what,
    chance,
    cost: `${costDays} days`,
    fixDue: fixDueDays === undefined ? null : `in ${fixDueDays} days`,
    accepted: acceptanceOf(events, targetName, `issue-${id}`),
  }));
}

function targetOf(
  events: readonly RecordEvent[],
  { targetName, fit, target, planned }: History,
): TargetFacts | null {
  if (!targetName || !fit) return null;
  const { spec, tokens } = planned.plan.target;
  const { points, scored, inside } = curveAgainstBand(fit.band, curvePoints(target?.curve ?? []));
  return {
    run: targetName,
    warmupTokens: WARM_UP_SHARE * tokens,
    points: points.map(({ fraction, loss, ...point }) => ({
      tokens: fraction * tokens,
      bitsPerByte: loss,
      ...point,
    })),
    scored,
    inside,
    band: fit.band.map(({ fraction, ...interval }) => ({ tokens: fraction * tokens, ...interval })),
    reforecasts: events
      .flatMap((event) => (event.kind === "reforecast" && event.run === targetName ? [event.data] : []))
      .map(({ step, median, lo, hi }) => ({ tokens: (tokens * step) / spec.numSteps, median, lo, hi })),
    bitsPerByte: target?.heldOut.all.bitsPerByte ?? null,
    perSource: target ? perSource(target.heldOut) : [],
    seedDeviation: (fit.noisePercent / 100) * fit.predictions.get(LOSS.name)!.median,
  };
}

/** Steps and final evaluation apart; operations over the whole run. */
function operationsOf(fit: FitResult, summary: NonNullable<History["target"]>): ReportData["operations"] {
  return Object.entries(fit.predictions.get(STEP_TIME.name)?.parts ?? {}).map(([operation, predicted]) => ({
    operation,
    predictedSeconds: predicted * summary.numSteps,
    measuredSeconds: (summary.operationSeconds[operation] ?? 0) * summary.numSteps,
  }));
}

function dataFacts({ planned }: History, manifest: NonNullable<History["manifest"]>): DataFacts {
  return {
    sources: manifest.sources.map((source) => ({
      source: source.name,
      licence: source.licence ?? "not stated",
      documents: source.documents,
      bytesRead: source.bytesRead,
      bytesTrained: source.train.bytes,
      bytesHeldOut: source.heldOut.bytes,
      dropped: [
        {
          reason: "duplicate documents",
          items: source.dropped.duplicateDocuments,
          bytes: source.dropped.duplicateDocumentBytes,
        },
        {
          reason: "duplicate passages",
          items: source.dropped.duplicatePassages,
          bytes: source.dropped.duplicatePassageBytes,
        },
        { reason: "binary documents", items: source.dropped.binaryDocuments, bytes: 0 },
        { reason: "empty documents", items: source.dropped.emptyDocuments, bytes: 0 },
      ],
      trainTokens: source.train.tokens,
      heldOutTokens: source.heldOut.tokens,
      weight: source.weight,
    })),
    tokenizer: {
      vocabulary: manifest.tokenizer.vocabularySize,
      bytesPerToken: manifest.tokenizer.heldOutBytesPerToken,
      reason: planned.plan.vocabularyReason,
      hash: manifest.tokenizer.hash,
    },
    uniqueTokens: manifest.sources.reduce((sum, { train }) => sum + train.tokens, 0),
    splitRule: planned.splitRule,
  };
}

function environmentFacts(events: readonly RecordEvent[], { planned }: History): EnvironmentFacts {
  const environment = environmentAt(events, events.length);
  return {
    commit: environment?.commit ?? null,
    seed: planned.seed,
    command: planned.command,
    entries: environment
      ? [
          { name: "processor", value: `${environment.processor}, ${environment.instructionSet}` },
          { name: "cores", value: formatCount(environment.cores) },
          ...Object.entries(environment.versions).map(([name, value]) => ({ name, value })),
        ]
      : [],
  };
}

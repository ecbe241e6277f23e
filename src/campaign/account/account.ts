/** @file The account of a campaign: the record, and nothing else, folded into what the report says. */

import { livingProcesses } from "../../fleet/process/living.ts";
import { tiedChinchillaLaw } from "../../law/formulas/power-laws.ts";
import { damageInSight } from "../../record/custody.ts";
import { eventsOf, type RecordEvent } from "../../record/events.ts";
import { isBeingWritten, readRecord, recordPath } from "../../record/record.ts";
import type {
  AcceptedHold,
  Bet,
  CampaignFacts,
  ForecastFacts,
  GateFact,
  OpenIssue,
  ReportData,
  TargetFacts,
} from "../../report/data.ts";
import { checkpointsInSight, damagedCheckpoints } from "../../train/damaged-checkpoints.ts";
import { WARM_UP_SHARE } from "../../train/schedule.ts";
import { formatFlops } from "../../units/print.ts";
import { curveAgainstBand, curvePoints } from "../curve-band.ts";
import { statedIssues } from "../planning/make-plan.ts";
import { runsOf } from "../planning/plan.ts";
import { LOSS, STEP_TIME } from "../quantities.ts";
import type { FitResult } from "../stages/fit.ts";
import { lastChecks } from "../stages/gate.ts";
import type { LadderRun } from "../stages/ladder.ts";
import { featureFacts } from "./features.ts";
import { environmentAt, type History, historyOf, lockOf } from "./history.ts";
import { incidentsIn } from "./incidents.ts";
import { scoredRows } from "./scored-rows.ts";
import { secondsOfWork } from "./work-time.ts";

/** Reads a campaign's folder. */
export function accountOf(folder: string): ReportData {
  const { events, head } = readRecord(folder);
  const history = historyOf(events);
  const { planned, manifest, ladder, fit, verdict, targetName } = history;
  const damaged = damageInSight(folder, events);
  return {
    campaign: campaignFacts(folder, events, history),
    bet: betOf(history),
    manifest,
    ladder: ladder ?? [],
    features: featureFacts(history),
    forecast: fit ? forecastOf(fit, ladder ?? [], planned.plan.target.flops) : null,
    lock: lockOf(events, targetName),
    gates: gatesOf(events, targetName),
    issues: issuesOf(events, targetName),
    target: targetOf(events, history),
    verdict: scoredRows(events, history),
    operations: operationsOf(history),
    damaged: [...damaged, ...damagedCheckpoints(folder, checkpointsInSight(folder, events), damaged)],
    incidents: incidentsIn(folder, events),
    sample: verdict?.sample ?? null,
    environment: environmentAt(events, events.length),
    record: { events: events.length, headHash: head, path: recordPath(folder) },
  };
}

function campaignFacts(
  folder: string,
  events: readonly RecordEvent[],
  { planned, plannedAt, ladder, features, target, verdict }: History,
): CampaignFacts {
  const runs = [...(ladder ?? []), ...(features ?? []).flatMap((feature) => feature.runs)];
  const peaks = [...runs.map(({ summary }) => summary.peakBytes), ...(target ? [target.peakBytes] : [])];
  return {
    name: planned.campaign,
    folder,
    status: statusOf(folder, events, verdict !== null),
    startedAt: plannedAt,
    endedAt: verdict ? (events.findLast(({ kind }) => kind === "stage-finished")?.time ?? null) : null,
    seconds: secondsOfWork(events),
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : null,
  };
}

function statusOf(
  folder: string,
  events: readonly RecordEvent[],
  finished: boolean,
): CampaignFacts["status"] {
  if (finished) return { kind: "finished" };
  const last = events.findLast(
    ({ kind, run }) => kind === "decision" || kind === "stage-started" || (kind === "interrupted" && !run),
  );
  if (last?.kind === "decision" && last.data.decision !== "go")
    return { kind: last.data.decision === "hold" ? "held" : "stopped", reason: last.data.reason };
  const stage = last?.kind === "stage-started" ? last.data.stage : last ? "target" : "prepare";
  if (isBeingWritten(folder)) return { kind: "running", stage };
  if (last?.kind === "interrupted") return { kind: "interrupted", reason: last.data.reason };
  const left = new Set(livingProcesses(folder).map(({ run }) => run));
  const gone = `in stage ${stage}: its process is gone, without a word`;
  if (left.size === 0) return { kind: "interrupted", reason: gone };
  const reason = `${gone}; ${[...left].join(", ")} train on, and the same command takes them over`;
  return { kind: "interrupted", reason };
}

function betOf({ planned, plannedOn }: History): Bet {
  const { plan, budget, expectedSeconds, targetStepSeconds, seed, splitRule, command } = planned;
  const { target, vocabularyReason, totalFlops } = plan;
  return {
    target,
    vocabularyReason,
    splitRule,
    seed,
    budget,
    ladderFlops: runsOf(plan.rungs).reduce((sum, run) => sum + run.flops, 0),
    totalFlops,
    expectedSeconds,
    stepSeconds: targetStepSeconds,
    command,
    machine: plannedOn,
  };
}

/** The forecast is one mixture of laws; each beside it is what the mixture would be with that law alone. */
function forecastOf(fit: FitResult, ladder: readonly LadderRun[], targetFlops: number): ForecastFacts {
  const levels = [...new Set(ladder.map(({ summary }) => summary.flops))];
  return {
    predicted: fit.predictions.get(LOSS.name)!,
    reach: fit.reach,
    widening: fit.widening,
    laws: fit.laws
      .toSorted((a, b) => b.weight - a.weight)
      .map((law) => ({
        ...law,
        freeFormula: law.name === tiedChinchillaLaw.name ? tiedChinchillaLaw.formula : law.formula,
      })),
    backtests: fit.backTest.map(({ cut, reach, predicted, lo, hi, actual }) => ({
      run: `the rung of ${formatFlops(reach * cut)}`,
      rungsFitted: levels.filter((flops) => flops <= cut).length,
      reach,
      predicted: { median: predicted, lo, hi },
      measured: actual,
    })),
    line: fit.line.filter(({ flops }) => flops <= 1.5 * targetFlops),
    beyond: fit.line.at(-1) ?? null,
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

function issuesOf(events: readonly RecordEvent[], targetName: string | null): readonly OpenIssue[] {
  return statedIssues(events).map((issue) => ({
    ...issue,
    accepted: acceptanceOf(events, targetName, `issue-${issue.id}`),
  }));
}

function acceptanceOf(events: readonly RecordEvent[], run: string | null, id: string): AcceptedHold | null {
  const event = eventsOf(events, "acceptance", run).findLast(({ data }) => data.id === id);
  return event ? { because: event.data.because, at: event.time } : null;
}

function targetOf(
  events: readonly RecordEvent[],
  { targetName: run, fit, target: summary, planned }: History,
): TargetFacts | null {
  if (!run || !fit) return null;
  const { spec, tokens } = planned.plan.target;
  const { points, scored, inside } = curveAgainstBand(fit.band, curvePoints(summary?.curve ?? []));
  return {
    run,
    summary,
    warmupTokens: WARM_UP_SHARE * tokens,
    points: points.map(({ fraction, loss: bitsPerByte, inside }) => ({
      tokens: fraction * tokens,
      bitsPerByte,
      inside,
    })),
    scored,
    inside,
    band: fit.band.map(({ fraction, ...interval }) => ({ tokens: fraction * tokens, ...interval })),
    reforecasts: eventsOf(events, "reforecast", run).map(({ data: { step, median, lo, hi } }) => ({
      tokens: (tokens * step) / spec.numSteps,
      median,
      lo,
      hi,
    })),
    seedDeviation: (fit.noisePercent / 100) * fit.predictions.get(LOSS.name)!.median,
  };
}

/** Of all steps; start, batches, checkpoints and the final evaluation are no operations. */
function operationsOf({ fit, target }: History): ReportData["operations"] {
  if (!fit || !target) return [];
  return Object.entries(fit.predictions.get(STEP_TIME.name)?.parts ?? {}).map(([operation, predicted]) => ({
    operation,
    predictedSeconds: predicted * target.numSteps,
    measuredSeconds: (target.operationSeconds[operation] ?? 0) * target.numSteps,
  }));
}

/** @file The events of a campaign, or of a single run, as lines of progress on standard error. */

import type { CampaignEvent } from "../campaign/context.ts";
import type { PlannedRun } from "../train/planned-run.ts";
import type { RunEvent } from "../train/run-event.ts";
import { formatBytes, formatCount, significant } from "../units/print.ts";
import { type Ended, untilInterrupted } from "./interrupt.ts";
import { planText } from "./terminal/plan-text.ts";
import { Progress, type ProgressTask, standardError, trainingDetails } from "./terminal/progress.ts";

type Preparing = Extract<CampaignEvent, { readonly kind: "preparing" }>;

/** A run on the screen. */
type Running = {
  readonly task: ProgressTask;
  /** Its first step that was seen, and when: the speed is the mean since then. */
  since: { readonly step: number; readonly ms: number } | null;
};

/** Progress on standard error while the work goes on, with Ctrl-C heard. */
export async function withProgress<T>(
  work: (signal: AbortSignal, tell: CampaignProgress["show"]) => Promise<T>,
): Promise<Ended<T>> {
  using progress = new Progress(standardError());
  const campaignProgress = new CampaignProgress(progress);
  const note = progress.note.bind(progress);
  return await untilInterrupted(note, (signal) => work(signal, (event) => campaignProgress.show(event)));
}

/** Shows what it is given; events of a kind that it does not know are for others. */
export class CampaignProgress {
  readonly #progress: Progress;
  readonly #nowMs: () => number;
  readonly #runs = new Map<string, Running>();
  /** How the target does against its band, as last heard. */
  #standing: string | null = null;
  #preparing: { readonly step: string; readonly task: ProgressTask } | null = null;

  constructor(progress: Progress, nowMs: () => number = performance.now.bind(performance)) {
    this.#progress = progress;
    this.#nowMs = nowMs;
  }

  show(event: CampaignEvent): void {
    if (event.kind !== "preparing") this.#endPreparing();
    if (event.kind === "planned") this.#progress.note(`${planText(event)}\n`);
    if (event.kind === "text") this.#progress.note(event.text);
    if (event.kind === "stage") this.#progress.note(`stage ${event.stage}: ${STATES[event.state]}`);
    if (event.kind === "preparing") this.#prepare(event);
    if (event.kind === "locked") this.#progress.note(lockedText(event));
    if (event.kind === "gate")
      this.#progress.note(`gate: ${event.decision.decision}, ${event.decision.reason}`);
    if (event.kind === "on-track") this.#onTrack(event);
    if (event.kind === "run") this.#run(event.run, event.event);
  }

  #prepare({ step, doneBytes, totalBytes }: Preparing): void {
    if (this.#preparing?.step !== step) {
      this.#endPreparing();
      this.#preparing = { step, task: this.#progress.start(step) };
    }
    const total = totalBytes ?? 0;
    this.#preparing.task.update({ done: doneBytes, total, details: [formatBytes(doneBytes)] });
  }

  #endPreparing(): void {
    this.#preparing?.task.finish("");
    this.#preparing = null;
  }

  #onTrack({ status, reason }: Extract<CampaignEvent, { readonly kind: "on-track" }>): void {
    if (this.#standing !== status) this.#progress.note(`target: ${reason}`);
    this.#standing = status;
  }

  #run(run: PlannedRun, event: RunEvent): void {
    // A run that is restarted after a crash keeps its line.
    const running: Running = this.#runs.get(run.name) ?? {
      task: this.#progress.start(run.name),
      since: null,
    };
    this.#runs.set(run.name, running);
    const end = (summary: string) => {
      running.task.finish(summary);
      this.#runs.delete(run.name);
    };
    if (event.kind === "started") {
      running.since = null;
      running.task.update({ done: event.fromStep, total: run.spec.numSteps, details: [] });
      if (event.fromStep > 0) this.#progress.note(`${run.name}: goes on from step ${event.fromStep}`);
      for (const { path, reason } of event.damaged)
        this.#progress.note(`${run.name}: ${path} is damaged and passed over: ${reason}`);
    }
    if (event.kind === "step") running.task.update(this.#stepState(run, running, event));
    if (event.kind === "evaluating")
      running.task.update({
        done: run.spec.numSteps,
        total: run.spec.numSteps,
        details: ["scoring held-out text"],
      });
    if (event.kind === "stopped") end(`stopped at step ${event.step}`);
    if (event.kind === "corrupted") end(`${event.parameter} changed in memory before step ${event.step}`);
    if (event.kind === "disagreed") end(`its replicas differ at step ${event.step}`);
    if (event.kind === "diverged") end(`diverged at step ${event.step}`);
    if (event.kind === "finished") end(summaryText(event));
  }

  #stepState(
    run: PlannedRun,
    running: Running,
    { step, loss, stepSeconds }: Extract<RunEvent, { kind: "step" }>,
  ) {
    const { role, numSteps, batchSequences, sequenceLength } = run.spec;
    const ms = this.#nowMs();
    running.since ??= { step, ms };
    const { since } = running;
    const secondsPerStep =
      step > since.step && ms > since.ms ? (ms - since.ms) / 1000 / (step - since.step) : stepSeconds;
    const tokensPerSecond = (batchSequences * sequenceLength) / secondsPerStep;
    const standing = role === "target" && this.#standing !== null ? [this.#standing] : [];
    return {
      done: step,
      total: numSteps,
      details: [...trainingDetails({ tokensPerSecond, loss }), ...standing],
    };
  }
}

const STATES = { started: "started", finished: "done", skipped: "done before, nothing has changed" } as const;

/** The hash is worth publishing: it is what shows later that nothing was touched. */
function lockedText({ sequence, head }: Extract<CampaignEvent, { readonly kind: "locked" }>): string {
  return `predictions are locked up to event ${sequence}, head ${head}`;
}

function summaryText({ summary }: Extract<RunEvent, { kind: "finished" }>): string {
  const tokensPerSecond = summary.tokens / (summary.stepsSeconds + summary.betweenStepsSeconds);
  const bits = significant(summary.heldOut.all.bitsPerByte, 4);
  return `${bits} bits per byte held out, ${formatCount(tokensPerSecond)} tokens/s`;
}

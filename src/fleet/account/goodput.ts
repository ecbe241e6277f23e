/**
 * @file Where a run's time went: its events and its numbers per step folded into seconds by cause, which add
 * up to the wall time from its first start to its end, to the microsecond. Pure.
 */

import { type EventOf, eventsOf, type RecordEvent } from "../../record/events.ts";
import { finishedSummary } from "../recorded-run.ts";
import { lineageOf } from "./lineage.ts";
import { timelineOf } from "./timeline.ts";

/**
 * What a second of a run can have gone to. `recomputed`: steps that a later attempt had to do again.
 * `evaluation`: scoring held-out text, and what follows until the end. `start`: until the first attempt could
 * train. `waiting`: no process of the run lived, or none was supervised and none has said what it did.
 */
export const TIME_CAUSES = [
  "productive",
  "checkpoint",
  "detection",
  "restart",
  "recomputed",
  "evaluation",
  "start",
  "waiting",
] as const;

/** One of them. */
export type TimeCause = (typeof TIME_CAUSES)[number];

/** Seconds by what they went to. */
export type SecondsByCause = Readonly<Record<TimeCause, number>>;

/** What an attempt has told of each step: its number, and the seconds in it and before it. */
export type AttemptSteps = {
  readonly attempt: number;
  readonly steps: ArrayLike<number>;
  /** Not a number where a trainer does not measure it. */
  readonly seconds: ArrayLike<number>;
  /** Of those, in a save before the step; left out where only the record tells of saves. */
  readonly saveSeconds?: ArrayLike<number> | undefined;
};

/** How an attempt ended; `vanished`: without a word, as all of a machine's processes at a power cut. */
export type AttemptOutcome =
  | { readonly kind: "finished" | "stopped" | "vanished" | "under way" }
  | { readonly kind: "failed"; readonly incident: number };

/** One attempt, from its start to that of the next. */
export type AttemptTime = {
  readonly attempt: number;
  readonly fromStep: number;
  readonly outcome: AttemptOutcome;
  readonly wallSeconds: number;
  readonly seconds: SecondsByCause;
  /** Steps that it had done, and a later attempt did again. */
  readonly stepsRecomputed: number;
  /** To the disk and to memory. */
  readonly numSaves: number;
};

/** Every second of a run. */
export type RunTime = {
  readonly run: string;
  readonly isFinished: boolean;
  readonly wallSeconds: number;
  /** Productive share of the wall time without start and evaluation, which an undisturbed run has too. */
  readonly goodput: number;
  readonly seconds: SecondsByCause;
  readonly attempts: readonly AttemptTime[];
};

/** Null: the record has no start of this run. */
export function timeOfRun(
  events: readonly RecordEvent[],
  run: string,
  series: readonly AttemptSteps[],
): RunTime | null {
  const starts = eventsOf(events, "run-started", run);
  if (starts.length === 0) return null;
  const timeline = timelineOf(events);
  const rowsOf = (attempt: number) => series.find((each) => each.attempt === attempt);
  const { stretches } = lineageOf(
    starts.map(({ data }) => data),
    (attempt, step) => Array.prototype.includes.call(rowsOf(attempt)?.steps ?? [], step),
  );
  const attempts = starts.map((start, i) => {
    const next = starts[i + 1];
    const own = events.slice(start.sequence + 1, next?.sequence).filter((event) => event.run === run);
    const { attempt, fromStep } = start.data;
    const keptUpTo = stretches.find((stretch) => stretch.attempt === attempt)?.to ?? fromStep;
    return timeOfAttempt({
      events,
      timeline,
      start,
      next,
      own,
      rows: rowsOf(attempt),
      keptUpTo,
      isFirst: i === 0,
    });
  });
  const seconds = sumOfCauses(attempts.map((attempt) => attempt.seconds));
  const wallSeconds = rounded(attempts.reduce((sum, attempt) => sum + attempt.wallSeconds, 0));
  return {
    run,
    isFinished: attempts.at(-1)!.outcome.kind === "finished",
    wallSeconds,
    goodput: goodputOf(wallSeconds, seconds),
    seconds,
    attempts,
  };
}

/** Several runs, or attempts, taken together. */
export function sumOfCauses(parts: readonly SecondsByCause[]): SecondsByCause {
  return byCause((cause) => rounded(parts.reduce((sum, seconds) => sum + seconds[cause], 0)));
}

/** 1 where nothing was trained yet, and nothing lost. */
export function goodputOf(wallSeconds: number, { productive, start, evaluation }: SecondsByCause): number {
  const training = wallSeconds - start - evaluation;
  return training > 0 ? Math.min(1, productive / training) : 1;
}

type AttemptFacts = {
  readonly events: readonly RecordEvent[];
  readonly timeline: ReturnType<typeof timelineOf>;
  readonly start: EventOf<"run-started">;
  readonly next: EventOf<"run-started"> | undefined;
  /** Its run's events from this start to the next. */
  readonly own: readonly RecordEvent[];
  readonly rows: AttemptSteps | undefined;
  /** Its steps beyond were done again. */
  readonly keptUpTo: number;
  readonly isFirst: boolean;
};

function timeOfAttempt(facts: AttemptFacts): AttemptTime {
  const { timeline, start, next, own, keptUpTo } = facts;
  const parts = new Parts();
  const { attempt, fromStep, startSeconds = 0 } = start.data;
  if (facts.isFirst) parts.open(micro(startSeconds)).rest("start");
  const startedAt = timeline.at(start);
  const end = own.findLast(endsAttempt);
  const spent = stepsOf(facts);
  const endedAt = end ? timeline.at(end) : lastSign(facts, startedAt + spent.all);
  const outcome = outcomeOf(end, next);
  const window = parts.open(endedAt - startedAt);
  if (end?.kind === "incident") window.take("detection", micro(detectionIn(end)));
  window.take("checkpoint", spent.saving);
  if (end?.kind === "run-finished")
    window.take("evaluation", micro(finishedSummary([end], end.run)!.evaluationSeconds));
  // Steps follow one another, so that what they tell of ends here.
  const alone = timeline.betweenLaunches(startedAt + spent.all, endedAt);
  const perRow = spent.isTold || spent.numRows === 0 ? null : window.left / spent.numRows;
  window.take("productive", perRow === null ? spent.kept : perRow * spent.numKept);
  window.take("recomputed", perRow === null ? spent.lost : perRow * (spent.numRows - spent.numKept));
  window.take("waiting", alone);
  window.rest(REST[outcome.kind]);
  if (next) {
    const between = parts.open(timeline.at(next) - endedAt);
    const isNewLaunch = (end ?? own.at(-1) ?? start).launch !== next.launch;
    between.take("restart", isNewLaunch ? micro(next.data.startSeconds ?? 0) : Infinity);
    between.rest("waiting");
  }
  const stepsSeen = Math.max(fromStep, spent.lastStep, end?.kind === "incident" ? stepIn(end) : 0);
  return {
    attempt,
    fromStep,
    outcome,
    ...parts.result(),
    stepsRecomputed: Math.max(0, stepsSeen - Math.max(keptUpTo, fromStep)),
    numSaves: spent.numSaves,
  };
}

/** What no number tells of, between an attempt's start and its end. */
const REST: Readonly<Record<AttemptOutcome["kind"], TimeCause>> = {
  finished: "evaluation",
  /** Until its last checkpoint was heard of. */
  stopped: "checkpoint",
  /** The step in which it ended, and those that it had not yet told of. */
  failed: "recomputed",
  vanished: "recomputed",
  "under way": "productive",
};

type EndEvent = EventOf<"run-finished" | "command-ended" | "interrupted" | "incident">;

function endsAttempt(event: RecordEvent): event is EndEvent {
  if (event.kind === "incident")
    return evidenceNumber(event, "detectionSeconds") !== null && event.data.response?.action !== "nothing";
  return ["run-finished", "command-ended", "interrupted"].includes(event.kind);
}

function outcomeOf(end: EndEvent | undefined, next: unknown): AttemptOutcome {
  if (end?.kind === "incident") return { kind: "failed", incident: end.sequence };
  if (end) return { kind: end.kind === "interrupted" ? "stopped" : "finished" };
  return { kind: next ? "vanished" : "under way" };
}

const detectionIn = (incident: EventOf<"incident">) => evidenceNumber(incident, "detectionSeconds") ?? 0;
const stepIn = (incident: EventOf<"incident">) => evidenceNumber(incident, "step") ?? 0;

/** A number that the evidence of an incident holds; null where it holds none. */
export function evidenceNumber({ data }: EventOf<"incident">, name: string): number | null {
  const value = (data.evidence as Readonly<Record<string, unknown>> | null)?.[name];
  return typeof value === "number" ? value : null;
}

/** Of one that ended without a word: the last event of its launch, or its last step, whichever is later. */
function lastSign({ events, timeline, start, next, own }: AttemptFacts, steppedUntil: number): number {
  const launch = own.at(-1)?.launch ?? start.launch;
  const last = events.findLast((event) => event.launch === launch && event.sequence >= start.sequence)!;
  const sign = Math.max(timeline.at(last), steppedUntil);
  return next ? Math.min(sign, timeline.at(next)) : sign;
}

/** Microseconds in steps that were kept, in steps done again, and in saves, which lie between steps. */
function stepsOf({ rows, own, keptUpTo, start }: AttemptFacts) {
  const saves = savesOf(rows, own);
  const saving = [...saves.values()].reduce((sum, seconds) => sum + seconds, 0);
  let [kept, lost, all, numKept, isTold] = [0, 0, 0, 0, false];
  const numRows = rows?.steps.length ?? 0;
  for (let i = 0; i < numRows; i++) {
    const step = rows!.steps[i]!;
    const told = rows!.seconds[i]!;
    isTold ||= Number.isFinite(told);
    // A log that tells each tenth step gives the seconds of one, which are those of the ten.
    const before = i > 0 ? rows!.steps[i - 1]! : start.data.fromStep;
    const whole = Number.isFinite(told) ? micro(told * Math.max(1, step - before)) : 0;
    all += whole;
    const training = Math.max(0, whole - (saves.get(step - 1) ?? 0));
    if (step > keptUpTo) lost += training;
    else [kept, numKept] = [kept + training, numKept + 1];
  }
  const lastStep = numRows > 0 ? rows!.steps[numRows - 1]! : 0;
  return { kept, lost, all, saving, numSaves: saves.size, numKept, numRows, isTold, lastStep };
}

/** Microseconds by the step that was saved: as the next step tells, else as the record does. */
function savesOf(rows: AttemptSteps | undefined, own: AttemptFacts["own"]): ReadonlyMap<number, number> {
  const saves = new Map(
    eventsOf(own, "checkpoint-written").map(({ data }) => [data.step, micro(data.seconds ?? 0)]),
  );
  for (let i = 0; i < (rows?.steps.length ?? 0); i++) {
    const told = rows!.saveSeconds?.[i] ?? 0;
    if (told > 0) saves.set(rows!.steps[i]! - 1, micro(told));
  }
  return saves;
}

/** Stretches of time, shared out among causes until nothing of them is left. */
class Parts {
  readonly #spent = new Map<TimeCause, number>();
  #wall = 0;

  open(length: number) {
    let left = Math.max(0, length);
    this.#wall += left;
    const take = (cause: TimeCause, amount: number) => {
      const taken = Math.min(left, Math.max(0, Math.round(amount)));
      left -= taken;
      this.#spent.set(cause, (this.#spent.get(cause) ?? 0) + taken);
    };
    const rest = (cause: TimeCause) => take(cause, left);
    return {
      take,
      rest,
      get left() {
        return left;
      },
    };
  }

  result(): { readonly wallSeconds: number; readonly seconds: SecondsByCause } {
    const seconds = byCause((cause) => (this.#spent.get(cause) ?? 0) / MICRO);
    return { wallSeconds: this.#wall / MICRO, seconds };
  }
}

const MICRO = 1e6;
const micro = (seconds: number) => Math.round(MICRO * seconds);
const rounded = (seconds: number) => micro(seconds) / MICRO;

const byCause = (amountOf: (cause: TimeCause) => number) =>
  Object.fromEntries(TIME_CAUSES.map((cause) => [cause, amountOf(cause)])) as SecondsByCause;

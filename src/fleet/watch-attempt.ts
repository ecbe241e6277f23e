/** @file One attempt from start to end: its events heard, its exits and silences noticed. */

import { UserError } from "../errors.ts";
import type { RunEvent } from "../train/run-event.ts";
import type { ProcessExit } from "./backend.ts";
import { boundLog } from "./command/bounded-log.ts";
import { causeOfDeath } from "./command/signatures.ts";
import type { Failure } from "./decide/decide.ts";
import { isAftermath, type LoggedExit, rootExit } from "./decide/root-exit.ts";
import type { Sighting } from "./decide/sighting.ts";
import { HangWatch } from "./hang/hang-watch.ts";
import { disagreement } from "./hang/odd-rank.ts";
import type { SilenceSeen } from "./hang/silence.ts";
import { AttemptEyes, type EyesOn } from "./notice/attempt-eyes.ts";
import { logFile, logTail } from "./process/attempt-folder.ts";
import { type Beat, type Message, SpoolReader } from "./process/spool.ts";
import type { Follower, RunOutcome } from "./supervise.ts";

export type AttemptToWatch = EyesOn & {
  readonly folder: string;
  /** Learnt from this run's attempts, this one included. */
  readonly seen: SilenceSeen;
  readonly watcher: { onEvent(event: RunEvent): void };
  readonly follower: Follower | null;
  /** Lets the processes go on once their start stands in the record. */
  recorded(): void;
  /** Of something seen while all go on: whether the attempt has to end for it. */
  noticed(failure: Failure): boolean;
  /** Asks them to stop after their step. */
  readonly signal: AbortSignal;
};

export type AttemptEnd =
  | Exclude<RunOutcome, { readonly kind: "held" }>
  | { readonly kind: "failed"; readonly failure: Failure };

/** An end with what passed until it was acted on, since the attempt's last sign of life. */
export type WatchedEnd = AttemptEnd & { readonly detectionSeconds: number };

/** How often beats are looked at; with very many ranks less often, so that looking stays cheap. */
const LEAST_POLL_MS = 100;
const POLL_MS_PER_RANK = 1;

const BOUND_LOGS_MS = 1000;

/** The rank that the others died of may end after them: it still has a traceback to print. */
const ROOT_MS = 500;
/** Of each rank's log. What a launcher prints while it ends takes some kilobytes a rank. */
const SEARCHED_LOG_BYTES = 2 ** 19;

/** Resolves when every process of the attempt is gone. Rejects with what a process was refused with. */
export async function watchAttempt(to: AttemptToWatch): Promise<WatchedEnd> {
  using watch = new Watch(to);
  const seen = await watch.ended;
  const seenAt = performance.now();
  // Whatever is left (the other ranks, children of children) must not write beside the next attempt.
  await to.attempt.stop();
  watch.readOn();
  if (watch.error) throw watch.error;
  const end = withSignature(watch.outcome ?? seen, to);
  const isSilent = end.kind === "failed" && end.failure.sighting.kind === "silent";
  const silentSeconds = isSilent ? end.failure.sighting.seconds : 0;
  return { ...end, detectionSeconds: silentSeconds + (performance.now() - seenAt) / 1000 };
}

/** Read when all are gone: what the first one to die of it said may come last. */
function withSignature(end: AttemptEnd, { folder, attempt }: AttemptToWatch): AttemptEnd {
  if (end.kind !== "failed" || end.failure.sighting.kind !== "exited") return end;
  const { sighting } = end.failure;
  const logs = attempt.places.map((_, rank) => ({ rank, text: logTail(folder, rank, SEARCHED_LOG_BYTES) }));
  const signature = causeOfDeath(logs, sighting.rank);
  if (signature === null) return end;
  return { kind: "failed", failure: { ...end.failure, sighting: { ...sighting, signature } } };
}

type Rank = {
  readonly rank: number;
  readonly spool: SpoolReader;
  beat: Beat | null;
};

class Watch implements Disposable {
  readonly #to: AttemptToWatch;
  readonly #ranks: readonly Rank[];
  readonly #ended = Promise.withResolvers<AttemptEnd>();
  readonly #resources = new DisposableStack();
  readonly #deaths: LoggedExit[] = [];
  readonly #eyes: AttemptEyes;
  readonly #hangs: HangWatch;
  #lookedAt = performance.now();
  /** What a process said last of all, where that was an end. */
  outcome: AttemptEnd | null = null;
  error: unknown = null;

  constructor(to: AttemptToWatch) {
    this.#to = to;
    this.#ranks = to.attempt.places.map((_, rank) => ({
      rank,
      spool: this.#resources.use(new SpoolReader(to.folder, rank)),
      beat: null,
    }));
    this.#hangs = new HangWatch(to.folder, to.attempt, to.seen);
    this.#eyes = this.#resources.use(new AttemptEyes(to, to.folder));
    const pollMs = Math.max(LEAST_POLL_MS, POLL_MS_PER_RANK * this.#ranks.length);
    const timer = setInterval(() => this.#look(), pollMs);
    this.#resources.defer(() => clearInterval(timer));
    const logs = setInterval(() => this.#boundLogs(), BOUND_LOGS_MS);
    this.#resources.defer(() => clearInterval(logs));
    this.#resources.use(to.attempt.onExit((exit) => this.#exited(exit)));
    const stop = () => to.attempt.signal("SIGTERM");
    to.signal.addEventListener("abort", stop);
    this.#resources.defer(() => to.signal.removeEventListener("abort", stop));
    if (to.signal.aborted) stop();
    for (const exit of to.attempt.exits) this.#exited(exit);
    this.#look();
  }

  get ended(): Promise<AttemptEnd> {
    return this.#ended.promise;
  }

  /** What was said and not yet heard. */
  readOn(): void {
    for (const { rank, spool } of this.#ranks)
      for (const message of spool.messages()) this.#heard(message, rank);
  }

  [Symbol.dispose](): void {
    this.#resources[Symbol.dispose]();
  }

  #look(): void {
    const now = performance.now();
    // A machine that slept, or a supervisor that was stopped, has seen no silence.
    const unseenMs = Math.max(0, now - this.#lookedAt - 1000);
    this.#lookedAt = now;
    try {
      this.readOn();
      this.#to.follower?.read(false);
      this.#hangs.forgive(unseenMs);
      for (const rank of this.#ranks) this.#lookAt(rank);
      for (const sighting of this.#eyes.look(now)) this.#noticed(sighting);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** A worker may print a gigabyte a minute. Where its log cannot be cut, that is no reason to end it. */
  #boundLogs(): void {
    try {
      for (const { rank } of this.#ranks) boundLog(logFile(this.#to.folder, rank));
    } catch {}
  }

  #lookAt(rank: Rank): void {
    const beat = rank.spool.beat();
    if (beat && beat.count !== rank.beat?.count) {
      this.#to.seen.observe(beat.longest);
      this.#hangs.heard(rank.rank, beat.section);
      this.#stepped(rank, beat);
      rank.beat = beat;
      return;
    }
    // One that has ended may be silent; its last beat tells how far it had come.
    if (this.#to.attempt.exits.some((exit) => exit.rank === rank.rank)) return;
    const sighting = this.#hangs.sightingOf(rank.rank);
    if (sighting) this.#fail(sighting);
  }

  #noticed(sighting: Sighting): void {
    if (this.outcome || this.error) return;
    if (this.#to.noticed(this.#failure(sighting))) this.#fail(sighting);
  }

  /** A step is told by rank 0, by beats alone. */
  #stepped({ rank, beat: before }: Rank, { step, loss, stepSeconds, ownSeconds }: Beat): void {
    if (stepSeconds === null || step === before?.step) return;
    if (typeof ownSeconds === "number") this.#to.notices.rankStep(rank, ownSeconds);
    if (rank !== 0 || loss === null) return;
    this.#to.watcher.onEvent({ kind: "step", step, loss, stepSeconds });
  }

  #heard(message: Message, rank: number): void {
    if (this.error) return;
    if (message.kind === "refused") {
      this.#giveUp(new UserError(message.found, message.expected, message.remedy));
      return;
    }
    const { watcher, follower } = this.#to;
    try {
      follower?.read(true);
      const event = message.kind === "scored" ? follower!.finished(message) : message;
      watcher.onEvent(event);
      if (event.kind === "started") this.#to.recorded();
      if (event.kind === "checkpoint") this.#saved(event);
      this.outcome = this.#outcomeOf(event, rank) ?? this.outcome;
    } catch (error) {
      // The record could not be written (a full disk): what the run has earned is kept by its checkpoint.
      if (message.kind === "started") this.#giveUp(error);
      else {
        this.error ??= error;
        this.#to.attempt.signal("SIGTERM");
      }
    }
  }

  #saved({ step, bytes, seconds }: Extract<RunEvent, { readonly kind: "checkpoint" }>): void {
    const seen = this.#to.notices.saved(step, bytes, seconds ?? null, performance.now() / 1000);
    for (const sighting of seen) this.#noticed(sighting);
  }

  #outcomeOf(event: RunEvent, rank: number): AttemptEnd | null {
    if (event.kind === "finished") return { kind: "finished", summary: event.summary };
    if (event.kind === "ended") return { kind: "ended", step: event.step, loss: event.loss };
    if (event.kind === "stopped") return { kind: "stopped" };
    if (event.kind === "diverged") return { kind: "failed", failure: this.#failure(event) };
    if (event.kind === "corrupted") {
      const place = this.#to.attempt.places[rank]!;
      return { kind: "failed", failure: this.#failure({ ...event, rank, place }) };
    }
    if (event.kind === "disagreed")
      return { kind: "failed", failure: this.#failure(disagreement(event, this.#to.attempt.places)) };
    return null;
  }

  /** What one said last, and how far it had come; not all of them, for a thousand may end at once. */
  #hearOut(rank: Rank): void {
    try {
      for (const message of rank.spool.messages()) this.#heard(message, rank.rank);
      this.#lookAt(rank);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #exited(exit: ProcessExit): void {
    this.#hearOut(this.#ranks[exit.rank]!);
    if (exit.lostPlace !== undefined && !this.outcome) {
      this.#fail({ kind: "place", place: this.#to.attempt.places[exit.rank]!, what: exit.lostPlace });
      return;
    }
    const { code, signal } = exit;
    const death = { ...exit, log: logTail(this.#to.folder, exit.rank) };
    const isWell = code === 0 || (code === null && signal === null && this.outcome !== null);
    if (!isWell) this.#deaths.push(death);
    if (this.#to.attempt.exits.length === this.#ranks.length) {
      if (this.outcome) this.#ended.resolve(this.outcome);
      else this.#failBy(this.#deaths.length === 0 ? [death] : this.#deaths);
    } else if (isWell || this.outcome || this.error) return;
    else if (!isAftermath(death)) this.#failBy(this.#deaths);
    else {
      const timer = setTimeout(() => this.#failBy(this.#deaths), ROOT_MS);
      this.#resources.defer(() => clearTimeout(timer));
    }
  }

  #failBy(deaths: readonly LoggedExit[]): void {
    const { rank, ...death } = rootExit(deaths);
    this.#fail({ kind: "exited", rank, place: this.#to.attempt.places[rank]!, ...death });
  }

  #fail(sighting: Sighting): void {
    this.#ended.resolve({ kind: "failed", failure: this.#failure(sighting) });
  }

  #failure(sighting: Sighting): Failure {
    const step = Math.max(0, ...this.#ranks.map(({ beat }) => beat?.step ?? 0));
    const memoryShare = sighting.kind === "exited" ? this.#eyes.memoryShare(sighting.rank) : null;
    return { sighting, step, atSeconds: Date.now() / 1000, memoryShare };
  }

  #giveUp(error: unknown): void {
    this.error ??= error;
    // Its end is that of the attempt, whatever the processes say from here on.
    this.#ended.resolve({ kind: "stopped" });
  }
}

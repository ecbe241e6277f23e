/** @file Runs for tests of their account: every second is spent on something known, and then told of. */

import type { Random } from "../../math/random.ts";
import { type EventKind, NO_PREVIOUS, RECORD_VERSION, type RecordEvent } from "../../record/events.ts";
import { type AttemptSteps, TIME_CAUSES, type TimeCause } from "./goodput.ts";

export type SimulatedRun = {
  readonly events: readonly RecordEvent[];
  readonly series: readonly AttemptSteps[];
  /** Milliseconds. */
  readonly truth: Readonly<Record<TimeCause, number>>;
  readonly wallMs: number;
};

export const SIMULATED = "one.12345678";
const NUM_STEPS = 60;
const DATE = Date.UTC(2026, 0, 1);
const FATES = ["failed", "failed", "vanished", "stopped", "adopted"] as const;

/** A run with failures, stops, power cuts and adoptions in between, in whole milliseconds. */
export function simulatedRun(random: Random): SimulatedRun {
  const world = new World(random);
  world.begin();
  for (let fates = random.integer(6); fates > 0; fates--) {
    const fate = FATES[random.integer(FATES.length)]!;
    world.train(random.integer(25));
    if (world.step >= NUM_STEPS) break;
    world.befall(fate);
  }
  world.train(NUM_STEPS);
  world.finish();
  return world;
}

class World {
  readonly events: RecordEvent[] = [];
  readonly series: { attempt: number; steps: number[]; seconds: number[]; saveSeconds: number[] }[] = [];
  readonly truth = Object.fromEntries(TIME_CAUSES.map((cause) => [cause, 0])) as Record<TimeCause, number>;
  readonly #random: Random;
  #nowMs = 0;
  #startedMs = 0;
  #openedMs = 0;
  #launch = 1;
  step = 0;
  #saved = 0;
  /** Of the saves since the last step: the next row has them in its seconds. */
  #savingMs = 0;
  /** Of a save to memory since the last step: no event tells of it. */
  #untoldMs = 0;
  /** Training since the last save, which a failure throws away. */
  #unsavedMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get wallMs(): number {
    return this.#nowMs - this.#startedMs;
  }

  begin(): void {
    this.#pass("waiting", 5000);
    this.truth.waiting = 0;
    this.#startedMs = this.#nowMs;
    this.#start(this.#pass("start", 900));
  }

  train(numSteps: number): void {
    const row = this.series.at(-1)!;
    const until = Math.min(NUM_STEPS, this.step + numSteps);
    while (this.step < until) {
      const ms = this.#pass(null, 400);
      this.#unsavedMs += ms;
      row.steps.push(++this.step);
      row.seconds.push((ms + this.#savingMs) / 1000);
      row.saveSeconds.push(this.#savingMs / 1000);
      [this.#savingMs, this.#untoldMs] = [0, 0];
      if (this.step % 7 === 0 || this.step === NUM_STEPS) this.#save("disk");
      else if (this.step % 3 === 0) this.#save("memory");
    }
  }

  befall(fate: (typeof FATES)[number]): void {
    if (fate === "adopted") {
      this.#newLaunch();
      // What the process does meanwhile, it tells in its rows.
      this.train(1 + this.#random.integer(6));
      if (this.step < NUM_STEPS) this.#event("environment", null, {});
      return;
    }
    if (fate === "stopped") {
      this.#save("disk");
      this.#event("interrupted", SIMULATED, { reason: "asked to stop" });
    }
    if (fate === "failed") {
      this.#unsavedMs += this.#pass(null, 300);
      const detection = this.#pass("detection", 2000);
      const evidence = { step: this.step, detectionSeconds: detection / 1000 };
      this.#event("incident", SIMULATED, { what: "the run's process died", evidence, severity: "warning" });
    }
    if (fate !== "stopped") this.#forgetUntold(fate === "failed" ? "recomputed" : "waiting");
    this.truth.recomputed += this.#unsavedMs;
    this.#unsavedMs = 0;
    this.step = this.#saved;
    if (fate === "failed") {
      this.#start(this.#pass("restart", 3000));
      return;
    }
    this.#pass("waiting", 60_000);
    this.#newLaunch();
    this.#pass("waiting", 500);
    this.#start(this.#pass("restart", 900));
  }

  finish(): void {
    const evaluationSeconds = this.#pass("evaluation", 1500) / 1000;
    this.#pass("evaluation", 100);
    this.#event("run-finished", SIMULATED, { summary: { ...SUMMARY, evaluationSeconds } });
  }

  #start(ms: number): void {
    const attempt = this.series.length + 1;
    this.series.push({ attempt, steps: [], seconds: [], saveSeconds: [] });
    [this.#savingMs, this.#untoldMs] = [0, 0];
    const data = { attempt, fromStep: this.step, exact: true, numThreads: 1, spec: null };
    this.#event("run-started", SIMULATED, { ...data, startSeconds: ms / 1000 });
  }

  /** A save of which the next step should have told: its time counts as that in which the attempt ended. */
  #forgetUntold(cause: TimeCause): void {
    this.truth.checkpoint -= this.#untoldMs;
    this.truth[cause] += this.#untoldMs;
    this.#untoldMs = 0;
  }

  #save(tier: "disk" | "memory"): void {
    if (this.#saved === this.step) return;
    const ms = this.#pass("checkpoint", 50);
    this.#savingMs += ms;
    this.truth.productive += this.#unsavedMs;
    this.#unsavedMs = 0;
    this.#saved = this.step;
    if (tier === "memory") this.#untoldMs += ms;
    else this.#event("checkpoint-written", SIMULATED, { step: this.step, bytes: 1, seconds: ms / 1000 });
  }

  #newLaunch(): void {
    this.#launch++;
    this.#openedMs = this.#nowMs;
  }

  #pass(cause: TimeCause | null, mostMs: number): number {
    const ms = this.#random.integer(mostMs);
    this.#nowMs += ms;
    if (cause !== null) this.truth[cause] += ms;
    return ms;
  }

  #event(kind: EventKind, run: string | null, data: object): void {
    this.events.push({
      v: RECORD_VERSION,
      sequence: this.events.length,
      launch: this.#launch,
      seconds: (this.#nowMs - this.#openedMs) / 1000,
      time: new Date(DATE + this.#nowMs).toISOString(),
      run,
      kind,
      data,
      previous: NO_PREVIOUS,
      hash: NO_PREVIOUS,
    } as RecordEvent);
  }
}

const score = { numTokens: 1, numBytes: 1, natsPerToken: 1, bitsPerByte: 1 };

const SUMMARY = {
  matrixParameters: 1,
  numSteps: NUM_STEPS,
  tokens: 1,
  flops: 1,
  heldOut: { all: score, sources: {} },
  curve: [],
  medianStepSeconds: 1,
  wallSeconds: 1,
  startSeconds: 1,
  stepsSeconds: 1,
  betweenStepsSeconds: 1,
  evaluationSeconds: 1,
  operationSeconds: {},
  arenaBytes: 1,
  peakBytes: 1,
  numAttempts: 1,
};

/** @file Where the attempts of a run go, as its failures and its backend have it at each start. */

import { UserError } from "../../errors.ts";
import type { Backend } from "../backend.ts";
import type { Decision } from "../decide/decide.ts";
import {
  afterDecision,
  assignPlaces,
  avoidedPlaces,
  type LeftOut,
  leftOutFromStart,
  machineOf,
  type PlaceDecision,
  type PlaceFacts,
} from "../decide/places.ts";
import type { RunJob } from "../supervise.ts";

/** Too few places are left for a run; elsewhere there may be more. */
export class PlacesUsedUp extends UserError {
  /** The machines that are of no use to it any more. */
  readonly machines: readonly string[];

  constructor(found: string, expected: string, remedy: string, machines: readonly string[]) {
    super(found, expected, remedy);
    this.machines = machines;
  }
}

/** It goes with a run through all its attempts. */
export class Placing {
  readonly #job: RunJob;
  readonly #backend: Backend;
  #decided: readonly PlaceDecision[];
  /** Of the last attempt, each once. */
  #places: readonly string[] = [];

  constructor(job: RunJob, backend: Backend) {
    this.#job = job;
    this.#backend = backend;
    this.#decided = job.placeDecisions ?? [];
  }

  /** The places that earlier runs have failed on too often: from now on they are avoided. */
  leaveOut(): readonly LeftOut[] {
    const { numPlaces, placeHistory = [], policy } = this.#job;
    const least = policy.shrink ? 1 : numPlaces;
    const leftOut = leftOutFromStart(this.#usable(), least, placeHistory, policy, Date.now() / 1000);
    for (const decision of leftOut) this.decided(decision);
    return leftOut;
  }

  /** Of the next attempt. Throws a UserError where there are too few. */
  next(): readonly string[] {
    const { numPlaces, policy } = this.#job;
    const usable = this.#usable();
    if (usable.length < (policy.shrink ? 1 : numPlaces)) throw this.#tooFew(usable);
    return assignPlaces(numPlaces, usable, this.#places);
  }

  isOn(places: readonly string[]): void {
    this.#places = [...new Set(places)];
  }

  decided(decision: Decision | LeftOut): void {
    this.#decided = afterDecision(this.#decided, decision, Date.now() / 1000);
  }

  get facts(): PlaceFacts {
    const numSpares = this.#usable().filter((place) => !this.#places.includes(place)).length;
    return { places: this.#places, numSpares, placeHistory: this.#job.placeHistory ?? [] };
  }

  #usable(): readonly string[] {
    const avoided = avoidedPlaces(this.#decided, this.#job.policy, Date.now() / 1000);
    return this.#backend.places().filter((place) => !avoided.has(place));
  }

  #tooFew(usable: readonly string[]): UserError {
    const live = this.#backend.places();
    const leftOut = live.filter((place) => !usable.includes(place));
    const { lost } = this.#backend;
    const gone = lost.map(({ machine, why }) => `; ${machine} is gone: ${why}`).join("");
    return new PlacesUsedUp(
      `${live.length} places, of which ${usable.length} may be used (this run has left ${leftOut.join(", ") || "none"}${gone})`,
      `${this.#job.numPlaces}, for so many the run is on`,
      `give more spares (--spares), pardon a place that was mended (longrun fleet places --forgive ${leftOut[0] ?? "PLACE"}), or let it shrink (--policy)`,
      [...leftOut.map(machineOf), ...lost.map(({ machine }) => machine)],
    );
  }
}

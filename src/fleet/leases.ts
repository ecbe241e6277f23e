/** @file What several runs train on at a time: each leases what it needs, and gives it back at its end. */

import type { Backend } from "./backend.ts";

/** What a run needs for as long as it trains. */
export type Need = {
  /** On a machine, by all of its ranks that are there. */
  readonly numThreads: number;
  readonly numRanks: number;
};

/** Where a run may train; disposed of, it is free for others. */
export type Lease = Disposable & { readonly backend: Backend };

/** Whatever runs train on. */
export type Leases = {
  /** That runs are begun on: spare ones are not counted. */
  readonly numMachines: number;
  /** Null: others hold too much of it, and will have given it back once they have ended. */
  lease(need: Need): Lease | null;
};

/** One machine: as many runs side by side as it has threads for, all on the same places. */
export class ThreadLeases implements Leases {
  readonly numMachines = 1;
  readonly #backend: Backend;
  readonly #numThreads: number;
  readonly #held = new Set<Need>();

  constructor(backend: Backend, numThreads: number) {
    this.#backend = backend;
    this.#numThreads = numThreads;
  }

  lease(need: Need): Lease | null {
    const held = [...this.#held].reduce((sum, { numThreads }) => sum + numThreads, 0);
    if (held > 0 && held + need.numThreads > this.#numThreads) return null;
    const own = { ...need };
    this.#held.add(own);
    return { backend: this.#backend, [Symbol.dispose]: () => void this.#held.delete(own) };
  }
}

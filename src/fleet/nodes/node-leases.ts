/** @file Several machines that several runs train on: a run has its places to itself until its end. */

import type { Backend } from "../backend.ts";
import { machineOf } from "../decide/places.ts";
import type { Lease, Leases, Need } from "../leases.ts";

/** What a rank has to itself: some of a machine's slots, by the name of the machine where it has them all. */
type Room = { readonly place: string; readonly slots: readonly string[] };

/** How the machines stand to what runs need. */
export type NodesShape = {
  /** That runs are begun on; any others are spares, which take over from those that fail. */
  readonly numMachines: number;
  /** A place of the backend stands for so many. */
  readonly threadsPerSlot: number;
};

/** Leases the places of a backend. None is given to two runs, nor counted as a spare while one has it. */
export class NodeLeases implements Leases {
  readonly numMachines: number;
  readonly #backend: Backend;
  readonly #threadsPerSlot: number;
  /** All slots by machine, most preferred first. */
  readonly #machines: ReadonlyMap<string, readonly string[]>;
  readonly #held = new Map<Lease, readonly Room[]>();

  constructor(backend: Backend, { numMachines, threadsPerSlot }: NodesShape) {
    this.numMachines = numMachines;
    this.#backend = backend;
    this.#threadsPerSlot = threadsPerSlot;
    this.#machines = Map.groupBy(backend.places(), machineOf);
  }

  lease({ numThreads, numRanks }: Need): Lease | null {
    const numSlots = Math.ceil(numThreads / numRanks / this.#threadsPerSlot);
    const backend = this.#backend;
    const roomsNow = () => this.#rooms(numSlots, lease);
    const lease: Lease = {
      backend: {
        places: () => roomsNow().map(({ place }) => place),
        start: (launch) => {
          const places = launch.processes.map(({ place }) => place);
          this.#held.set(
            lease,
            roomsNow().filter(({ place }) => places.includes(place)),
          );
          return backend.start(launch);
        },
        adopt: (folder) => backend.adopt(folder),
        get lost() {
          return backend.lost;
        },
      },
      [Symbol.dispose]: () => this.#held.delete(lease),
    };
    const rooms = this.#roomsToBeginOn(numSlots).slice(0, numRanks);
    if (this.#held.size > 0 && (rooms.length < numRanks || this.#isPromised(numRanks * numSlots)))
      return null;
    this.#held.set(lease, rooms);
    return lease;
  }

  /** Whether so many slots more would be those that runs on machines that are gone are about to ask for. */
  #isPromised(numSlots: number): boolean {
    const [slots = []] = this.#machines.values();
    return this.#slotsHeld().length + numSlots > this.numMachines * slots.length;
  }

  /** Spares come last, and only as many as stand in for machines that are gone. */
  #roomsToBeginOn(numSlots: number): readonly Room[] {
    const live = [...new Set(this.#backend.places().map(machineOf))].slice(0, this.numMachines);
    const spares = [...this.#machines.keys()].slice(this.numMachines);
    const isSpare = ({ place }: Room) => Number(spares.includes(machineOf(place)));
    return this.#rooms(numSlots, null)
      .filter(({ place }) => live.includes(machineOf(place)))
      .toSorted((a, b) => isSpare(a) - isSpare(b));
  }

  /** Those that a lease has, then those that nobody has: first on the machines with the fewest runs. */
  #rooms(numSlots: number, own: Lease | null): readonly Room[] {
    const live = new Set(this.#backend.places());
    const others = new Set(this.#slotsHeld(own));
    const ownPlaces = (own && this.#held.get(own)?.map(({ place }) => place)) ?? [];
    const byMachine = Map.groupBy(others, machineOf);
    const preference = ({ place }: Room) =>
      ownPlaces.includes(place) ? -1 : (byMachine.get(machineOf(place))?.length ?? 0);
    return [...this.#machines]
      .flatMap(([machine, slots]) => roomsOf(machine, slots, numSlots))
      .filter(({ slots }) => slots.every((slot) => live.has(slot) && !others.has(slot)))
      .toSorted((a, b) => preference(a) - preference(b));
  }

  #slotsHeld(but: Lease | null = null): readonly string[] {
    return [...this.#held].flatMap(([lease, rooms]) =>
      lease === but ? [] : rooms.flatMap(({ slots }) => slots),
    );
  }
}

function roomsOf(machine: string, slots: readonly string[], numSlots: number): readonly Room[] {
  if (numSlots >= slots.length) return [{ place: machine, slots }];
  return Array.from({ length: Math.floor(slots.length / numSlots) }, (_, i) => {
    const own = slots.slice(i * numSlots, (i + 1) * numSlots);
    return { place: own[0]!, slots: own };
  });
}

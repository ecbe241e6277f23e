import { expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { machineOf, slotsOf } from "../decide/places.ts";
import type { Lease } from "../leases.ts";
import { NodeLeases } from "./node-leases.ts";

const NARROW = { numThreads: 1, numRanks: 1 };
const WIDE = { numThreads: 2, numRanks: 1 };

/** Machines of two threads, of which one after the other may be lost. */
function nodes(names: readonly string[], numSpares: number) {
  const gone = new Set<string>();
  const backend: Backend = {
    places: () => names.flatMap((name) => slotsOf(name, 2)).filter((place) => !gone.has(machineOf(place))),
    get lost() {
      return [...gone].map((machine) => ({ machine, why: "no power" }));
    },
    start: () => Promise.reject(new Error("never started")),
    adopt: () => null,
  };
  const leases = new NodeLeases(backend, { numMachines: names.length - numSpares, threadsPerSlot: 1 });
  return { leases, lose: (name: string) => gone.add(name) };
}

/** The place that its run is begun on, or goes on on. */
async function begun(lease: Lease | null): Promise<string> {
  const [place] = lease!.backend.places();
  const process = {
    rank: 0,
    place: place!,
    program: { kind: "warm", command: [] },
    environment: {},
  } as const;
  await expect(lease!.backend.start({ folder: ".", processes: [process] })).rejects.toThrow("never started");
  return place!;
}

test("runs are spread over the machines, a thread each; the spare one stays free", async () => {
  const { leases } = nodes(["a", "b", "c"], 1);
  const four = Array.from({ length: 4 }, () => leases.lease(NARROW));
  expect(await Promise.all(four.map(begun))).toEqual(["a/0", "b/0", "a/1", "b/1"]);
  expect(leases.lease(NARROW)).toBeNull();
  expect(four[0]!.backend.places()).toEqual(["a/0", "c/0", "c/1"]);
  four[2]![Symbol.dispose]();
  expect(await begun(leases.lease(NARROW))).toBe("a/1");
});

test("a run on all threads has a machine to itself", async () => {
  const { leases } = nodes(["a", "b"], 0);
  const narrow = leases.lease(NARROW);
  const wide = leases.lease(WIDE);
  expect([await begun(narrow), await begun(wide)]).toEqual(["a/0", "b"]);
  expect(leases.lease(WIDE)).toBeNull();
  narrow![Symbol.dispose]();
  expect(await begun(leases.lease(WIDE))).toBe("a");
});

test("a spare takes over for a machine that is gone, once, and nobody is begun on it before", async () => {
  const { leases, lose } = nodes(["a", "b", "c"], 1);
  const [first, second, third] = [leases.lease(WIDE), leases.lease(NARROW), leases.lease(NARROW)];
  expect(await Promise.all([first, second, third].map(begun))).toEqual(["a", "b/0", "b/1"]);
  lose("a");
  third![Symbol.dispose]();
  const fourth = leases.lease(NARROW);
  expect(leases.lease(NARROW)).toBeNull();
  expect(await begun(first)).toBe("c");
  expect(second!.backend.places()).toEqual(["b/0"]);
  expect(await begun(fourth)).toBe("b/1");
});

test("ranks have a place each, on all machines", () => {
  const { leases, lose } = nodes(["a", "b"], 0);
  const all = leases.lease({ numThreads: 2, numRanks: 4 });
  expect(all!.backend.places()).toEqual(["a/0", "a/1", "b/0", "b/1"]);
  all![Symbol.dispose]();
  lose("a");
  expect(leases.lease({ numThreads: 2, numRanks: 4 })!.backend.places()).toEqual(["b/0", "b/1"]);
});

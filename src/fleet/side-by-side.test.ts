import { describe, expect, test } from "vitest";
import type { Backend } from "./backend.ts";
import { ThreadLeases } from "./leases.ts";
import { PlacesUsedUp } from "./places/placing.ts";
import { runTogether } from "./side-by-side.ts";

const nowhere: Backend = {
  places: () => [],
  lost: [],
  start: () => Promise.reject(new Error("never started")),
  adopt: () => null,
};

/** Tasks that end when told to, on two threads, and a log of what happened to them. */
function stage(...tasks: readonly (readonly [name: string, numThreads: number])[]) {
  const log: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const user = new AbortController();
  const all = runTogether(
    tasks.map(([name, numThreads]) => ({ name, numThreads, numRanks: 1 })),
    new ThreadLeases(nowhere, 2),
    user.signal,
    async ({ name }, _, signal) => {
      log.push(`${name} starts`);
      const end = Promise.withResolvers<void>();
      ends.set(name, end);
      signal.addEventListener("abort", () => log.push(`${name} is asked to stop`));
      await end.promise.finally(() => log.push(`${name} ends`));
    },
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    log,
    all,
    user,
    end(name: string) {
      ends.get(name)!.resolve();
      return turn();
    },
    fail(name: string) {
      ends.get(name)!.reject(new Error(`${name} failed`));
      return turn();
    },
    displace(name: string) {
      ends.get(name)!.reject(new PlacesUsedUp(`${name} has no place`, "one", "another", []));
      return turn();
    },
  };
}

describe("runs together", () => {
  test("start in order, as soon as their threads are free", async () => {
    const { log, all, end } = stage(["a", 1], ["b", 1], ["c", 2], ["d", 1]);
    expect(log).toEqual(["a starts", "b starts"]);
    await end("b");
    expect(log).toEqual(["a starts", "b starts", "b ends"]);
    await end("a");
    await end("c");
    await end("d");
    await all;
    expect(log.slice(3)).toEqual(["a ends", "c starts", "c ends", "d starts", "d ends"]);
  });

  test("after a failure stop the others, wait for them, start no more, throw the first failure", async () => {
    const { log, all, fail } = stage(["a", 1], ["b", 1], ["c", 1]);
    const outcome = all.catch(({ message }: Error) => log.push(message));
    await fail("b");
    expect(log).toEqual(["a starts", "b starts", "b ends", "a is asked to stop", "b is asked to stop"]);
    await fail("a");
    await outcome;
    expect(log.slice(5)).toEqual(["a ends", "b failed"]);
  });

  test("after an abort start no more, and end with it even where all that ran have ended well", async () => {
    const { log, all, user, end } = stage(["a", 2], ["b", 1]);
    user.abort();
    const outcome = expect(all).rejects.toThrow("aborted");
    await end("a");
    await outcome;
    expect(log).toEqual(["a starts", "a is asked to stop", "a ends"]);
  });

  test("that have lost their place are run again once another has ended", async () => {
    const { log, all, end, displace } = stage(["a", 1], ["b", 1], ["c", 1]);
    await displace("a");
    expect(log).toEqual(["a starts", "b starts", "a ends", "c starts"]);
    await end("c");
    expect(log.slice(4)).toEqual(["c ends", "a starts"]);
    await end("a");
    await end("b");
    await all;
  });

  test("that have lost their place in the moment in which the last other one ended are run again", async () => {
    const { log, all, end, displace } = stage(["a", 1], ["b", 1]);
    void end("b");
    await displace("a");
    expect(log).toEqual(["a starts", "b starts", "b ends", "a ends", "a starts"]);
    await end("a");
    await all;
  });

  test("end with the want of places of one that had all to itself", async () => {
    const { all, displace } = stage(["a", 1], ["b", 1]);
    const outcome = expect(all).rejects.toThrow("b has no place");
    await displace("a");
    await displace("b");
    await outcome;
  });
});

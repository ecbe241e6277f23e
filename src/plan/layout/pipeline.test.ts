import fc from "fast-check";
import { expect, test } from "vitest";
import { SINGLE } from "./layout.ts";
import { bubbleSeconds, slowest } from "./pipeline.ts";
import { inFlight, stageLayers } from "./stages.ts";

/**
 * One forward and one backward, event by event: stage i first runs p - 1 - i forwards, then one of each by
 * turns, then the backwards left. A forward waits for the stage before, a backward for the stage after.
 */
function simulate(
  forward: readonly number[],
  backward: readonly number[],
  numMicroBatches: number,
): { readonly seconds: number; readonly inFlight: readonly number[] } {
  const p = forward.length;
  const orders = forward.map((_, i) => {
    const warm = Math.min(numMicroBatches, p - 1 - i);
    const order: { readonly kind: "forward" | "backward"; readonly index: number }[] = [];
    for (let k = 0; k < warm; k++) order.push({ kind: "forward", index: k });
    for (let k = warm; k < numMicroBatches; k++) {
      order.push({ kind: "forward", index: k }, { kind: "backward", index: k - warm });
    }
    for (let k = numMicroBatches - warm; k < numMicroBatches; k++) order.push({ kind: "backward", index: k });
    return order;
  });
  const done = {
    forward: forward.map(() => new Map<number, number>()),
    backward: forward.map(() => new Map<number, number>()),
  };
  const next = forward.map(() => 0);
  const free = forward.map(() => 0);
  const held = forward.map(() => 0);
  const most = forward.map(() => 0);
  for (let moved = true; moved; ) {
    moved = false;
    for (let i = 0; i < p; i++) {
      const job = orders[i]![next[i]!];
      if (!job) continue;
      const before =
        job.kind === "forward"
          ? i === 0
            ? 0
            : done.forward[i - 1]!.get(job.index)
          : i === p - 1
            ? done.forward[i]!.get(job.index)
            : done.backward[i + 1]!.get(job.index);
      if (before === undefined) continue;
      const end = Math.max(free[i]!, before) + (job.kind === "forward" ? forward[i]! : backward[i]!);
      done[job.kind][i]!.set(job.index, end);
      free[i] = end;
      next[i]!++;
      held[i]! += job.kind === "forward" ? 1 : -1;
      most[i] = Math.max(most[i]!, held[i]!);
      moved = true;
    }
  }
  return { seconds: Math.max(...free), inFlight: most };
}

const layoutOf = (pipeline: number) => ({ ...SINGLE, pipeline });

test("even stages: exactly the simulated time, and as many micro batches kept", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 24 }), (p, m) => {
      const seconds = { first: 3, inner: 3, last: 3 };
      const run = simulate(Array(p).fill(1), Array(p).fill(2), m);
      expect(m * slowest(seconds, p) + bubbleSeconds(layoutOf(p), seconds, m)).toBeCloseTo(run.seconds, 9);
      expect(Array.from({ length: p }, (_, stage) => inFlight(layoutOf(p), stage, m))).toEqual(run.inFlight);
    }),
    { numRuns: 40 },
  );
});

// Of 20,000 random pipelines the mean error was 0.6 %, the worst 6.2 %: paths that change stages on the way
// are left out.
test("a slow first or last stage: within 8 % of the simulated time", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 8 }),
      fc.integer({ min: 16, max: 48 }),
      fc.double({ min: 0.5, max: 1.5, noNaN: true }),
      fc.double({ min: 0.5, max: 1.5, noNaN: true }),
      (p, m, first, last) => {
        const times = Array.from({ length: p }, (_, i) => (i === 0 ? first : i === p - 1 ? last : 1));
        const run = simulate(
          times,
          times.map((time) => 2 * time),
          m,
        );
        const seconds = { first: 3 * first, inner: 3, last: 3 * last };
        const total = m * slowest(seconds, p) + bubbleSeconds(layoutOf(p), seconds, m);
        expect(Math.abs(total / run.seconds - 1)).toBeLessThan(0.08);
      },
    ),
    { numRuns: 40 },
  );
});

test("the bubble shrinks from GPipe to interleaved to zero bubble, as published", () => {
  const seconds = { first: 3, inner: 3, last: 3 };
  const of = (schedule: "1f1b" | "interleaved" | "zero-bubble", virtualStages = 1) =>
    bubbleSeconds({ ...layoutOf(8), schedule, virtualStages }, seconds, 32);
  // (p - 1) (F + B), a v-th of it, and (p - 1) (F + B - 2 W) with F = B = W = 1.
  expect(of("1f1b")).toBe(21);
  expect(of("interleaved", 3)).toBe(7);
  expect(of("zero-bubble")).toBe(7);
});

test("layers are dealt evenly, or with embedding and head counted as layers, or with the rest last", () => {
  const of = (layers: number, pipeline: number, virtualStages = 1) =>
    stageLayers(layers, { pipeline, virtualStages });
  expect(of(80, 8)).toEqual({ first: 10, inner: 10, last: 10 });
  expect(of(126, 16)).toEqual({ first: 7, inner: 8, last: 7 });
  expect(of(70, 12)).toEqual({ first: 5, inner: 6, last: 5 });
  // BLOOM's 78 over 12: "the last stage has 1 block, while the rest have 7".
  expect(of(78, 12)).toEqual({ first: 7, inner: 7, last: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 128 }), fc.integer({ min: 2, max: 16 }), (layers, pipeline) => {
      const { first, inner, last } = of(layers, pipeline);
      expect(first + (pipeline - 2) * inner + last).toBeGreaterThanOrEqual(layers);
    }),
  );
});

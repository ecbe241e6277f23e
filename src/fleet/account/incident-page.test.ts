import { describe, expect, test } from "vitest";
import { recordOf } from "../../record/fixture.ts";
import { timeOfRun } from "./goodput.ts";
import { incidentPages } from "./incident-page.ts";

const start = (attempt: number, fromStep: number) =>
  ({
    run: "r",
    kind: "run-started",
    data: { attempt, fromStep, exact: true, numThreads: 1, spec: null, startSeconds: 1 },
  }) as const;
const saved = { run: "r", kind: "checkpoint-written", data: { step: 4, bytes: 1, seconds: 1 } } as const;

function died(action: string, signal = "SIGKILL") {
  const evidence = { rank: 2, place: "node-7", code: null, signal, log: "", step: 9, detectionSeconds: 2 };
  const response = { action, reason: "why" };
  const data = { what: "the run's process died", evidence, severity: "warning", response } as const;
  return { run: "r", kind: "incident", data } as const;
}

const series = [{ attempt: 1, steps: [1, 2, 3, 4, 5, 6, 7, 8, 9], seconds: [1, 1, 1, 1, 2, 1, 1, 1, 1] }];

function pagesOf(events: ReturnType<typeof recordOf>) {
  return incidentPages("runs/x", events, [timeOfRun(events, "r", series)!]);
}

describe("the page of an incident", () => {
  test("says where it was, what was decided, what it cost, what became of it", () => {
    const [page] = pagesOf(recordOf([start(1, 0), saved, died("restart"), start(2, 4)], [0, 5, 14, 17]));
    expect(page).toMatchObject({
      id: 2,
      run: "r",
      rank: 2,
      place: "node-7",
      attempt: 1,
      step: 9,
      response: { action: "restart", reason: "why" },
      cost: {
        seconds: { detection: 2, restart: 3, recomputed: 7, waiting: 0 },
        totalSeconds: 12,
        steps: 5,
      },
      since: "attempt 2 went on from step 4",
    });
    expect(page!.advice).toEqual([
      "Nothing now: the run has gone on since. `longrun status runs/x` shows where it is.",
      "Was it the kernel, for want of memory? `dmesg -T | grep -i -E 'out of memory|oom-kill' | tail`",
      "Read the end of its log: `tail -n 50 runs/x/runs/r/attempts/1/rank-2.log`",
      "Is it the place? `longrun fleet check` tries each place: products, disk, memory, clock.",
    ]);
  });

  test("has commands that a shell takes as they are", () => {
    const adviceOn = (what: string) => {
      const evidence = { rank: 0, place: "host", section: "step", what, step: 9 };
      const data = { what: "the run's process hung", evidence, severity: "warning" } as const;
      const events = recordOf([start(1, 0), { run: "r", kind: "incident", data }], [0, 5]);
      return incidentPages("runs/a b's", events, [timeOfRun(events, "r", series)!])[0]!.advice;
    };
    expect(adviceOn("without a sign of life")[1]).toBe(
      "Where did it stand? `cat 'runs/a b'\\''s/runs/r/attempts/1/rank-0.stacks'`",
    );
    expect(adviceOn("stopped by a signal: silent for 2 s")[1]).toMatch(/^Who stopped it\? SIGSTOP/);
  });

  test("says that a held run waits for a person", () => {
    const [page] = pagesOf(recordOf([start(1, 0), saved, died("hold", "SIGBUS")], [0, 5, 14]));
    expect(page).toMatchObject({ since: "no attempt has started since", cost: { steps: 0 } });
    expect(page!.advice[0]).toMatch(/^The run waits for you .* it goes on from the last checkpoint\.$/);
    expect(page!.advice[1]).toBe("Was it the machine? `dmesg -T | grep -i -E 'mce|ecc|i/o error' | tail`");
  });

  test("names a slow rank, and its place", () => {
    const evidence = { rank: { rank: 3, place: "node-7" }, stepSeconds: 2 };
    const data = { what: "slow", evidence, severity: "warning" } as const;
    const [page] = pagesOf(recordOf([start(1, 0), { run: "r", kind: "incident", data }]));
    expect(page).toMatchObject({ rank: 3, place: "node-7" });
  });

  test("of what stopped nothing has no cost", () => {
    const data = { what: "slow", evidence: { rank: 0 }, severity: "warning" } as const;
    const [page] = pagesOf(recordOf([start(1, 0), { run: "r", kind: "incident", data }]));
    expect(page).toMatchObject({ cost: null, step: null, response: null });
    expect(page!.advice[0]).toMatch(/^It does not stop the run/);
  });
});

import { describe, expect, test } from "vitest";
import { runsIn } from "../../fleet/account/folder-times.ts";
import { type AttemptSteps, timeOfRun } from "../../fleet/account/goodput.ts";
import { type EventDraft, NO_PREVIOUS, type RecordEvent } from "../../record/events.ts";
import { type Draft, recordOf as recordAt } from "../../record/fixture.ts";
import { incidentsOf } from "./incidents.ts";

const RUN = "target.1234abcd";

/** The events, ten seconds apart. */
const recordOf = (drafts: readonly Draft[]) =>
  recordAt(
    drafts,
    drafts.map((_, i) => 10 * i),
  );

const started = (attempt: number, fromStep = 0, exact = true): EventDraft<"run-started"> => ({
  run: RUN,
  kind: "run-started",
  data: { attempt, fromStep, exact, numThreads: 2, spec: null },
});
const checkpoint = (step: number): EventDraft<"checkpoint-written"> => ({
  run: RUN,
  kind: "checkpoint-written",
  data: { step, bytes: 100 },
});
const incident = (what: string, run: string | null = RUN, more: object = {}): EventDraft<"incident"> => ({
  run,
  kind: "incident",
  data: { what, evidence: { signal: "SIGKILL", ...more }, severity: "warning" },
});

/** Steps of a second each. */
const stepsUpTo = (attempt: number, numSteps: number): AttemptSteps => ({
  attempt,
  steps: Array.from({ length: numSteps }, (_, i) => i + 1),
  seconds: new Array<number>(numSteps).fill(1),
});

const incidentsIn = (events: readonly RecordEvent[], series: readonly AttemptSteps[] = []) =>
  incidentsOf(
    "campaign",
    events,
    runsIn(events).map((run) => timeOfRun(events, run, series)!),
  );

describe("incidents", () => {
  test("are none where all went well", () => {
    expect(incidentsIn(recordOf([started(1), checkpoint(10)]))).toEqual([]);
  });

  test("of a crash: what was seen, where the run went on, and what it cost, as the fleet accounts for it", () => {
    const events = recordOf([
      started(1),
      checkpoint(10),
      checkpoint(20),
      incident("the run's process died", RUN, { detectionSeconds: 2, step: 28 }),
      started(2, 20),
    ]);
    // Two seconds until it was seen, eight steps that are done again, ten seconds until the next attempt.
    expect(incidentsIn(events, [stepsUpTo(1, 28)])).toEqual([
      {
        at: "2026-01-01T00:00:30.000Z",
        run: RUN,
        kind: "the run's process died",
        evidence: '{"signal":"SIGKILL","detectionSeconds":2,"step":28}',
        lostSeconds: 2 + 8 + 10,
        recovery: "attempt 2 went on from step 20",
      },
    ]);
  });

  test("of a run that began anew, and of one that never came back", () => {
    const [a, b] = ["a", "b"].map((what) => incident(what, RUN, { detectionSeconds: 0 }));
    const facts = incidentsIn(recordOf([started(1), a!, started(2), b!]), [stepsUpTo(1, 10)]);
    expect(facts.map(({ kind, recovery, lostSeconds }) => [kind, recovery, lostSeconds])).toEqual([
      ["a", "attempt 2 went on from the start", 20],
      ["b", "no attempt has started since", 10],
    ]);
  });

  test("of a damaged checkpoint: the attempt that found it goes on from the one before", () => {
    const found = incident("damaged checkpoint passed over");
    const facts = incidentsIn(recordOf([started(1), checkpoint(10), checkpoint(20), started(2, 10), found]));
    expect(facts.map(({ kind, recovery }) => [kind, recovery])).toEqual([
      ["resumed", "from step 10"],
      ["damaged checkpoint passed over", "from step 10"],
    ]);
  });

  test("say where going on was not exact", () => {
    const stopped: Draft = { run: RUN, kind: "interrupted", data: { reason: "asked to stop" } };
    const [fact] = incidentsIn(recordOf([started(1), checkpoint(10), stopped, started(3, 10, false)]));
    expect(fact).toMatchObject({
      kind: "resumed",
      evidence: "attempt 3 from step 10, on another instruction set: inexact",
      lostSeconds: 0,
    });
  });

  test("of a kill that took the supervisor too are told of the next attempt, without the wait for it", () => {
    const stage: Draft = {
      run: null,
      kind: "stage-started",
      data: { stage: "ladder", inputsHash: NO_PREVIOUS },
    };
    const other = { ...checkpoint(50), run: "other" };
    const events = recordOf([stage, started(1), checkpoint(10), other, other, stage, started(2, 10)]);
    // From the start to the last event of that launch 30 s, 10 of them in steps that are kept.
    expect(incidentsIn(events, [stepsUpTo(1, 10)])).toMatchObject([
      {
        kind: "resumed",
        evidence: "attempt 2 from step 10, after one that ended without a word",
        lostSeconds: 20,
        recovery: "from step 10",
      },
    ]);
  });

  test("are none where a run was asked to stop and went on", () => {
    const stopped: Draft = { run: RUN, kind: "interrupted", data: { reason: "asked to stop" } };
    expect(incidentsIn(recordOf([started(1), checkpoint(10), stopped, started(2, 10)]))).toEqual([]);
  });

  test("of the campaign stand for all its runs, and Ctrl-C within a run is told once", () => {
    const stage: Draft = {
      run: null,
      kind: "stage-started",
      data: { stage: "target", inputsHash: NO_PREVIOUS },
    };
    const interrupted: Draft = { run: null, kind: "interrupted", data: { reason: "in stage target" } };
    const events = recordOf([
      stage,
      started(1),
      { run: RUN, kind: "interrupted", data: { reason: "asked to stop; checkpoint at step 5" } },
      interrupted,
      stage,
      incident("disk full", null),
      interrupted,
    ]);
    expect(
      incidentsIn(events).map(({ run, kind, evidence, recovery }) => [run, kind, evidence, recovery]),
    ).toEqual([
      ["campaign", "interrupted", "in stage target", "the same command went on"],
      ["campaign", "disk full", '{"signal":"SIGKILL"}', "it ended no attempt"],
      ["campaign", "interrupted", "in stage target", "the same command goes on"],
    ]);
  });

  test("of one run are not mixed up with another's", () => {
    const other = { ...checkpoint(50), run: "other" };
    const events = recordOf([
      started(1),
      checkpoint(10),
      other,
      incident("a"),
      { ...started(1), run: "other" },
    ]);
    expect(incidentsIn(events).map(({ recovery }) => recovery)).toEqual(["it ended no attempt"]);
  });
});

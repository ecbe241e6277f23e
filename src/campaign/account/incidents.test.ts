import { describe, expect, test } from "vitest";
import { type EventDraft, NO_PREVIOUS } from "../../record/events.ts";
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
const incident = (what: string, run: string | null = RUN): EventDraft<"incident"> => ({
  run,
  kind: "incident",
  data: { what, evidence: { signal: "SIGKILL" }, severity: "warning" },
});

describe("incidents", () => {
  test("are none where all went well", () => {
    expect(incidentsOf(recordOf([started(1), checkpoint(10)]))).toEqual([]);
  });

  test("of a crash: what was seen, where the run went on, and what was lost since the checkpoint", () => {
    const events = recordOf([
      started(1),
      checkpoint(10),
      checkpoint(20),
      incident("the run's process died"),
      started(2, 20),
    ]);
    expect(incidentsOf(events)).toEqual([
      {
        at: "2026-01-01T00:00:30.000Z",
        run: RUN,
        kind: "the run's process died",
        evidence: '{"signal":"SIGKILL"}',
        lostSeconds: 0,
        recovery: "restarted",
      },
      {
        at: "2026-01-01T00:00:40.000Z",
        run: RUN,
        kind: "resumed",
        evidence: "attempt 2 from step 20",
        lostSeconds: 10,
        recovery: "from step 20",
      },
    ]);
  });

  test("of a run that began anew, and of one that never came back", () => {
    const facts = incidentsOf(recordOf([started(1), incident("a"), started(2), incident("b")]));
    expect(facts.map(({ kind, recovery, lostSeconds }) => [kind, recovery, lostSeconds])).toEqual([
      ["a", "restarted", 0],
      ["resumed", "from the start: there was no checkpoint yet", 10],
      ["b", "none", 0],
    ]);
  });

  test("of a damaged checkpoint: the attempt that found it goes on from the one before", () => {
    const found = incident("damaged checkpoint passed over");
    const facts = incidentsOf(recordOf([started(1), checkpoint(10), checkpoint(20), started(2, 10), found]));
    expect(facts.map(({ kind, recovery }) => [kind, recovery])).toEqual([
      ["resumed", "from step 10"],
      ["damaged checkpoint passed over", "from step 10"],
    ]);
  });

  test("say where going on was not exact", () => {
    const [fact] = incidentsOf(recordOf([started(1), checkpoint(10), started(3, 10, false)]));
    expect(fact?.evidence).toBe("attempt 3 from step 10, on another instruction set: inexact");
  });

  test("of a kill cost at least the time from the checkpoint to that launch's last event, of any run", () => {
    const stage: Draft = {
      run: null,
      kind: "stage-started",
      data: { stage: "ladder", inputsHash: NO_PREVIOUS },
    };
    const other = { ...checkpoint(50), run: "other" };
    const [fact] = incidentsOf(
      recordOf([stage, started(1), checkpoint(10), other, other, stage, started(2)]),
    );
    expect(fact).toMatchObject({ kind: "resumed", lostSeconds: 20 });
  });

  test("of a run that was asked to stop cost nothing", () => {
    const stopped: Draft = { run: RUN, kind: "interrupted", data: { reason: "asked to stop" } };
    const [fact] = incidentsOf(recordOf([started(1), checkpoint(10), stopped, started(2, 10)]));
    expect(fact).toMatchObject({ kind: "resumed", lostSeconds: 0, recovery: "from step 10" });
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
      incidentsOf(events).map(({ run, kind, evidence, recovery }) => [run, kind, evidence, recovery]),
    ).toEqual([
      ["campaign", "interrupted", "in stage target", "the same command went on"],
      ["campaign", "disk full", '{"signal":"SIGKILL"}', "none"],
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
    expect(incidentsOf(events).map(({ recovery }) => recovery)).toEqual(["none"]);
  });
});

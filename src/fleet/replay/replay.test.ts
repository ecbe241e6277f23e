import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openRecord } from "../../record/record.ts";
import { spike } from "../decide/fixture.ts";
import { DEFAULT_POLICY, policySchema } from "../decide/policy.ts";
import { incidentOf } from "../recorded-run.ts";
import { readFaultTrace } from "./fault-trace.ts";
import { replayRecord } from "./replay-record.ts";
import { replayTrace } from "./replay-trace.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const base = mkdtempSync(join(tmpdir(), "longrun-replay-"));
afterAll(() => rmSync(base, { recursive: true }));

describe("over a trace of faults", () => {
  const faults = readFaultTrace(join(root, "test", "fixtures", "fault-trace.json"));
  const actions = (policy = DEFAULT_POLICY, numSpares: number | null = null) =>
    replayTrace(faults, policy, numSpares).faults.map(({ decision }) => decision.action);

  test("a machine is replaced until it is well, and for good the second time within a week", () => {
    const replay = replayTrace(faults, DEFAULT_POLICY, null);
    expect(replay.faults.map(({ decision }) => [decision.action, decision.reason])).toEqual([
      ["spare", "node-1: GPU: GPU Lost; a spare takes over, 2 left"],
      ["spare", "node-2: NIC: Link Down; a spare takes over, 2 left"],
      ["exclude", "node-1: 2 failures within 7.00 days; a spare takes over, 2 left"],
      ["avoided", "node-1 was excluded 26 days before"],
      ["spare", "node-2: NIC: Link Down; a spare takes over, 1 left"],
      ["spare", "node-3: Power Supply: Redundancy Lost; a spare takes over, 0 left"],
    ]);
    expect(replay).toMatchObject({
      numPlaces: 3,
      sparesUsed: 5,
      mostSparesAtOnce: 3,
      excluded: ["node-1"],
      numAvoided: 1,
    });
  });

  test("another policy excludes later, or sooner", () => {
    const monthly = policySchema.parse({ place: { withinDays: 60 } });
    expect(actions(monthly)).toEqual(["spare", "spare", "exclude", "avoided", "exclude", "spare"]);
    const lenient = policySchema.parse({ place: { failures: 3 } });
    expect(actions(lenient)).toEqual(["spare", "spare", "spare", "spare", "spare", "spare"]);
  });

  test("without a spare the run is held, or shrinks where that is allowed", () => {
    expect(actions(DEFAULT_POLICY, 1)).toEqual(["spare", "spare", "exclude", "avoided", "hold", "hold"]);
    const shrink = policySchema.parse({ shrink: true });
    expect(actions(shrink, 1)).toEqual(["spare", "spare", "exclude", "avoided", "shrink", "shrink"]);
  });

  test("what is no trace is refused, with what is expected", () => {
    const path = join(base, "no-trace.json");
    for (const content of ["{}", "[]", '[{"node_id": "a"}]', "no json"]) {
      writeFileSync(path, content);
      expect(() => readFaultTrace(path)).toThrow(/node_id, event_time in days/);
    }
  });

  const STEPFUN = join(root, "..", "shared", "data", "faults", "stepfun-fault-trace.json");
  test.skipIf(!existsSync(STEPFUN))(
    "StepFun's 584 faults (shared/data; skipped where it is not at hand)",
    () => {
      const replay = replayTrace(readFaultTrace(STEPFUN), DEFAULT_POLICY, null);
      expect(replay).toMatchObject({
        numPlaces: 231,
        sparesUsed: 439,
        mostSparesAtOnce: 83,
        numAvoided: 145,
      });
      expect(replay.excluded).toHaveLength(81);
      expect(replay.faults.every(({ decision }) => decision.reason.length > 10)).toBe(true);
    },
  );
});

describe("over a record", () => {
  test("each incident is decided anew, by the checkpoints and failures that were known then", () => {
    using record = openRecord(join(base, "record"));
    const seen = { ...spike(150), atSeconds: 0, memoryShare: null, step: 152 };
    const then = { action: "replay", toStep: 100, without: [], reason: "a first time" } as const;
    record.append({
      run: "one",
      kind: "run-started",
      data: { attempt: 1, fromStep: 0, exact: true, numThreads: 1, spec: null },
    });
    for (const step of [100, 200])
      record.append({ run: "one", kind: "checkpoint-written", data: { step, bytes: 1 } });
    for (let i = 0; i < 2; i++) record.append({ run: "one", ...incidentOf(seen, then, 0.5) });
    record.append({ run: null, kind: "incident", data: { what: "a flood", evidence: {}, severity: "info" } });
    const decided = (policy = DEFAULT_POLICY) =>
      replayRecord(record.events, policy).map((each) => [
        each.sequence,
        each.decided?.action,
        each.now.action,
      ]);
    expect(decided()).toEqual([
      [3, "replay", "replay"],
      [4, "replay", "rewind"],
    ]);
    expect(replayRecord(record.events, DEFAULT_POLICY)[1]!.now).toMatchObject({ toStep: 100 });
    expect(decided(policySchema.parse({ spike: { mostSkips: 0 } }))).toEqual([
      [3, "replay", "replay"],
      [4, "replay", "hold"],
    ]);
  });

  test("from the checkpoints that the record certified by then", () => {
    using record = openRecord(join(base, "certified"));
    const started = { attempt: 1, fromStep: 0, exact: true, numThreads: 1, spec: null };
    record.append({ run: "one", kind: "run-started", data: started });
    for (const step of [100, 140])
      record.append({ run: "one", kind: "checkpoint-written", data: { step, bytes: 1 } });
    record.append({ run: "one", kind: "checkpoint-certified", data: { step: 100, throughStep: 116 } });
    const seen = { ...spike(150), atSeconds: 0, memoryShare: null, step: 152 };
    record.append({ run: "one", ...incidentOf(seen, { action: "hold", reason: "so" }, 0.5) });
    record.append({ run: "one", kind: "checkpoint-certified", data: { step: 140, throughStep: 156 } });
    expect(replayRecord(record.events, DEFAULT_POLICY).map(({ now }) => now)).toEqual([
      {
        action: "replay",
        toStep: 100,
        without: [],
        reason:
          "replayed from the certified checkpoint of step 100, before it: what a machine did wrong does not recur",
      },
    ]);
  });
});

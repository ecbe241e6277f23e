import { describe, expect, test } from "vitest";
import { shapeOfWidth } from "../model/dial.ts";
import type { PlannedRun } from "../train/planned-run.ts";
import { CampaignProgress } from "./campaign-progress.ts";
import { planText } from "./terminal/plan-text.ts";
import { Progress } from "./terminal/progress.ts";

const shape = shapeOfWidth(64, {
  vocabularySize: 1024,
  numLayers: 2,
  queriesPerKeyValue: 1,
  tiedEmbeddings: false,
});
const optimiser = {
  learningRate: 0.01,
  baseWidth: 64,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

function planned(name: string, role: "rung" | "target"): PlannedRun {
  const counts = {
    sequenceLength: 100,
    batchSequences: 10,
    numSteps: 600,
    seed: 1,
    heldOutTokens: 1000,
    checkpointSeconds: 8,
  };
  const spec = { role, shape, optimiser, ...counts };
  return { name, spec, matrixParameters: 166_000, tokens: 600_000, flops: 1e12, evaluationFlops: 1e10 };
}

/** Without a terminal every line that is printed can be read back. */
function stage() {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const output = {
    write: (text: string) => lines.push(text.trimEnd()),
    isTerminal: false,
    columns: () => 100,
  };
  const now = () => clock.ms;
  return { clock, lines, shown: new CampaignProgress(new Progress(output, now), now) };
}

const started = {
  kind: "started",
  attempt: 1,
  fromStep: 0,
  checkpoint: null,
  exact: true,
  damaged: [],
} as const;

describe("CampaignProgress", () => {
  test("shows the speed of a run as the mean since its first step", () => {
    const { clock, lines, shown } = stage();
    const run = planned("rung-1", "rung");
    shown.show({ kind: "run", run, event: started });
    shown.show({ kind: "run", run, event: { kind: "step", step: 1, loss: 7, stepSeconds: 0.02 } });
    clock.ms = 6000;
    shown.show({ kind: "run", run, event: { kind: "step", step: 301, loss: 4.5, stepSeconds: 9 } });
    shown.show({ kind: "run", run, event: { kind: "stopped", step: 301 } });
    expect(lines).toEqual([
      "rung-1: 0 %",
      "rung-1: 50 %, 50.0 k tokens/s, loss 4.500, 6 s left",
      "rung-1: stopped at step 301 in 6.00 s",
    ]);
  });

  test("keeps the line of a run that is restarted, and says where it goes on", () => {
    const { lines, shown } = stage();
    const run = planned("rung-1", "rung");
    shown.show({ kind: "run", run, event: started });
    shown.show({ kind: "run", run, event: { kind: "step", step: 1, loss: 7, stepSeconds: 0.02 } });
    shown.show({ kind: "run", run, event: { ...started, attempt: 2, fromStep: 200 } });
    shown.show({
      kind: "run",
      run,
      event: { kind: "diverged", what: "its loss or gradient", step: 201, loss: 1, gradientNorm: 1 },
    });
    expect(lines.slice(1)).toEqual(["rung-1: goes on from step 200", "rung-1: diverged at step 201 in 0 s"]);
  });

  test("says once how the target stands, and then on its line", () => {
    const { clock, lines, shown } = stage();
    const run = planned("target", "target");
    shown.show({
      kind: "on-track",
      status: "above",
      reason: "the loss is 6 % over its band",
      stepGapPercent: 1,
    });
    shown.show({
      kind: "on-track",
      status: "above",
      reason: "the loss is 7 % over its band",
      stepGapPercent: 1,
    });
    clock.ms = 10;
    shown.show({ kind: "run", run, event: { kind: "step", step: 60, loss: 5, stepSeconds: 0.01 } });
    expect(lines).toEqual([
      "target: the loss is 6 % over its band",
      "target: 10 %, 100 k tokens/s, loss 5.000, above",
    ]);
  });

  test("ends each part of prepare when the next begins", () => {
    const { lines, shown } = stage();
    shown.show({ kind: "preparing", step: "read", doneBytes: 5e6, totalBytes: 1e7 });
    shown.show({ kind: "preparing", step: "encode", doneBytes: 1e6, totalBytes: undefined });
    shown.show({ kind: "stage", stage: "prepare", state: "finished" });
    expect(lines).toEqual([
      "read: 50 %, 5.00 MB",
      "read: done in 0 s",
      "encode: 1.00 MB",
      "encode: done in 0 s",
      "stage prepare: done",
    ]);
  });
});

describe("planText", () => {
  test("has every derived number of every rung and of the target", () => {
    const rung = { index: 0, flops: 1e12, runs: [planned("rung-0", "rung"), planned("rung-0b", "rung")] };
    const text = planText({
      kind: "planned",
      plan: {
        vocabularySize: 1024,
        vocabularyReason: "set in the campaign file",
        rungs: [rung],
        target: planned("target", "target"),
        reach: 8,
        totalFlops: 3e13,
      },
      machine: {
        processor: "CPU",
        numThreads: 2,
        instructionSet: "avx2",
        memoryBytes: 8e9,
        freeDiskBytes: 1,
      },
      numMachines: 3,
      expectedSeconds: 285,
      sourceBytes: 22.5e6,
    });
    const rows = text.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(["run", "seeds", "width", "layers", "N", "D", "C", "steps", "batch"]);
    expect(rows[2]).toEqual(["rung 0", "2", "64", "2", "166 k", "600 k", "1.00 TFLOP", "600", "10 x 100"]);
    expect(rows.at(-1)).toEqual(["in all", "30.0 TFLOP, about 4 min 45 s"]);
    expect(text).toContain("8.00 times as much as the largest rung");
    expect(text).toContain("the source files hold 22.5 MB");
    expect(text).toContain("3 nodes, each with 2 threads of CPU (avx2), 8.00 GB");
    expect(text).toContain("the input embedding not");
  });
});

import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { parseCluster } from "../hardware/cluster.ts";
import { SOFTWARE_2024 } from "../layout/layout.ts";
import { parseLayout } from "../layout/parse.ts";
import { preset } from "../shape/presets.ts";
import { publishedTable } from "../validate/read-runs.ts";
import { ALL_CHOICES } from "./choices.ts";
import { type LayoutRequest, planLayouts } from "./plan-layouts.ts";

const JOB = { sequence: 8192, batchSequences: 128, software: SOFTWARE_2024 };
const QUESTION: LayoutRequest = {
  model: preset("llama3-8b"),
  cluster: parseCluster("h100:32"),
  job: JOB,
  tokens: 1e12,
  count: 5,
  measured: publishedTable().runs,
};

function complaint(question: LayoutRequest): UserError {
  try {
    planLayouts(question);
  } catch (error) {
    if (error instanceof UserError) return error;
  }
  throw new Error("no complaint");
}

describe("an answer", () => {
  const answer = planLayouts({ ...QUESTION, yours: parseLayout("tp=4,mb=2", 32) });

  test("is the same each time, in the same bytes", () => {
    expect(JSON.stringify(planLayouts({ ...QUESTION, yours: parseLayout("tp=4,mb=2", 32) }))).toBe(
      JSON.stringify(answer),
    );
  });

  test("the run is its steps, and device hours are hours of all devices", () => {
    const { run, stepSeconds } = answer.best[0]!;
    const steps = Math.ceil(1e12 / (128 * 8192));
    expect(run!.days.median).toBeCloseTo((steps * stepSeconds) / 86_400, 9);
    expect(run!.deviceHours.median).toBeCloseTo(run!.days.median * 24 * 32, 6);
    expect(run!.days.lo).toBeLessThan(run!.days.median);
    expect(planLayouts({ ...QUESTION, measured: [] }).similar).toBeNull();
  });

  test("layouts are written so that they can be read again", () => {
    for (const { layout, sizes } of [...answer.best, ...answer.pareto])
      expect(parseLayout(layout, 32)).toEqual(sizes);
  });

  test("yours has the rank that its time has", () => {
    expect(answer.yours?.kind).toBe("planned");
    if (answer.yours?.kind !== "planned") return;
    const { rank, row, slowerPercent } = answer.yours;
    expect(row.stepSeconds).toBeCloseTo(answer.best[0]!.stepSeconds * (1 + slowerPercent / 100), 9);
    expect(rank).toBeGreaterThan(1);
    const first = planLayouts({ ...QUESTION, yours: answer.best[0]!.sizes });
    expect(first.yours).toMatchObject({ kind: "planned", rank: 1, slowerPercent: 0 });
  });

  test("the similar run is of this model on this accelerator, and its time is predicted beside", () => {
    expect(answer.similar?.accelerator).toContain("H100");
    expect(answer.similar?.model.toLowerCase()).toContain("8b");
    expect(answer.similar?.source.length).toBeGreaterThan(10);
  });
});

test("a layout of yours that cannot run says why", () => {
  const { yours } = planLayouts({ ...QUESTION, yours: parseLayout("tp=4,mb=7", 32) });
  expect(yours).toMatchObject({
    kind: "refused",
    problem: { expected: "a batch divisible by dp x micro batch = 56" },
  });
});

test("where no layout divides over all devices, the part with the shortest step is planned for", () => {
  // 272 devices can be used, in 17 stages; 256 are faster.
  const answer = planLayouts({ ...QUESTION, cluster: parseCluster("h100:280") });
  expect(answer.numDevices).toBe(256);
  expect(answer.idleDevices).toBe(24);
  const crooked = planLayouts({ ...QUESTION, cluster: parseCluster("h100:272") });
  expect(crooked.idleDevices).toBe(0);
  expect(crooked.best[0]!.stepSeconds).toBeGreaterThan(answer.best[0]!.stepSeconds);
});

test("a batch that nothing can share out is refused, with a batch that can be", () => {
  const error = complaint({
    ...QUESTION,
    cluster: parseCluster("h100:13"),
    job: { ...JOB, batchSequences: 8 },
  });
  expect(error.found).toContain("8 sequences for 13 devices");
  expect(error.remedy).toContain("a batch of 13 sequences");
});

describe("a model that fits nowhere", () => {
  const tooBig: LayoutRequest = {
    ...QUESTION,
    model: preset("llama3-405b"),
    cluster: parseCluster("h100:64"),
  };

  test("says what it needs, and changes that fit indeed", () => {
    const error = complaint(tooBig);
    expect(error.found).toMatch(/needs at least \d+ GB a device/);
    const devices = Number(/(\d+) devices of this kind/.exec(error.remedy)?.[1]);
    expect(devices).toBeGreaterThan(64);
    const roomier = /64 x ([A-Z0-9-]+) /.exec(error.remedy)?.[1] ?? "";
    expect(planLayouts({ ...tooBig, cluster: parseCluster(`h100:${devices}`) }).numFitting).toBeGreaterThan(
      0,
    );
    expect(
      planLayouts({ ...tooBig, cluster: parseCluster(`${roomier.toLowerCase()}:64`) }).numFitting,
    ).toBeGreaterThan(0);
  });

  test("where choices were ruled out, says which to allow", () => {
    const narrow = {
      ...ALL_CHOICES,
      shardings: ["none"],
      mostTensor: 1,
      schedules: ["1f1b"],
      recomputes: ["none"],
    } as const;
    const error = complaint({ ...QUESTION, model: preset("llama3-70b"), choices: narrow });
    expect(error.remedy).toContain("allow dp=");
  });
});

test("sizes that heads forbid are named", () => {
  const { refusedSizes } = planLayouts({
    ...QUESTION,
    model: preset("llama2-13b"),
    cluster: parseCluster("h100:64"),
  });
  expect(refusedSizes).toContainEqual({
    size: "tp=16",
    found: "tp 16 and 40 heads",
    expected: "heads divisible by tp",
  });
});

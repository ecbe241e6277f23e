import { describe, expect, test } from "vitest";
import { parseCluster } from "../../plan/hardware/cluster.ts";
import { SOFTWARE_2024 } from "../../plan/layout/layout.ts";
import { parseLayout } from "../../plan/layout/parse.ts";
import { ALL_CHOICES } from "../../plan/search/choices.ts";
import { type LayoutRequest, planLayouts } from "../../plan/search/plan-layouts.ts";
import { preset } from "../../plan/shape/presets.ts";
import { formatWhole } from "../../units/print.ts";
import { layoutPlanText } from "./layouts-text.ts";

const QUESTION: LayoutRequest = {
  model: preset("llama3-8b"),
  cluster: parseCluster("h100:32"),
  job: { sequence: 8192, batchSequences: 128, software: SOFTWARE_2024 },
  count: 3,
};

const lineWith = (text: string, part: string) => text.split("\n").find((line) => line.includes(part)) ?? "";

describe("the text", () => {
  const answer = planLayouts({ ...QUESTION, tokens: 1e12 });
  const text = layoutPlanText(answer, ["A note."]);

  test("has the question, the note and the count", () => {
    expect(text).toContain("on 32 x H100-80GB, 128 x 8,192 = 1.05 M tokens a step.");
    expect(text).toContain("A note.");
    expect(text).toContain(`${formatWhole(answer.numFitting)} of them fit`);
  });

  test("shares of a step add up to all of it", () => {
    const lines = text.split("\n");
    const start = lines.findIndex((line) => line.startsWith("Where the step goes"));
    const cells = lines[start + 3]!.trim().split(/\s+/).slice(1, -1).map(Number);
    const sum = cells.reduce((total, cell) => total + cell, 0);
    expect(Math.abs(sum - 100)).toBeLessThan(0.05 * (cells.length + 1));
  });

  test("has the conventions, memory and the price of choices", () => {
    expect(text).toContain("causal attention counted by half");
    expect(lineWith(text, "optimiser  activations")).toContain("overhead");
    expect(lineWith(text, "  sharding:")).toContain("0.0 %");
  });

  test("columns of axes that no layout uses are left out; days only where tokens are given", () => {
    expect(text).not.toContain("  ep  ");
    expect(text).toContain("days for 1.00 T tokens");
    expect(text).toContain("days without failures");
    expect(text).toContain("GPU-hours");
    expect(layoutPlanText(planLayouts(QUESTION), [])).not.toContain("days for");
  });
});

test("idle devices, your layout and its refusal", () => {
  const idle = layoutPlanText(planLayouts({ ...QUESTION, cluster: parseCluster("h100:280") }), []);
  expect(idle).toContain("24 devices stay idle: no layout divides over all 280");
  const yours = (text: string) =>
    lineWith(layoutPlanText(planLayouts({ ...QUESTION, yours: parseLayout(text, 32) }), []), "Your layout");
  expect(yours("tp=2,mb=1")).toContain("% against the best");
  expect(yours("tp=2,mb=3")).toContain("cannot run: a batch of 128");
  const big = layoutPlanText(
    planLayouts({
      ...QUESTION,
      model: preset("llama3-70b"),
      cluster: parseCluster("h100:32"),
      yours: parseLayout("zero=0", 32),
    }),
    [],
  );
  expect(big).toMatch(/It does not fit: [\d.]+ TB are missing/);
});

test("tensor ranks over several domains are warned of; TPUs are no GPUs", () => {
  const wide = { ...QUESTION, model: preset("llama3-70b"), cluster: parseCluster("h100:64,domain=2") };
  const text = layoutPlanText(planLayouts({ ...wide, count: 40 }), []);
  expect(text).toContain("tp=4 over fast domains of 2: nobody has published");
  expect(text).not.toContain("tp=2 over fast domains");
  const tpus = layoutPlanText(planLayouts({ ...QUESTION, cluster: parseCluster("tpu-v5p:64") }), []);
  expect(tpus).toContain("tokens/s/device");
  expect(tpus).not.toContain("tokens/s/GPU  ");
});

test("schedules that nobody measured are named only where they were tried", () => {
  const deep = { ...QUESTION, model: preset("llama3-70b"), cluster: parseCluster("h100:64") };
  expect(layoutPlanText(planLayouts(deep), [])).toContain("No run of the published table uses zero-bubble");
  const common = { ...deep, choices: { ...ALL_CHOICES, schedules: ["1f1b", "interleaved"] } as const };
  expect(layoutPlanText(planLayouts(common), [])).not.toContain("zero-bubble");
});

import { expect, test } from "vitest";
import { explainStep } from "../../plan/explain/explain.ts";
import { parseCluster } from "../../plan/hardware/cluster.ts";
import { SINGLE, SOFTWARE_2024 } from "../../plan/layout/layout.ts";
import { parseLayout } from "../../plan/layout/parse.ts";
import { preset } from "../../plan/shape/presets.ts";
import { explanationText, stageName } from "./explain-text.ts";

const cluster = parseCluster("h100:64");
const job = { sequence: 8192, batchSequences: 64, software: SOFTWARE_2024 };
const explained = (layout: string, best: { stepSeconds: number } | null) =>
  explainStep(
    { model: preset("llama3-8b"), cluster, job },
    parseLayout(layout, 64),
    () => best && { layout: { ...SINGLE, data: 64 }, ...best },
  );

test("the printed seconds add up to the printed step", () => {
  const text = explanationText(explained("tp=2,pp=4,zero=1", null), "a model");
  const rows = text.slice(text.indexOf("cause"), text.indexOf("Operations")).split("\n").slice(2);
  const seconds = rows
    .flatMap((row) => /\s(\d+\.\d+)\s+\d+\.\d %\s+\d+\.\d %$/.exec(row)?.[1] ?? [])
    .map(Number);
  const total = seconds.pop()!;
  expect(seconds.length).toBeGreaterThan(6);
  expect(seconds.reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 9);
});

test("it says what fits, how far the fastest is, and how FLOPs are counted", () => {
  const poor = explanationText(explained("tp=1,zero=0", { stepSeconds: 1e-3 }), "a model");
  expect(poor).toMatch(/causal attention counted by half/);
  expect(poor).toMatch(/The fastest layout that fits, .* more tokens per second\./);
  expect(poor).toContain("It does not fit in memory");
  expect(explanationText(explained("zero=3", null), "a model")).toContain(
    "No layout of those that most people run fits.",
  );
});

test("stages are counted from 1, in the table and in the sentence", () => {
  const explanation = explained("tp=2,pp=4,zero=1", null);
  const text = explanationText(explanation, "a model");
  expect(text).toContain(`The fullest, stage ${explanation.prediction.memory.stage + 1}:`);
  const names = explanation.stages.map(stageName);
  expect(names[0]).toMatch(/^1\b/);
  expect(names.at(-1)).toMatch(/\b4$/);
});

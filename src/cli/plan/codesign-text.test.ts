import { expect, test } from "vitest";
import { readLawFile } from "../../law/law-file.ts";
import { scalingLawOf } from "../../law/scaling-law.ts";
import { codesign } from "../../plan/codesign/codesign.ts";
import { layoutFinder } from "../../plan/codesign/layout-finder.ts";
import { parseCluster } from "../../plan/hardware/cluster.ts";
import { SOFTWARE_2024 } from "../../plan/layout/layout.ts";
import { TYPICAL_GOODPUT } from "../../plan/typical-runs.ts";
import { codesignText } from "./codesign-text.ts";

const law = scalingLawOf(
  readLawFile(
    JSON.stringify({ law: "chinchilla", parameters: { A: 482, B: 2085, E: 1.8, alpha: 0.35, beta: 0.37 } }),
  ),
);
const answer = codesign(
  {
    cluster: parseCluster("h100:16"),
    law,
    days: 2,
    goodput: TYPICAL_GOODPUT,
    sequence: 2048,
    vocabularySize: 32_000,
    routings: [null],
    precision: "bf16",
    batchSequences: 256,
    software: SOFTWARE_2024,
  },
  (cluster, job) => layoutFinder(cluster, job, { precision: "bf16" }),
);

test("choice, clusters, rounding, frontier, assumptions and warnings are all there, with intervals", () => {
  const text = codesignText(answer);
  expect(text).toContain(`${answer.best.numLayers} layers of ${answer.best.hidden}`);
  expect(text).toMatch(/loss \d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\)/);
  for (const part of [
    "the law alone, dense",
    "fast domain of 8 (yours)",
    "fast domain of 72",
    "round",
    "Chosen apart",
  ])
    expect(text).toContain(part);
  expect(text).toContain("arXiv 2001.08361");
  expect(text).toContain("Warning: the law's file holds no draws");
});

test("what fits nowhere says so in its row", () => {
  const without = {
    ...answer,
    domains: answer.domains.map((each) => ({ ...each, best: each.isOwn ? each.best : null })),
  };
  expect(codesignText(without)).toMatch(/fast domain of 72 +nothing fits/);
});

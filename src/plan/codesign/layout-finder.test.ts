import { expect, test } from "vitest";
import { parseCluster } from "../hardware/cluster.ts";
import { devicesOf, SOFTWARE_2024 } from "../layout/layout.ts";
import { preset } from "../shape/presets.ts";
import { layoutFinder } from "./layout-finder.ts";

const SHAPE = preset("llama3-8b");
const JOB = { sequence: 8192, batchSequences: 128, software: SOFTWARE_2024 };

test("where no layout divides over all devices, the fastest one of a part is found, and found again", () => {
  const finder = layoutFinder(parseCluster("h100:280"), JOB, { precision: "bf16" });
  expect(finder.quick(SHAPE)).toBeNull();
  const found = finder.search(SHAPE)!;
  expect(devicesOf(found.layout)).toBeLessThan(280);
  expect(devicesOf(found.layout)).toBeGreaterThanOrEqual(0.8 * 280);
  const again = finder.quick(SHAPE)!;
  expect(again.prediction.stepSeconds).toBeLessThanOrEqual(1.05 * found.prediction.stepSeconds);
  const { tokensPerSecondPerDevice, stepSeconds } = found.prediction;
  expect(tokensPerSecondPerDevice * devicesOf(found.layout)).toBeCloseTo((8192 * 128) / stepSeconds, 3);
});

test("a cluster never takes a layout of a larger one out of the shared pool", () => {
  const pool = new Map();
  layoutFinder(parseCluster("h100:64"), JOB, { precision: "bf16", pool }).search(SHAPE);
  expect(pool.size).toBeGreaterThan(0);
  expect(layoutFinder(parseCluster("h100:32"), JOB, { precision: "bf16", pool }).quick(SHAPE)).toBeNull();
});

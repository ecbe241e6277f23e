import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { parseCluster } from "../hardware/cluster.ts";
import { type Job, SOFTWARE_2024 } from "../layout/layout.ts";
import { preset } from "../shape/presets.ts";
import { ALL_CHOICES } from "./choices.ts";
import { clusterParts, dividingParts } from "./cluster-parts.ts";

const MODEL = preset("llama3-405b");
const JOB: Job = { sequence: 8192, batchSequences: 2048, software: SOFTWARE_2024 };
const sizes = (cluster: string, job = JOB) =>
  dividingParts({ model: MODEL, cluster: parseCluster(cluster), job }, ALL_CHOICES).map(
    ({ numDevices }) => numDevices,
  );

test("all devices where a layout divides over them, else the largest part first, in whole nodes", () => {
  expect(sizes("h100:16384")).toEqual([16_384]);
  const [largest, ...others] = sizes("h100:100000");
  expect(largest).toBe(98_304);
  expect(others).toHaveLength(2);
  for (const size of others) expect(size % 8).toBe(0);
});

test("millions of devices are looked at in coarser steps", () => {
  const [largest] = sizes("h100:3999999");
  expect(largest).toBeGreaterThan(0.8 * 3_999_999);
  expect(largest! % 256).toBe(0);
});

test("nothing usable is no part, and a refusal with a batch nearby where there is one", () => {
  const prime = { ...JOB, batchSequences: 16_777_213 };
  expect(sizes("h100:3999999", prime)).toEqual([]);
  const refusal = (job: Job, cluster: string) => () =>
    clusterParts({ model: MODEL, cluster: parseCluster(cluster), job }, ALL_CHOICES);
  expect(refusal(prime, "h100:3999999")).toThrow(UserError);
  expect(refusal({ ...JOB, batchSequences: 1 }, "h100:1048576")).toThrow("a batch of 1 sequences");
});

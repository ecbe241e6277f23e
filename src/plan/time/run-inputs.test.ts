import { describe, expect, test } from "vitest";
import { SETTLED } from "../../../test/support/run-simulation.ts";
import { UserError } from "../../errors.ts";
import { certain } from "../../math/interval.ts";
import { parseCluster } from "../hardware/cluster.ts";
import { LLAMA_3 } from "./causes.ts";
import { completeInputs, type RunFacts } from "./run-inputs.ts";

const facts: RunFacts = {
  cluster: parseCluster("h100:1000"),
  peakFlopsPerDevice: 1e15,
  saveMode: "sync",
  ages: SETTLED,
  parameters: 1e11,
  elapsedSeconds: 86_400,
};
const withWork = (changes: Partial<RunFacts>) =>
  completeInputs({ ...facts, elapsedSeconds: undefined, ...changes });

describe("what cannot be", () => {
  test("a hall that makes power, and a first save after the end", () => {
    expect(() => completeInputs({ ...facts, pue: certain(0.9) })).toThrow(/a PUE of 0.9/);
    expect(() => completeInputs({ ...facts, intervalSeconds: 2 * 86_400 })).toThrow(
      /a save every 2 d .*of a run of/,
    );
    expect(() => completeInputs({ ...facts, intervalSeconds: 86_400 })).not.toThrow();
  });
});

describe("planned stops nobody has counted", () => {
  const stopsOn = (cluster: string) => completeInputs({ ...facts, cluster: parseCluster(cluster) });
  test("none below a node, else in proportion to Llama 3's, never more", () => {
    expect(stopsOn("h100:1").inputs.plannedPerDay).toBe(0);
    expect(stopsOn("h100:1").assumed.join()).toContain("no planned stops");
    expect(stopsOn("h100:8192").inputs.plannedPerDay).toBeCloseTo(47 / 54 / 2, 12);
    expect(stopsOn("h100:100000").inputs.plannedPerDay).toBeCloseTo(47 / 54, 12);
    expect(stopsOn("h100:8192").assumed.join()).toContain(
      "0.44 planned stops a day, Llama 3's 0.87 in proportion",
    );
  });
});

describe("work", () => {
  test("tokens at an MFU: 6 N D over devices, peak and MFU; a faster end is a shorter time", () => {
    const { work } = withWork({ tokens: 1e12, mfu: { median: 0.4, lo: 0.32, hi: 0.5 } }).inputs;
    expect(work).toMatchObject({ kind: "productive" });
    const seconds = (6e23 / (1000 * 1e15)) * 1;
    expect(work.kind === "productive" && work.seconds.median).toBeCloseTo(seconds / 0.4, 6);
    expect(work.kind === "productive" && work.seconds.lo).toBeCloseTo(seconds / 0.5, 6);
    expect(work.kind === "productive" && work.seconds.hi).toBeCloseTo(seconds / 0.32, 6);
  });
  test("steps, and tokens a second of a device", () => {
    expect(withWork({ steps: 1000, stepSeconds: certain(5) }).inputs.work).toEqual({
      kind: "productive",
      seconds: certain(5000),
    });
    expect(withWork({ tokens: 1e9, tokensPerSecondPerDevice: certain(1000) }).inputs.work).toEqual({
      kind: "productive",
      seconds: certain(1000),
    });
  });
  test.each([
    ["none", {}, /0 ways to say how much work/],
    ["two", { tokens: 1e9, steps: 5 }, /2 ways/],
    ["tokens without a speed", { tokens: 1e9 }, /--tokens without a speed/],
    ["steps without their time", { steps: 100 }, /--steps without --step-seconds/],
    ["an MFU in percent", { tokens: 1e9, mfu: certain(40) }, /an MFU of 4000 %/],
  ])("refuses %s", (_, changes, message) => {
    expect(() => withWork(changes)).toThrow(UserError);
    expect(() => withWork(changes)).toThrow(message);
  });
});

describe("what is assumed is said, what is given is not", () => {
  test("defaults", () => {
    const { inputs, assumed } = completeInputs(facts);
    expect(inputs.record).toBe(LLAMA_3);
    expect(inputs.clusterLogSd).toBeGreaterThan(0.5);
    expect(inputs.nodeWattsPerDevice.median).toBe(856);
    expect(assumed.join("; ")).toContain("failures as those of Llama 3");
    expect(assumed.join("; ")).toContain("storage of 122 GB/s");
  });
  test("a record of the cluster's own is taken at its word", () => {
    const { inputs, assumed } = completeInputs({
      ...facts,
      record: LLAMA_3,
      storageBandwidth: certain(1e12),
    });
    expect(inputs.clusterLogSd).toBe(0);
    expect(assumed.join("; ")).not.toContain("failures as those");
    expect(assumed.join("; ")).not.toContain("storage");
    expect(inputs.stallSeconds.median).toBeCloseTo(1.4 + 2, 9);
  });
  test("a checkpoint of unknown size is refused, not guessed", () => {
    expect(() => completeInputs({ ...facts, parameters: undefined })).toThrow(/--checkpoint-bytes/);
  });
  test("saved beside training: a short stall, and the write as lag", () => {
    const { inputs } = completeInputs({ ...facts, saveMode: "async", storageBandwidth: certain(1e10) });
    expect(inputs.stallSeconds.median).toBeLessThan(3);
    expect(inputs.lagSeconds.median).toBeCloseTo(140, 9);
  });
});

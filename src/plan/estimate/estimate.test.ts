import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { certain } from "../../math/interval.ts";
import { roughEstimate } from "./estimate.ts";
import type { EstimateFacts } from "./lines.ts";

const facts: EstimateFacts = {
  parameters: 12e9,
  batchSequences: 512,
  sequence: 2048,
  numDevices: 64,
  deviceName: "H100",
  peakFlopsPerDevice: 1e15,
  memoryBytesPerDevice: 80e9,
  networkBandwidth: 50e9,
  mfu: certain(0.4),
  numLayers: 40,
  hidden: 5120,
  numHeads: 40,
};
const line = (changes: Partial<EstimateFacts>, name: string) =>
  roughEstimate({ ...facts, ...changes }).lines.find((each) => each.id === name)!;
const value = (changes: Partial<EstimateFacts>, name: string) => line(changes, name).value.median;

describe("twelve billion parameters by hand", () => {
  test("states", () => {
    expect(value({}, "weights")).toBe(24e9);
    expect(value({}, "gradients")).toBe(24e9);
    expect(value({}, "optimiser")).toBe(144e9);
    expect(value({}, "states")).toBe(192e9);
    expect(line({}, "weights").formula).toBe("2 bytes x 12.0 B");
  });
  test("activations, arXiv 2205.05198: L s h (34 + 5 a s / h)", () => {
    const kept = 40 * 2048 * 5120 * (34 + (5 * 40 * 2048) / 5120);
    expect(value({}, "activationsScoresKept")).toBeCloseTo(kept, 0);
    expect(value({}, "activationsFlash")).toBe(40 * 34 * 2048 * 5120);
    expect(line({}, "activationsScoresKept").formula).toContain("40 x (34 x 2048 x 5120 + 5 x 40 x 2048^2)");
  });
  test("GPT-3's activations: attention scores are 80 / 34 of the rest there (same paper, section 4)", () => {
    const gpt3 = { sequence: 2048, numLayers: 96, hidden: 12_288, numHeads: 96 };
    const rest = value(gpt3, "activationsFlash");
    expect((value(gpt3, "activationsScoresKept") - rest) / rest).toBeCloseTo(80 / 34, 9);
  });
  test("a step: 6 N D over what the devices reach", () => {
    expect(value({}, "flops")).toBe(6 * 12e9 * 512 * 2048);
    expect(value({}, "stepSeconds")).toBeCloseTo((6 * 12e9 * 512 * 2048) / (64 * 0.4e15), 9);
  });
  test("gradients: a ring sends 2 (n - 1) / n of them, to hide behind two thirds of the step", () => {
    const volume = 2 * (63 / 64) * 24e9;
    expect(value({}, "allReduceBytes")).toBeCloseTo(volume, 0);
    const backward = (2 / 3) * value({}, "stepSeconds");
    expect(value({}, "bandwidthToHide")).toBeCloseTo(volume / backward, 0);
  });
});

describe("verdicts", () => {
  test("hidden on this network, not on one of a tenth", () => {
    expect(roughEstimate(facts).verdicts.join()).toContain("gradients hide behind");
    expect(roughEstimate({ ...facts, networkBandwidth: 1e9 }).verdicts.join()).toContain("do not hide");
    expect(roughEstimate({ ...facts, numDevices: 1 }).verdicts.join()).toContain("no gradients to exchange");
  });
  test("what does not fit comes with the number of devices that would hold it", () => {
    expect(roughEstimate({ ...facts, numDevices: 2 }).verdicts[0]).toContain("At least 3 devices");
  });
  test("without an MFU the time has an interval, without layers the activations a wider one", () => {
    const guess = { ...facts, mfu: null, numLayers: null, hidden: null, numHeads: null };
    const { lines, assumed } = roughEstimate(guess);
    const time = lines.find(({ id }) => id === "stepSeconds")!.value;
    expect(time.hi / time.lo).toBeCloseTo(0.5 / 0.3, 9);
    expect(assumed.join()).toContain("39 layers of width 5064");
    const spread = ({ lo, hi }: { lo: number; hi: number }) => hi / lo;
    const name = "activationsScoresKept";
    expect(spread(line(guess, name).value)).toBeGreaterThan(spread(line({}, name).value));
  });
});

test("never more network needed for a larger batch, never more memory on each of more devices", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4096 }), fc.integer({ min: 1, max: 4096 }), (numDevices, batch) => {
      const at = (changes: Partial<EstimateFacts>, name: string) =>
        value({ numDevices, batchSequences: batch, ...changes }, name);
      expect(at({ batchSequences: 2 * batch }, "bandwidthToHide")).toBeLessThanOrEqual(
        at({}, "bandwidthToHide"),
      );
      const shared = (n: number) =>
        roughEstimate({ ...facts, numDevices: n }).lines.find(({ id }) => id === "statesShared")!.value
          .median;
      expect(shared(2 * numDevices)).toBeLessThan(shared(numDevices));
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["parameters without their B", { parameters: 12 }, /perhaps 12B or 12M was meant/],
  ["tokens where sequences were asked for", { batchSequences: 4_194_304 }, /4.19 M tokens are 2048 of them/],
  ["a sequence of one", { sequence: 1 }, /16 tokens to 100 M/],
  ["an MFU in percent", { mfu: certain(40) }, /write 40 % as 0.40/],
])("refuses %s", (_, changes, message) => {
  expect(() => roughEstimate({ ...facts, ...changes })).toThrow(UserError);
  expect(() => roughEstimate({ ...facts, ...changes })).toThrow(message);
});

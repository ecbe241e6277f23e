import { describe, expect, test } from "vitest";
import { predictedSpeed } from "./speed.ts";

const LLAMA = {
  model: "llama3-8b",
  cluster: "h100:32",
  sequence: "8192",
  batchTokens: "1M",
};

describe("the speed of a run", () => {
  test("is that of the layout given, with a note on how the batch was read", async () => {
    const { tokensPerSecondPerDevice: speed, sentences } = predictedSpeed({ ...LLAMA, layout: "tp=2" });
    expect(sentences[0]).toContain("1M tokens is read as 1048576");
    expect(sentences[1]).toContain("the layout, dp=16,tp=2");
    expect(speed.lo).toBeLessThan(speed.median);
    expect(speed.hi).toBeGreaterThan(speed.median);
  });

  test("takes the format asked for, also for a layout", async () => {
    const precision = "fp8";
    const [bf16, fp8] = await Promise.all([
      predictedSpeed({ ...LLAMA, layout: "tp=2" }),
      predictedSpeed({ ...LLAMA, layout: "tp=2", precision }),
    ]);
    expect(fp8.sentences[1]).toContain("precision=fp8");
    expect(fp8.tokensPerSecondPerDevice.median).toBeGreaterThan(bf16.tokensPerSecondPerDevice.median);
    expect(() => predictedSpeed({ ...LLAMA, cluster: "a100:32", precision })).toThrow("fp8 on A100");
  });

  test("is no worse without a layout than with one, and counts idle devices", async () => {
    const free = predictedSpeed(LLAMA);
    const given = predictedSpeed({ ...LLAMA, layout: "tp=2" });
    expect(free.tokensPerSecondPerDevice.median).toBeGreaterThanOrEqual(
      given.tokensPerSecondPerDevice.median,
    );
    const idle = predictedSpeed({ ...LLAMA, cluster: "h100:280" });
    expect(idle.sentences[1]).toContain("24 devices idle");
  });

  test("a layout that does not fit, or divide, is refused", async () => {
    const big = { ...LLAMA, model: "llama3-70b" };
    expect(() => predictedSpeed({ ...big, layout: "zero=0" })).toThrow("a device");
    expect(() => predictedSpeed({ ...LLAMA, layout: "tp=2,mb=3" })).toThrow("batch of 128");
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { PRECISIONS } from "../hardware/accelerator.ts";
import { type Layout, RECOMPUTES, SCHEDULES, SINGLE } from "./layout.ts";
import { divisors, layoutText, parseLayout } from "./parse.ts";

test("what is left out is filled in", () => {
  expect(parseLayout("tp=8,pp=16", 16_384)).toEqual({
    ...SINGLE,
    data: 128,
    tensor: 8,
    pipeline: 16,
    sharding: "optimiser",
    shardGroup: 128,
    sequenceParallel: true,
  });
});

test("other spellings, and fsdp as a short form of zero and group", () => {
  const layout = parseLayout("Tensor=2, fsdp=8, mbs=4, precision=fp8", 64);
  expect(layout).toMatchObject({
    data: 32,
    tensor: 2,
    sharding: "full",
    shardGroup: 8,
    microBatch: 4,
    precision: "fp8",
  });
  expect(parseLayout("tp=2,zero=3,group=8,mb=4,precision=fp8", 64)).toEqual(layout);
  expect(parseLayout("pp=4,vp=2", 8).schedule).toBe("interleaved");
});

const complaint = (text: string, devices: number) => {
  try {
    parseLayout(text, devices);
  } catch (error) {
    if (error instanceof UserError) return [error.found, error.expected, error.remedy].join(" | ");
  }
  return null;
};

test("refusals say what to do", () => {
  expect(complaint("dp=4,tp=8,pp=16", 1024)).toContain("dp=8, or leave dp out");
  expect(complaint("tp=3", 1024)).toContain("3 does not divide 1024");
  expect(complaint("tpp=3", 1024)).toContain("sizes and choices among dp, tp");
  expect(complaint("contxt=3", 1024)).toContain("perhaps context");
  expect(complaint("recompute=some", 8)).toContain("none, selective, full");
  expect(complaint("zero=3,group=3", 8)).toContain("1, 2, 4, 8");
  expect(complaint("tp=2,tp=4", 8)).toContain("tp twice");
  expect(complaint("tp=1.5", 8)).toContain("whole number");
  expect(complaint("zero=0,group=2", 8)).toContain("leave group out");
});

test("the canonical text reads back as the same layout", () => {
  const power = (most: number) => fc.integer({ min: 0, max: most }).map((exponent) => 2 ** exponent);
  const layouts = fc
    .record({
      data: power(4),
      tensor: power(3),
      pipeline: power(3),
      context: power(2),
      expert: power(3),
      groupShare: power(2),
      sharding: fc.constantFrom("none", "optimiser", "gradients", "full"),
      sequenceParallel: fc.boolean(),
      schedule: fc.constantFrom(...SCHEDULES),
      virtualStages: fc.integer({ min: 1, max: 5 }),
      microBatch: fc.integer({ min: 1, max: 9 }),
      recompute: fc.constantFrom(...RECOMPUTES),
      precision: fc.constantFrom(...PRECISIONS),
    })
    .map(({ groupShare, ...rest }): Layout => {
      const ranks = rest.data * rest.context;
      return {
        ...rest,
        shardGroup: rest.sharding === "none" ? 1 : Math.max(1, ranks / groupShare),
      } as Layout;
    });
  fc.assert(
    fc.property(layouts, (layout) => {
      const devices = layout.data * layout.tensor * layout.pipeline * layout.context;
      expect(parseLayout(layoutText(layout), devices)).toEqual(layout);
    }),
    { numRuns: 200 },
  );
});

test("divisors", () => {
  expect(divisors(1)).toEqual([1]);
  expect(divisors(36)).toEqual([1, 2, 3, 4, 6, 9, 12, 18, 36]);
  for (let most = 1; most <= 40; most++)
    expect(divisors(36, most)).toEqual(divisors(36).filter((divisor) => divisor <= most));
});

test("a layout that names no precision takes the one given", () => {
  expect(parseLayout("tp=2", 8, "fp8").precision).toBe("fp8");
  expect(parseLayout("tp=2,precision=bf16", 8, "fp8").precision).toBe("bf16");
  expect(parseLayout("tp=2", 8).precision).toBe("bf16");
});

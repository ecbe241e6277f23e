import { expect, test } from "vitest";
import { parseCluster } from "../hardware/cluster.ts";
import { type Layout, SOFTWARE_2024 } from "../layout/layout.ts";
import { parseLayout } from "../layout/parse.ts";
import { preset } from "../shape/presets.ts";
import { layoutProblem, precisionProblem } from "./validity.ts";

const JOB = { sequence: 8192, batchSequences: 2048, software: SOFTWARE_2024 };

function problem(text: string, model = "llama3-405b", devices = 16_384, job = JOB): string | null {
  const found = layoutProblem(
    { model: preset(model), cluster: parseCluster(`h100:${devices}`), job },
    parseLayout(text, devices),
  );
  return found && `${found.found}; ${found.expected}`;
}

test("published layouts are valid: Llama 3 405B (arXiv 2407.21783, table 4), 126 = 16 x 8 - 2 layers", () => {
  expect(problem("dp=128,tp=8,pp=16,vp=8,mb=1,zero=1")).toBeNull();
  expect(
    problem("dp=4,tp=8,cp=16,pp=16,vp=8,mb=1", "llama3-405b", 8192, {
      ...JOB,
      sequence: 131_072,
      batchSequences: 128,
    }),
  ).toBeNull();
  // DeepSeek-V3: 16 stages, 64 expert ranks, ZeRO-1, DualPipe (arXiv 2412.19437, section 3.2).
  expect(
    problem("pp=16,ep=64,zero=1,schedule=dualpipe", "deepseek-v3", 2048, {
      ...JOB,
      sequence: 4096,
      batchSequences: 15_360,
    }),
  ).toBeNull();
});

test("each rule, broken alone", () => {
  expect(problem("tp=3", "llama3-70b", 24, { ...JOB, batchSequences: 8 })).toContain("tp 3 and 64 heads");
  expect(problem("tp=16,pp=16,cp=32,sp=off", "llama3-405b", 16_384, { ...JOB, sequence: 8160 })).toContain(
    "divisible by 2 cp",
  );
  expect(problem("tp=8,pp=256")).toContain("pp 256 and 126 layers");
  expect(problem("tp=8,pp=32,vp=3")).toContain("96 chunks and 126 layers");
  expect(problem("tp=8,pp=16,vp=8", "llama3-405b", 16_384, { ...JOB, batchSequences: 1024 + 128 })).toContain(
    "micro batches divisible by pp",
  );
  expect(problem("tp=8,pp=16,vp=8,schedule=1f1b")).toContain("more than one chunk with the interleaved");
  expect(problem("tp=8,pp=1,vp=2")).toContain("pp 1");
  expect(problem("tp=8,pp=16,schedule=dualpipe")).toContain("at least 2 pp");
  expect(problem("tp=8,pp=16,ep=2")).toContain("dense model");
  expect(problem("ep=3", "qwen3-30b-a3b", 24, { ...JOB, batchSequences: 24 })).toContain(
    "experts divisible by ep",
  );
  expect(problem("ep=64", "qwen3-30b-a3b", 16, { ...JOB, batchSequences: 16 })).toContain(
    "dp x cp x tp = 16",
  );
  expect(problem("tp=8,pp=16,zero=2")).toContain("zero=2 with pp 16");
  expect(problem("tp=8,pp=16,mb=3")).toContain("divisible by dp x micro batch = 384");
  expect(problem("tp=1,sp=on,pp=16")).toContain("tp above 1");
  expect(problem("tp=16", "llama3-70b", 16, { ...JOB, sequence: 8200, batchSequences: 16 })).toContain(
    "tokens divisible by tp",
  );
});

test("a layout of other devices than the cluster's", () => {
  const layout: Layout = parseLayout("tp=8", 64);
  expect(
    layoutProblem({ model: preset("llama3-8b"), cluster: parseCluster("h100:128"), job: JOB }, layout)?.found,
  ).toContain("= 64, and 128 devices");
});

test("a format that the chip lacks is refused with those it has", () => {
  const problem = (cluster: string, precision: "bf16" | "fp8" | "mxfp8" | "nvfp4") =>
    precisionProblem(parseCluster(cluster).accelerator, precision);
  expect(problem("a100:8", "fp8")).toEqual({
    found: "fp8 on A100-80GB",
    expected: "a format it has: fp32, bf16",
  });
  expect(problem("mi300x:8", "nvfp4")?.expected).toContain("fp32, bf16, fp8, mxfp8");
  expect(problem("mi300x:8", "mxfp8")).toBeNull();
  expect(problem("b200:8", "nvfp4")).toBeNull();
  expect(problem("a100:8", "bf16")).toBeNull();
});

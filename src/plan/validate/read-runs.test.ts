import { expect, test } from "vitest";
import { countParameters } from "../shape/parameters.ts";
import { publishedTable, readPublishedRuns } from "./read-runs.ts";

/** A table with the columns of one row, in their order, and the values of more rows. */
function tableOf(...rows: readonly Readonly<Record<string, string | number>>[]): string {
  const base = {
    model: "Llama3-8B",
    accelerator: "H100-80GB",
    n_gpus: 64,
    seq_len: 8192,
    gbs_seqs: 128,
    mbs: 1,
    step_time_s: 5,
  };
  const full = rows.map((row): Readonly<Record<string, string | number>> => ({ ...base, ...row }));
  const columns = [...new Set(full.flatMap((row) => Object.keys(row)))];
  return [columns.join(","), ...full.map((row) => columns.map((column) => row[column] ?? "").join(","))].join(
    "\n",
  );
}

const only = (row: Readonly<Record<string, string | number>>) => {
  const { runs, skipped } = readPublishedRuns(tableOf(row), "t.csv");
  return runs[0] ?? skipped[0]!.reason;
};
const run = (row: Readonly<Record<string, string | number>>) => {
  const read = only(row);
  if (typeof read === "string") throw new Error(read);
  return read;
};

test("missing cells are filled from the published model, missing columns do not matter", () => {
  const { model, layout, job, cluster, filled } = run({});
  expect(countParameters(model).total).toBe(8_030_261_248);
  expect(layout).toMatchObject({
    data: 64,
    tensor: 1,
    pipeline: 1,
    precision: "bf16",
    sharding: "optimiser",
  });
  expect(job).toMatchObject({ sequence: 8192, batchSequences: 128 });
  expect(cluster.networkBandwidth).toBe(50e9);
  expect(filled.join()).toContain("recomputation not stated");
});

test("spellings of sharding, precision and recomputation", () => {
  expect(run({ zero_or_fsdp: "FSDP=16" }).layout).toMatchObject({ sharding: "full", shardGroup: 16 });
  expect(run({ zero_or_fsdp: "FSDP group 32" }).layout).toMatchObject({ sharding: "full", shardGroup: 32 });
  expect(run({ zero_or_fsdp: "FSDP-SHARD_GRAD_OP" }).layout.sharding).toBe("gradients");
  expect(run({ zero_or_fsdp: "ZeRO-3" }).layout.sharding).toBe("full");
  expect(run({ zero_or_fsdp: "DDP/dist-opt" }).layout.sharding).toBe("optimiser");
  expect(run({ precision: "FP8-CS (FP8-MX)" }).layout.precision).toBe("fp8");
  expect(run({ precision: "FP8-MX" }).layout.precision).toBe("mxfp8");
  expect(run({ precision: "amp_fp8" }).layout.precision).toBe("fp8");
  expect(run({ precision: "NVFP4", accelerator: "B200" }).layout.precision).toBe("nvfp4");
  expect(run({ recompute: "full" })).toMatchObject({ layout: { recompute: "full" }, memoryStated: true });
});

test("replicas are divided out where the print contradicts itself", () => {
  const grok = run({
    model: "Grok1-314B",
    layers: 8,
    n_gpus: 64,
    tp: 4,
    cp: 2,
    ep: 8,
    dp: 1,
    gbs_seqs: 1024,
    step_time_s: 60,
  });
  expect(grok.layout).toMatchObject({ data: 8, expert: 8 });
  expect(grok.filled.join()).toContain("replicas printed 1: 8 by division");
  expect(grok.model.numLayers).toBe(8);
});

test("a layer count that its own stages contradict gives way to the published one", () => {
  const llama4 = run({
    model: "Llama4-Maverick-400B",
    layers: 32,
    pp: 2,
    vp: 12,
    ep: 64,
    n_gpus: 128,
    gbs_seqs: 1024,
    step_time_s: 30,
  });
  expect(llama4.model.numLayers).toBe(48);
});

test("step time from what is printed: time, tokens per second, FLOP/s, utilisation", () => {
  expect(run({ step_time_s: "", tokens_per_s: 209715.2 }).stepSeconds).toBeCloseTo(5, 9);
  expect(run({ step_time_s: "", tokens_per_s_gpu: 3276.8 }).stepSeconds).toBeCloseTo(5, 9);
  const gpt = {
    model: "GPT 175B",
    layers: 96,
    hidden: 12288,
    heads: 96,
    vocab: 51200,
    seq_len: 2048,
    gbs_seqs: 1536,
    n_gpus: 1024,
    tp: 8,
    pp: 16,
    accelerator: "A100-80GB",
    precision: "fp16",
    recompute: "full",
    step_time_s: "",
  };
  // Megatron-LM's README: 138 TFLOP/s and 32 s of the same run.
  expect(run({ ...gpt, tflops_gpu: 138, tflops_kind: "hardware" }).stepSeconds).toBeCloseTo(32, -0.3);
  expect(run({ ...gpt, mfu_pct: (138 / 312) * 75 }).stepSeconds).toBeCloseTo(32, -0.3);
});

test("rows that cannot be predicted say why", () => {
  expect(only({ task: "lora" })).toBe("lora, not pre-training");
  expect(only({ mbs: "" })).toBe("micro batch not stated");
  expect(only({ model: "Nemotron_3_Super" })).toBe("state-space layers are not modelled");
  expect(only({ accelerator: "TPU-v5p" })).toContain("TPU");
  expect(only({ accelerator: "Gaudi3" })).toContain("unknown accelerator");
  expect(only({ model: "mystery" })).toBe("unknown model mystery; its shape is not stated");
  expect(only({ model: "lama3-8b" })).toContain("perhaps llama3-8b");
  expect(only({ tp: 3 })).toContain("does not divide");
  expect(() => readPublishedRuns("a,b\n1,2", "t.csv")).toThrow(/no column model/);
});

test("cells that are no numbers, and layouts that do not divide, are refused", () => {
  expect(run({ seq_len: "8k" }).job.sequence).toBe(8192);
  expect(run({ seq_len: '"8,192"' }).job.sequence).toBe(8192);
  expect(run({ vp: "n/a" }).layout.virtualStages).toBe(1);
  expect(only({ seq_len: "long" })).toBe('seq_len "long" is not a number (a plain count, without its unit)');
  expect(only({ step_time_s: "40 s" })).toBe(
    'step_time_s "40 s" is not a number (seconds, without its unit)',
  );
  expect(only({ step_time_s: '"5,5"' })).toContain('step_time_s "5,5" is not a number');
  expect(only({ step_time_s: -5 })).toBe("step_time_s -5 is below 0");
  expect(only({ seq_len: 8192.5 })).toBe("seq_len 8192.5 is not a whole number");
  expect(only({ tp: 64 })).toContain("tp 64 and 32 heads: heads divisible by tp");
  expect(only({ pp: 64 })).toContain("at least one layer for every chunk");
  expect(only({ gbs_seqs: 100 })).toContain("a batch of 100 sequences over dp 64");
});

test("times that no step can take are refused", () => {
  // 128 x 8192 tokens of 8.03e9 parameters on 64 H100 at 989 TFLOP/s: 0.9 s at the peak.
  expect(only({ step_time_s: 0.8 })).toMatch(/^a step of 0\.800 s is 1\d\d % of the peak/);
  expect(only({ step_time_s: 5000 })).toMatch(/^a step of 5000 s is 0\.0\d+ % of the peak/);
  expect(run({ step_time_s: 100 }).stepSeconds).toBe(100);
});

test("rows that are not used keep their line", () => {
  const { skipped } = readPublishedRuns(tableOf({}, { mbs: "" }, {}, { tp: 64 }), "t.csv");
  expect(skipped.map(({ line }) => line)).toEqual([3, 5]);
});

test("launches and gradient bytes: from their columns, else from published rows of that source", () => {
  const bloom = { accelerator: "A100-80GB", zero_or_fsdp: "ZeRO-1", precision: "bf16", step_time_s: 20 };
  const software = (row: Readonly<Record<string, string | number>>) => run({ ...bloom, ...row }).job.software;
  expect(software({})).toMatchObject({ launches: "queued", gradientBytes: 6 });
  expect(software({ launches: "blocking", gradient_bytes: 2 })).toMatchObject({
    launches: "blocking",
    gradientBytes: 2,
    wireBytes: 2,
  });
  const line = (number: number) =>
    software({ source: `BigScience BLOOM chronicles-prequel.md line ${number}` });
  expect(line(391)).toMatchObject({ launches: "blocking", gradientBytes: 2 });
  // No published row has this line; all of its document launch alike, but keep gradients in two ways.
  expect(line(1)).toMatchObject({ launches: "blocking", gradientBytes: 6 });
  expect(software({ source: "anywhere", launches: "" })).toMatchObject({ launches: "queued" });
});

test("the same recipe measured again is one recipe; another batch is not", () => {
  const { runs } = readPublishedRuns(tableOf({}, { step_time_s: 6 }, { gbs_seqs: 256 }), "t.csv");
  expect(new Set(runs.map(({ recipe }) => recipe)).size).toBe(2);
});

test("the published table: BLOOM's facts are filled in, layouts that ran out of memory are kept", () => {
  const { runs } = publishedTable();
  expect(runs.filter(({ outcome }) => outcome === "out of memory")).toHaveLength(6);
  const wide = runs.find(({ family, model }) => family === "bloom" && model.hidden === 14400);
  expect(wide?.model.attention).toMatchObject({ numHeads: 32 });
  const bloom = runs.filter(({ family }) => family === "bloom");
  // 4 x 100 Gb/s a node of 8, stated in one row, holds for all.
  expect(new Set(bloom.map(({ cluster }) => cluster.networkBandwidth))).toEqual(new Set([6.25e9]));
  expect(new Set(bloom.map(({ job }) => job.software.gradientBytes))).toEqual(new Set([2, 6]));
});

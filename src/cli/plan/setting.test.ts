import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { readBatch, readSequence, readSetting } from "./setting.ts";

const complaint = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return [error.found, error.expected, error.remedy].join(" | ");
  }
  return "";
};

test("M is 2^20 where that is whole, and it is said; else 10^6", () => {
  expect(readBatch({ batchTokens: "4096000" }, 4096)).toEqual({ batchSequences: 1000, notes: [] });
  expect(readBatch({ batchTokens: "16M" }, 8192)).toMatchObject({ batchSequences: 2048 });
  expect(readBatch({ batchTokens: "16M" }, 8192).notes[0]).toContain("16777216");
  expect(readBatch({ batchTokens: "4M" }, 4000)).toEqual({ batchSequences: 1000, notes: [] });
  // 64,000,000 = 15,625 x 4096 is whole too.
  const both = readBatch({ batchTokens: "64M" }, 4096);
  expect(both.batchSequences).toBe(16_384);
  expect(both.notes[0]).toContain("Write 64000000 for 15625");
  expect(readBatch({ batchTokens: "64000000" }, 4096)).toEqual({ batchSequences: 15_625, notes: [] });
  expect(readBatch({ batchSequences: "2k" }, 4096)).toEqual({ batchSequences: 2048, notes: [] });
});

test("sequences: k is 1024", () => {
  expect(readSequence("8k")).toBe(8192);
  expect(readSequence("8192")).toBe(8192);
});

test("units that look wrong, and what is missing", async () => {
  expect(await complaint(() => readBatch({ batchTokens: "10000" }, 8192))).toContain("8192 or 16384");
  expect(await complaint(() => readBatch({ batchTokens: "100" }, 8192))).toContain(
    "--batch-tokens 8192, or check the units",
  );
  expect(await complaint(() => readBatch({ batchTokens: "4MB" }, 8192))).toContain('--batch-tokens "4MB"');
  expect(await complaint(() => readBatch({}, 8192))).toContain("no batch");
  expect(await complaint(() => readBatch({ batchTokens: "4M", batchSequences: "4" }, 8192))).toContain(
    "both",
  );
  expect(await complaint(() => readBatch({ batchSequences: "1e15" }, 8192))).toContain("at most 16,777,216");
  expect(await complaint(() => readBatch({ batchTokens: "1e20" }, 8192))).toContain("at most 16,777,216");
  expect(await complaint(() => readSequence("8.5"))).toContain("--sequence");
  expect(await complaint(() => readSequence("8"))).toContain("from 16");
  expect(await complaint(() => readSetting({ cluster: "h100:8" }))).toContain("no --model");
  expect(
    await complaint(() =>
      readSetting({ model: "lama3-8b", cluster: "h100:8", sequence: "8k", batchTokens: "4M" }),
    ),
  ).toContain("perhaps llama3-8b");
  expect(
    await complaint(() =>
      readSetting({ model: "llama3-8b", cluster: "h10:8", sequence: "8k", batchTokens: "4M" }),
    ),
  ).toContain("h100");
  const onCluster = (cluster: string) =>
    complaint(() => readSetting({ model: "llama3-8b", cluster, sequence: "8k", batchTokens: "4M" }));
  expect(await onCluster("b100:8")).toContain("perhaps b200 or b300");
  expect(await onCluster("tpu:8")).toContain("perhaps tpu-v4");
  expect(await onCluster("h100:8,netwrk=10")).toContain("perhaps network");
  expect(await onCluster("h100:99999999")).toContain("at most 4,000,000");
  expect(
    await complaint(() =>
      readSetting({ model: "none.json", cluster: "h100:8", sequence: "8k", batchTokens: "4M" }),
    ),
  ).toContain("no file none.json");
});

test("a campaign file brings its own sequence and batch, which options change", async () => {
  const given = { model: "campaigns/single-run.yaml", cluster: "h100:1" };
  const own = readSetting(given);
  expect(own.model.name).toBe("single-run");
  expect(own.job.sequence).toBe(256);
  const changed = readSetting({ ...given, batchSequences: "3" });
  expect(changed.job).toMatchObject({ sequence: 256, batchSequences: 3 });
  const target = readSetting({ model: "campaigns/first-light.yaml", cluster: "h100:1" });
  expect(target.job.sequence).toBe(64);
});

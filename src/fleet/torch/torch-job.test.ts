import { expect, test } from "vitest";
import { runSpecOf, singleRunSchema } from "../single-run.ts";
import { torchJob } from "./torch-job.ts";

const run = { shape: { width: 48 }, batchSequences: 8, numSteps: 10 };
const file = { name: "one", corpus: { sources: [{ name: "tales", path: "tales" }] }, trainer: "torch", run };
const task = {
  name: "one",
  spec: runSpecOf(singleRunSchema.parse(file)),
  folder: "one",
  corpusFolder: "corpus",
  numThreads: 4,
  instructionSet: "avx2",
  checkpointBytes: 1e9,
} as const;

test("a rank has the device of its slot, and shares the threads of its machine with the ranks on it", () => {
  const start = () => ({ fromStep: null, skip: [], failureSeconds: null });
  const job = torchJob(task, start, { python: "python3", numRanks: 4 });
  const places = ["n1/1", "n2/0", "n1/0", "n3/3"];
  const environments = job.processes(1, places).map(({ environment }) => environment);
  expect(
    environments.map(({ RANK, LOCAL_RANK, OMP_NUM_THREADS }) => [RANK, LOCAL_RANK, OMP_NUM_THREADS]),
  ).toEqual([
    ["0", "1", "2"],
    ["1", "0", "4"],
    ["2", "0", "2"],
    ["3", "3", "4"],
  ]);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventsOf } from "../../record/events.ts";
import { openRecord, type RecordWriter } from "../../record/record.ts";
import { checkpointsFolder } from "../../record/workspace.ts";
import { MODEL_FILE, removeCheckpoint, saveCheckpoint } from "../../train/checkpoint.ts";
import { Certifier } from "./certifier.ts";

let folder: string;
let record: RecordWriter;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longrun-certifier-"));
  record = openRecord(folder);
  const data = { attempt: 1, fromStep: 0, exact: true, numThreads: 1, spec: null };
  record.append({ run: "r", kind: "run-started", data });
});
afterEach(() => {
  record[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** Its path. */
function saved(step: number): string {
  const tensor = { name: "w", shape: [4], dtype: "F32" as const, data: Float32Array.of(1, 2, 3, 4) };
  const content = { step, state: {}, model: [tensor], optimiser: [tensor] };
  const { path, bytes } = saveCheckpoint(checkpointsFolder(folder, "r"), content);
  record.append({ run: "r", kind: "checkpoint-written", data: { step, bytes } });
  return path;
}

const repeats = { mostApart: 0, forSteps: 100 };
const certifierOf = () => new Certifier({ record, folder, run: "r", afterSteps: 4, repeats });
const row = (step: number, loss = 1) => ({ step, loss, gradientNorm: 1, stepSeconds: 1, batch: 7 });
const rows = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => row(from + i));

/** What is told of checkpoints, once so much is. */
async function told(certifier: Certifier, numTold: number) {
  for (;;) {
    const found = record.events.filter(({ kind }) => kind === "checkpoint-certified" || kind === "incident");
    if (found.length >= numTold) return found.map(({ data }) => data);
    certifier.take(1, []);
    await sleep(5);
  }
}

test("each checkpoint is certified once its steps are told, by what its files read back as", async () => {
  await using certifier = certifierOf();
  saved(10);
  certifier.take(1, rows(1, 14));
  expect(await told(certifier, 1)).toEqual([{ step: 10, throughStep: 14 }]);
  const path = saved(20);
  writeFileSync(join(path, MODEL_FILE), "other");
  certifier.take(1, rows(15, 24));
  const unreadable = {
    what: "a checkpoint does not read back",
    severity: "warning",
    evidence: { step: 20, path, damage: expect.stringMatching(/^model.safetensors has 5 bytes, not \d+$/) },
  };
  expect((await told(certifier, 2)).at(-1)).toEqual(unreadable);
  saved(30);
  certifier.take(1, rows(25, 34));
  expect((await told(certifier, 3)).at(-1)).toEqual({ step: 30, throughStep: 34 });
});

test("one that was deleted while it was read is not certified, nor one that is in doubt", async () => {
  await using certifier = certifierOf();
  const path = saved(10);
  certifier.take(1, rows(1, 14));
  certifier.take(1, []);
  removeCheckpoint(path);
  saved(20);
  certifier.take(1, rows(15, 24));
  certifier.take(1, []);
  const evidence = { seenStep: 26, step: 26 };
  record.append({ run: "r", kind: "incident", data: { what: "diverged", evidence, severity: "warning" } });
  saved(40);
  certifier.take(1, rows(25, 50));
  await told(certifier, 2);
  for (let i = 0; i < 20; i++) {
    certifier.take(1, []);
    await sleep(5);
  }
  expect(await told(certifier, 2)).toEqual([
    { what: "diverged", evidence, severity: "warning" },
    { step: 20, throughStep: 24 },
  ]);
});

test("rows of an attempt before certify nothing of the next", async () => {
  await using certifier = certifierOf();
  certifier.take(1, rows(1, 30));
  const data = { attempt: 2, fromStep: 0, exact: true, numThreads: 1, spec: null };
  record.append({ run: "r", kind: "run-started", data });
  saved(10);
  for (let i = 0; i < 5; i++) certifier.take(2, []);
  certifier.take(2, [...rows(1, 12), row(13, Number.NaN), ...rows(14, 30)]);
  saved(20);
  for (let i = 0; eventsOf(record.events, "checkpoint-certified").length === 0 && i < 1000; i++) {
    certifier.take(2, []);
    await sleep(5);
  }
  expect(eventsOf(record.events, "checkpoint-certified").map((event) => event.data.step)).toEqual([20]);
});

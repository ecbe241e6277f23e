/** @file A disk that fills up under a checkpoint: a clear error, nothing half-written, the old one whole. */

import * as realFs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { UserError } from "../errors.ts";
import { latestCheckpoint, saveCheckpoint } from "./checkpoint.ts";

const disk = vi.hoisted(() => ({ bytesLeft: Number.POSITIVE_INFINITY }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof realFs>();
  const writeSync = (file: number, data: Uint8Array, from: number, length: number): number => {
    if (length > disk.bytesLeft) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    disk.bytesLeft -= length;
    return fs.writeSync(file, data, from, length);
  };
  return { ...fs, writeSync };
});

test("wherever the disk fills up, the older checkpoint is still the latest, and room lets the next save through", () => {
  const folder = realFs.mkdtempSync(join(tmpdir(), "longrun-disk-full-"));
  onTestFinished(() => realFs.rmSync(folder, { recursive: true }));
  const tensors = [{ name: "w", shape: [64], dtype: "F32" as const, data: new Float32Array(64).fill(1) }];
  const save = (step: number) =>
    saveCheckpoint(folder, { step, state: {}, model: tensors, optimiser: tensors });
  const { bytes } = save(1);
  for (const bytesLeft of [0, 100, 300, bytes / 2, bytes - 10]) {
    disk.bytesLeft = bytesLeft;
    expect(() => save(2)).toThrow(UserError);
    expect(realFs.readdirSync(folder)).toEqual(["step-00000001"]);
    expect(latestCheckpoint(folder)).toMatchObject({ checkpoint: { step: 1 }, damaged: [] });
  }
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  save(2);
  expect(latestCheckpoint(folder).checkpoint?.step).toBe(2);
});

/** @file Checkpoints: what was saved is loaded, damage is named and passed over, old ones go by the rule. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import {
  chooseToPrune,
  latestCheckpoint,
  loadCheckpoint,
  openCheckpoint,
  prune,
  saveCheckpoint,
} from "./checkpoint.ts";
import type { TensorToWrite } from "./safetensors.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longrun-checkpoints-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const tensor = (name: string, value: number): TensorToWrite => ({
  name,
  shape: [4, 8],
  dtype: "F32",
  data: new Float32Array(32).fill(value),
});
const contentAt = (step: number) => ({
  step,
  state: { tokens: step * 2048, seed: 7, schedule: { warmup: [0.1, 1 / 3] } },
  model: [tensor("embedding", step), tensor("head", -step)],
  optimiser: [tensor("m", step / 2), tensor("v", step / 3)],
});
const save = (step: number) => saveCheckpoint(folder, contentAt(step));
const names = () => readdirSync(folder).toSorted();

test("what was saved is loaded, bit for bit", () => {
  const saved = save(120);
  expect(saved.path).toBe(join(folder, "step-00000120"));
  const { checkpoint, damaged } = latestCheckpoint(folder);
  expect(damaged).toEqual([]);
  expect(checkpoint).toEqual(saved);
  expect(loadCheckpoint(checkpoint!)).toEqual(contentAt(120));
  const files = ["model.safetensors", "optimiser.safetensors", "state.json"];
  expect(readdirSync(saved.path).toSorted()).toEqual(files);
  expect(saved.bytes).toBe(files.reduce((sum, name) => sum + readFileSync(join(saved.path, name)).length, 0));
});

test("the newest is found, none where there is none", () => {
  expect(latestCheckpoint(join(folder, "nowhere"))).toEqual({ checkpoint: null, damaged: [] });
  for (const step of [9, 10, 99_999_999, 100_000_000]) save(step);
  expect(latestCheckpoint(folder).checkpoint?.step).toBe(100_000_000);
});

test("state that JSON would change is refused before anything is written", () => {
  expect(() => saveCheckpoint(folder, { ...contentAt(1), state: { best: Number.NaN } })).toThrow(
    /\/best is NaN/,
  );
  expect(names()).toEqual([]);
});

test("a save after going back leaves nothing of the old branch", () => {
  for (const step of [10, 20, 30]) save(step);
  const again = saveCheckpoint(folder, { ...contentAt(20), state: "second branch" });
  expect(names()).toEqual(["step-00000010", "step-00000020"]);
  expect(latestCheckpoint(folder).checkpoint).toEqual(again);
});

test("what a killed save left behind is no checkpoint, and the next save clears it away", () => {
  save(10);
  const half = join(folder, ".step-00000020.0badcafe.tmp");
  mkdirSync(half);
  writeFileSync(join(half, "model.safetensors"), "half");
  expect(latestCheckpoint(folder)).toMatchObject({ checkpoint: { step: 10 }, damaged: [] });
  save(20);
  expect(names()).toEqual(["step-00000010", "step-00000020"]);
});

describe("damage", () => {
  test("any flipped bit in any file is found, and the checkpoint before is used", () => {
    save(10);
    const { path } = save(20);
    const files = readdirSync(path).map((name) => ({ name, whole: readFileSync(join(path, name)) }));
    const property = fc.property(
      fc.constantFrom(...files),
      fc.nat(),
      fc.nat(7),
      ({ name, whole }, place, bit) => {
        const flipped = Buffer.from(whole);
        flipped[place % whole.length] = flipped[place % whole.length]! ^ (1 << bit);
        writeFileSync(join(path, name), flipped);
        const { checkpoint, damaged } = latestCheckpoint(folder);
        writeFileSync(join(path, name), whole);
        expect(checkpoint?.step).toBe(10);
        expect(damaged).toHaveLength(1);
        expect(damaged[0]?.path).toBe(path);
        expect(damaged[0]?.reason).toMatch(
          new RegExp(`^${name} (does not have its checksum|cannot be read)$`),
        );
      },
    );
    fc.assert(property, { numRuns: 60 });
    expect(latestCheckpoint(folder).checkpoint?.step).toBe(20);
  });

  test("each kind of damage is told in words", () => {
    for (const step of [10, 20, 30, 40]) save(step);
    const at = (step: number, file: string) => join(folder, `step-000000${step}`, file);
    truncateSync(at(20, "model.safetensors"), 100);
    rmSync(at(30, "optimiser.safetensors"));
    rmSync(at(40, "state.json"));
    const size = readFileSync(at(10, "model.safetensors")).length;
    const { checkpoint, damaged } = latestCheckpoint(folder);
    expect(checkpoint?.step).toBe(10);
    expect(damaged.map(({ reason }) => reason)).toEqual([
      "state.json is missing",
      "optimiser.safetensors is missing",
      `model.safetensors has 100 bytes, not ${size}`,
    ]);
    expect(() => openCheckpoint(join(folder, "step-00000030"))).toThrow(UserError);
    expect(() => openCheckpoint(join(folder, "step-00000030"))).toThrow(
      /is damaged: optimiser.safetensors is missing/,
    );
    expect(openCheckpoint(join(folder, "step-00000010"))).toEqual(checkpoint);
  });
});

describe("prune", () => {
  const listOf = (sizes: readonly number[]) =>
    sizes.map((bytes, i) => ({ path: `step-${i}`, step: i, bytes }));

  test("the oldest go, with the reason", () => {
    expect(
      chooseToPrune(listOf([5, 5, 5, 5]), { keep: 2, maxBytes: 100 }).map(({ reason }) => reason),
    ).toEqual(["step 1: 2 newer ones, 2 are kept", "step 0: 3 newer ones, 2 are kept"]);
    expect(chooseToPrune(listOf([5, 5, 5]), { keep: 3, maxBytes: 10 })).toEqual([
      {
        path: "step-0",
        step: 0,
        bytes: 5,
        reason: "step 0: with the newer ones it takes 15 bytes, the limit is 10",
      },
    ]);
  });

  test("the newest stays, the rest is a row of newest ones within both limits, and no more than needed goes", () => {
    const sizes = fc.array(fc.nat(20), { maxLength: 8 });
    const property = fc.property(sizes, fc.nat(5), fc.nat(60), (list, keep, maxBytes) => {
      const all = listOf(list);
      const gone = new Set(chooseToPrune(all, { keep, maxBytes }).map(({ step }) => step));
      const kept = all.filter(({ step }) => !gone.has(step));
      const oldest = kept[0];
      if (oldest === undefined) {
        expect(all).toEqual([]);
        return;
      }
      expect(kept).toEqual(all.slice(oldest.step));
      const bytesOf = (some: typeof all) => some.reduce((sum, { bytes }) => sum + bytes, 0);
      if (kept.length > 1) expect(kept.length <= keep && bytesOf(kept) <= maxBytes).toBe(true);
      const oneMore = all.slice(Math.max(0, oldest.step - 1));
      if (oldest.step > 0) expect(oneMore.length > keep || bytesOf(oneMore) > maxBytes).toBe(true);
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("deletes what the rule says, and nothing else", () => {
    for (const step of [10, 20, 30]) save(step);
    writeFileSync(join(folder, "README"), "mine");
    const gone = prune(folder, { keep: 2, maxBytes: Number.POSITIVE_INFINITY });
    expect(gone.map(({ step }) => step)).toEqual([10]);
    expect(names()).toEqual(["README", "step-00000020", "step-00000030"]);
    expect(prune(folder, { keep: 2, maxBytes: 1 }).map(({ step }) => step)).toEqual([20]);
    expect(existsSync(join(folder, "step-00000030", "state.json"))).toBe(true);
  });
});

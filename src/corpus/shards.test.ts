import { closeSync, mkdtempSync, openSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nativeAddon } from "../native-addon.ts";
import { readShard, ShardedTokens, shardPath, writeShard } from "./shards.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-shards-"));
const about = {
  source: "tales",
  split: "train",
  passages: 1,
  part: 1,
  textBytes: 1,
  vocabularySize: 65_536,
  tokenizerHash: "ours",
  textSha256: "text",
} as const;
const write = (name: string, tokens: readonly number[]) =>
  writeShard(folder, name, Uint16Array.from(tokens), about);

test("shards read as one, wherever a sequence begins and ends", () => {
  const parts = [[1, 2, 3], [65_535], [], [256, 7, 8, 9]];
  const shards = parts.map((tokens, i) => {
    write(`part${i}`, tokens);
    return readShard(folder, `part${i}`, "ours");
  });
  const tokens = new ShardedTokens(shards);
  const whole = parts.flat();
  expect(tokens.length).toBe(8);
  for (let start = 0; start <= 8; start++)
    for (let end = start; end <= 9; end++)
      expect(Array.from(tokens.subarray(start, end))).toEqual(whole.slice(start, end));
});

test("a shard in use is not changed by what is written or removed under its name", () => {
  write("moved", [1, 2, 3]);
  const tokens = readShard(folder, "moved", "ours");
  write("moved", [9, 9, 9]);
  expect(Array.from(readShard(folder, "moved", "ours"))).toEqual([9, 9, 9]);
  rmSync(shardPath(folder, "moved"));
  expect(Array.from(tokens)).toEqual([1, 2, 3]);
});

test("a file of another length than its header says is never mapped", () => {
  write("short", [1, 2, 3]);
  truncateSync(shardPath(folder, "short"), 4);
  expect(() => readShard(folder, "short", "ours")).toThrow(/short\.bin is missing, cut short/);
  const { mapFile } = nativeAddon() as { mapFile(file: number, numBytes: number): ArrayBuffer };
  const file = openSync(shardPath(folder, "short"), "r");
  expect(() => mapFile(file, 6)).toThrow("the file has 4 bytes, not 6");
  expect(mapFile(file, 4).byteLength).toBe(4);
  closeSync(file);
  expect(() => mapFile(file, 4)).toThrow();
});

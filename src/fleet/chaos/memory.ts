/** @file A parameter in the memory of a living process, found and overwritten from outside (Linux, root). */

import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../math/random.ts";
import { parametersOf } from "../../model/shape.ts";
import { readJson } from "../../record/files.ts";
import { trainingPrograms } from "../../train/programs.ts";
import { taskFile } from "../process/attempt-folder.ts";
import { runTaskSchema } from "../run-task.ts";
import type { Trainer } from "./victim.ts";

/** Reads the number where it stands, and writes the one that `change` makes of it. Says what it did. */
export function changeParameter(
  { pid, attempt }: Trainer,
  random: Random,
  change: (bits: Uint32Array, value: Float32Array) => void,
): string {
  const { spec } = runTaskSchema.parse(readJson(taskFile(attempt)));
  const batch = { batch: spec.batchSequences, sequenceLength: spec.sequenceLength };
  const { leaves, numFloats } = trainingPrograms(spec.shape, batch, spec.optimiser);
  // Rows of an embedding may rest for long: a change there would show late, or never.
  const matrices = parametersOf(spec.shape).filter(({ role }) => role !== "embedding");
  const { name } = random.pick(matrices);
  const { offset, size } = leaves.get(name)!;
  const index = random.integer(size);
  const memory = openSync(join("/proc", String(pid), "mem"), "r+");
  try {
    const { beta1, beta2, epsilon, clip } = spec.optimiser;
    const hyper = Buffer.from(Float32Array.of(beta1, beta2, epsilon).buffer);
    const end = Buffer.from(Float32Array.of(clip, 0).buffer);
    const arena = findBytes(pid, memory, 4 * numFloats, hyper, end) - 4 - 4 * leaves.get("hyper")!.offset;
    const address = arena + 4 * (offset + index);
    const value = new Float32Array(1);
    readSync(memory, value, 0, 4, address);
    const before = value[0];
    change(new Uint32Array(value.buffer), value);
    writeSync(memory, value, 0, 4, address);
    return `${name}[${index}] from ${before} to ${value[0]}`;
  } finally {
    closeSync(memory);
  }
}

/**
 * The settings of the optimiser stand in the arena beside all the rest: [rate, beta1, beta2, epsilon, -, -,
 * clip, 0]. No other place of a process has these bytes.
 */
function findBytes(pid: number, memory: number, arenaBytes: number, bytes: Buffer, end: Buffer): number {
  const excess = ({ from, to }: Mapping) => to - from - arenaBytes;
  const large = writableMappings(pid).filter((mapping) => excess(mapping) >= 0);
  // The arena is a mapping of its own, or has been joined to another one.
  for (const { from, to } of large.sort((a, b) => excess(a) - excess(b))) {
    const content = Buffer.alloc(to - from);
    let numBytes = 0;
    try {
      numBytes = readSync(memory, content, 0, content.length, from);
    } catch {
      continue; // Reserved and never touched, or unmapped since.
    }
    const part = content.subarray(0, numBytes);
    for (let at = part.indexOf(bytes); at >= 0; at = part.indexOf(bytes, at + 4))
      if (part.subarray(at + 20, at + 28).equals(end)) return from + at;
  }
  throw new Error(`the optimiser's settings are nowhere in the memory of process ${pid}`);
}

type Mapping = { readonly from: number; readonly to: number };

/** proc(5): address range, permissions, offset, device, inode, path. Without a path: memory of its own. */
function writableMappings(pid: number): Mapping[] {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) rw\S* \S+ \S+ 0\s*$/.exec(line))
    .filter((match) => match !== null)
    .map(([, from, to]) => ({ from: Number.parseInt(from!, 16), to: Number.parseInt(to!, 16) }))
    .filter(({ from, to }) => to - from < 2 ** 31);
}

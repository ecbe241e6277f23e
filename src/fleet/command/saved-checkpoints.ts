/** @file The checkpoints of a foreign trainer, found by the pattern of their paths. */

import { globSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors.ts";

/** One that lies on the disk. */
export type SavedCheckpoint = { readonly path: string; readonly step: number };

const STEP = "{step}";

/** Refuses a pattern that names no place for the step. */
export function checkpointPattern(text: string): string {
  if (text.split(STEP).length === 2) return text;
  throw new UserError(
    `--checkpoints ${text}`,
    `a path with ${STEP} once, where the step stands in it; * stands for anything`,
    `such as --checkpoints 'outputs/checkpoint/step-${STEP}'`,
  );
}

/** Paths, and when each had last changed, in milliseconds. */
export type CheckpointTimes = Readonly<Record<string, number>>;

/** Of those that are there now. */
export const checkpointTimes = (pattern: string): CheckpointTimes =>
  Object.fromEntries(savedCheckpoints(pattern).map(({ path }) => [path, changedMs(path)]));

/** A folder keeps its own time where files in it are written over. */
function changedMs(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const inside = stats?.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [];
  const times = inside.map((each) => lstatSync(each, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return times.reduce((newest, ms) => Math.max(newest, ms), stats?.mtimeMs ?? 0);
}

/**
 * Those that are there now, oldest step first; what is visibly unfinished is left out, and what has not
 * changed since `before`: another experiment in the same folder has left it.
 */
export function savedCheckpoints(pattern: string, before: CheckpointTimes = {}): readonly SavedCheckpoint[] {
  const parts = pattern.split(/(\{step\}|\*+)/).map((part) => {
    if (part === STEP) return "0*(?<step>\\d+)";
    return /^\*+$/.test(part) ? ".*?" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  const form = new RegExp(`^${parts.join("")}$`);
  return globSync(pattern.replace(STEP, "*"))
    .flatMap((path) => {
      const step = form.exec(path)?.groups?.step;
      if (step === undefined || isUnfinished(path)) return [];
      return before[path] !== undefined && before[path] === changedMs(path)
        ? []
        : [{ path, step: Number(step) }];
    })
    .sort((a, b) => a.step - b.step || (a.path < b.path ? -1 : 1));
}

/** PyTorch's distributed checkpoints are complete with `.metadata`, which is written last. */
function isUnfinished(path: string): boolean {
  if (/\.(tmp|temp|partial|incomplete)$/.test(path)) return true;
  if (!lstatSync(path).isDirectory()) return false;
  const names = readdirSync(path);
  return (
    names.length === 0 || (names.some((name) => name.endsWith(".distcp")) && !names.includes(".metadata"))
  );
}

/** Looks for new ones from time to time. */
export class CheckpointWatch {
  readonly #pattern: string | undefined;
  readonly #before: CheckpointTimes;
  #lastStep: number;
  #growing: { readonly path: string; readonly bytes: number } | null = null;

  /** @param afterStep those up to here are known */
  constructor(pattern: string | undefined, before: CheckpointTimes, afterStep: number) {
    this.#pattern = pattern;
    this.#before = before;
    this.#lastStep = afterStep;
  }

  /**
   * Each once, when it is complete as far as can be seen: a newer one is there, or it has not grown since the
   * look before.
   */
  complete(): readonly (SavedCheckpoint & { readonly bytes: number })[] {
    const found = this.#pattern ? savedCheckpoints(this.#pattern, this.#before) : [];
    const fresh = found
      .filter(({ step }) => step > this.#lastStep)
      .map((saved) => ({ ...saved, bytes: bytesOf(saved.path) }));
    const newest = fresh.at(-1);
    const isGrowing = newest?.path !== this.#growing?.path || newest?.bytes !== this.#growing?.bytes;
    this.#growing = newest ?? null;
    const complete = isGrowing ? fresh.slice(0, -1) : fresh;
    this.#lastStep = complete.at(-1)?.step ?? this.#lastStep;
    return complete;
  }
}

/** Of a file, or of all in a folder. */
function bytesOf(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

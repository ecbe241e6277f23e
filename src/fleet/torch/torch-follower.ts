/** @file What the PyTorch trainer leaves to its supervisor: the run's series, and the summary at its end. */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { readManifest } from "../../corpus/manifest.ts";
import { programsOf } from "../../machine/step.ts";
import { columnOf, readSeries, SeriesWriter, seriesPath } from "../../record/series.ts";
import { attemptsFolder, seriesFolder } from "../../record/workspace.ts";
import { heldOutOf } from "../../train/held-out.ts";
import { plannedRun } from "../../train/planned-run.ts";
import { SERIES_COLUMNS } from "../../train/series-columns.ts";
import { summarise } from "../../train/summary.ts";
import { attemptFolder, stepsFile } from "../process/attempt-folder.ts";
import { FileTail } from "../process/file-tail.ts";
import type { Scored } from "../process/spool.ts";
import type { RunTask } from "../run-task.ts";
import type { Follower } from "../supervise.ts";

const FLUSH_MS = 1000;

/** Columns that it does not measure are left out. */
const rowSchema = z.object({ step: z.number() }).catchall(z.number());

/** Moves the rows of the attempts before into their series, then follows this one. */
export function followTorch(task: RunTask, current: string): Follower {
  const { folder, name } = task;
  const attempt = Number(basename(current));
  for (const earlier of attemptsBefore(folder, name, attempt)) {
    using steps = new StepsFile(folder, name, earlier);
    steps.read(true);
    rmSync(stepsFile(attemptFolder(folder, name, earlier), 0), { force: true });
  }
  const steps = new StepsFile(folder, name, attempt);
  return {
    read: (isDue) => steps.read(isDue),
    finished: (scored) => ({ kind: "finished", summary: summaryOf(task, attempt, scored) }),
    [Symbol.dispose]: () => steps[Symbol.dispose](),
  };
}

const attemptsBefore = (folder: string, run: string, attempt: number) =>
  readdirSync(attemptsFolder(folder, run))
    .map(Number)
    .filter((number) => number < attempt && existsSync(stepsFile(attemptFolder(folder, run, number), 0)));

/** The rows of one attempt, on their way into its series. */
class StepsFile implements Disposable {
  readonly #path: string;
  readonly #tail: FileTail;
  readonly #seriesPath: string;
  #series: SeriesWriter | null = null;
  #lastStep = 0;
  #flushedAt = performance.now();

  constructor(folder: string, run: string, attempt: number) {
    this.#path = stepsFile(attemptFolder(folder, run, attempt), 0);
    this.#tail = new FileTail(this.#path);
    this.#seriesPath = seriesPath(folder, run, attempt);
  }

  read(isDue: boolean): void {
    if (this.#series === null && !existsSync(this.#path)) return;
    this.#series ??= this.#openSeries();
    for (const line of this.#tail.lines()) {
      const row = rowSchema.parse(JSON.parse(line));
      if (row.step > this.#lastStep) this.#series.append(row);
    }
    if (!isDue && performance.now() - this.#flushedAt < FLUSH_MS) return;
    this.#series.flush();
    this.#flushedAt = performance.now();
  }

  /** A supervisor before us may have moved some rows already. */
  #openSeries(): SeriesWriter {
    if (existsSync(this.#seriesPath))
      this.#lastStep = columnOf(readSeries(this.#seriesPath), "step").at(-1) ?? 0;
    return new SeriesWriter(this.#seriesPath, SERIES_COLUMNS);
  }

  [Symbol.dispose](): void {
    this.#series?.[Symbol.dispose]();
    this.#tail[Symbol.dispose]();
  }
}

/** Its FLOPs are counted from the engine's table of operations: what the work is, whoever does it. */
function summaryOf({ folder, name, spec, corpusFolder }: RunTask, attempt: number, scored: Scored) {
  const { sources, tokenizer } = readManifest(corpusFolder);
  return summarise({
    spec,
    seriesFolder: seriesFolder(folder, name),
    heldOut: heldOutOf(sources.map((source) => ({ ...source, ...scored.heldOut[source.name]! }))),
    bytesPerToken: tokenizer.trainBytesPerToken,
    startSeconds: scored.startSeconds,
    evaluationSeconds: scored.evaluationSeconds,
    flopsPerStep: plannedRun(name, spec).flops / spec.numSteps,
    operationSeconds: {},
    // Memory is forecast from it, for a target as for the rungs.
    arenaBytes: 4 * programsOf(spec).numFloats,
    peakBytes: scored.peakBytes,
    attempt,
  });
}

/** @file The steps that a command tells of, into its run's series and beats; its start, once known. */

import { rmSync } from "node:fs";
import { readSeries, SeriesWriter, seriesPath } from "../../record/series.ts";
import { runFolder } from "../../record/workspace.ts";
import type { Section } from "../../train/section.ts";
import { METRIC_COLUMNS } from "../../train/series-columns.ts";
import type { CommandTask } from "../command-task.ts";
import { NOT_FINITE } from "../decide/incident-names.ts";
import type { MetricRow } from "../metrics/layouts.ts";
import { readFence } from "../process/attempt-folder.ts";
import type { SpoolWriter } from "../process/spool.ts";

/** "Loading the checkpoint from out/step-110", "loaded checkpoint ... at iteration 110". */
const RESUMES =
  /(?:\bload\w*\b.*(?:checkpoint|ckpt)|\bresum\w*|\brestor\w*|\bcontinuing training\b).*?\b(?:step|iteration|iter)[\s=:_-]*(\d+)/i;
/** torchrun starts its ranks again by itself: steps then go back within one attempt. */
const RESTARTS = /will restart worker group|Restarting worker group/i;
const SAVES = /\b(sav(e|ing)|writing)\b.*\b(checkpoint|model|state)/i;
const EVALUATES = /\b(running|starting|begin\w*)\b.*\b(eval\w*|validation)/i;

/** A loss that was told and is no number is kept as infinite: in a series NaN stands for one not told. */
const asKept = (row: MetricRow): MetricRow =>
  row.loss !== undefined && Number.isNaN(row.loss) ? { ...row, loss: Number.POSITIVE_INFINITY } : row;

/** Rows in, series and beats out. */
export class ToldSteps implements Disposable {
  readonly #task: CommandTask;
  readonly #spool: SpoolWriter;
  readonly #path: string;
  #series: SeriesWriter | null = null;
  /** Told of before the start stands in the record: an attempt has no series before. */
  #waiting: MetricRow[] = [];
  #isStarted = false;
  #resumedFrom: number | null = null;
  #mayGoBack = false;
  #section: Section = "start";
  #last: { readonly step: number; readonly loss: number | null; readonly ms: number } | null = null;
  #wasFinite = true;

  constructor(task: CommandTask, spool: SpoolWriter) {
    this.#task = task;
    this.#spool = spool;
    this.#path = seriesPath(task.folder, task.run, task.attempt);
    this.alive();
  }

  /** The last step, and its loss. */
  get last(): { readonly step: number; readonly loss: number | null } {
    return this.#last ?? { step: this.#task.from?.step ?? 0, loss: null };
  }

  get hasSteps(): boolean {
    return this.#last !== null;
  }

  /** Something was printed. */
  alive(): void {
    this.#spool.beat(this.#section, this.last.step);
  }

  /** What a line tells besides numbers. */
  line(line: string): void {
    if (line.length > 2000) return;
    if (this.#last === null)
      this.#resumedFrom = Number(RESUMES.exec(line)?.[1] ?? Number.NaN) || this.#resumedFrom;
    if (RESTARTS.test(line)) this.#mayGoBack = true;
    if (SAVES.test(line)) this.#section = "checkpoint";
    else if (EVALUATES.test(line)) this.#section = "evaluation";
  }

  /** None where whoever reads them is not there. */
  rows(rows: readonly MetricRow[] = []): void {
    for (const row of rows) this.#row(row);
  }

  #row(row: MetricRow): void {
    this.start(row.step);
    const isBack = this.#last !== null && row.step <= this.#last.step;
    // Another rank's line about the same step says nothing new.
    if (isBack && !this.#mayGoBack) return;
    if (isBack) this.#goBack(row.step);
    const ms = performance.now();
    const steps = this.#last ? row.step - this.#last.step : 0;
    const seconds = row.stepSeconds ?? (this.#last && steps > 0 ? (ms - this.#last.ms) / 1000 / steps : null);
    const loss = row.loss !== undefined && Number.isFinite(row.loss) ? row.loss : null;
    this.#section = "step";
    this.#last = { step: row.step, loss: loss ?? this.#last?.loss ?? null, ms };
    this.#spool.beat("step", row.step, loss, seconds);
    this.#noticeFinite(row);
    this.#waiting.push({ ...asKept(row), ...(seconds !== null && { stepSeconds: seconds }) });
  }

  /** Says that it runs, once its first step tells from where; at the latest when it ends. */
  start(firstStep: number): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { attempt, from } = this.#task;
    const guess = attempt === 1 ? 0 : Math.max(0, firstStep - 1);
    const known = [this.#resumedFrom, from?.step].find((step) => step != null && step <= firstStep);
    this.#spool.send({
      kind: "started",
      attempt,
      fromStep: known ?? guess,
      checkpoint: from?.path ?? null,
      exact: true,
      damaged: [],
    });
  }

  /** Writes what is waiting; `fenced` where a later attempt has taken over. */
  flush(): "written" | "waiting" | "fenced" {
    const fence = readFence(runFolder(this.#task.folder, this.#task.run));
    if (fence?.attempt !== this.#task.attempt) return "fenced";
    if (this.#waiting.length === 0) return "written";
    if (!fence.isRecorded) return "waiting";
    this.#series ??= new SeriesWriter(this.#path, METRIC_COLUMNS);
    for (const { total: _, ...row } of this.#waiting.splice(0)) this.#series.append(row);
    this.#series.flush();
    return "written";
  }

  [Symbol.dispose](): void {
    this.#series?.[Symbol.dispose]();
  }

  /** What was trained beyond is trained anew: as after a restart of ours. */
  #goBack(step: number): void {
    this.#mayGoBack = false;
    this.flush();
    this.#waiting = this.#waiting.filter((row) => row.step < step);
    this.#last = null;
    if (this.#series === null) return;
    this.#series[Symbol.dispose]();
    const { values, numRows } = readSeries(this.#path);
    rmSync(this.#path);
    this.#series = new SeriesWriter(this.#path, METRIC_COLUMNS);
    for (let i = 0; i < numRows; i++) {
      const row = Object.fromEntries(METRIC_COLUMNS.map(({ name }) => [name, values[name]![i]!]));
      if (row.step! < step) this.#series.append(row);
    }
    this.#series.flush();
  }

  #noticeFinite({ step, loss, gradientNorm }: MetricRow): void {
    const areFinite = [loss, gradientNorm].every((value) => value === undefined || Number.isFinite(value));
    if (this.#wasFinite && !areFinite)
      this.#spool.send({
        kind: "noticed",
        what: NOT_FINITE,
        evidence: { step, loss: String(loss), gradientNorm: String(gradientNorm) },
        severity: "critical",
      });
    this.#wasFinite = areFinite;
  }
}

/** @file A learning curve from a file of (step, rate, loss): its schedule and its points. */

import { UserError } from "../../errors.ts";
import { mean } from "../../math/statistics.ts";
import { formatList } from "../../units/print.ts";
import { notNumber, readCell } from "../table/cell.ts";
import type { CurveColumn } from "../table/column-names.ts";
import { findCurveColumns, type StepUnit } from "../table/columns.ts";
import { parseRows } from "../table/parse-rows.ts";
import { CURVE_NUMBERS, endOf, type RateSchedule, type SchedulePoint, warmupOf } from "./schedule.ts";
import { scheduleFromTable } from "./schedule-table.ts";

/** A training curve and the schedule that it was trained under. */
export type LossCurve = {
  readonly name: string;
  readonly schedule: RateSchedule;
  /** After the warm-up, ascending. */
  readonly steps: Float64Array;
  readonly losses: Float64Array;
  /** Rows of the file that each point averages. */
  readonly rowsPerPoint: number;
  /** Of what `steps` and the schedule's steps are a count. */
  readonly counts: StepUnit;
  /** What of the file was passed over or put in order; left out: nothing. */
  readonly warnings?: readonly string[];
};

/** How a table of one curve is read. */
export type CurveOptions = {
  /** Steps of warm-up before the table begins; left out: up to its first row. */
  readonly warmup?: number;
  /** What the columns are called, where the usual names do not find them. */
  readonly columns?: Partial<Record<CurveColumn, string>>;
  /** For a table without rates. */
  readonly schedule?: RateSchedule;
};

type Row = { readonly step: number; readonly rate: number | null; readonly loss: number | null };

/** Longer curves are averaged in blocks, which takes out the noise of single training batches. */
const MOST_POINTS = 1024;
const FEWEST_POINTS = 8;

/** Reads a curve: CSV, tab-separated or JSON lines. Rows without a loss tell the schedule only. */
export function readCurve(text: string, name: string, options: CurveOptions = {}): LossCurve {
  const wanted = ["step", "lr", "loss"] as const;
  const { rows, counts, warnings } = rowsOf(
    text,
    name,
    options.columns,
    wanted.filter((column) => column !== "lr" || !options.schedule),
  );
  const schedule = options.schedule ?? scheduleFromTable(ratedOf(rows), name, options.warmup);
  const warmup = warmupOf(schedule);
  const measured = rows.filter((row): row is Row & { loss: number } => row.loss !== null);
  const bad = measured.find(({ loss }) => !(loss > 0));
  if (bad)
    throw new UserError(
      `${name}: loss ${bad.loss} at step ${bad.step}`,
      "losses above 0",
      "give the loss itself (nats or bits), not its logarithm or a difference",
    );
  const after = measured.filter(({ step }) => step >= warmup && step > 0);
  if (after.length < FEWEST_POINTS)
    throw new UserError(
      `${name} has ${after.length} losses after the warm-up of ${warmup} steps (its last row is step ` +
        `${endOf(schedule)})`,
      `at least ${FEWEST_POINTS}`,
      "give more of the curve, or leave it out",
    );
  return {
    name,
    schedule,
    ...blocksOf(after, schedule),
    counts,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

/** Reads the schedule alone, for a run that is still to come. */
export function readSchedule(
  text: string,
  name: string,
  options: CurveOptions = {},
): Pick<LossCurve, "name" | "schedule" | "counts"> {
  const { rows, counts } = rowsOf(text, name, options.columns, ["step", "lr"]);
  return { name, schedule: scheduleFromTable(ratedOf(rows), name, options.warmup), counts };
}

function ratedOf(rows: readonly Row[]): readonly SchedulePoint[] {
  return rows.flatMap(({ step, rate }) => (rate === null ? [] : [{ step, rate }]));
}

function rowsOf(
  text: string,
  name: string,
  columns: CurveOptions["columns"] = {},
  wanted: readonly CurveColumn[],
): { readonly rows: readonly Row[]; readonly counts: StepUnit; readonly warnings: readonly string[] } {
  const raw = parseRows(text, name);
  const found = findCurveColumns(raw, name, columns, wanted);
  const passedOver: string[] = [];
  const read = raw.rows.flatMap(({ label, cells }): Row[] => {
    const number = (column: CurveColumn) => {
      const at = found[column];
      const cell = readCell(at ? cells[at.index]! : "");
      if (cell.kind === "number")
        return inBounds(column === "step" && !cell.hasUnit ? cell.value * at!.scale : cell.value, () => {
          return `${name}, ${label}: ${at!.name} is ${cell.value}`;
        });
      if (cell.kind === "text") throw notNumber(name, label, at!.name, cell.written);
      if (cell.written !== "" || (column === "step" && cells.some((other) => other !== "")))
        passedOver.push(`${label}: ${at!.name} is ${cell.written || "empty"}`);
      return null;
    };
    const [step, rate, loss] = [number("step"), number("lr"), number("loss")];
    return step === null ? [] : [{ step, rate, loss }];
  });
  const { rows, warnings } = inOrder(read, name);
  const { counts } = found;
  const odd = `${name}: ${passedOver.length} cells without a finite number passed over`;
  return {
    rows,
    counts,
    warnings: [
      ...(counts === "steps" ? [] : [`${name}: column ${found.step!.name} is taken as the step: ${counts}`]),
      ...(passedOver.length > 0 ? [`${odd} (${formatList(passedOver, 3)})`] : []),
      ...warnings,
    ],
  };
}

/** The number itself. Throws a `UserError` where no curve has such. */
function inBounds(value: number, found: () => string): number {
  const { least, most, text } = CURVE_NUMBERS;
  if (value === 0 || (Math.abs(value) >= least && Math.abs(value) <= most)) return value;
  throw new UserError(
    found(),
    `${text}: what steps, learning rates and losses are`,
    "correct the cell, or name another column with --columns",
  );
}

/** Rows by ascending step, one a step: what a step's rows say has to agree. */
function inOrder(
  read: readonly Row[],
  name: string,
): { readonly rows: readonly Row[]; readonly warnings: readonly string[] } {
  const rows: Row[] = [];
  let repeated = 0;
  for (const row of read.toSorted((a, b) => a.step - b.step)) {
    const last = rows.at(-1);
    if (last?.step !== row.step) {
      rows.push(row);
      continue;
    }
    const both = (["rate", "loss"] as const).filter((key) => last[key] !== null && row[key] !== null);
    const odd = both.find((key) => last[key] !== row[key]);
    if (odd)
      throw new UserError(
        `${name}: step ${row.step} twice, with a ${odd === "rate" ? "learning rate" : "loss"} of ${last[odd]} and ${row[odd]}`,
        "each step once",
        "remove the rows that a restart has left behind, or name the column of the optimiser's steps: --columns step=...",
      );
    if (both.length > 0) repeated++;
    rows[rows.length - 1] = { step: row.step, rate: last.rate ?? row.rate, loss: last.loss ?? row.loss };
  }
  const isSorted = read.every(({ step }, i) => i === 0 || step >= read[i - 1]!.step);
  return {
    rows,
    warnings: [
      ...(isSorted ? [] : [`${name}: rows out of order, sorted by step`]),
      ...(repeated > 0 ? [`${name}: ${repeated} rows say again what another says`] : []),
    ],
  };
}

/** Averages blocks of neighbouring rows, none of them across a jump of the rate. */
function blocksOf(
  rows: readonly (Row & { readonly loss: number })[],
  schedule: RateSchedule,
): Pick<LossCurve, "steps" | "losses" | "rowsPerPoint"> {
  const rowsPerPoint = Math.ceil(rows.length / MOST_POINTS);
  const jumps = schedule.flatMap(({ step }, i) => (i > 0 && schedule[i - 1]!.step === step ? [step] : []));
  const steps: number[] = [];
  const losses: number[] = [];
  for (let from = 0; from < rows.length; ) {
    const jump = jumps.find((step) => step > rows[from]!.step) ?? Number.POSITIVE_INFINITY;
    let to = from + 1;
    while (to < rows.length && to < from + rowsPerPoint && rows[to]!.step < jump) to++;
    const block = rows.slice(from, to);
    steps.push(mean(block.map(({ step }) => step)));
    losses.push(mean(block.map(({ loss }) => loss)));
    from = to;
  }
  return { steps: Float64Array.from(steps), losses: Float64Array.from(losses), rowsPerPoint };
}

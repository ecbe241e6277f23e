/** @file A learning curve from a file of (step, rate, loss): its schedule and its points. */

import { UserError } from "../../errors.ts";
import { mean } from "../../math/statistics.ts";
import { parseRows } from "../table/raw.ts";

import { endOf, type RateSchedule, warmupOf } from "./schedule.ts";
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

/** What a column of a curve may hold. */
export type CurveColumn = "step" | "lr" | "loss";

type Row = { readonly step: number; readonly rate: number | null; readonly loss: number | null };

const COMMON_NAMES: Record<CurveColumn, readonly string[]> = {
  step: ["step", "steps", "iteration", "iterations", "iter", "globalstep", "trainstep", "tokens"],
  lr: ["lr", "learningrate", "rate", "eta", "trainlr", "trainlearningrate"],
  loss: ["loss", "valloss", "validationloss", "evalloss", "testloss", "trainloss", "lmloss"],
};
/** Longer curves are averaged in blocks, which takes out the noise of single training batches. */
const MOST_POINTS = 1024;
const FEWEST_POINTS = 8;

/** Reads a curve: CSV, tab-separated or JSON lines. Rows without a loss tell the schedule only. */
export function readCurve(text: string, name: string, options: CurveOptions = {}): LossCurve {
  const rows = rowsOf(text, name, options);
  const rated = rows.flatMap(({ step, rate }) => (rate === null ? [] : [{ step, rate }]));
  const schedule = options.schedule ?? scheduleFromTable(rated, name, options.warmup);
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
  return { name, schedule, ...blocksOf(after, schedule) };
}

/** Reads the schedule alone, for a run that is still to come. */
export function readSchedule(text: string, name: string, options: CurveOptions = {}): RateSchedule {
  const rows = rowsOf(text, name, options);
  return scheduleFromTable(
    rows.flatMap(({ step, rate }) => (rate === null ? [] : [{ step, rate }])),
    name,
    options.warmup,
  );
}

function rowsOf(text: string, name: string, { columns, schedule }: CurveOptions): readonly Row[] {
  const { columns: titles, rows } = parseRows(text, name);
  const step = indexOf("step", titles, columns, name);
  const rate = schedule ? undefined : indexOf("lr", titles, columns, name);
  const loss = titles.length > 2 || schedule ? indexOf("loss", titles, columns, name) : undefined;
  return rows.map(({ label, cells }) => {
    const number = (index: number | undefined) => {
      const cell = index === undefined ? "" : cells[index]!;
      return cell === "" || /^(nan|null|none)$/i.test(cell) ? null : Number(cell);
    };
    const row = { step: number(step) ?? Number.NaN, rate: number(rate), loss: number(loss) };
    if ([row.step, row.rate ?? 0, row.loss ?? 0].every(Number.isFinite)) return row;
    throw new UserError(
      `${name}, ${label}: ${cells.join(", ")}`,
      "numbers for step, learning rate and loss",
      "correct the row or leave it out",
    );
  });
}

function indexOf(
  column: CurveColumn,
  titles: readonly string[],
  columns: CurveOptions["columns"],
  name: string,
): number {
  const stated = columns?.[column];
  const plain = (title: string) => title.toLowerCase().replace(/[^a-z]/g, "");
  const [found] =
    stated === undefined
      ? COMMON_NAMES[column].flatMap((common) => titles.filter((title) => plain(title) === common))
      : titles.filter((title) => title === stated);
  if (found !== undefined) return titles.indexOf(found);
  throw new UserError(
    `${name} has the columns ${titles.join(", ")}`,
    stated === undefined
      ? `one for the ${column}, such as "${COMMON_NAMES[column].slice(0, 3).join('", "')}"`
      : `a column "${stated}"`,
    `name it: --columns ${column}=...`,
  );
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

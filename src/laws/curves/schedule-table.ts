/** @file A schedule from a table of (step, rate): where between two rows did the rate jump or bend? */

import { UserError } from "../../errors.ts";
import { peakRate, type RateSchedule, type SchedulePoint, thin } from "./schedule.ts";

/** A change within one gap this many times steeper than on both sides of it is a jump, not a ramp. */
const JUMP_STEEPNESS = 4;
/** Changes smaller than this share of the peak are never called jumps. */
const LEAST_JUMP = 0.02;

/**
 * The schedule that a table shows. Rows usually begin after the warm-up: the rate is then taken to have risen
 * in a straight line from 0 to the first row's rate at step `warmup`, by default the first row's own step. A
 * jump is placed at the row that first shows the new rate, and where a level stretch turns into a ramp inside
 * a gap, the ramp is followed back to the level.
 */
export function scheduleFromTable(
  rows: readonly SchedulePoint[],
  name: string,
  warmup?: number,
): RateSchedule {
  checkRows(rows, name);
  const peak = peakRate(rows);
  const points: SchedulePoint[] = [...startOf(rows, name, warmup)];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (i > 0) {
      const previous = rows[i - 1]!;
      if (isJump(rows, i, peak)) points.push({ step: row.step, rate: previous.rate });
      else {
        const knee = kneeBefore(rows, i) ?? kneeAfter(rows, i);
        if (knee) points.push(knee);
      }
    }
    points.push(row);
  }
  return thin(points);
}

function checkRows(rows: readonly SchedulePoint[], name: string): void {
  if (rows.length < 2)
    throw new UserError(
      `${name} has ${rows.length} rows with a learning rate`,
      "at least 2",
      "give the whole schedule",
    );
  const bad = rows.findIndex(({ rate }) => !(rate >= 0 && Number.isFinite(rate)));
  if (bad !== -1)
    throw new UserError(
      `${name}: learning rate ${rows[bad]!.rate} at step ${rows[bad]!.step}`,
      "rates of at least 0",
      "correct the row",
    );
  if (rows[0]!.step < 0)
    throw new UserError(
      `${name} begins at step ${rows[0]!.step}`,
      "steps from 0",
      "count steps from the run's start",
    );
  if (peakRate(rows) === 0)
    throw new UserError(
      `${name}: the learning rate is 0 in every row`,
      "a schedule that moves the model",
      "name the column that holds the learning rate",
    );
}

function startOf(rows: readonly SchedulePoint[], name: string, warmup: number | undefined): SchedulePoint[] {
  const [first, second] = [rows[0]!, rows[1]!];
  if (first.step === 0) return first.rate > 0 ? [{ step: 0, rate: 0 }] : [];
  // A table that shows the warm-up itself needs no telling: the line through its rows is followed back to 0.
  if (second.rate > first.rate) return [{ step: 0, rate: 0 }];
  const end = warmup ?? first.step;
  if (end >= rows.at(-1)!.step)
    throw new UserError(
      `${name} ends at step ${rows.at(-1)!.step}, within the warm-up of ${end} steps`,
      "a curve that goes on after the warm-up",
      "leave this curve out, or give the right --warmup",
    );
  if (end > first.step)
    throw new UserError(
      `${name} has its full rate ${first.rate} at step ${first.step} already, before the warm-up's end at ` +
        `${end}`,
      `a warm-up of at most ${first.step} steps`,
      "give the right --warmup, or leave it out",
    );
  const rise: SchedulePoint[] = [{ step: 0, rate: 0 }];
  if (end < first.step) rise.push({ step: end, rate: first.rate });
  return rise;
}

function slope(a: SchedulePoint | undefined, b: SchedulePoint | undefined): number {
  return a && b ? (b.rate - a.rate) / (b.step - a.step) : 0;
}

function isJump(rows: readonly SchedulePoint[], i: number, peak: number): boolean {
  const [before, a, b, after] = [rows[i - 2], rows[i - 1]!, rows[i]!, rows[i + 1]];
  if (!after || Math.abs(b.rate - a.rate) < LEAST_JUMP * peak) return false;
  const around = Math.max(Math.abs(slope(before, a)), Math.abs(slope(b, after)));
  return Math.abs(slope(a, b)) > JUMP_STEEPNESS * around;
}

/** Level up to the row before, a ramp from this row on: where the ramp, followed back, meets the level. */
function kneeBefore(rows: readonly SchedulePoint[], i: number): SchedulePoint | undefined {
  const [before, a, b, after, later] = [rows[i - 2], rows[i - 1]!, rows[i]!, rows[i + 1], rows[i + 2]];
  if (!before || !after || !later || before.rate !== a.rate || b.rate === a.rate) return undefined;
  return meeting(a.rate, b, after, later, (step) => step > a.step && step < b.step);
}

/** A ramp up to the row before, level from this row on. */
function kneeAfter(rows: readonly SchedulePoint[], i: number): SchedulePoint | undefined {
  const [earlier, before, a, b, after] = [rows[i - 3], rows[i - 2], rows[i - 1]!, rows[i]!, rows[i + 1]];
  if (!earlier || !before || !after || b.rate !== after.rate || b.rate === a.rate) return undefined;
  return meeting(b.rate, a, before, earlier, (step) => step > a.step && step < b.step);
}

/** Follows the ramp through three points to `level`, as a line or by equal factors, as they do. */
function meeting(
  level: number,
  near: SchedulePoint,
  middle: SchedulePoint,
  far: SchedulePoint,
  isInside: (step: number) => boolean,
): SchedulePoint | undefined {
  const logOf = ({ step, rate }: SchedulePoint) => ({ step, rate: Math.log(rate) });
  const bend = (form: (point: SchedulePoint) => SchedulePoint) =>
    Math.abs(slope(form(near), form(middle)) / slope(form(middle), form(far)) - 1);
  const useLog =
    Math.min(level, near.rate, middle.rate, far.rate) > 0 && bend(logOf) < bend((point) => point);
  const steepness = useLog ? slope(logOf(near), logOf(middle)) : slope(near, middle);
  const rise = useLog ? Math.log(level / near.rate) : level - near.rate;
  const step = near.step + rise / steepness;
  return isInside(step) ? { step, rate: level } : undefined;
}

/** @file What a curve law reads of a schedule: the area under the rate, and its changes so far. */

import { peakRate, type RateSchedule } from "./schedule.ts";

/**
 * The changes of the rate before each of `numPoints` steps, one flat list: those of point i are entries
 * `first[i]` to `first[i + 1] - 1`. Rates are in units of `peak`, areas (rate times steps) in units of
 * `area`, so that a law's parameters are of order 1 whatever the units of rate and step.
 */
export type Geometry = {
  /** Area under the rate up to each point. */
  readonly area: Float64Array;
  readonly first: Uint32Array;
  /** Fall of the rate; a rise is negative. */
  readonly fall: Float64Array;
  /** Log of the rate at the change. */
  readonly logRate: Float64Array;
  /** Log of the area between the change and the point. */
  readonly logReach: Float64Array;
  /** Steps between the change and the point, as a share of `span`. */
  readonly distance: Float64Array;
};

/** The units that a fit measures in: its largest rate, area and number of steps. */
export type Units = { readonly peak: number; readonly area: number; readonly span: number };

/** No change larger than this share of the peak is treated as one. */
const LARGEST_CHANGE = 1 / 16;
/** A change under way is split by distance: each part reaches this much further back than the next. */
const GRADING = 2;
/** The nearest part of such a change, as a share of the span: below half a step in a run of 30,000. */
const NEAREST = 2 ** -16;
/** Log of a rate of 0, which a decay to nothing reaches at its last step only. */
const LEAST_LOG_RATE = Math.log(1e-6);

/** A stretch with one straight line, from `from` to `to`; a jump has no length. */
type Piece = {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
  readonly areaBefore: number;
};

/** Splits the schedule into stretches in which the rate changes little, with the area before each. */
function piecesOf(schedule: RateSchedule, last: number): Piece[] {
  const limit = LARGEST_CHANGE * peakRate(schedule);
  const pieces: Piece[] = [];
  let areaBefore = 0;
  const add = (from: number, to: number, start: number, end: number) => {
    const parts = from === to ? 1 : Math.max(1, Math.ceil(Math.abs(end - start) / limit));
    for (let k = 0; k < parts; k++) {
      const at = (share: number, a: number, b: number) => a + ((b - a) * share) / parts;
      const [s, e] = [at(k, start, end), at(k + 1, start, end)];
      const [f, t] = [at(k, from, to), at(k + 1, from, to)];
      pieces.push({ from: f, to: t, start: s, end: e, areaBefore });
      areaBefore += ((s + e) / 2) * (t - f);
    }
  };
  for (let i = 1; i < schedule.length; i++) {
    const [a, b] = [schedule[i - 1]!, schedule[i]!];
    add(a.step, b.step, a.rate, b.rate);
  }
  const end = schedule.at(-1)!;
  if (end.step < last) add(end.step, last, end.rate, end.rate);
  return pieces;
}

/** The area under the whole schedule. */
export function areaOf(schedule: RateSchedule): number {
  const last = piecesOf(schedule, 0).at(-1)!;
  return last.areaBefore + ((last.start + last.end) / 2) * (last.to - last.from);
}

/**
 * What a law reads of `schedule` at each of the ascending `steps`. Far changes are few; one that is still
 * under way is split ever finer towards the point, since the loss answers a change within a few steps of it.
 * Time is continuous here: against the paper's sum over every step the loss differs by less than 2e-4 nats
 * (half a step's area, soon after the warm-up), for the work of some dozen changes a point instead of
 * thousands.
 */
export function geometryOf(schedule: RateSchedule, steps: ArrayLike<number>, units: Units): Geometry {
  const pieces = piecesOf(schedule, Math.max(0, ...Array.from(steps)));
  const nearest = NEAREST * units.span;
  const area = new Float64Array(steps.length);
  const first = new Uint32Array(steps.length + 1);
  const [fall, logRate, logReach, distance]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const here = areaAt(pieces, step);
    area[i] = here / units.area;
    for (const piece of pieces) {
      if (piece.from > step || (piece.from === step && piece.to > step)) break;
      if (piece.start === piece.end) continue;
      for (const [from, to] of splitBefore(piece, step, nearest)) {
        const middle = (from + to) / 2;
        const rate = rateIn(piece, middle);
        const reach = Math.max(here - areaIn(piece, middle), rate * nearest * 1e-3, Number.MIN_VALUE);
        fall.push((rateIn(piece, from, "start") - rateIn(piece, to, "end")) / units.peak);
        // A jump acts at the rate that follows it, as in the paper's sum.
        const acting = piece.from === piece.to ? piece.end : rate;
        logRate.push(Math.max(LEAST_LOG_RATE, Math.log(acting / units.peak)));
        logReach.push(Math.log(reach / units.area));
        distance.push((step - middle) / units.span);
      }
    }
    first[i + 1] = fall.length;
  }
  return {
    area,
    first,
    fall: Float64Array.from(fall),
    logRate: Float64Array.from(logRate),
    logReach: Float64Array.from(logReach),
    distance: Float64Array.from(distance),
  };
}

/** The part of a piece before `step`, cut at distances from it that grow by `GRADING`. */
function splitBefore(piece: Piece, step: number, nearest: number): (readonly [number, number])[] {
  const to = Math.min(piece.to, step);
  if (piece.from === piece.to) return [[piece.from, piece.to]];
  const parts: (readonly [number, number])[] = [];
  let end = to;
  let reach = Math.max(nearest, (step - to) * GRADING);
  while (end > piece.from) {
    const start = Math.max(piece.from, step - reach);
    parts.push([start, end]);
    end = start;
    reach *= GRADING;
  }
  return parts;
}

function rateIn(piece: Piece, step: number, atJump: "start" | "end" = "end"): number {
  if (piece.from === piece.to) return atJump === "start" ? piece.start : piece.end;
  return piece.start + ((piece.end - piece.start) * (step - piece.from)) / (piece.to - piece.from);
}

function areaIn(piece: Piece, step: number): number {
  return piece.areaBefore + ((piece.start + rateIn(piece, step)) / 2) * (step - piece.from);
}

function areaAt(pieces: readonly Piece[], step: number): number {
  const piece = pieces.findLast(({ from }) => from <= step);
  return piece ? areaIn(piece, Math.min(step, piece.to)) : 0;
}

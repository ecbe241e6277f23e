/** @file One possible future, and how a run that is launched on a given day goes in it. */

import { drawFrom, type Interval } from "../../math/interval.ts";
import type { Random } from "../../math/random.ts";
import type { LaunchFacts } from "./facts.ts";

/** Everything that chance decides. The same futures serve every launch day: only the day differs. */
export type Future = {
  readonly workDeviceHours: number;
  readonly goodput: number;
  readonly arrivals: readonly { readonly day: number; readonly numDevices: number }[];
  readonly hardwareLoss: number;
  readonly softwareLoss: number;
  /** Issues that strike if they are not fixed in time, in the order of the run. */
  readonly setbacks: readonly Setback[];
  readonly pricePerDeviceHour: number;
};

type Setback = {
  readonly issue: string;
  /** Share of the work that is done by then. */
  readonly at: number;
  readonly costDays: number;
  /** Day on which the fix is there; Infinity: never. */
  readonly fixedOn: number;
  readonly curableInFlight: boolean;
};

/** Draws a future. */
export function drawFuture(facts: LaunchFacts, random: Random): Future {
  const late = (days: Interval | null) => (days === null ? 0 : drawFrom(days, random));
  const { hardware, software } = facts.burnIn;
  const issues = facts.issues.map((issue) => ({
    issue: issue.name,
    strikes: random.uniform() < issue.chance,
    at: random.uniform(),
    costDays: drawFrom(issue.costDays, random),
    fixedOn: issue.fixDay === null ? Infinity : issue.fixDay + late(issue.lateDays),
    curableInFlight: issue.curableInFlight,
  }));
  return {
    workDeviceHours: drawFrom(facts.workDeviceHours, random),
    goodput: Math.min(1, drawFrom(facts.goodput, random)),
    arrivals: facts.arrivals.map(({ day, numDevices, lateDays }) => ({
      day: day + late(lateDays),
      numDevices,
    })),
    hardwareLoss: hardware ? Math.min(0.95, drawFrom(hardware.lostShare, random)) : 0,
    softwareLoss: software ? Math.min(0.95, drawFrom(software.lostShare, random)) : 0,
    setbacks: issues.filter(({ strikes }) => strikes).sort((a, b) => a.at - b.at),
    pricePerDeviceHour: facts.costs ? drawFrom(facts.costs.perDeviceHour, random) : 0,
  };
}

export type Outcome = {
  readonly finishDay: number;
  /** Null where no costs are given. */
  readonly cost: number | null;
};

/** A run that would take ten years ends there. */
const MOST_DAYS = 3650;

/** The run day by day: its speed at noon, the stops for setbacks and for growing, until the work is done. */
export function runThrough(facts: LaunchFacts, future: Future, launchDay: number): Outcome {
  let day = Math.max(launchDay, future.arrivals[0]!.day);
  let done = 0;
  let devices = devicesOn(future, day);
  let met = 0;
  while (done < future.workDeviceHours && day < MOST_DAYS) {
    const now = devicesOn(future, day);
    if (now > devices) {
      devices = now;
      day += facts.growDays;
    }
    const speed = devices * 24 * productiveShare(facts, future, launchDay, day + 0.5);
    const next = future.setbacks[met];
    // A day, or less if the work or the next setback comes first.
    const goal = Math.min(future.workDeviceHours, next ? next.at * future.workDeviceHours : Infinity);
    const step = Math.min(1, Math.max(0, (goal - done) / speed));
    day += step;
    done += step * speed;
    if (step === 1) continue;
    if (goal === future.workDeviceHours) break;
    if (next!.fixedOn > (next!.curableInFlight ? day : launchDay)) day += next!.costDays;
    met++;
  }
  return { finishDay: day, cost: costOf(facts, future, launchDay, day) };
}

function devicesOn({ arrivals }: Future, day: number): number {
  let devices = arrivals[0]!.numDevices;
  for (const arrival of arrivals) if (arrival.day <= day) devices = Math.max(devices, arrival.numDevices);
  return devices;
}

/** Settled goodput less burn-in: hardware by its age part by part, software since the launch. */
function productiveShare(facts: LaunchFacts, future: Future, launchDay: number, day: number): number {
  const { hardware, software } = facts.burnIn;
  let hardwareLoss = 0;
  if (hardware !== null) {
    let [before, weighted] = [0, 0];
    for (const { day: from, numDevices } of future.arrivals) {
      if (from > day) continue;
      weighted += (numDevices - before) * 2 ** (-(day - from) / hardware.halvesDays);
      before = numDevices;
    }
    hardwareLoss = (future.hardwareLoss * weighted) / Math.max(1, before);
  }
  const softwareLoss =
    software === null ? 0 : future.softwareLoss * 2 ** (-(day - launchDay) / software.halvesDays);
  return future.goodput * (1 - hardwareLoss) * (1 - softwareLoss);
}

/** What is paid from today to the end: the cluster while it waits and while it runs, delay, lateness. */
function costOf(facts: LaunchFacts, future: Future, launchDay: number, finishDay: number): number | null {
  const { costs, deadlineDay } = facts;
  if (costs === null) return null;
  const hours = (from: number, to: number) => 24 * deviceDays(future, from, to);
  const start = Math.min(launchDay, finishDay);
  const rent = costs.idleShare * hours(0, start) + hours(start, finishDay);
  const late = deadlineDay === null ? 0 : Math.max(0, finishDay - deadlineDay);
  return rent * future.pricePerDeviceHour + costs.perDay * finishDay + costs.perDayLate * late;
}

/** Devices times days between two days. */
function deviceDays({ arrivals }: Future, from: number, to: number): number {
  let [sum, before] = [0, 0];
  for (const { day, numDevices } of arrivals) {
    sum += Math.max(0, numDevices - before) * Math.max(0, to - Math.max(from, day));
    before = Math.max(before, numDevices);
  }
  return sum;
}

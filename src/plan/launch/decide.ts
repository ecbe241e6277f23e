/** @file Launch now or wait: (outcomes by day) -> { decision, reason }, with what each fix would be worth. */

import { type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { mean, standardDeviation } from "../../math/statistics.ts";
import { fixed, formatCount, formatWhole } from "../../units/print.ts";
import { dateAfter, type Issue, type LaunchFacts } from "./facts.ts";
import { drawFuture, type Future, type Outcome, runThrough } from "./future.ts";

/** What a launch on one day leads to. Days count from today. */
export type DayOutlook = {
  readonly day: number;
  readonly date: string;
  readonly finishDay: Interval;
  readonly meanFinishDay: number;
  readonly cost: Interval | null;
  readonly meanCost: number | null;
  /** Null without a deadline. */
  readonly deadlineChance: number | null;
};

/** What a fix that were there today would change, the launch day chosen anew. */
export type FixValue = {
  readonly issue: string;
  readonly gainedDays: number;
  readonly gainedCost: number | null;
  /** Days of work; those until it is due where nothing better is known. */
  readonly effortDays: number | null;
  /** Gained for each day of work: money where costs are given, else days. */
  readonly valuePerDay: number | null;
};

/** Whether to launch now or to wait, and which fix to make first. */
export type LaunchAnswer = {
  readonly decision: "launch" | "wait";
  readonly reason: string;
  readonly now: DayOutlook;
  readonly recommended: DayOutlook;
  readonly days: readonly DayOutlook[];
  /** Best first. */
  readonly fixes: readonly FixValue[];
};

const NUM_FUTURES = 500;
const SEED = 20_242;
const MOST_DAYS_AHEAD = 365;
const DAILY = 30;
/** A deadline that is met so often is met; an assumption that most would share. */
const SURE_ENOUGH = 0.9;
/** Waiting has to gain more than this, an assumption: half a day, or half a percent of the cost. */
const LEAST_GAIN_DAYS = 0.5;
const LEAST_GAIN_COST_SHARE = 0.005;

/** Answers from the facts alone: the same facts give the same answer. */
export function decideLaunch(facts: LaunchFacts, numFutures = NUM_FUTURES): LaunchAnswer {
  const random = new Random(SEED, "plan launch");
  const futures = Array.from({ length: numFutures }, () => drawFuture(facts, random));
  const candidates = candidateDays(facts);
  const outcomes = candidates.map((day) => futures.map((future) => runThrough(facts, future, day)));
  const chosen = chooseDay(facts, outcomes);
  const days = candidates.map((day, i) => outlookOf(facts, day, outcomes[i]!));
  const [now, recommended] = [days[0]!, days[chosen]!];
  return {
    decision: recommended.day === 0 ? "launch" : "wait",
    reason: reasonFor(facts, now, recommended, days),
    now,
    recommended,
    days,
    fixes: fixValues(facts, futures, candidates, outcomes, chosen),
  };
}

/** To two weeks after the last thing worth a wait: each day of the first month, some forty of the rest. */
function candidateDays(facts: LaunchFacts): readonly number[] {
  const due = [
    ...facts.issues.map(({ fixDay, lateDays }) => (fixDay === null ? 0 : fixDay + (lateDays?.hi ?? 0))),
    ...facts.arrivals.map(({ day, lateDays }) => Math.max(0, day + (lateDays?.hi ?? 0))),
    facts.burnIn.hardware ? 2 * facts.burnIn.hardware.halvesDays : 0,
  ];
  const last = Math.min(MOST_DAYS_AHEAD, Math.ceil(Math.max(...due)) + 14);
  const step = Math.max(1, Math.ceil((last - DAILY) / 40));
  const days: number[] = [];
  for (let day = 0; day <= last; day += day < DAILY ? 1 : step) days.push(day);
  return days;
}

const objectiveOf = (outcome: Outcome) => outcome.cost ?? outcome.finishDay;

/**
 * The cheapest day among those that meet the deadline well enough, or, where none does, among those that meet
 * it most often; without costs the day that ends soonest. An earlier day wins where the later one gains too
 * little.
 */
function chooseDay(facts: LaunchFacts, outcomes: readonly (readonly Outcome[])[]): number {
  const chances = outcomes.map((outcome) => deadlineChance(facts, outcome) ?? 1);
  const wanted = Math.min(SURE_ENOUGH, Math.max(...chances));
  const allowed = outcomes.flatMap((_, i) => (chances[i]! >= wanted ? [i] : []));
  const means = outcomes.map((outcome) => mean(outcome.map(objectiveOf)));
  const best = allowed.reduce((a, b) => (means[b]! < means[a]! ? b : a));
  return allowed.find(
    (day) => means[day]! - means[best]! <= worthWaiting(facts, outcomes[day]!, outcomes[best]!),
  )!;
}

/** Least gain: what is worth the trouble, and twice what chance may have done to the two means. */
function worthWaiting(facts: LaunchFacts, early: readonly Outcome[], late: readonly Outcome[]): number {
  const differences = early.map((outcome, i) => objectiveOf(outcome) - objectiveOf(late[i]!));
  const noise = (2 * standardDeviation(differences)) / Math.sqrt(differences.length);
  const trouble = facts.costs ? LEAST_GAIN_COST_SHARE * mean(early.map(objectiveOf)) : LEAST_GAIN_DAYS;
  return early === late ? 0 : Math.max(trouble, noise);
}

function deadlineChance({ deadlineDay }: LaunchFacts, outcomes: readonly Outcome[]): number | null {
  if (deadlineDay === null) return null;
  return outcomes.filter(({ finishDay }) => finishDay <= deadlineDay).length / outcomes.length;
}

function outlookOf(facts: LaunchFacts, day: number, outcomes: readonly Outcome[]): DayOutlook {
  const finishes = outcomes.map(({ finishDay }) => finishDay);
  const costs = outcomes.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  const hasCosts = costs.length > 0;
  return {
    day,
    date: dateAfter(facts, day),
    finishDay: intervalOfDraws(finishes),
    meanFinishDay: mean(finishes),
    cost: hasCosts ? intervalOfDraws(costs) : null,
    meanCost: hasCosts ? mean(costs) : null,
    deadlineChance: deadlineChance(facts, outcomes),
  };
}

/** Each fix as if it were there today, alone. */
function fixValues(
  facts: LaunchFacts,
  futures: readonly Future[],
  candidates: readonly number[],
  asIs: readonly (readonly Outcome[])[],
  chosen: number,
): readonly FixValue[] {
  const base = asIs[chosen]!;
  const before = { finish: mean(base.map(({ finishDay }) => finishDay)), cost: mean(base.map(objectiveOf)) };
  const values = facts.issues.map((issue): FixValue => {
    const outcomes = candidates.map((day, i) =>
      futures.map((future, j) => {
        const setbacks = future.setbacks.filter((setback) => setback.issue !== issue.name);
        // A future in which it would not have struck anyway stays as it was.
        if (setbacks.length === future.setbacks.length) return asIs[i]![j]!;
        return runThrough(facts, { ...future, setbacks }, day);
      }),
    );
    const after = outcomes[chooseDay(facts, outcomes)]!;
    const gainedDays = Math.max(0, before.finish - mean(after.map(({ finishDay }) => finishDay)));
    const gainedCost = facts.costs ? Math.max(0, before.cost - mean(after.map(objectiveOf))) : null;
    const effortDays = effortOf(issue);
    const valuePerDay = effortDays === null ? null : (gainedCost ?? gainedDays) / effortDays;
    return { issue: issue.name, gainedDays, gainedCost, effortDays, valuePerDay };
  });
  return values.sort((a, b) => (b.valuePerDay ?? -1) - (a.valuePerDay ?? -1));
}

function effortOf({ effortDays, fixDay }: Issue): number | null {
  return effortDays ?? (fixDay === null ? null : Math.max(1, fixDay));
}

function reasonFor(
  facts: LaunchFacts,
  now: DayOutlook,
  best: DayOutlook,
  days: readonly DayOutlook[],
): string {
  const finish = ({ finishDay }: DayOutlook) =>
    `${dateAfter(facts, finishDay.median)} (90 % interval ${dateAfter(facts, finishDay.lo)} to ` +
    `${dateAfter(facts, finishDay.hi)})`;
  const deadline = ({ deadlineChance: chance }: DayOutlook) =>
    chance === null ? "" : `, deadline met with ${Math.round(100 * chance)} %`;
  const money = ({ meanCost }: DayOutlook) =>
    meanCost === null ? "" : `, ${formatCount(meanCost)} on average`;
  const ending = (day: DayOutlook) => `${finish(day)}${deadline(day)}${money(day)}`;
  if (best.day === 0) {
    const other = days.slice(1).reduce((a, b) => (judged(b) < judged(a) ? b : a), days.at(-1)!);
    return (
      `Launching now ends on ${ending(now)}; the best later day, ${other.date}, ends on ` +
      `${ending(other)}: nothing that waiting brings is worth the wait.`
    );
  }
  const gain = now.meanFinishDay - best.meanFinishDay;
  const saved = best.meanCost === null ? "" : ` and costs ${formatCount(now.meanCost! - best.meanCost)} less`;
  const sooner = gain >= 0 ? `ends ${fixed(gain, 1)} days sooner` : `ends ${fixed(-gain, 1)} days later`;
  return (
    `Launching on ${best.date} ends on ${ending(best)}; launching now ends on ${ending(now)}. ` +
    `Waiting ${best.day} days ${sooner}${saved} on average${arrivalsBy(facts, best.day)}.`
  );
}

const judged = ({ meanCost, meanFinishDay }: DayOutlook) => meanCost ?? meanFinishDay;

/** What has come by then, and so what the wait is for. */
function arrivalsBy(facts: LaunchFacts, day: number): string {
  const fixes = facts.issues
    .filter(({ fixDay }) => fixDay !== null && fixDay <= day)
    .map(
      ({ name, chance, costDays }) =>
        `the fix of "${name}" (${Math.round(100 * chance)} % x ${fixed(costDays.median, 1)} days)`,
    );
  const devices = facts.arrivals
    .filter((arrival) => arrival.day > 0 && arrival.day <= day)
    .map(({ numDevices }) => `${formatWhole(numDevices)} devices`);
  const all = [...fixes, ...devices];
  return all.length === 0 ? "" : `; by then due: ${all.join(", ")}`;
}

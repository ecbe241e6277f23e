/** @file What a decision to launch rests on, as people write it down in YAML or JSON: read, checked, turned into days from today. */

import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { certain, type Interval } from "../../math/interval.ts";
import { COUNT } from "../../units/kinds.ts";
import { parseInterval } from "../../units/read.ts";

const DAY_MS = 86_400_000;

/** An open problem of the software, the data or the machine. */
export type Issue = {
  readonly name: string;
  /** That it bites once during a run that starts without the fix. */
  readonly chance: number;
  readonly costDays: Interval;
  /** Day on which the fix is due, counted from today; null: nobody has promised one. */
  readonly fixDay: number | null;
  /** Days by which the fix is late; null: it comes on the day. */
  readonly lateDays: Interval | null;
  /** Whether a run that has started without the fix can take it up. If not, only a later launch has it. */
  readonly curableInFlight: boolean;
  /** Days of work that the fix takes; null: not known. */
  readonly effortDays: number | null;
};

/** A cluster that is there from a day on; days before today are negative. */
export type Arrival = {
  readonly day: number;
  readonly numDevices: number;
  readonly lateDays: Interval | null;
};

/** Share of the time that youth costs at age 0, and how soon that halves. */
export type Wear = {
  readonly lostShare: Interval;
  readonly halvesDays: number;
};

export type LaunchFacts = {
  readonly today: string;
  /** Days from today; null: none. */
  readonly deadlineDay: number | null;
  /** Productive hours of one device that the run needs. */
  readonly workDeviceHours: Interval;
  /** Share of the time that is productive once all has settled. */
  readonly goodput: Interval;
  /** In the order in which they come. */
  readonly arrivals: readonly Arrival[];
  /** Days that it takes to move a running job to more devices. */
  readonly growDays: number;
  /** Hardware ages from its arrival, software from the launch. */
  readonly burnIn: { readonly hardware: Wear | null; readonly software: Wear | null };
  readonly issues: readonly Issue[];
  readonly costs: {
    readonly perDeviceHour: Interval;
    /** Part of that which is paid while the cluster waits. */
    readonly idleShare: number;
    /** Of each day that the run ends later. */
    readonly perDay: number;
    /** Of each day after the deadline. */
    readonly perDayLate: number;
  } | null;
};

/** A number, an amount (16M), or a 90 % interval (15M..18M). */
const uncertain = z.union([z.number().positive(), z.string()]).transform((value, context): Interval => {
  const interval = typeof value === "number" ? certain(value) : parseInterval(value, COUNT);
  if (interval !== null) return interval;
  context.addIssue({ code: "custom", message: `"${value}" is not a number or lo..hi` });
  return z.NEVER;
});
const date = z.iso.date();
const share = z.number().min(0).max(1);
const wear = z.strictObject({ lostShare: uncertain, halvesDays: z.number().positive() });

const factsSchema = z.strictObject({
  today: date,
  deadline: date.optional(),
  work: uncertain,
  goodput: uncertain.refine(({ hi }) => hi <= 1, "a share of at most 1"),
  cluster: z
    .array(z.strictObject({ from: date, devices: z.int().positive(), lateDays: uncertain.optional() }))
    .min(1),
  growDays: z.number().nonnegative().default(0.5),
  burnIn: z.strictObject({ hardware: wear.optional(), software: wear.optional() }).default({}),
  issues: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        chance: share,
        costDays: uncertain,
        fixDue: date.optional(),
        lateDays: uncertain.optional(),
        curableInFlight: z.boolean().default(false),
        effortDays: z.number().positive().optional(),
      }),
    )
    .default([]),
  costs: z
    .strictObject({
      perDeviceHour: uncertain,
      idleShare: share.default(1),
      perDay: z.number().nonnegative().default(0),
      perDayLate: z.number().nonnegative().default(0),
    })
    .optional(),
});

const EXAMPLE = "docs/examples/launch.yaml is one with every part";

/** Reads the facts. Throws a `UserError` that names every place that is wrong. */
export function readLaunchFacts(text: string, source: string): LaunchFacts {
  const read = factsSchema.safeParse(fromYaml(text, source));
  if (!read.success) {
    const faults = read.error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`);
    throw new UserError(`${source}: ${faults.join("; ")}`, "facts of a launch", EXAMPLE);
  }
  const { today, deadline, cluster, burnIn, issues, costs, work, goodput, growDays } = read.data;
  const dayOf = (text: string) => Math.round((Date.parse(text) - Date.parse(today)) / DAY_MS);
  const arrivals = cluster
    .map(({ from, devices, lateDays }) => ({
      day: dayOf(from),
      numDevices: devices,
      lateDays: lateDays ?? null,
    }))
    .sort((a, b) => a.day - b.day);
  const facts: LaunchFacts = {
    today,
    deadlineDay: deadline === undefined ? null : dayOf(deadline),
    workDeviceHours: work,
    goodput,
    arrivals,
    growDays,
    burnIn: { hardware: burnIn.hardware ?? null, software: burnIn.software ?? null },
    issues: issues.map((issue) => ({
      name: issue.name,
      chance: issue.chance,
      costDays: issue.costDays,
      fixDay: issue.fixDue === undefined ? null : dayOf(issue.fixDue),
      lateDays: issue.lateDays ?? null,
      curableInFlight: issue.curableInFlight,
      effortDays: issue.effortDays ?? null,
    })),
    costs: costs ?? null,
  };
  checkDays(facts, source);
  return facts;
}

function checkDays({ today, deadlineDay, issues, arrivals }: LaunchFacts, source: string): void {
  const past = issues.find(({ fixDay }) => fixDay !== null && fixDay < 0);
  if (past !== undefined) {
    throw new UserError(
      `${source}: the fix of "${past.name}" was due ${-past.fixDay!} days before ${today}`,
      "a day from today on",
      "take the issue out if it is fixed, or give the new day",
    );
  }
  if (deadlineDay !== null && deadlineDay <= 0) {
    throw new UserError(
      `${source}: a deadline ${-deadlineDay} days before today`,
      "a day after today",
      "correct it",
    );
  }
  const names = issues.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new UserError(`${source}: two issues called "${twice}"`, "names that differ", "rename one");
  }
  const shrinking = arrivals.findIndex(
    ({ numDevices }, i) => i > 0 && numDevices <= arrivals[i - 1]!.numDevices,
  );
  if (shrinking > 0) {
    throw new UserError(
      `${source}: ${arrivals[shrinking]!.numDevices} devices after ${arrivals[shrinking - 1]!.numDevices}`,
      "all the devices that are there from a day on: growing numbers",
      "add up what was there before",
    );
  }
}

function fromYaml(text: string, source: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (cause) {
    const [first] = (cause as Error).message.split("\n");
    throw new UserError(`${source}: ${first}`, "YAML or JSON", EXAMPLE, { cause });
  }
}

/** The date so many days after today. */
export function dateAfter({ today }: Pick<LaunchFacts, "today">, days: number): string {
  return new Date(Date.parse(today) + Math.round(days) * DAY_MS).toISOString().slice(0, 10);
}

/** @file What a decision to launch rests on: YAML or JSON, checked, turned into days from today. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { certain, type Interval } from "../../math/interval.ts";
import { COUNT, DAY_SECONDS } from "../../units/kinds.ts";
import { parseInterval } from "../../units/read.ts";
import { parseYamlAs } from "../../yaml-file.ts";

const DAY_MS = 1000 * DAY_SECONDS;

/** A number, an amount (16M), or a 90 % interval (15M..18M). */
const uncertain = z.union([z.number().positive(), z.string()]).transform((value, context): Interval => {
  const interval = typeof value === "number" ? certain(value) : parseInterval(value, COUNT);
  if (interval !== null) return interval;
  context.addIssue({ code: "custom", message: `"${value}" is not a number or lo..hi` });
  return z.NEVER;
});
const date = z.iso.date();
const share = z.number().min(0).max(1);
const missing = <T>(value: T | undefined) => value ?? null;

/** Share of the time that burn-in costs at age 0, and how soon that halves. */
const burnInSchema = z.strictObject({ lostShare: uncertain, halvesDays: z.number().positive() });

const issueSchema = z.strictObject({
  name: z.string().min(1),
  /** That it strikes once during a run that starts without the fix. */
  chance: share,
  costDays: uncertain,
  /** When the fix is due; left out: nobody has promised one. */
  fixDue: date.optional(),
  /** Days by which the fix is late; left out: it comes on the day. */
  lateDays: uncertain.optional().transform(missing),
  /** Whether a run that has started without the fix can take it up. If not, only a later launch has it. */
  curableInFlight: z.boolean().default(false),
  /** Days of work that the fix takes. */
  effortDays: z.number().positive().optional().transform(missing),
});

const factsSchema = z.strictObject({
  today: date,
  deadline: date.optional(),
  work: uncertain,
  goodput: uncertain.refine(({ hi }) => hi <= 1, "a share of at most 1"),
  cluster: z
    .array(z.strictObject({ from: date, devices: z.int().positive(), lateDays: uncertain.optional() }))
    .min(1),
  growDays: z.number().nonnegative().default(0.5),
  burnIn: z
    .strictObject({
      hardware: burnInSchema.optional().transform(missing),
      software: burnInSchema.optional().transform(missing),
    })
    .default({ hardware: null, software: null }),
  issues: z.array(issueSchema).default([]),
  costs: z
    .strictObject({
      perDeviceHour: uncertain,
      /** Part of that which is paid while the cluster waits. */
      idleShare: share.default(1),
      /** Of each day that the run ends later. */
      perDay: z.number().nonnegative().default(0),
      /** Of each day after the deadline. */
      perDayLate: z.number().nonnegative().default(0),
    })
    .optional()
    .transform(missing),
});

/** The same as a file states it. */
export type LaunchFile = z.infer<typeof factsSchema>;

/** An open problem. `fixDay` counts from today; null: nobody has promised a fix. */
export type Issue = Omit<z.infer<typeof issueSchema>, "fixDue"> & { readonly fixDay: number | null };

/** Devices there from a day on, negative before today. `lateDays`: null, they come on the day. */
export type Arrival = {
  readonly day: number;
  readonly numDevices: number;
  readonly lateDays: Interval | null;
};

/** What is known before a launch: the run, the fixes under way, the deadline. */
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
  readonly burnIn: LaunchFile["burnIn"];
  readonly issues: readonly Issue[];
  readonly costs: LaunchFile["costs"];
};

/** Reads the facts. Throws a `UserError` that names every place that is wrong. */
export function readLaunchFacts(text: string, source: string): LaunchFacts {
  const read = parseYamlAs(factsSchema, text, source, "docs/examples/launch.yaml");
  const { today, deadline, work, cluster, issues, ...rest } = read;
  const dayOf = (text: string) => Math.round((Date.parse(text) - Date.parse(today)) / DAY_MS);
  const facts: LaunchFacts = {
    ...rest,
    today,
    deadlineDay: deadline === undefined ? null : dayOf(deadline),
    workDeviceHours: work,
    arrivals: cluster
      .map(({ from, devices, lateDays }) => ({
        day: dayOf(from),
        numDevices: devices,
        lateDays: lateDays ?? null,
      }))
      .sort((a, b) => a.day - b.day),
    issues: issues.map(({ fixDue, ...issue }) => ({
      ...issue,
      fixDay: fixDue === undefined ? null : dayOf(fixDue),
    })),
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

/** The date so many days after today. */
export function dateAfter({ today }: Pick<LaunchFacts, "today">, days: number): string {
  return new Date(Date.parse(today) + Math.round(days) * DAY_MS).toISOString().slice(0, 10);
}

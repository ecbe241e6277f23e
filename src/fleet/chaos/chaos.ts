/**
 * @file Faults against a real command from outside, and whether it ends with the bits of one that was left
 * alone.
 */

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { extname, join } from "node:path";
import { UserError } from "../../errors.ts";
import { Random } from "../../math/random.ts";
import { eventsOf } from "../../record/events.ts";
import { makeFolder } from "../../record/files.ts";
import { readRecord, verifyRecord } from "../../record/record.ts";
import { formatSeconds } from "../../units/print.ts";
import { runsIn, timeInFolder } from "../account/folder-times.ts";
import { goodputOf, sumOfCauses } from "../account/goodput.ts";
import { type FaultKind, KINDS, type PlannedFault, randomFaults } from "./fault.ts";
import { clockFile, INJECTORS, impossible } from "./inject.ts";
import { type NumbersLeft, numbersOf } from "./numbers.ts";
import { type CommandEnd, type Trainer, Victim, type VictimOptions } from "./victim.ts";

/** Beyond one a fault, for what a fault brings about in the command started anew. */
const EXTRA_RELAUNCHES = 5;

/** Of a fault whose process ends before it is met. */
const MOST_TRIES = 5;

/** What is put to the test. */
export type ChaosOptions = {
  /** The command that trains into a folder of the experiment's. */
  readonly command: (folder: string) => readonly string[];
  /** Of the experiment; what an earlier one has left in it is deleted. */
  readonly folder: string;
  /** None: drawn by the seed. */
  readonly faults?: readonly PlannedFault[];
  readonly seed: number;
  readonly tell: (text: string) => void;
};

/** A fault that struck, or could not. */
export type StruckFault = PlannedFault & {
  /** Since the start of the command, and how many steps there were; null where it did not strike. */
  readonly seconds: number | null;
  readonly step: number | null;
  /** What was done exactly, or why nothing. */
  readonly what: string;
};

/** What came out. */
export type ChaosResult = {
  readonly faults: readonly StruckFault[];
  /** Weights, losses per step and held-out scores are those of the undisturbed command, to the bit. */
  readonly identical: boolean;
  /** What is not, in words. */
  readonly differences: readonly string[];
  /** Times that the command itself was started again, as a service manager does. */
  readonly relaunches: number;
  /** Of all runs together, as `longrun goodput` has it. */
  readonly goodput: number;
  readonly incidents: readonly {
    readonly run: string | null;
    readonly what: string;
    readonly action: string | null;
  }[];
  /** What the disturbed runs spent on neither training, start nor evaluation. */
  readonly lostSeconds: Readonly<Record<string, number>>;
  readonly seconds: { readonly undisturbed: number; readonly disturbed: number };
};

/** Runs the command undisturbed, then disturbed, and compares. */
export async function runChaos({ command, folder, faults, seed, tell }: ChaosOptions): Promise<ChaosResult> {
  const [calm, stormy] = [join(folder, "undisturbed"), join(folder, "disturbed")];
  refuseForeign(folder);
  for (const path of [calm, stormy]) rmSync(path, { recursive: true, force: true });
  makeFolder(folder);
  writeFileSync(join(folder, MARK), "");
  const options = { environment: {}, finalCodes: [0, 1, 2, 3], mostRelaunches: 0 };
  using left = new Victim({ ...options, command: command(calm), folder: calm });
  const calmEnd = await left.ended;
  if (calmEnd.code !== 0) throw failedAlone(calmEnd);
  const undisturbed = left.seconds;
  const numSteps = left.steps();
  tell(`undisturbed: ${numSteps} steps in ${formatSeconds(undisturbed)}`);
  // Faults are to meet training, not the preparation of texts.
  await cp(join(calm, "corpus"), join(stormy, "corpus"), { recursive: true });
  const possible = KINDS.filter((kind) => impossible(kind) === null);
  const plan = faults ?? randomFaults(seed, numSteps, possible);
  using victim = new Victim({
    ...options,
    command: command(stormy),
    folder: stormy,
    finalCodes: [0],
    environment: environmentFor(plan, stormy),
    mostRelaunches: plan.length + EXTRA_RELAUNCHES,
  });
  // Each for itself: one that has to wait, as for a first checkpoint, does not keep the others.
  const struck = await Promise.all(
    plan.map(async (fault, i) => {
      const one = await strike(victim, fault, new Random(seed, i));
      tell(`${one.kind} at step ${one.step ?? "-"}: ${one.what}`);
      return one;
    }),
  );
  const end = await victim.ended;
  const disturbed = victim.seconds;
  return {
    faults: struck,
    ...compared(calm, stormy, end),
    relaunches: victim.numRelaunches,
    ...accountOf(stormy),
    seconds: { undisturbed, disturbed },
  };
}

const MARK = ".chaos";

/** Only what an experiment has left is deleted. */
function refuseForeign(folder: string): void {
  if (!existsSync(folder) || existsSync(join(folder, MARK))) return;
  throw new UserError(
    `${folder} is there, and no experiment of \`longrun chaos\``,
    "a folder that is not there yet, or one of an earlier experiment, which is deleted",
    "give another one: --folder",
  );
}

function failedAlone({ code, signal, said }: CommandEnd): UserError {
  return new UserError(
    `left alone, the command ends with ${signal ?? `exit code ${code}`}: ${lastWords(said)}`,
    "one that ends well where nothing disturbs it",
    "put that right first",
  );
}

/** In one line. */
const lastWords = (said: string) => said.trim().replaceAll(/\s+/g, " ").slice(-500);

function environmentFor(plan: readonly PlannedFault[], folder: string): VictimOptions["environment"] {
  if (!plan.some(({ kind }) => kind === "clock-jump")) return {};
  const preload = join(import.meta.dirname, `clock-preload${extname(import.meta.filename)}`);
  writeFileSync(clockFile(folder), "0");
  const options = [process.env.NODE_OPTIONS ?? "", `--import=${preload}`].join(" ").trim();
  return { NODE_OPTIONS: options, LONGRUN_CLOCK_SHIFT: clockFile(folder) };
}

async function strike(victim: Victim, fault: PlannedFault, random: Random): Promise<StruckFault> {
  const reason = impossible(fault.kind);
  const missed = { ...fault, seconds: null, step: null };
  if (reason !== null) return { ...missed, what: `skipped: ${reason}` };
  const late = { ...missed, what: "too late: the command had ended" };
  if (!(await victim.until(fault.at))) return late;
  for (let tries = 1; ; tries++) {
    // Looked at once: a moment later there may be none any more.
    let trainers: readonly Trainer[] = [];
    const isThere = () => {
      trainers = victim.trainers();
      return victim.supervisor !== null && trainers.length > 0;
    };
    if (!(await victim.when(isThere))) return late;
    const trainer = random.pick(trainers);
    const { seconds } = victim;
    const step = victim.steps();
    try {
      return { ...fault, seconds, step, what: await INJECTORS[fault.kind](victim, trainer, random) };
    } catch (error) {
      // A process that ends just then cannot be read or written any more.
      if (tries === MOST_TRIES) return { ...missed, what: `missed: ${(error as Error).message}` };
    }
  }
}

function compared(calm: string, stormy: string, end: CommandEnd) {
  if (end.code !== 0)
    return {
      identical: false,
      differences: [
        `the command ended with ${end.signal ?? `exit code ${end.code}`}: ${lastWords(end.said)}`,
      ],
    };
  const differences = [...differencesOf(numbersOf(calm), numbersOf(stormy))];
  const verification = verifyRecord(stormy);
  if (!verification.ok) differences.push(`the record is broken: ${verification.found}`);
  return { identical: differences.length === 0, differences };
}

/** What of the second differs from the first, in words. */
export function differencesOf(one: NumbersLeft, other: NumbersLeft): readonly string[] {
  const names = [...new Set([...Object.keys(one.runs), ...Object.keys(other.runs)])].sort();
  return [
    ...names.flatMap((name) => {
      const [a, b] = [one.runs[name], other.runs[name]];
      if (!a || !b) return [`${name} was finished by one of the two alone`];
      return [
        ...(a.numSteps === b.numSteps ? [] : [`${name} has ${b.numSteps} steps, not ${a.numSteps}`]),
        ...(a.trace === b.trace ? [] : [`${name} has other losses per step`]),
        ...(a.bitsPerByte === b.bitsPerByte
          ? []
          : [`${name} scores ${b.bitsPerByte} bits per byte, not ${a.bitsPerByte}`]),
      ];
    }),
    ...(one.weights === other.weights ? [] : ["the model has other weights"]),
  ];
}

function accountOf(folder: string) {
  const { events } = readRecord(folder);
  const incidents = eventsOf(events, "incident").map(({ run, data }) => ({
    run,
    what: data.what,
    action: data.response?.action ?? null,
  }));
  const times = runsIn(events).map((run) => timeInFolder(folder, events, run)!);
  const seconds = sumOfCauses(times.map((time) => time.seconds));
  const wallSeconds = times.reduce((sum, time) => sum + time.wallSeconds, 0);
  const { productive: _p, start: _s, evaluation: _e, ...lostSeconds } = seconds;
  return { goodput: goodputOf(wallSeconds, seconds), incidents, lostSeconds };
}

/** Kinds with what they do, and why one cannot be brought about here. */
export function possibleFaults(): readonly {
  readonly kind: FaultKind;
  readonly impossible: string | null;
}[] {
  return KINDS.map((kind) => ({ kind, impossible: impossible(kind) }));
}

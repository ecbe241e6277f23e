/** @file How long each instruction takes on this machine, timed alone: the ground of all time forecasts. */

import type { Executable, Instruction, Program } from "../engine/compile.ts";
import { type ProfileEntry, Session, type SessionOptions } from "../engine/session.ts";
import { median, quantile, sum } from "../math/statistics.ts";

export type TimedProgram = {
  /** Every instruction of the program, in order. */
  readonly instructions: readonly ProfileEntry[];
  /** Of one run, what is in none of its instructions: to wake the threads, and to hear that they are done. */
  readonly wakeSeconds: number;
};

/** Passes over the list in one run: the first pays for waking the threads, and is dropped. */
const NUM_PASSES = 5;
/** A first pass longer than this [s] hides waking and evens interference out: then one pass is a run. */
const LONG_PASS = 0.2;
/** Of short passes. */
const FEWEST_RUNS = 3;
/**
 * Short lists run for so long [s]: they could otherwise fall into one bad moment of the machine as a whole.
 */
const LEAST_SECONDS = 0.4;
/** Interference only ever makes a pass slower: the quick ones say more of the machine than the middle. */
const QUICK = 0.1;

type RunTime = {
  readonly wallSeconds: number;
  /** Of each instruction. */
  readonly seconds: readonly number[];
};

/** Runs a program once; the event loop stays free. */
export async function timeRun(session: Session, program: string): Promise<RunTime> {
  const before = session.profile(program);
  const beganAt = performance.now();
  await session.run(program);
  const wallSeconds = (performance.now() - beganAt) / 1000;
  const after = session.profile(program);
  return { wallSeconds, seconds: after.map(({ seconds }, i) => seconds - before[i]!.seconds) };
}

/**
 * Times a program without running it: instructions of equal operation and lengths are run once in a pass, on
 * their own operands, all of them in turn. The sum is that of a quick pass, and each has its usual share of
 * it: single instructions cannot be chosen by quickness, since a thread that comes late to one has it done by
 * the others.
 * @param fill writes what the leaves need to hold; they are zero before
 */
export async function timeInstructions(
  executable: Executable,
  programName: string,
  options: SessionOptions,
  fill: (session: Session) => void,
): Promise<TimedProgram> {
  const program = executable.programs.get(programName);
  if (!program) throw new Error(`there is no program ${programName}`);
  const uses = Map.groupBy(program.instructions, keyOf);
  const distinct = [...uses.values()].map(([first]) => first!);
  const { passes, wakeSeconds } = await timePasses(executable, distinct, options, fill);
  const counts = [...uses.values()].map(({ length }) => length);
  const seconds = sharesOfQuickPass(passes, counts);
  const indexOf = new Map([...uses.keys()].map((key, i) => [key, i]));
  return {
    instructions: program.instructions.map((instruction) => ({
      instruction,
      seconds: seconds[indexOf.get(keyOf(instruction))!]!,
    })),
    wakeSeconds,
  };
}

const keyOf = ({ operation, attributes }: Instruction) => `${operation} ${attributes.join(" ")}`;

/** Seconds of every instruction of a list. */
type Pass = readonly number[];

async function timePasses(
  executable: Executable,
  list: readonly Instruction[],
  options: SessionOptions,
  fill: (session: Session) => void,
): Promise<{ readonly passes: readonly Pass[]; readonly wakeSeconds: number }> {
  const program = (numPasses: number): Program => ({
    instructions: Array.from({ length: numPasses }, () => list).flat(),
    outputs: new Map(),
  });
  const programs = new Map([
    ["once", program(1)],
    ["often", program(NUM_PASSES)],
  ]);
  const session = new Session({ ...executable, programs }, options);
  fill(session);
  const isLong = (await timeRun(session, "once")).wallSeconds > LONG_PASS;
  const fewest = isLong ? 1 : FEWEST_RUNS;
  const runs: RunTime[] = [];
  const beganAt = performance.now();
  while (runs.length < fewest || (performance.now() - beganAt) / 1000 < LEAST_SECONDS)
    runs.push(await timeRun(session, isLong ? "once" : "often"));
  const cut = ({ seconds }: RunTime) =>
    Array.from({ length: seconds.length / list.length }, (_, pass) =>
      seconds.slice(pass * list.length, (pass + 1) * list.length),
    );
  return {
    passes: runs.flatMap((run) => cut(run).slice(isLong ? 0 : 1)),
    wakeSeconds: median(runs.map(({ wallSeconds, seconds }) => wallSeconds - sum(seconds))),
  };
}

/** Each instruction's median, scaled so that with these counts they add up to a quick pass. */
function sharesOfQuickPass(passes: readonly Pass[], counts: readonly number[]): Pass {
  const total = (pass: Pass) => sum(pass.map((seconds, i) => seconds * counts[i]!));
  const medians = counts.map((_, i) => median(passes.map((pass) => pass[i]!)));
  const quickness = quantile(passes.map(total), QUICK) / total(medians);
  return medians.map((seconds) => quickness * seconds);
}

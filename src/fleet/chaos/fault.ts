/** @file What can befall a run from outside, and when: a plan from a file, or drawn from a seed. */

import { z } from "zod";
import { Random } from "../../math/random.ts";

/** Each kind with what it does to its victim. */
export const FAULT_KINDS = {
  crash: "SIGSEGV or SIGABRT to a process of the run",
  kill: "SIGKILL to a process of the run",
  hang: "SIGSTOP to a process of the run, for good",
  slow: "a process of the run is stopped three quarters of the time, for some seconds",
  nan: "a parameter in the memory of a process becomes not a number",
  spike: "a parameter in the memory of a process becomes very large",
  "torn-checkpoint": "the newest checkpoint loses the second half of a file, and its process is killed",
  "checkpoint-bits": "a bit of the newest checkpoint flips on the disk, and its process is killed",
  "memory-bits": "a bit of a parameter flips in the memory of a process: a small change",
  "full-disk": "for some seconds no file of command or run may grow (RLIMIT_FSIZE)",
  "clock-jump": "the wall clock that command and processes see jumps by hours, to and fro",
  "supervisor-killed": "SIGKILL to the command alone; its run lives on",
  "record-torn": "the command is killed, and the last line of its record is half there",
  "out-of-memory": "a process of the run gets no more memory (RLIMIT_AS), and is killed where it lives on",
  "time-limit": "SIGTERM to all, as a scheduler gives it; SIGKILL five seconds later",
  "all-killed": "SIGKILL to the command and to all processes of its runs at once",
} as const;

/** A kind of fault. */
export type FaultKind = keyof typeof FAULT_KINDS;

export const KINDS = Object.keys(FAULT_KINDS) as FaultKind[];

const momentSchema = z.union([
  /** Steps that all runs have done together, those done again not counted. */
  z.strictObject({ step: z.int().nonnegative() }),
  /** Since the command was first started. */
  z.strictObject({ seconds: z.number().nonnegative() }),
  /** Once the record knows that a stage of the campaign has started. */
  z.strictObject({ stage: z.string() }),
]);

/** When a fault strikes. */
export type Moment = Readonly<z.infer<typeof momentSchema>>;

const faultSchema = z.strictObject({
  kind: z.enum(KINDS),
  at: momentSchema,
});

/** One to come. */
export type PlannedFault = Readonly<z.infer<typeof faultSchema>>;

/** A file of faults: `faults: [{ kind: kill, at: { step: 120 } }]`, in the order in which they strike. */
export const faultFileSchema = z.strictObject({ faults: z.array(faultSchema).min(1) });

/** Without a file. */
const NUM_RANDOM = 10;
/** The first steps have no checkpoint, and the last ones no time for a fault to show. */
const [EARLIEST, LATEST] = [0.05, 0.9];

/** Ten faults of different kinds at moments spread over a run of `numSteps` steps; the seed decides both. */
export function randomFaults(
  seed: number,
  numSteps: number,
  possible: readonly FaultKind[],
): readonly PlannedFault[] {
  const random = new Random(seed, "chaos");
  const kinds = random.shuffle([...possible]);
  const width = (LATEST - EARLIEST) / NUM_RANDOM;
  return Array.from({ length: NUM_RANDOM }, (_, i) => ({
    kind: kinds[i % kinds.length]!,
    at: { step: Math.floor(numSteps * (EARLIEST + width * (i + random.uniform()))) },
  }));
}

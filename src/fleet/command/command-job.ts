/** @file Any command as a job: one process of ours beside it, which reads what it prints. */

import { existsSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { readJson } from "../../record/files.ts";
import { shellWords } from "../../units/shell-words.ts";
import { type CommandTask, commandTaskSchema } from "../command-task.ts";
import { DEFAULT_POLICY } from "../decide/policy.ts";
import { ATTEMPT_VARIABLE, attemptFolder, taskFile } from "../process/attempt-folder.ts";
import { SpoolReader } from "../process/spool.ts";
import type { RunJob } from "../supervise.ts";
import {
  type CheckpointTimes,
  checkpointTimes,
  type SavedCheckpoint,
  savedCheckpoints,
} from "./saved-checkpoints.ts";

/** What is to be run, and how it is to be read. */
export type CommandSpec = {
  /** The campaign's folder, and the run's name in it. */
  readonly folder: string;
  readonly run: string;
  readonly command: readonly string[];
  readonly workingFolder: string;
  readonly metrics?: string | undefined;
  readonly checkpoints?: string | undefined;
  /** Added to the command when it goes on, with {checkpoint} and {step} filled in. */
  readonly resume?: readonly string[] | undefined;
};

/** TypeScript in a clone, compiled in a package. */
const WORKER = join(import.meta.dirname, `command-worker${extname(import.meta.filename)}`);

/** Whoever prints nothing while it saves or evaluates is given so long the first time. */
const LEAST_SILENCE_SECONDS = 30;
/** Once it was asked to stop it saves, which may take far longer than a step, without a word. */
const LEAST_STOPPING_SECONDS = 600;

/** The job. A checkpoint from which an attempt did not get a step further is passed over by the next. */
export function commandJob(spec: CommandSpec): RunJob {
  const { folder, run, command, workingFolder, metrics, checkpoints, resume = [] } = spec;
  const passedOver = new Set<string>();
  let from: SavedCheckpoint | null = null;
  let current: string | null = null;
  const usable = (pattern: string) => {
    if (from && current && stepOf(current) <= from.step) passedOver.add(from.path);
    return savedCheckpoints(pattern, checkpointsBefore(folder, run)).filter(
      ({ path }) => !passedOver.has(path),
    );
  };
  return {
    policy: DEFAULT_POLICY,
    numPlaces: 1,
    folder,
    run,
    leastSilenceSeconds: LEAST_SILENCE_SECONDS,
    leastStoppingSeconds: LEAST_STOPPING_SECONDS,
    task(attempt): CommandTask {
      from = (attempt > 1 && checkpoints ? usable(checkpoints).at(-1) : undefined) ?? null;
      current = attemptFolder(folder, run, attempt);
      const before =
        attempt === 1 && checkpoints ? checkpointTimes(checkpoints) : checkpointsBefore(folder, run);
      return { attempt, folder, run, metrics, checkpoints, before, from };
    },
    processes(attempt, [place]) {
      const goesOn = attempt > 1 && (from !== null || checkpoints === undefined);
      const words = [...command, ...(goesOn ? resume.map((word) => filled(word, from)) : [])];
      const own = resolve(attemptFolder(folder, run, attempt));
      const program = [process.execPath, WORKER, own, ...words];
      const environment = { [ATTEMPT_VARIABLE]: own };
      return [
        {
          rank: 0,
          place: place!,
          program: { kind: "command", command: program, workingFolder },
          environment,
        },
      ];
    },
    // Without a pattern the command finds its own, and nobody knows which.
    ...(checkpoints && {
      checkpoints: () => [0, ...usable(checkpoints).map(({ step }) => step)].map(uncertified),
    }),
  };
}

/** What stood there when the run began is in the task of its first attempt. */
export function checkpointsBefore(folder: string, run: string): CheckpointTimes {
  const first = taskFile(attemptFolder(folder, run, 1));
  return existsSync(first) ? commandTaskSchema.parse(readJson(first)).before : {};
}

const uncertified = (step: number) => ({ step, isCertified: false });

/** The last step that an attempt has told of. */
function stepOf(attempt: string): number {
  using spool = new SpoolReader(attempt, 0);
  return spool.beat()?.step ?? 0;
}

const filled = (word: string, from: SavedCheckpoint | null) =>
  word.replaceAll("{checkpoint}", from?.path ?? "").replaceAll("{step}", String(from?.step ?? 0));

/** The words of `--resume`. */
export function resumeWords(text: string, hasCheckpoints: boolean): readonly string[] {
  const words = shellWords(text) ?? [];
  if (words.length > 0 && (hasCheckpoints || !/\{(checkpoint|step)\}/.test(text))) return words;
  throw new UserError(
    `--resume '${text}'${words.length > 0 ? " without --checkpoints" : ""}`,
    "arguments that make the command go on; {checkpoint} and {step} need --checkpoints to find them",
    "such as --checkpoints 'out/step-{step}' --resume '--init_from={checkpoint}'",
  );
}

/** @file A command as a recorded run: started, read, restarted; ended, it is not run anew. */

import { statSync } from "node:fs";
import { relative } from "node:path";
import { Interrupted, UserError } from "../../errors.ts";
import { thisMachine } from "../../machine/this-machine.ts";
import { filesWritten } from "../../record/custody.ts";
import { type EventOf, eventsOf } from "../../record/events.ts";
import { makeFolder, sha256 } from "../../record/files.ts";
import { openRecord, type RecordWriter } from "../../record/record.ts";
import { hideArguments, masked, maskedCommand } from "../../record/secrets.ts";
import { attemptsFolder, isDraining, nameInFile, seriesFolder, workspaceOf } from "../../record/workspace.ts";
import type { RunEvent } from "../../train/run-event.ts";
import { notifying } from "../account/notify.ts";
import type { Decision, Failure } from "../decide/decide.ts";
import { NO_METRICS } from "../decide/incident-names.ts";
import type { PlaceFacts } from "../decide/places.ts";
import type { Policy } from "../decide/policy.ts";
import { sightingText } from "../decide/sighting.ts";
import { LAYOUTS } from "../metrics/layouts.ts";
import { metricSource } from "../metrics/metric-source.ts";
import { attemptFolder, taskFile } from "../process/attempt-folder.ts";
import { LocalBackend } from "../process/local-backend.ts";
import { draftsOf, incidentOf, recordEnvironment } from "../recorded-run.ts";
import { type RunOutcome, supervise } from "../supervise.ts";
import { commandJob, resumeWords } from "./command-job.ts";
import { checkpointPattern, savedCheckpoints } from "./saved-checkpoints.ts";

/** Any program that trains, and how to read it. */
export type CommandRunOptions = {
  readonly command: readonly string[];
  /** Of the run; the command's own name unless given. */
  readonly name?: string;
  /** `runs/NAME` unless given. */
  readonly folder?: string;
  /** A layout, a regular expression, a file or a folder; found from the log unless given. */
  readonly metrics?: string;
  /** Paths of checkpoints, with `{step}`. */
  readonly checkpoints?: string;
  /** Arguments that are added when it goes on, with `{checkpoint}` and `{step}`. */
  readonly resume?: string;
  /** A program and its arguments that is told of incidents and of the end (docs/fleet.md). */
  readonly notify?: readonly string[];
  /** What decisions about failures turn on, instead of what holds (policy.ts). */
  readonly policy?: Policy;
  readonly signal: AbortSignal;
  readonly tell: (notice: CommandNotice) => void;
};

/** What such a run tells on its way. */
export type CommandNotice =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "text"; readonly text: string };

/** What it left. */
export type CommandRunResult = EventOf<"command-ended">["data"] & {
  readonly run: string;
  /** Of the record. */
  readonly head: string;
};

/** Runs a command until it ends by itself. Throws a `UserError` where it was held, or not read as asked. */
export async function commandRun(options: CommandRunOptions): Promise<CommandRunResult> {
  const { command, signal, tell, metrics, checkpoints, resume } = options;
  metricSource(metrics);
  const pattern = checkpoints === undefined ? undefined : checkpointPattern(checkpoints);
  const resumes = resume === undefined ? undefined : resumeWords(resume, checkpoints !== undefined);
  const name = checkedName(options.name ?? nameOf(command));
  const { folder } = workspaceOf(name, options.folder);
  hideArguments([...command, ...(resume === undefined ? [] : [resume])]);
  const line = maskedCommand(command);
  const run = `${name}.${sha256(line).slice(0, 8)}`;
  makeFolder(folder);
  using record = openRecord(folder);
  const earlier = eventsOf(record.events, "command-ended", run).at(-1);
  if (earlier) {
    tell({ kind: "text", text: `${run} has ended before: give --name or --folder to run it again` });
    return { run, head: record.head, ...earlier.data };
  }
  const machine = thisMachine(folder);
  recordEnvironment({ record, machine });
  const shown = { metrics: metrics && masked(metrics), checkpoints: checkpoints && masked(checkpoints) };
  const spec = { role: "command", command: line, ...shown, resume: resume && maskedCommand([resume]) };
  const recorded = { name: run, folder, numThreads: machine.numThreads, spec };
  const job = commandJob({
    folder,
    run,
    command,
    workingFolder: process.cwd(),
    metrics,
    checkpoints: pattern,
    resume: resumes,
  });
  const watcher = {
    onEvent(event: RunEvent, at: PlaceFacts) {
      for (const draft of draftsOf(record.events, recorded, event, at)) {
        // Whether it has saved is not known.
        const wish = isDraining(folder) ? "drained" : "asked to stop";
        const isStop = draft.kind === "interrupted" && event.kind === "stopped";
        const told = isStop ? { data: { reason: `${wish}; last step ${event.step}` } } : {};
        record.append({ run, ...draft, ...told });
      }
      tell({ kind: "event", event });
    },
    onFailure(failure: Failure, decision: Decision, detectionSeconds: number) {
      record.append({ run, ...incidentOf(failure, decision, detectionSeconds) });
      tell({ kind: "text", text: `${name}: ${sightingText(failure.sighting)}; ${decision.reason}` });
    },
  };
  tell({ kind: "text", text: `${name}: what it prints goes to ${attemptsFolder(folder, run)}/N/rank-0.log` });
  using backend = new LocalBackend(folder);
  const warn = (text: string) => tell({ kind: "text", text });
  const outcome = await notifying(
    record,
    { command: options.notify ?? null, folder, warn },
    () => supervise({ ...job, policy: options.policy ?? job.policy }, backend, watcher, signal),
    ({ kind }) => ({ how: kind === "ended" ? "finished" : kind, text: `run ${run}` }),
  );
  if (outcome.kind === "stopped") throw new Interrupted(`in run ${run}`);
  if (outcome.kind === "held")
    throw new UserError(
      `${name}: ${sightingText(outcome.failure.sighting)}`,
      "a command that ends with exit code 0",
      `${outcome.reason}. Mend it, then give the same command again`,
    );
  if (outcome.kind === "finished") throw new Error("invariant broken: a command leaves no summary");
  record.append(filesWritten(folder, "run", run, [relative(folder, seriesFolder(folder, run))]));
  const data = endOf(record, folder, run, outcome);
  record.append({ run, kind: "command-ended", data });
  refuseUnread(record, run, metrics);
  if (pattern !== undefined) refuseUnsaved(pattern);
  return { run, head: record.head, ...data };
}

function endOf(
  { events }: RecordWriter,
  folder: string,
  run: string,
  { step, loss }: Extract<RunOutcome, { readonly kind: "ended" }>,
) {
  const starts = eventsOf(events, "run-started", run);
  const since = statSync(taskFile(attemptFolder(folder, run, 1))).mtimeMs;
  return {
    lastStep: step,
    lastLoss: loss,
    numAttempts: starts.at(-1)?.data.attempt ?? 1,
    seconds: Math.max(0, (Date.now() - since) / 1000),
  };
}

function checkedName(name: string): string {
  const { success, error } = nameInFile.safeParse(name);
  if (success) return name;
  throw new UserError(
    `--name ${name}`,
    error.issues.map(({ message }) => message).join("; "),
    "a folder is named by it: choose another",
  );
}

/** `torchrun --nproc 8 my_train.py` is named after `my_train.py`. */
function nameOf(command: readonly string[]): string {
  const program = command.findLast((word) => /\.(py|sh|js|ts)$/.test(word)) ?? command[0]!;
  const name = program
    .split("/")
    .at(-1)!
    .replace(/\.\w+$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return name || "command";
}

/**
 * The run has ended well, and its numbers are not there although they were asked for, or could be read in
 * two ways: a mistake to put right before the next one.
 */
function refuseUnread({ events }: RecordWriter, run: string, metrics: string | undefined): void {
  const unread = eventsOf(events, "incident", run).find(({ data }) => data.what === NO_METRICS);
  const text = unread && noMetricsText(unread.data.evidence, metrics);
  if (text && (metrics !== undefined || text.isAmbiguous)) throw new UserError(...text.parts);
}

/** Without one the run would have begun anew after every failure. */
function refuseUnsaved(pattern: string): void {
  if (savedCheckpoints(pattern).length > 0) return;
  throw new UserError(
    `the command has ended, and nothing is there by --checkpoints ${pattern}`,
    "a checkpoint that it has written",
    `look where it writes them, from ${process.cwd()} on, or leave --checkpoints out`,
  );
}

/** What to say of a log that is not read, early and at the end. */
export function noMetricsText(evidence: unknown, metrics: string | undefined) {
  const names = LAYOUTS.map(({ name }) => name).join(", ");
  const { kind, numLines, path, layouts, line } = evidence as Record<string, string | readonly string[]>;
  const isAmbiguous = kind === "several";
  const parts: readonly [found: string, expected: string, remedy: string] = isAmbiguous
    ? [
        `lines of two layouts, ${(layouts as readonly string[]).join(" and ")}: ${line}`,
        "the lines of one trainer",
        `say which with --metrics ${(layouts as readonly string[]).join(" or --metrics ")}`,
      ]
    : [
        kind === "file"
          ? `no step in ${path}, or no such file`
          : `no step in ${numLines} lines of the log${metrics ? ` by --metrics ${metrics}` : ""}`,
        kind === "file"
          ? "JSON lines, or TensorBoard's scalars, with a step and a loss, written while the command runs"
          : `steps as ${metrics ? "that" : `one of ${names}`} prints them`,
        String.raw`give --metrics: a layout, a pattern such as 'step (?<step>\d+) loss (?<loss>\S+)', or a file`,
      ];
  return { isAmbiguous, parts };
}

/**
 * @file The process beside a command: starts it, keeps what it prints, reads its steps, and tells of them
 * (spool.ts). It lives on when its supervisor dies, and ends as its command ends. Nothing that it cannot read
 * or write costs the command a step.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson } from "../../record/files.ts";
import { hideArguments, knownSecrets, maskedWithin } from "../../record/secrets.ts";
import { type CommandTask, commandTaskSchema } from "../command-task.ts";
import { NO_METRICS } from "../decide/incident-names.ts";
import { LogReader, type NoMetrics } from "../metrics/log-reader.ts";
import { metricSource, openMetricFile } from "../metrics/metric-source.ts";
import { logFile, taskFile } from "../process/attempt-folder.ts";
import { SpoolWriter } from "../process/spool.ts";
import { BoundedLog } from "./bounded-log.ts";
import { LineSplitter } from "./lines.ts";
import { OutputMask } from "./output-mask.ts";
import { CheckpointWatch } from "./saved-checkpoints.ts";
import { ToldSteps } from "./told-steps.ts";

const LOOK_MS = 100;
const FLUSH_MS = 500;
const MOST_LAST_LOOKS = 20;
const CHECKPOINTS_MS = 2000;
/** What its children still print, and what is still in the pipe. */
const LAST_WORDS_MS = 1000;
/** A command that was asked to stop may leave children that save. */
const STOPPING_MS = 600_000;

const [attempt, ...command] = process.argv.slice(2) as [string, ...string[]];
const task = commandTaskSchema.parse(readJson(taskFile(attempt)));
process.on("SIGINT", () => {});
hideArguments(command);
await follow(task, attempt, command);

async function follow(task: CommandTask, attempt: string, command: readonly string[]): Promise<void> {
  using spool = new SpoolWriter(attempt, 0);
  using log = new BoundedLog(logFile(attempt, 0));
  using steps = new ToldSteps(task, spool);
  const source = metricSource(task.metrics);
  const reader = source.kind === "log" ? new LogReader(source.layout, loggingSteps(command)) : null;
  using file = source.kind === "log" ? null : openMetricFile(source, Date.now() - LAST_WORDS_MS);
  const { child, output } = started(attempt, command, spool);
  const isSilent = new Promise<void>((resolve) => output.once("close", resolve));
  const told = new Set<string>();
  const tell = (problem: NoMetrics | null) => {
    if (problem === null || told.has(problem.kind)) return;
    told.add(problem.kind);
    spool.send({
      kind: "noticed",
      what: NO_METRICS,
      evidence: maskedWithin({ ...problem }),
      severity: "warning",
    });
  };
  const saved = new CheckpointWatch(task.checkpoints, task.before, task.from?.step ?? -1);
  const tellCheckpoints = () =>
    saved.complete().forEach((found) => {
      spool.send({ kind: "checkpoint", ...found });
    });
  let isStopping = false;
  process.on("SIGTERM", () => {
    if (isStopping) return;
    isStopping = true;
    process.kill(0, "SIGTERM");
  });

  const lines = new LineSplitter();
  const mask = new OutputMask(knownSecrets());
  let hasPrinted = false;
  const readLines = (whole: readonly string[]) => {
    for (const line of whole) {
      steps.line(line);
      steps.rows(reader?.read(line));
    }
    tell(reader?.problem ?? null);
  };
  output.on("data", (bytes: Buffer) => {
    log.append(mask.push(bytes));
    hasPrinted = true;
    unharmed(() => readLines(lines.push(bytes)));
  });

  const timers = [
    setInterval(() => {
      if (hasPrinted) unharmed(() => steps.alive());
      else unharmed(() => steps.rows(reader?.settle()));
      hasPrinted = false;
    }, LOOK_MS),
    setInterval(() => {
      unharmed(() => steps.rows(file?.read()));
      unharmed(() => {
        // Another attempt writes where this one did.
        if (steps.flush() === "fenced") process.kill(0, "SIGKILL");
      });
    }, FLUSH_MS),
    setInterval(() => unharmed(tellCheckpoints), CHECKPOINTS_MS),
  ];
  const { code, signal } = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve) => child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  const patience = new AbortController();
  const ms = isStopping ? STOPPING_MS : LAST_WORDS_MS;
  await Promise.race([isSilent, sleep(ms, undefined, { signal: patience.signal }).catch(() => {})]);
  patience.abort();
  output.destroy();
  log.append(mask.end());
  for (const timer of timers) clearInterval(timer);

  unharmed(() => readLines(lines.end()));
  unharmed(() => steps.rows(reader?.end() ?? file?.end()));
  unharmed(tellCheckpoints);
  steps.start(steps.last.step);
  const isOver = code === 0 || isStopping;
  const unread: NoMetrics | null =
    source.kind === "log" || steps.hasSteps ? null : { kind: "file", path: source.path };
  if (code === 0 && !isStopping) tell(reader?.problemAtEnd ?? unread);
  await lastRows(steps);
  if (isStopping) spool.send({ kind: "stopped", step: steps.last.step });
  else if (code === 0) spool.send({ kind: "ended", step: steps.last.step, loss: steps.last.loss });
  process.exitCode = isOver ? 0 : (code ?? 1);
  if (signal !== null && !isStopping) endBy(signal);
}

/** The command with both outputs in one pipe: lines stay in the order in which they were printed. */
function started(attempt: string, command: readonly string[], spool: SpoolWriter) {
  const path = join(attempt, "output.pipe");
  rmSync(path, { force: true });
  execFileSync("mkfifo", ["-m", "600", path]);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, "a");
  const child: ChildProcess = spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", writing, writing],
    // Python keeps lines for a pipe back until there are 8 kB of them.
    env: { PYTHONUNBUFFERED: "1", ...process.env },
  });
  closeSync(writing);
  child.on("error", (error: NodeJS.ErrnoException) => {
    spool.send({
      kind: "refused",
      found: `the command ${command[0]} does not start (${error.code ?? error.message})`,
      expected: "a program that can be run",
      remedy: "check its name, its path and that it may be executed, or give another command",
    });
    process.exit(127);
  });
  return { child, output: new Socket({ fd: reading, readable: true, writable: false }) };
}

/** Its number of steps from one line to the next, where the command says it to a Hugging Face trainer. */
function loggingSteps(command: readonly string[]): number | null {
  const at = command.findIndex((word) => /^--logging[_-]steps(=|$)/.test(word));
  const text = command[at]?.split("=")[1] ?? command[at + 1];
  return at >= 0 && Number.isInteger(Number(text)) && Number(text) > 0 ? Number(text) : null;
}

/** The start has to stand in the record before; without a supervisor that does not come. */
async function lastRows(steps: ToldSteps): Promise<void> {
  for (let i = 0; i < MOST_LAST_LOOKS; i++) {
    if (unharmed(() => steps.flush()) !== "waiting") return;
    await sleep(LOOK_MS);
  }
}

/** What cannot be read or written is the supervisor's trouble, not the command's. */
function unharmed<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    process.stderr.write(`longrun: ${(error as Error).message}\n`);
    return null;
  }
}

/** As the command ended: whoever watches sees the same signal. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

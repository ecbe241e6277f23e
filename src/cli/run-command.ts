/** @file `longrun run -- COMMAND`: any program that trains, watched and restarted. */

import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { type CommandNotice, commandRun, noMetricsText } from "../fleet/command/command-run.ts";
import { NO_METRICS } from "../fleet/decide/incident-names.ts";
import type { Policy } from "../fleet/decide/policy.ts";
import type { RunEvent } from "../train/run-event.ts";
import { formatCount, formatSeconds, significant } from "../units/print.ts";
import { type CommonOptions, given } from "./arguments.ts";
import { untilInterrupted } from "./interrupt.ts";
import { printJson, printResult } from "./output.ts";
import { Progress, type ProgressTask, standardError } from "./terminal/progress.ts";

/** Those of `longrun run` that are of a command. */
export type CommandOptions = CommonOptions & {
  readonly name?: string;
  readonly folder?: string;
  readonly metrics?: string;
  readonly checkpoints?: string;
  readonly resume?: string;
  readonly notify?: readonly string[];
  readonly policy?: Policy;
};

/** What follows `--`; null where there is none. */
export function commandAfterDashes(command: Command): readonly string[] | null {
  let root = command;
  while (root.parent) root = root.parent;
  const { rawArgs } = root as Command & { readonly rawArgs: readonly string[] };
  const at = rawArgs.indexOf("--", 2);
  return at < 0 ? null : rawArgs.slice(at + 1);
}

/** Adds the options to `longrun run`. */
export function defineCommandOptions(command: Command): void {
  command
    .option("--name <name>", "of a command: what the run is called (default: by its program)")
    .option(
      "--metrics <pattern|file>",
      "of a command: how its steps are read: torchtitan, nanogpt, nanochat, megatron, llm.c, huggingface, " +
        "olmo, a regular expression with (?<step>...) and (?<loss>...), a file of JSON lines, or TensorBoard's " +
        "file or folder (default: found from its log)",
    )
    .option("--checkpoints <pattern>", "of a command: paths of its checkpoints, with {step}")
    .option(
      "--resume <arguments>",
      "of a command: added when it is started again, with {checkpoint} and {step} filled in",
    );
}

/** The option of a command that was given with a file; null: none. */
export const strayCommandOption = (options: CommandOptions): string | null =>
  (["name", "metrics", "checkpoints", "resume"] as const).find((name) => options[name] !== undefined) ?? null;

/** Runs it to its end, and prints what is known of it. */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<void> {
  if (command.length === 0)
    throw new UserError("-- with nothing after it", "a command", "longrun run -- torchrun ... my_train.py");
  const { json, name, folder, metrics, checkpoints, resume, notify, policy } = options;
  using progress = new Progress(standardError());
  const shown = new CommandProgress(progress, metrics);
  const ended = await untilInterrupted(progress.note.bind(progress), (signal) =>
    commandRun({
      command,
      signal,
      tell: (notice) => shown.show(notice),
      ...given({ name, folder, metrics, checkpoints, resume, notify, policy }),
    }),
  );
  if (ended.kind === "interrupted") {
    if (json) printJson({ interrupted: ended.where });
    return;
  }
  const { result } = ended;
  printResult({ json }, result, () => {
    const loss = result.lastLoss === null ? "" : `, loss ${significant(result.lastLoss, 4)}`;
    return (
      `run    ${result.run}: ended at step ${formatCount(result.lastStep)}${loss}, ` +
      `${formatSeconds(result.seconds)}, attempts: ${result.numAttempts}\nhead of the record: ${result.head}`
    );
  });
}

/** Its events as a line of progress, and what a person should know at once. */
class CommandProgress {
  readonly #progress: Progress;
  readonly #metrics: string | undefined;
  #task: ProgressTask | null = null;

  constructor(progress: Progress, metrics: string | undefined) {
    this.#progress = progress;
    this.#metrics = metrics;
  }

  show(notice: CommandNotice): void {
    if (notice.kind === "text") this.#progress.note(notice.text);
    else this.#event(notice.event);
  }

  #event(event: RunEvent): void {
    if (event.kind === "started" && event.fromStep > 0)
      this.#progress.note(`attempt ${event.attempt}: goes on from step ${event.fromStep}`);
    if (event.kind === "step") {
      this.#task ??= this.#progress.start("steps");
      const { step: done, loss, stepSeconds } = event;
      const details = [
        `step ${done}`,
        `loss ${significant(loss, 4)}`,
        `${formatSeconds(stepSeconds)} a step`,
      ];
      this.#task.update({ done, total: 0, details });
    }
    if (event.kind === "checkpoint") this.#progress.note(`checkpoint of step ${event.step}: ${event.path}`);
    if (event.kind === "noticed" && event.what === NO_METRICS) {
      const [found, expected, remedy] = noMetricsText(event.evidence, this.#metrics).parts;
      this.#progress.note(
        `nothing is read from the command, which is left alone\nfound: ${found}\nexpected: ${expected}\nremedy: ${remedy}`,
      );
    } else if (event.kind === "noticed")
      this.#progress.note(`${event.what}: ${JSON.stringify(event.evidence)}`);
    if (event.kind === "ended" || event.kind === "stopped") {
      this.#task?.finish(`${event.kind} at step ${event.step}`);
      this.#task = null;
    }
  }
}

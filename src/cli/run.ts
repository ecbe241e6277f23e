/** @file `longrun run`: one training from a file, or any command, without ladder, forecast or gate. */

import { type Command, Option } from "commander";
import { UserError } from "../errors.ts";
import { readSingleRun, type SingleRunResult, singleRun } from "../fleet/single-run.ts";
import { TRAINERS, type TrainerName } from "../fleet/trainer.ts";
import { workspaceOf } from "../record/workspace.ts";
import { N_CONVENTION } from "../report/bet-sections.ts";
import { left, right } from "../report/markdown.ts";
import type { RunSummary } from "../train/summary.ts";
import { fixed, formatBytes, formatCount, formatFlops, formatSeconds } from "../units/print.ts";
import { finish, given, notifyOption, policyOption, sparesOption, wholeNumber } from "./arguments.ts";
import { withProgress } from "./campaign-progress.ts";
import { type OnSlurmOptions, onSlurm, onSlurmOptions } from "./on-slurm.ts";
import { printJson, printResult } from "./output.ts";
import {
  type CommandOptions,
  commandAfterDashes,
  defineCommandOptions,
  runCommand,
  strayCommandOption,
} from "./run-command.ts";
import { table } from "./terminal/table.ts";
import { type TorchOptions, torchOptions } from "./torch-options.ts";

type RunOptions = CommandOptions & {
  readonly threads?: number;
  readonly trainer?: TrainerName;
  readonly spares?: number;
} & TorchOptions &
  OnSlurmOptions;

export function defineRun(command: Command): void {
  command
    .argument("[file]", "the run file, in YAML")
    .argument("[command...]", "after --, in place of the file: any command that trains")
    .option("--folder <folder>", "where everything of it goes (default: runs/NAME)")
    .option(
      "--threads <n>",
      "threads; the result does not depend on it (default: all)",
      wholeNumber("--threads", 1, 1024),
    )
    .addOption(
      new Option("--trainer <trainer>", "who trains (default: what the file says, else builtin)").choices(
        TRAINERS,
      ),
    )
    .addOption(notifyOption())
    .addOption(policyOption())
    .addOption(sparesOption());
  torchOptions(command);
  onSlurmOptions(command);
  defineCommandOptions(command);
  finish(
    command,
    "longrun run campaigns/single-run.yaml --threads 2",
    "longrun run --checkpoints 'out/step-{step}' --resume '--from {checkpoint}' -- torchrun my_train.py",
  ).action(runRun);
}

async function runRun(
  file: string | undefined,
  words: readonly string[],
  options: RunOptions,
  command: Command,
): Promise<void> {
  const dashed = commandAfterDashes(command);
  if (dashed && dashed.length === words.length + (file === undefined ? 0 : 1)) {
    refuseFileOptions(options);
    return await runCommand(dashed, options);
  }
  const stray = strayCommandOption(options);
  if (file === undefined || dashed || words.length > 0 || stray)
    throw new UserError(
      file === undefined
        ? "neither a file nor a command"
        : `${file}${stray ? ` with --${stray}` : ` and ${words.join(" ")}`}`,
      "a run file; or a command after --, with its own options before",
      "longrun run FILE; or longrun run -- torchrun ... my_train.py",
    );
  await runFile(file, options);
}

/** A command starts its ranks and finds its devices by itself. */
function refuseFileOptions(options: RunOptions): void {
  const name = (["threads", "trainer", "ranks", "python", "spares"] as const).find(
    (each) => options[each] !== undefined,
  );
  if (name === undefined) return;
  throw new UserError(
    `--${name} ${options[name]} with a command`,
    "a run file, whose ranks longrun starts",
    "leave it out, or give it behind -- where it is the command's own",
  );
}

async function runFile(
  path: string,
  { json, folder, threads, trainer, ranks, spares, python, notify, policy, ...options }: RunOptions,
): Promise<void> {
  const { name } = readSingleRun(path);
  const { folder: at } = workspaceOf(name, folder);
  const job = { name, folder: at, numRanks: ranks ?? 1, numSpares: spares ?? 0, json };
  const ended = await onSlurm(options, job, (allocation) =>
    withProgress((signal, tell) =>
      singleRun({
        path,
        signal,
        tell,
        ...given({ folder, numThreads: threads, trainer, python, notify, policy }),
        ...given({ numRanks: ranks, numSpares: spares, allocation: allocation ?? undefined }),
      }),
    ),
  );
  if (ended === "queued") return;
  if (ended.kind === "interrupted") {
    if (json) printJson({ interrupted: ended.where });
  } else printResult({ json }, ended.result, () => resultText(ended.result));
}

function resultText({ run, summary, model, head }: SingleRunResult): string {
  const scores = [["in all", summary.heldOut.all] as const, ...Object.entries(summary.heldOut.sources)];
  const losses = table(scores, [
    left("held out", ([name]) => name),
    right("nats per token", ([, score]) => fixed(score.natsPerToken, 4)),
    right("bits per byte", ([, score]) => fixed(score.bitsPerByte, 4)),
    right("tokens scored", ([, score]) => formatCount(score.numTokens)),
  ]);
  return [
    "",
    losses,
    "",
    `run    ${run}: ${formatCount(summary.numSteps)} steps, ` +
      `${formatCount(tokensPerSecond(summary))} tokens/s, ${formatSeconds(summary.wallSeconds)}, ` +
      `peak memory ${formatBytes(summary.peakBytes)}`,
    `N      ${formatCount(summary.matrixParameters)} (${N_CONVENTION})`,
    `D, C   ${formatCount(summary.tokens)} tokens, ${formatFlops(summary.flops)}`,
    `model  ${model}: try \`longrun sample ${model}\``,
    `head of the record: ${head}`,
  ].join("\n");
}

const tokensPerSecond = ({ tokens, stepsSeconds, betweenStepsSeconds }: RunSummary) =>
  tokens / (stepsSeconds + betweenStepsSeconds);

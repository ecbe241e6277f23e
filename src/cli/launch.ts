/** @file `longrun launch`: a campaign from text to verdict; the same command goes on where it stopped. */

import { join, relative } from "node:path";
import type { Command } from "commander";
import { parseBudget } from "../campaign/budget.ts";
import { type LaunchResult, launch } from "../campaign/launch.ts";
import { loadCampaign } from "../campaign/spec.ts";
import { UserError } from "../errors.ts";
import type { Policy } from "../fleet/decide/policy.ts";
import { workspaceOf } from "../record/workspace.ts";
import { featureJson, featureLine } from "../report/feature-section.ts";
import { formatBytes, formatSeconds, significant } from "../units/print.ts";
import { type CommonOptions, finish, notifyOption, policyOption, sparesOption } from "./arguments.ts";
import { withProgress } from "./campaign-progress.ts";
import type { Ended } from "./interrupt.ts";
import { type OnSlurmOptions, onSlurm, onSlurmOptions } from "./on-slurm.ts";
import { EXIT, printJson, printText } from "./output.ts";
import { paintFor } from "./terminal/paint.ts";
import { verdictTable } from "./terminal/verdict-table.ts";
import { type TorchOptions, torchOptions } from "./torch-options.ts";

type LaunchOptions = CommonOptions & {
  readonly folder?: string;
  readonly budget?: string;
  readonly accept?: string;
  readonly because?: string;
  readonly notify?: readonly string[];
  readonly policy?: Policy;
  readonly spares?: number;
} & TorchOptions &
  OnSlurmOptions;

/** The one that comes with longrun, so that `launch` alone works in any folder. */
const DEFAULT_CAMPAIGN = relative(
  ".",
  join(import.meta.dirname, "..", "..", "campaigns", "first-light.yaml"),
);

const EXAMPLE = `longrun launch campaigns/first-light.yaml --budget 2m
longrun launch campaigns/mine.yaml --accept fit --because "a rehearsal"
longrun launch campaigns/mine.yaml --on slurm --nodes 4 --spares 1 --sbatch=--exclusive

Exit codes: 0 verdict, ${EXIT.userError} a mistake to put right, ${EXIT.held} held or stopped by the gate,
${EXIT.interrupted} Ctrl-C.`;

export function defineLaunch(command: Command): void {
  command
    .argument("[file]", "the campaign file", DEFAULT_CAMPAIGN)
    .option("--folder <folder>", "the campaign's folder (default: runs/NAME)")
    .option("--budget <amount>", "spend this instead of what the file says: 2m, 1h, 30TFLOP")
    .option("--accept <id>", "lift the hold with this id, which an earlier launch has told; needs --because")
    .option("--because <text>", "why; it is kept in the record")
    .addOption(notifyOption())
    .addOption(policyOption())
    .addOption(sparesOption());
  torchOptions(command);
  onSlurmOptions(command);
  finish(command, EXAMPLE).action(runLaunch);
}

async function runLaunch(
  path: string,
  { json, folder, ranks, spares, python, notify, policy, ...options }: LaunchOptions,
): Promise<void> {
  const accept = acceptance(options);
  const budget = options.budget === undefined ? undefined : parseBudget(options.budget);
  const { name, trainer } = loadCampaign(path).campaign;
  const { folder: at } = workspaceOf(name, folder);
  const numRanks = trainer === "torch" ? (ranks ?? 1) : null;
  const job = { name, folder: at, numRanks, numSpares: spares ?? 0, json };
  const ended = await onSlurm(options, job, (allocation) =>
    withProgress((signal, tell) =>
      launch({
        ...{ path, folder, budget, accept, python, notify, policy, signal, tell },
        ...{ numRanks: ranks, numSpares: spares, allocation: allocation ?? undefined },
      }),
    ),
  );
  if (ended === "queued") return;
  if (json) printJson(launchJson(ended));
  else if (ended.kind === "done") printText(launchText(ended.result));
  if (ended.kind === "done" && ended.result.kind !== "finished") process.exitCode = EXIT.held;
}

function acceptance({ accept, because }: Pick<LaunchOptions, "accept" | "because">) {
  if (accept === undefined && because === undefined) return undefined;
  if (accept !== undefined && because?.trim()) return { id: accept, because };
  throw new UserError(
    accept === undefined ? "--because without --accept" : `--accept ${accept} without a reason`,
    "the two together: a hold is lifted by name and with a reason, which the record keeps",
    `longrun launch --accept ${accept ?? "ID"} --because "why"`,
  );
}

function launchJson(ended: Ended<LaunchResult>): unknown {
  if (ended.kind === "interrupted") return { interrupted: ended.where };
  const { result } = ended;
  if (result.kind !== "finished")
    return {
      held: { decision: result.kind === "held" ? "hold" : "stop", reason: result.reason, id: result.id },
    };
  const { kind: _, verdict, features, ...rest } = result;
  return {
    verdict: verdict.map(({ about: _, ...row }) => row),
    ...(features.length > 0 ? { features: features.map(featureJson) } : {}),
    ...rest,
  };
}

function launchText(result: LaunchResult): string {
  const paint = paintFor(process.stdout);
  if (result.kind !== "finished") {
    const id = result.id ?? "ID";
    const lift = `\nto go on all the same, add to the same command: --accept ${id} --because "why"`;
    return result.kind === "held"
      ? `${paint("yellow", "held")}: ${result.reason}${lift}`
      : `${paint("red", "stopped")}: ${result.reason}`;
  }
  const { verdict, features, reach, seconds, peakBytes, report, sample, head } = result;
  return [
    "",
    verdictTable(verdict, paint, process.stdout.columns ?? 110),
    ...features.map(featureLine),
    `reach ${significant(reach)}, ${formatSeconds(seconds)} in all, peak memory ${formatBytes(peakBytes)}`,
    "",
    "a sample of text from the trained model, which was given the first words of a held-out passage:",
    sample.trim(),
    "",
    `report: ${report}`,
    `head of the record: ${head}`,
  ].join("\n");
}

/** @file `longrun chaos`: faults from outside against a campaign or a run, and whether its bits survive. */

import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { type ChaosResult, possibleFaults, runChaos } from "../fleet/chaos/chaos.ts";
import { FAULT_KINDS, faultFileSchema } from "../fleet/chaos/fault.ts";
import { readText } from "../input-file.ts";
import { nameInFile } from "../record/workspace.ts";
import { left, right } from "../report/markdown.ts";
import { fixed, formatSeconds } from "../units/print.ts";
import { parseYaml, parseYamlAs, readYamlFile } from "../yaml-file.ts";
import { type CommonOptions, finish, given, wholeNumber } from "./arguments.ts";
import { EXIT, printAside, printResult } from "./output.ts";
import { table } from "./terminal/table.ts";

type ChaosCommandOptions = CommonOptions & {
  readonly faults?: string;
  readonly seed: number;
  readonly folder?: string;
  readonly list?: true;
};

const DEFAULT_FILE = join(import.meta.dirname, "..", "..", "campaigns", "chaos-small.yaml");

export function defineChaos(command: Command): void {
  command
    .argument("[file]", "a campaign file, or a run file", DEFAULT_FILE)
    .option("--faults <file>", "the faults, in YAML (default: ten, drawn by the seed)")
    .option("--seed <s>", "the same seed gives the same plan", wholeNumber("--seed", 0), 1)
    .option("--folder <folder>", "where both runs go; an earlier experiment there is deleted")
    .option("--list", "only say which kinds of fault there are, and which of them are possible here");
  finish(command, "longrun chaos campaigns/chaos-small.yaml --seed 7\nlongrun chaos --list").action(
    runChaosCommand,
  );
}

async function runChaosCommand(path: string, options: ChaosCommandOptions): Promise<void> {
  const { json, list } = options;
  if (list) {
    const kinds = possibleFaults().map((each) => ({ ...each, what: FAULT_KINDS[each.kind] }));
    printResult({ json }, kinds, () =>
      table(kinds, [
        left("kind", ({ kind }) => kind),
        left("what it does", ({ what, impossible }) =>
          impossible ? `${what} (not here: ${impossible})` : what,
        ),
      ]),
    );
    return;
  }
  const { name, verb } = subjectOf(path);
  const faults = options.faults === undefined ? undefined : readFaults(options.faults);
  const result = await runChaos({
    command: (folder) => [process.execPath, process.argv[1]!, verb, path, "--folder", folder, "--json"],
    folder: options.folder ?? join("runs", `${name}-chaos`),
    seed: options.seed,
    tell: printAside,
    ...given({ faults }),
  });
  printResult({ json }, result, () => chaosText(result));
  if (!result.identical) process.exitCode = EXIT.failed;
}

/** A run file has `run`, a campaign file has not; the command itself reads the rest. */
function subjectOf(path: string) {
  const text = readText(path, "a campaign file or a run file in YAML", "give the path of one", 256e3);
  const { name } = parseYamlAs(z.looseObject({ name: nameInFile }), text, path, "docs/campaign.md");
  return { name, verb: "run" in (parseYaml(text, path) as object) ? "run" : "launch" };
}

function readFaults(path: string) {
  const help = { what: "faults", example: "docs/fleet.md", documentation: "docs/fleet.md" };
  return readYamlFile(path, faultFileSchema, help).faults;
}

function chaosText(result: ChaosResult): string {
  const { faults, identical, differences, relaunches, goodput, incidents, lostSeconds, seconds } = result;
  return [
    "",
    table(faults, [
      left("fault", ({ kind }) => kind),
      right("second", ({ seconds }) => (seconds === null ? "-" : fixed(seconds, 1))),
      right("step", ({ step }) => String(step ?? "-")),
      left("what was done", ({ what }) => what),
    ]),
    "",
    identical
      ? "identical: weights, losses per step and held-out scores are those of the undisturbed command"
      : `not identical: ${differences.join("; ")}`,
    `incidents in the record: ${incidents.length}; the command was started again ${relaunches} times`,
    `${formatSeconds(seconds.disturbed)} with faults, ${formatSeconds(seconds.undisturbed)} without; ` +
      `goodput ${fixed(100 * goodput, 1)} %`,
    ...Object.entries(lostSeconds).map(([cause, lost]) => `lost: ${formatSeconds(lost)} ${cause}`),
  ].join("\n");
}

/** @file `longrun fleet check`: are the places fit for a run? */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { fleetCheck, type PlaceCheck } from "../../fleet/account/fleet-check.ts";
import { LocalBackend } from "../../fleet/local-backend.ts";
import { isFolder } from "../../input-file.ts";
import { left } from "../../report/markdown.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { EXIT, printResult } from "../output.ts";
import { type Paint, paintFor } from "../terminal/paint.ts";
import { table, wrapped } from "../terminal/table.ts";

type CheckOptions = CommonOptions & {
  readonly places?: string;
  readonly folder: string;
  readonly python?: string;
};

export function defineFleetCheck(command: Command): void {
  command
    .option("--places <names>", "places to try, parted by commas (default: all there are)")
    .option("--folder <folder>", "on the disk to try", ".")
    .option("--python <python>", "for the all-reduce (default: python3, else longrun's own)");
  finish(command, "longrun fleet check").action(runCheck);
}

const COLOURS = { ok: "green", warn: "yellow", failed: "red", skipped: "yellow" } as const;

/** Exit code 1 where something failed. */
async function runCheck({ json, places, folder, python }: CheckOptions): Promise<void> {
  if (!isFolder(folder))
    throw new UserError(
      `no folder ${folder}`,
      "a folder on the disk to try",
      "make it, or give another --folder",
    );
  using backend = new LocalBackend(folder);
  const known = backend.places();
  const chosen = places?.split(",").map((name) => name.trim()) ?? known;
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UserError(
      `--places: no place "${unknown}"`,
      `some of ${known.join(", ")}`,
      "correct it, or leave it out",
    );
  const checks = await fleetCheck(backend, folder, chosen, python);
  printResult({ json }, { checks }, () => checksText(checks, paintFor(process.stdout)));
  if (checks.some(({ verdict }) => verdict === "failed")) process.exitCode = EXIT.failed;
}

function checksText(checks: readonly PlaceCheck[], paint: Paint): string {
  return table(checks, [
    left("", ({ verdict }) => paint(COLOURS[verdict], verdict)),
    left("place", ({ place }) => place ?? "all"),
    left("what", ({ name }) => name),
    wrapped("found", ({ found }) => found),
  ]);
}

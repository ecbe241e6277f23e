/** @file `longrun fleet check`: are the places fit for a run? */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { fleetCheck, nodesCheck, type PlaceCheck } from "../../fleet/account/fleet-check.ts";
import { LocalBackend } from "../../fleet/process/local-backend.ts";
import { allocationHere, nodesBackend } from "../../fleet/slurm/allocation.ts";
import { ShortJob } from "../../fleet/slurm/short-job.ts";
import { type SlurmCheck, slurmChecks, slurmFacts } from "../../fleet/slurm/slurm-checks.ts";
import { isFolder } from "../../input-file.ts";
import { left } from "../../report/markdown.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { nodesOptions, type OnSlurmOptions } from "../on-slurm.ts";
import { EXIT, printAside, printResult } from "../output.ts";
import { type Paint, paintFor } from "../terminal/paint.ts";
import { table, wrapped } from "../terminal/table.ts";

type CheckOptions = CommonOptions &
  Pick<OnSlurmOptions, "on" | "nodes" | "sbatch"> & {
    readonly places?: string;
    readonly folder: string;
    readonly python?: string;
  };

export function defineFleetCheck(command: Command): void {
  command
    .option("--places <names>", "places of this machine to try, parted by commas (default: all there are)")
    .option("--folder <folder>", "on the disk to try", ".")
    .option("--python <python>", "for the all-reduce (default: python3, else longrun's own)");
  nodesOptions(command, ["slurm"]);
  finish(command, "longrun fleet check", "longrun fleet check --on slurm --nodes 4").action(runCheck);
}

const COLOURS = { ok: "green", warn: "yellow", failed: "red", skipped: "yellow" } as const;

/** Exit code 1 where something failed. */
async function runCheck(options: CheckOptions): Promise<void> {
  const { json, on, nodes, sbatch, places, folder } = options;
  if (!isFolder(folder))
    throw new UserError(
      `no folder ${folder}`,
      "a folder on the disk to try",
      "make it, or give another --folder",
    );
  const stray = on ? { places } : { nodes, sbatch };
  const [name] = Object.entries(stray).find(([, value]) => value !== undefined) ?? [];
  if (name !== undefined)
    throw new UserError(
      `--${name} ${on ? "with" : "without"} --on slurm`,
      "--places of this machine, or --nodes and --sbatch of a cluster",
      on ? "leave it out" : "add --on slurm",
    );
  const { slurm, checks } = on
    ? await checkOnSlurm(options)
    : { slurm: [], checks: await checkHere(options) };
  printResult({ json }, on ? { slurm, checks } : { checks }, () =>
    checksText(slurm, checks, paintFor(process.stdout)),
  );
  if (slurm.some(isMissing) || checks.some(({ verdict }) => verdict === "failed"))
    process.exitCode = EXIT.failed;
}

async function checkHere({ folder, places, python }: CheckOptions): Promise<readonly PlaceCheck[]> {
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
  return await fleetCheck(backend, folder, chosen, python);
}

type OnSlurm = { readonly slurm: readonly SlurmCheck[]; readonly checks: readonly PlaceCheck[] };

/** Of Slurm itself; where nothing is missing, of the nodes of the job that we are in, or of a short one. */
async function checkOnSlurm({ nodes = 1, sbatch = [], folder, python }: CheckOptions): Promise<OnSlurm> {
  const slurm = slurmChecks(await slurmFacts());
  if (slurm.some(isMissing)) return { slurm, checks: [] };
  const here = await allocationHere(printAside);
  // Else a job that nobody waits for any more would get its nodes.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(EXIT.interrupted));
  using own = here === null ? await ShortJob.queue(nodes, sbatch, printAside) : null;
  await using backend = nodesBackend(here ?? (await own!.nodes(printAside)), folder);
  return { slurm, checks: await nodesCheck(backend, folder, python) };
}

const isMissing = ({ status }: SlurmCheck) => status === "missing";

function checksText(slurm: readonly SlurmCheck[], checks: readonly PlaceCheck[], paint: Paint): string {
  const ofSlurm = slurm.map(({ status, name, found }) => ({
    ...{ place: "Slurm", name, found },
    verdict: status === "missing" ? ("failed" as const) : status,
  }));
  const rows = table<Pick<PlaceCheck, "place" | "verdict" | "found"> & { readonly name: string }>(
    [...ofSlurm, ...checks],
    [
      left("", ({ verdict }) => paint(COLOURS[verdict], verdict)),
      left("place", ({ place }) => place ?? "all"),
      left("what", ({ name }) => name),
      wrapped("found", ({ found }) => found),
    ],
  );
  const remedies = slurm.flatMap(({ name, expected, remedy }) =>
    remedy === null ? [] : [`${name}: expected ${expected}; ${remedy}`],
  );
  return [rows, ...(remedies.length > 0 ? ["", ...remedies] : [])].join("\n");
}

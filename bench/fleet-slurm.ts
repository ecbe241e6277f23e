/**
 * @file Ranks in PyTorch on a Slurm of four nodes on this machine: from the command to the first step, and
 * from a fault until it is noticed and all ranks step again; beside Slurm's own requeue.
 *
 *     LONGRUN_PYTHON=... npm run bench:fleet-slurm -- [--repeats 3] [--against requeue]
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { table } from "../src/cli/terminal/table.ts";
import { UserError } from "../src/errors.ts";
import { placesFile } from "../src/fleet/places/place-history.ts";
import { pythonWithTorch } from "../src/fleet/torch/torch-python.ts";
import { median } from "../src/math/statistics.ts";
import { writeTexts } from "../test/support/campaigns.ts";
import { incidentsIn } from "../test/support/run-result.ts";
import { NODES, SlurmCluster, slurmIsMissing, whenPossible } from "../test/support/slurm.ts";
import { SlurmRun } from "../test/support/slurm-run.ts";
import { secondsSince, until } from "./torch-peers.ts";

const { values } = parseArgs({
  options: { repeats: { type: "string", default: "3" }, against: { type: "string" } },
});
if (values.against !== undefined && values.against !== "requeue")
  throw new UserError(`--against ${values.against}`, "requeue", "leave it out, or give that");
const missing = slurmIsMissing();
if (missing !== null) throw new UserError(missing, "Slurm's programs", "install them");
const python = await pythonWithTorch(process.env.LONGRUN_PYTHON);
const NUM_RANKS = 3;
/** Limits of silence are learnt from so many steps first. */
const LEARNING_BEATS = 40;

await using cluster = await SlurmCluster.start();
const base = mkdtempSync(join(cluster.folder, "work-"));
process.env.XDG_STATE_HOME = join(base, "state");
writeTexts(base);

/** Seconds of each repeat, by what was measured. */
const measured = new Map<string, number[]>();
function take(what: string, seconds: number | null): void {
  measured.set(what, [...(measured.get(what) ?? []), seconds ?? Number.POSITIVE_INFINITY]);
}

async function measureFault(run: SlurmRun, name: string, fault: () => Promise<void> | void): Promise<void> {
  await run.stepsAfter(run.attempt - 1, LEARNING_BEATS);
  await sleep(2000);
  const { attempt } = run;
  const numNoticed = () => incidentsIn(run.folder, (action) => action !== "nothing").length;
  const before = numNoticed();
  await fault();
  const at = performance.now();
  take(`${name}: noticed`, await until(() => numNoticed() > before, at));
  await run.stepsAfter(attempt);
  take(`${name}: all ranks step`, secondsSince(at));
}

function submitted(folder: string, numSpares: number): SlurmRun {
  const size = { numRanks: NUM_RANKS, numSpares, numSteps: 1_000_000, checkpointSeconds: 1 };
  return new SlurmRun(cluster, { base, folder, python, ...size });
}

async function losePower(run: SlurmRun): Promise<string> {
  const node = run.process(1).place;
  cluster.losePower(node);
  return node;
}

/** As the cluster was before. */
async function mended(node: string): Promise<void> {
  cluster.startNode(node);
  await cluster.idle(NODES);
  rmSync(placesFile(), { force: true });
}

/** The corpus is there from the second one on. */
async function withSpare(folder: string): Promise<string> {
  const at = performance.now();
  using run = submitted(folder, 1);
  take("submitted", secondsSince(at));
  await run.stepsAfter(run.attempt);
  take("submitted until all ranks step, 4 nodes", secondsSince(at));
  await measureFault(run, "rank killed", () => void process.kill(run.process(1).pid, "SIGKILL"));
  await measureFault(run, "rank asleep in a step", async () => {
    run.disturb("hang", 2);
    await run.until(() => run.isHanging(2));
  });
  let node = "";
  await measureFault(run, "node without power, a spare", async () => {
    node = await losePower(run);
  });
  return node;
}

async function withoutSpare(folder: string): Promise<string> {
  using run = submitted(folder, 0);
  let node = "";
  await measureFault(run, "node without power, no spare", async () => {
    node = await losePower(run);
  });
  return node;
}

/** A job step of three tasks, of which each writes down when it begins; `--requeue` is all there is. */
async function requeued(folder: string): Promise<string> {
  const began = `${folder}.began`;
  const script = `${folder}.sh`;
  writeFileSync(script, `#!/bin/sh\nexec srun sh -c 'echo $SLURMD_NODENAME >>"$0"; sleep 600' "${began}"\n`);
  const nodes = ["--nodes=3", "--ntasks-per-node=1", "--requeue", "--output=/dev/null"];
  const job = cluster.command("sbatch", "--parsable", ...nodes, script).trim();
  const numBegun = () => (existsSync(began) ? readFileSync(began, "utf8").trim().split("\n").length : 0);
  while (numBegun() < 3) await sleep(20);
  const node = readFileSync(began, "utf8").trim().split("\n").sort()[1]!;
  cluster.losePower(node);
  const at = performance.now();
  while (numBegun() < 6) await sleep(20);
  take("Slurm's requeue: all tasks begin again", secondsSince(at));
  whenPossible(() => cluster.command("scancel", job));
  return node;
}

for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
  const folder = join(base, String(repeat));
  await mended(await withSpare(folder));
  await mended(await withoutSpare(`${folder}-spareless`));
  if (values.against) await mended(await requeued(folder));
}
const seconds = (value: number) => value.toFixed(2);
console.log(`${NUM_RANKS} ranks on Slurm; load ${loadavg()[0]!.toFixed(1)}; ${values.repeats} repeats`);
console.log(
  table(
    [...measured],
    [
      { title: "seconds", align: "left", cell: ([what]) => what },
      { title: "median", align: "right", cell: ([, all]) => seconds(median(all)) },
      { title: "least", align: "right", cell: ([, all]) => seconds(Math.min(...all)) },
      { title: "most", align: "right", cell: ([, all]) => seconds(Math.max(...all)) },
    ],
  ),
);

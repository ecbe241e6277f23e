/**
 * @file Ranks in PyTorch over gloo of which one is killed or hangs: how soon it is noticed, how soon all step
 * again; beside the peers of bench/torch-peers.ts, of which NVRx has its Python in a variable.
 *
 *     LONGRUN_PYTHON=... LONGRUN_NVRX_PYTHON=... npm run bench:fleet-torch -- \
 *       [--ranks 4] [--repeats 3] [--against torchrun,nvrx]
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { table } from "../src/cli/terminal/table.ts";
import { UserError } from "../src/errors.ts";
import { pythonWithTorch } from "../src/fleet/torch/torch-python.ts";
import { recordPath } from "../src/record/record.ts";
import { writeTexts } from "../test/support/campaigns.ts";
import { TorchRun } from "../test/support/torch-run.ts";
import { type Measured, nvrxRows, secondsSince, torchrunRows, until } from "./torch-peers.ts";

const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "4" },
    repeats: { type: "string", default: "3" },
    against: { type: "string" },
  },
});
const numRanks = Number(values.ranks);
const numRepeats = Number(values.repeats);
const python = await pythonWithTorch(process.env.LONGRUN_PYTHON);
const base = mkdtempSync(join(tmpdir(), "longrun-bench-torch-"));

/** Limits of silence are learnt from so many steps first. */
const LEARNING_BEATS = 40;
async function longrunRows(): Promise<Measured[]> {
  writeTexts(base);
  const folder = join(base, "longrun");
  const options = { base, folder, python, numRanks, numSteps: 1_000_000, checkpointSeconds: 1 };
  using run = new TorchRun(options);
  /** Others warn of slow steps. */
  const incidents = () =>
    readFileSync(recordPath(folder), "utf8").split('"what":"the run\'s process').slice(1);
  const rows: Measured[] = [];
  for (const fault of ["kill -9", "hang"])
    for (let repeat = 0; repeat < numRepeats; repeat++) {
      await run.stepsAfter(0, LEARNING_BEATS);
      await sleep(2000);
      const { attempt } = run;
      const before = incidents().length;
      if (fault === "hang") {
        run.disturb("hang", 2);
        // From the moment at which the rank sleeps.
        await run.until(() => run.isHanging(2));
      } else process.kill(run.process(2).pid, "SIGKILL");
      const at = performance.now();
      const noticedSeconds = await until(() => incidents().length > before, at);
      await run.stepsAfter(attempt);
      const note = /silent for .*? are allowed/.exec(incidents().at(-1)!)?.[0] ?? "";
      rows.push({ fault: `longrun, ${fault}`, noticedSeconds, steppingSeconds: secondsSince(at), note });
    }
  await run.end();
  return rows;
}

const PEERS = { torchrun: torchrunRows, nvrx: nvrxRows };

async function rowsOf(peer: string): Promise<Measured[]> {
  if (peer in PEERS) return await PEERS[peer as keyof typeof PEERS]({ base, python, numRanks, numRepeats });
  throw new UserError(`--against ${peer}`, Object.keys(PEERS).join(", "), "name some of these");
}

const rows = await longrunRows();
for (const peer of values.against?.split(",") ?? []) rows.push(...(await rowsOf(peer)));
const seconds = (value: number | null) => (value === null ? "-" : value.toFixed(2));
console.log(`${numRanks} ranks; load ${loadavg()[0]!.toFixed(1)}`);
console.log(
  table(rows, [
    { title: "fault", align: "left", cell: ({ fault }) => fault },
    { title: "noticed, s", align: "right", cell: ({ noticedSeconds }) => seconds(noticedSeconds) },
    { title: "all stepping, s", align: "right", cell: ({ steppingSeconds }) => seconds(steppingSeconds) },
    { title: "", align: "left", cell: ({ note }) => note },
  ]),
);
rmSync(base, { recursive: true });

/** @file Ranks of PyTorch on nodes of Slurm with a network between them, of which one falls silent. */

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { attemptFolder, readProcesses } from "../src/fleet/process/attempt-folder.ts";
import { SpoolReader } from "../src/fleet/process/spool.ts";
import { eventsOf } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { Machines, machinesAreMissing } from "./support/machines.ts";
import { CONTROLLER, NODES, SlurmCluster, slurmIsMissing } from "./support/slurm.ts";
import { describeTorch } from "./support/torch.ts";

const PROGRAM = join(import.meta.dirname, "..", "bin", "longrun.js");
const missing = slurmIsMissing() ?? machinesAreMissing();

describeTorch("a run in PyTorch on Slurm", (python) => {
  test.skipIf(missing !== null)(
    `goes on over the network on a spare, with the same bits${missing === null ? "" : ` (skipped: ${missing})`}`,
    async () => {
      using machines = await Machines.start([CONTROLLER, ...NODES]);
      await using cluster = await SlurmCluster.start({ machines });
      const base = mkdtempSync(join(cluster.folder, "work-"));
      writeTexts(base);
      const file = writeRun(base, { numSteps: 200, checkpointSeconds: 0.5 });
      const longrun = (...words: readonly string[]) => {
        const [program, ...rest] = [...cluster.wordsOn(CONTROLLER), process.execPath, PROGRAM, ...words];
        const { status, stderr } = spawnSync(program!, rest, { env: cluster.environment, encoding: "utf8" });
        expect(status, stderr).toBe(0);
      };
      const train = (folder: string, ...more: readonly string[]) => {
        const ranks = ["--trainer", "torch", "--python", python, "--ranks", "4"];
        longrun("run", file, "--folder", folder, "--threads", "1", ...ranks, ...more);
      };
      const heldOut = (folder: string) => {
        const [finished] = eventsOf(readRecord(folder).events, "run-finished");
        return (finished!.data.summary as { heldOut: { all: { natsPerToken: number } } }).heldOut.all;
      };
      const undisturbed = join(base, "undisturbed");
      train(undisturbed);

      const folder = join(base, "spread");
      cpSync(join(undisturbed, "corpus"), join(folder, "corpus"), { recursive: true });
      train(folder, "--on", "slurm", "--nodes", "2", "--spares", "1");
      const attemptOf = (number: number) =>
        attemptFolder(folder, readdirSync(join(folder, "runs"))[0]!, number);
      const hasStepped = () => {
        if (!existsSync(join(folder, "runs")) || !existsSync(attemptOf(1))) return false;
        using spool = new SpoolReader(attemptOf(1), 0);
        return (spool.beat()?.step ?? 0) >= 30;
      };
      while (!hasStepped()) await sleep(20);
      const nodesOf = (number: number) =>
        readProcesses(attemptOf(number))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ place }) => place.split("/")[0]!);
      const [, , lost] = nodesOf(1);
      expect(nodesOf(1).filter((node) => node === lost)).toHaveLength(2);
      const [address] = readFileSync(join(attemptOf(1), "store"), "utf8").split(" ");
      expect(address).toBe(machines.addressOf(nodesOf(1)[0]!));
      machines.losePower(lost!);
      while (cluster.command("squeue", "-h") !== "") await sleep(200);
      expect(nodesOf(2)).not.toContain(lost);
      expect(heldOut(folder)).toEqual(heldOut(undisturbed));
      longrun("record", "audit", folder);
    },
    300_000,
  );
});

/** @file Ranks of PyTorch on nodes of Slurm with a network between them, of which one falls silent. */

import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attemptFolder } from "../src/fleet/process/attempt-folder.ts";
import { writeRun } from "./support/campaigns.ts";
import { LoginNode } from "./support/login-node.ts";
import { Machines, machinesAreMissing } from "./support/machines.ts";
import { heldOut, nodesOf, runIn, stepped } from "./support/single-run.ts";
import { CONTROLLER, NODES, slurmIsMissing } from "./support/slurm.ts";
import { describeTorch } from "./support/torch.ts";

const missing = slurmIsMissing() ?? machinesAreMissing();

describeTorch("a run in PyTorch on Slurm", (python) => {
  test.skipIf(missing !== null)(
    `goes on over the network on a spare, with the same bits${missing === null ? "" : ` (skipped: ${missing})`}`,
    async () => {
      using machines = await Machines.start([CONTROLLER, ...NODES]);
      await using login = new LoginNode();
      await login.start({ machines });
      const file = writeRun(login.base, { numSteps: 200, checkpointSeconds: 0.5 });
      const train = (folder: string, ...more: readonly string[]) => {
        const ranks = ["--trainer", "torch", "--python", python, "--ranks", "4"];
        login.told("run", file, "--folder", folder, "--threads", "1", ...ranks, ...more);
      };
      const undisturbed = join(login.base, "undisturbed");
      train(undisturbed);

      const folder = join(login.base, "spread");
      cpSync(join(undisturbed, "corpus"), join(folder, "corpus"), { recursive: true });
      train(folder, "--on", "slurm", "--nodes", "2", "--spares", "1");
      await stepped(folder, 1, 30);
      const [first, , lost] = nodesOf(folder, 1);
      expect(nodesOf(folder, 1).filter((node) => node === lost)).toHaveLength(2);
      const [address] = readFileSync(join(attemptFolder(folder, runIn(folder), 1), "store"), "utf8").split(
        " ",
      );
      expect(address).toBe(machines.addressOf(first!));
      machines.losePower(lost!);
      await login.ended();
      expect(nodesOf(folder, 2)).not.toContain(lost);
      expect(heldOut(folder)).toEqual(heldOut(undisturbed));
      login.told("record", "audit", folder);
    },
    300_000,
  );
});

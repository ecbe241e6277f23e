/**
 * @file Ranks in PyTorch on a Slurm of four nodes: ranks, nodes, daemons and the controller are killed or
 * stopped, and the run ends with the numbers of an undisturbed one. More seeds: LONGRUN_SLURM_SEEDS=3.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { placesFile } from "../src/fleet/places/place-history.ts";
import { eventsFile } from "../src/fleet/process/attempt-folder.ts";
import { processStart } from "../src/record/lock.ts";
import { writeTexts } from "./support/campaigns.ts";
import { expectUndisturbed, type RunResult, resultOf } from "./support/run-result.ts";
import { SlurmCluster, slurmIsMissing } from "./support/slurm.ts";
import { SlurmRun, type SlurmRunOptions } from "./support/slurm-run.ts";
import { describeTorch } from "./support/torch.ts";

const NUM_RANKS = 3;
const NUM_STEPS = 120;
const seeds = Array.from({ length: Number(process.env.LONGRUN_SLURM_SEEDS ?? 1) }, (_, i) => i + 1);
const missing = slurmIsMissing();

const name = `on Slurm${missing === null ? "" : ` (skipped: ${missing})`}`;

// Jobs on a busy machine.
describe.skipIf(missing !== null)(name, { timeout: 300_000 }, () => {
  describeTorch("a run in PyTorch of three ranks", (python) => {
    let cluster: SlurmCluster;
    let base: string;

    beforeAll(async () => {
      cluster = await SlurmCluster.start();
      base = mkdtempSync(join(cluster.folder, "work-"));
      writeTexts(base);
    });
    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
    });
    // What the nodes were in other tests is nothing to hold against them.
    beforeEach(async () => {
      rmSync(placesFile(), { force: true });
      await cluster.mend();
    });

    const submitted = (name: string, seed: number, options: Partial<SlurmRunOptions> = {}) =>
      new SlurmRun(cluster, {
        base,
        folder: join(base, `${name}-${seed}`),
        python,
        numRanks: NUM_RANKS,
        numSpares: 1,
        numSteps: NUM_STEPS,
        checkpointSeconds: 0.5,
        seed,
        ...options,
      });

    for (const seed of seeds) {
      const faultAt = 10 + 10 * seed;
      let undisturbed: RunResult;

      beforeAll(async () => {
        using run = submitted("undisturbed", seed);
        await run.ended();
        expect(run.log).toContain("held-out");
        undisturbed = resultOf(run.folder, NUM_STEPS);
        expect(undisturbed).toMatchObject({ attempts: 1, incidents: [] });
      });

      async function disturbed(
        name: string,
        disturb: (run: SlurmRun) => Promise<void>,
        options: Partial<SlurmRunOptions> = {},
      ): Promise<RunResult & { readonly jobs: readonly string[] }> {
        const corpus = (of: string) => join(base, `${of}-${seed}`, "corpus");
        cpSync(corpus("undisturbed"), corpus(name), { recursive: true });
        using run = submitted(name, seed, options);
        await run.stepsAfter(0, faultAt);
        await disturb(run);
        await run.ended();
        return { ...(await expectUndisturbed(run.folder, NUM_STEPS, undisturbed)), jobs: run.jobs };
      }

      test(`goes on when ranks are killed, stopped and asleep in a step, one by one (seed ${seed})`, async () => {
        const [killed, stopped, asleep] = [0, 1, 2].map((i) => (seed + i) % NUM_RANKS) as [
          number,
          number,
          number,
        ];
        const { attempts, incidents, jobs } = await disturbed("ranks", async (run) => {
          process.kill(run.process(killed).pid, "SIGKILL");
          await run.stepsAfter(1, 10);
          process.kill(run.process(stopped).pid, "SIGSTOP");
          await run.stepsAfter(2, 10);
          run.disturb("hang", asleep);
        });
        expect(attempts).toBe(4);
        expect(incidents).toMatchObject([
          { evidence: { rank: killed, signal: "SIGKILL" } },
          { evidence: { rank: stopped, what: expect.stringContaining("stopped by a signal") } },
          { evidence: { rank: asleep, section: "step" } },
        ]);
        expect(jobs).toHaveLength(1);
      });

      test(`goes on as it is with a rank that stands still a quarter of the time (seed ${seed})`, async () => {
        const { attempts, jobs } = await disturbed("slow", async (run) => {
          const { pid, started } = run.process(seed % NUM_RANKS);
          while (processStart(pid) === started) {
            process.kill(pid, "SIGSTOP");
            await sleep(50);
            process.kill(pid, "SIGCONT");
            await sleep(150);
          }
        });
        expect([attempts, jobs.length]).toEqual([1, 1]);
      });

      test(`goes on on the spare when a node loses power, in the same job (seed ${seed})`, async () => {
        const lost = seed % NUM_RANKS;
        let node = "";
        const { attempts, incidents, jobs } = await disturbed("powerless", async (run) => {
          node = run.process(lost).place;
          cluster.losePower(node);
          await run.stepsAfter(1);
          expect(run.process(lost).place).not.toBe(node);
        });
        expect([attempts, jobs.length]).toEqual([2, 1]);
        expect(incidents).toMatchObject([
          { what: "a place failed", response: { action: "spare", place: node } },
        ]);
      });

      test(`goes on in another job when a node without a spare loses power while the controller is down (seed ${seed})`, async () => {
        const { attempts, jobs } = await disturbed(
          "spareless",
          async (run) => {
            cluster.killDaemon("controller");
            // Rank 2's node is the batch script's.
            cluster.losePower(run.process(seed % 2).place);
            await run.until(() => run.log.includes("Unable to contact slurm controller"));
            cluster.startController();
          },
          { numSpares: 0 },
        );
        expect([attempts, jobs.length]).toEqual([2, 2]);
      });

      test(`does not notice that the controller and a node's daemon are killed (seed ${seed})`, async () => {
        const { attempts, incidents, jobs } = await disturbed("daemonless", async (run) => {
          const node = run.process(seed % NUM_RANKS).place;
          cluster.killDaemon("controller");
          cluster.killDaemon(node);
          await run.stepsAfter(0, 2 * faultAt);
          cluster.startController();
          cluster.startNode(node);
        });
        expect([attempts, incidents, jobs.length]).toEqual([1, [], 1]);
      });

      test(`stops before the time limit, is queued again, and goes on (seed ${seed})`, async () => {
        const { attempts, incidents, jobs } = await disturbed("limited", async (run) => {
          // As Slurm does by --signal=B:USR2 before the limit.
          cluster.command("scancel", "--batch", "--signal=USR2", run.job);
          await run.stepsAfter(1);
        });
        expect([attempts, incidents, jobs.length]).toEqual([2, [], 1]);
      });

      test(`is not disturbed by a rank 0 that wakes up after its successor began (seed ${seed})`, async () => {
        const { attempts, jobs } = await disturbed("revived", async (run) => {
          const before = run.attemptFolder;
          const { pid, started, place } = run.process(0);
          // Its whole node stands still, and is taken for gone; then the rank wakes up alone.
          using _ = cluster.stopNode(place);
          await run.stepsAfter(1);
          const said = () => readFileSync(eventsFile(before, 0), "utf8");
          const stale = said();
          process.kill(pid, "SIGCONT");
          while (processStart(pid) === started) await sleep(20);
          expect(said()).toBe(stale);
        });
        expect([attempts, jobs.length]).toEqual([2, 1]);
      });
    }
  });
});

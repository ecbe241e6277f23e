/**
 * @file Four gloo ranks of which one is killed, hangs, is slow, or wakes up after its successor has begun:
 * the run ends with the tokens of an undisturbed one and its losses. More seeds: LONGRUN_TORCH_SEEDS=3.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsFile, processesFile } from "../src/fleet/process/attempt-folder.ts";
import { processStart } from "../src/record/lock.ts";
import { writeTexts } from "./support/campaigns.ts";
import { expectUndisturbed, incidentsIn, type RunResult, resultOf } from "./support/run-result.ts";
import { describeTorch } from "./support/torch.ts";
import { TorchRun } from "./support/torch-run.ts";

const NUM_RANKS = 4;
const NUM_STEPS = 120;
/** Nobody has this number: Linux gives at most 4,194,303. */
const NO_PID = 4_999_999;
const seeds = Array.from({ length: Number(process.env.LONGRUN_TORCH_SEEDS ?? 1) }, (_, i) => i + 1);

describeTorch("a run in PyTorch of four ranks", (python) => {
  const base = mkdtempSync(join(tmpdir(), "longrun-torch-faults-"));
  beforeAll(() => writeTexts(base));
  afterAll(() => rmSync(base, { recursive: true }));

  type Options = { readonly numRanks?: number; readonly parallel?: "ddp" | "fsdp2" };
  const start = (name: string, seed: number, { numRanks = NUM_RANKS, parallel = "ddp" }: Options = {}) =>
    new TorchRun({
      parallel,
      base,
      folder: join(base, `${name}-${seed}`),
      python,
      numRanks,
      numSteps: NUM_STEPS,
      checkpointSeconds: 0.5,
      seed,
    });

  async function ended(run: TorchRun): Promise<void> {
    const { code, stderr } = await run.command.ended;
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
  }

  for (const seed of seeds) {
    const rank = seed % NUM_RANKS;
    const faultAt = 10 + 10 * seed;
    let undisturbed: RunResult;

    beforeAll(async () => {
      using run = start("undisturbed", seed);
      await ended(run);
      undisturbed = resultOf(run.folder, NUM_STEPS);
      expect(undisturbed).toMatchObject({ attempts: 1, incidents: [] });
    });

    async function disturbed(
      name: string,
      disturb: (run: TorchRun) => Promise<void>,
      options: Options = {},
    ): Promise<RunResult> {
      const corpus = (of: string) => join(base, `${of}-${seed}`, "corpus");
      cpSync(corpus("undisturbed"), corpus(name), { recursive: true });
      using run = start(name, seed, options);
      await run.stepsAfter(0, faultAt);
      await disturb(run);
      await ended(run);
      return await expectUndisturbed(run.folder, NUM_STEPS, undisturbed, Object.keys(options).length === 0);
    }

    test(`with rank ${rank} killed goes on, and names it (seed ${seed})`, async () => {
      const { attempts, incidents } = await disturbed("killed", async (run) => {
        process.kill(run.process(rank).pid, "SIGKILL");
      });
      expect(attempts).toBe(2);
      expect(incidents).toMatchObject([{ evidence: { rank, signal: "SIGKILL" } }]);
    });

    test(`with rank ${rank} asleep inside a step goes on, and names it (seed ${seed})`, async () => {
      const { attempts, incidents } = await disturbed("hung", async (run) => run.disturb("hang", rank));
      expect(attempts).toBe(2);
      expect(incidents).toMatchObject([
        {
          evidence: {
            rank,
            section: "step",
            testimony: [
              expect.stringMatching(
                `^rank ${rank} did not come to call \\d+ of group \\d+, .*, for which ranks .* wait$`,
              ),
              expect.stringMatching(/^its stack: sitecustomize.py:\d+ step < train.py:\d+ step < /),
            ],
          },
        },
      ]);
    });

    test.for<Options & { readonly name: string }>([
      { name: "slow" },
      { name: "slow-fsdp2", parallel: "fsdp2", numRanks: 3 },
    ])(
      `with rank 1 slow goes on as it is, and names it: $name (seed ${seed})`,
      async ({ name, ...options }) => {
        const { attempts } = await disturbed(name, async (run) => run.disturb("slow", 1), options);
        expect(attempts).toBe(1);
        const slow = incidentsIn(join(base, `${name}-${seed}`), () => true).filter(
          ({ what }) => what === "slow",
        );
        expect(slow).toMatchObject([{ evidence: { rank: { rank: 1 }, against: "the median of all ranks" } }]);
      },
    );

    test(`with a bit of rank ${rank}'s parameters flipped ends with the undisturbed bits (seed ${seed})`, async () => {
      const { incidents, ...found } = await disturbed("flipped", async (run) => run.disturb("flip", rank));
      expect(incidents).toMatchObject([{ what: "replicas disagree", evidence: { rank } }]);
      expect({ ...found, attempts: 1, incidents: [] }).toEqual(undisturbed);
    });

    // Alone, nothing but the fence stops it: with others, their absence may come first.
    test.for([1, NUM_RANKS])(
      `with rank 0 of %d that wakes up after its successor began is not disturbed by it (seed ${seed})`,
      async (numRanks) => {
        const wakeUp = async (run: TorchRun) => {
          const before = run.attemptFolder;
          const pid = run.process(0).pid;
          const started = processStart(pid);
          await run.killSupervisor();
          process.kill(pid, "SIGSTOP");
          // As if its machine could not be reached: nobody can end it.
          const path = processesFile(before);
          writeFileSync(path, readFileSync(path, "utf8").replace(`"pid":${pid}`, `"pid":${NO_PID}`));
          run.resume();
          await run.stepsAfter(Number(basename(before)), 5);
          const said = () => readFileSync(eventsFile(before, 0), "utf8");
          const stale = said();
          process.kill(pid, "SIGCONT");
          // The run may end before.
          while (processStart(pid) === started) await sleep(20);
          expect(said()).toBe(stale);
        };
        expect(await disturbed(`revived-${numRanks}`, wakeUp, { numRanks })).toMatchObject({ attempts: 2 });
      },
    );
  }
});

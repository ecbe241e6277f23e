/**
 * @file Four gloo ranks of which one is killed, hangs, is slow, or wakes up after its successor has begun:
 * the run ends with the tokens of an undisturbed one and its losses. More seeds: LONGRUN_TORCH_SEEDS=3.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsFile, processesFile } from "../src/fleet/process/attempt-folder.ts";
import { processStart } from "../src/record/lock.ts";
import { readRecord } from "../src/record/record.ts";
import { readWholeRunSeries } from "../src/record/run-series.ts";
import { columnOf } from "../src/record/series.ts";
import { writeTexts } from "./support/campaigns.ts";
import { longrun } from "./support/processes.ts";
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

  type Ended = {
    readonly attempts: number;
    readonly bitsPerByte: number;
    readonly losses: Float64Array;
    /** Step, tokens so far, checksum of the batch: each step once, or this throws. */
    readonly data: readonly Float64Array[];
    /** That something was done about: a busy machine is slow at times. */
    readonly incidents: readonly Incident[];
  };
  type Incident = { readonly what: string; readonly evidence: Record<string, unknown> };
  const incidentsIn = (folder: string, isMeant: (action?: string) => boolean) =>
    readRecord(folder).events.flatMap((event) =>
      event.kind === "incident" && isMeant(event.data.response?.action) ? [event.data as Incident] : [],
    );

  async function ended(run: TorchRun, folder: string): Promise<Ended> {
    const { code, stdout, stderr } = await run.command.ended;
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
    const { summary } = JSON.parse(stdout) as {
      readonly summary: {
        readonly numAttempts: number;
        readonly heldOut: { readonly all: { bitsPerByte: number } };
      };
    };
    const series = readWholeRunSeries(
      join(folder, "series", readdirSync(join(folder, "series"))[0]!),
      NUM_STEPS,
    );
    return {
      attempts: summary.numAttempts,
      bitsPerByte: summary.heldOut.all.bitsPerByte,
      losses: columnOf(series, "loss"),
      data: (["step", "tokens", "batch"] as const).map((name) => columnOf(series, name)),
      incidents: incidentsIn(folder, (action) => action !== "nothing"),
    };
  }

  for (const seed of seeds) {
    const rank = seed % NUM_RANKS;
    const faultAt = 10 + 10 * seed;
    let undisturbed: Ended;

    beforeAll(async () => {
      using run = start("undisturbed", seed);
      undisturbed = await ended(run, join(base, `undisturbed-${seed}`));
      expect(undisturbed).toMatchObject({ attempts: 1, incidents: [] });
    });

    async function disturbed(
      name: string,
      disturb: (run: TorchRun) => Promise<void>,
      options: Options = {},
    ): Promise<Ended> {
      const corpus = (of: string) => join(base, `${of}-${seed}`, "corpus");
      cpSync(corpus("undisturbed"), corpus(name), { recursive: true });
      using run = start(name, seed, options);
      await run.stepsAfter(0, faultAt);
      await disturb(run);
      const found = await ended(run, join(base, `${name}-${seed}`));
      expect(found.data).toEqual(undisturbed.data);
      const audit = await longrun("record", "audit", join(base, `${name}-${seed}`));
      expect(audit.stdout).toContain(`steps 1 to ${NUM_STEPS} once each`);
      expect(audit.code).toBe(0);
      // Other ranks add up the gradients in another order.
      if (Object.keys(options).length === 0) expect(found.losses).toEqual(undisturbed.losses);
      for (const [step, loss] of undisturbed.losses.entries())
        expect(Math.abs(found.losses[step]! / loss - 1), `step ${step + 1}`).toBeLessThan(0.005);
      expect(Math.abs(found.bitsPerByte / undisturbed.bitsPerByte - 1)).toBeLessThan(0.005);
      return found;
    }

    test(`with rank ${rank} killed goes on, and names it (seed ${seed})`, async () => {
      const { attempts, incidents } = await disturbed("killed", async (run) => {
        process.kill(run.pid(rank), "SIGKILL");
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
          const pid = run.pid(0);
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

/** @file Ranks of PyTorch on several machines with a network between them, of which one loses its power. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareCorpus } from "../src/corpus/prepare.ts";
import { corpusSpec } from "../src/corpus/spec.ts";
import type { Backend } from "../src/fleet/backend.ts";
import { slotsOf } from "../src/fleet/decide/places.ts";
import { NodesBackend } from "../src/fleet/nodes/nodes-backend.ts";
import { LocalBackend, localPlaces } from "../src/fleet/process/local-backend.ts";
import type { RunTask } from "../src/fleet/run-task.ts";
import { runSpecOf, singleRunSchema } from "../src/fleet/single-run.ts";
import { supervise } from "../src/fleet/supervise.ts";
import { torchJob } from "../src/fleet/torch/torch-job.ts";
import { thisMachine } from "../src/machine/this-machine.ts";
import { readWholeRunSeries } from "../src/record/run-series.ts";
import { columnOf } from "../src/record/series.ts";
import { seriesFolder } from "../src/record/workspace.ts";
import { writeTexts } from "./support/campaigns.ts";
import { Machines, machinesAreMissing } from "./support/machines.ts";
import { describeTorch } from "./support/torch.ts";

const AGENT = join(import.meta.dirname, "..", "src", "fleet", "nodes", "agent.ts");
const NUM_STEPS = 60;
const NUM_RANKS = 4;
const missing = machinesAreMissing();

describeTorch("ranks on several machines", (python) => {
  const base = mkdtempSync(join(tmpdir(), "longrun-torch-nodes-"));
  const corpus = { sources: [{ name: "tales", path: "tales" }] };
  beforeAll(async () => {
    writeTexts(base);
    const spec = corpusSpec.parse({ ...corpus, passageBytes: 1000, vocabularySize: 300, seed: 1 });
    await prepareCorpus(spec, base, join(base, "corpus"));
  });
  afterAll(() => rmSync(base, { recursive: true }));

  const taskOf = (name: string): RunTask => {
    const how = { sequenceLength: 64, batchSequences: 8, heldOutTokens: 4000, checkpointSeconds: 0.2 };
    const run = { shape: { width: 48 }, numSteps: NUM_STEPS, ...how };
    return {
      name,
      spec: runSpecOf(singleRunSchema.parse({ name, corpus, vocabularySize: 300, trainer: "torch", run })),
      folder: join(base, name),
      corpusFolder: join(base, "corpus"),
      numThreads: 2,
      instructionSet: thisMachine(base).instructionSet,
      checkpointBytes: 1e9,
    };
  };

  /** Numbers of each step, and where each attempt was. */
  async function train(task: RunTask, backend: Backend, onCheckpoint: (step: number) => void) {
    const places: (readonly string[])[] = [];
    const failures: unknown[] = [];
    const watcher = {
      onEvent(
        event: { readonly kind: string; readonly step?: number },
        at: { readonly places: readonly string[] },
      ) {
        if (event.kind === "started") places.push(at.places);
        if (event.kind === "checkpoint") onCheckpoint(event.step!);
      },
      onFailure: (failure: unknown, decision: unknown) => failures.push({ failure, decision }),
    };
    const start = () => ({ fromStep: null, skip: [], failureSeconds: null });
    const job = torchJob(task, start, { python, numRanks: NUM_RANKS });
    const outcome = await supervise(job, backend, watcher, new AbortController().signal);
    if (outcome.kind !== "finished") throw new Error(`ended as ${JSON.stringify(outcome)}`);
    const series = readWholeRunSeries(seriesFolder(task.folder, task.name), NUM_STEPS);
    const losses = columnOf(series, "loss");
    return { places, failures, losses, heldOut: outcome.summary.heldOut.all.natsPerToken };
  }

  test.skipIf(missing !== null)(
    `train across them, and go on on a spare with the same bits${missing === null ? "" : ` (skipped: ${missing})`}`,
    async () => {
      const whole = taskOf("whole");
      using here = new LocalBackend(whole.folder, localPlaces(NUM_RANKS));
      const undisturbed = await train(whole, here, () => {});

      const task = taskOf("spread");
      using machines = await Machines.start(["m1", "m2", "m3"]);
      await using backend = new NodesBackend(
        ["m1", "m2", "m3"].flatMap((name) => slotsOf(name, 2)),
        (name, own) => [...machines.wordsOn(name), process.execPath, AGENT, task.folder, ...own],
        (name) => machines.addressOf(name),
      );
      await backend.ready();
      const listening: unknown[] = [];
      let isLost = false;
      const found = await train(task, backend, () => {
        if (isLost) return;
        isLost = true;
        listening.push(machines.listeningOn("m1"), machines.listeningOn("m2"));
        machines.losePower("m2");
      });
      expect(found.places).toEqual([
        ["m1/0", "m1/1", "m2/0", "m2/1"],
        ["m1/0", "m1/1", "m3/0", "m3/1"],
      ]);
      expect(found.failures).toMatchObject([
        {
          failure: { sighting: { kind: "place", place: expect.stringMatching(/^m2/) } },
          decision: { action: "spare" },
        },
      ]);
      expect(listening).toEqual([["10.77.0.1"], ["10.77.0.2"]]);
      expect(found.losses).toEqual(undisturbed.losses);
      expect(found.heldOut).toBe(undisturbed.heldOut);
    },
  );
});

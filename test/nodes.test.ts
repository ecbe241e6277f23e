import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareCorpus } from "../src/corpus/prepare.ts";
import { corpusSpec } from "../src/corpus/spec.ts";
import type { Backend } from "../src/fleet/backend.ts";
import { builtinJob } from "../src/fleet/builtin-job.ts";
import type { Decision, Failure } from "../src/fleet/decide/decide.ts";
import { NodesBackend } from "../src/fleet/nodes/nodes-backend.ts";
import { attemptFolder, readProcesses } from "../src/fleet/process/attempt-folder.ts";
import { LocalBackend } from "../src/fleet/process/local-backend.ts";
import { pidsWith } from "../src/fleet/process/proc.ts";
import type { RunTask } from "../src/fleet/run-task.ts";
import { runSpecOf, singleRunSchema } from "../src/fleet/single-run.ts";
import { supervise } from "../src/fleet/supervise.ts";
import { thisMachine } from "../src/machine/this-machine.ts";
import { writeTexts } from "./support/campaigns.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-nodes-"));
const corpusFolder = join(base, "corpus");
const AGENT = join(import.meta.dirname, "..", "src", "fleet", "nodes", "agent.ts");
/** In the environment of all that runs on a machine that is made up. */
const MACHINE = "LONGRUN_TEST_MACHINE";

beforeAll(async () => {
  writeTexts(base);
  const sources = [{ name: "tales", path: "tales" }];
  await prepareCorpus(
    corpusSpec.parse({ sources, passageBytes: 1000, vocabularySize: 300, seed: 1 }),
    base,
    corpusFolder,
  );
});
afterAll(() => rmSync(base, { recursive: true }));

function taskOf(name: string, numSteps: number): RunTask {
  const run = { shape: { width: 48 }, sequenceLength: 64, batchSequences: 8, numSteps, heldOutTokens: 4000 };
  const corpus = { sources: [{ name: "tales", path: "tales" }] };
  return {
    name,
    spec: runSpecOf(singleRunSchema.parse({ name, corpus, vocabularySize: 300, run })),
    folder: join(base, name),
    corpusFolder,
    numThreads: 1,
    instructionSet: thisMachine(base).instructionSet,
    checkpointBytes: 1e9,
  };
}

/** Machines of this name that are processes of this one, each with a mark in its environment. */
function backendOn(
  task: RunTask,
  machines: readonly string[],
  addressOf?: (machine: string) => string,
): NodesBackend {
  const agentOn = (machine: string, places: readonly string[]) => [
    ...["env", `${MACHINE}=${join(base, machine)}`],
    ...[process.execPath, AGENT, task.folder, ...places],
  ];
  return new NodesBackend(machines, agentOn, addressOf);
}

const losePower = (machine: string) => {
  for (const pid of pidsWith(MACHINE, join(base, machine))) process.kill(pid, "SIGKILL");
};

async function train(task: RunTask, backend: Backend, atStep: (step: number) => void) {
  const failures: { readonly failure: Failure; readonly decision: Decision }[] = [];
  const started: (readonly string[])[] = [];
  const watcher = {
    onEvent(
      event: { readonly kind: string; readonly step?: number },
      { places }: { readonly places: readonly string[] },
    ) {
      if (event.kind === "started") started.push(places);
      if (event.kind === "step") atStep(event.step!);
    },
    onFailure: (failure: Failure, decision: Decision) => failures.push({ failure, decision }),
  };
  const job = builtinJob(task, () => ({ fromStep: null, skip: [], failureSeconds: null }));
  const outcome = await supervise(job, backend, watcher, new AbortController().signal);
  if (outcome.kind !== "finished") throw new Error(`ended as ${outcome.kind}`);
  return { loss: outcome.summary.heldOut.all.natsPerToken, failures, started };
}

describe("a run on several machines", () => {
  test("goes on on the spare when its machine is gone, and ends with the same numbers", async () => {
    const undisturbed = taskOf("undisturbed", 1200);
    using here = new LocalBackend(undisturbed.folder);
    const { loss } = await train(undisturbed, here, () => {});

    const task = taskOf("powerless", 1200);
    await using backend = backendOn(task, ["m1", "m2"]);
    await backend.ready();
    expect(backend.places()).toEqual(["m1", "m2"]);
    let isLost = false;
    const lost = await train(task, backend, (step) => {
      if (isLost || step < 300) return;
      isLost = true;
      losePower("m1");
    });
    expect(lost.loss).toBe(loss);
    expect(lost.started).toEqual([["m1"], ["m2"]]);
    expect(lost.failures).toMatchObject([
      {
        failure: {
          sighting: { kind: "place", place: "m1", what: expect.stringContaining("its agent ended") },
        },
        decision: { action: "spare", place: "m1" },
      },
    ]);
    expect(backend.places()).toEqual(["m2"]);
    expect(readProcesses(attemptFolder(task.folder, task.name, 2))).toMatchObject([{ place: "m2", rank: 0 }]);
  });

  test("names the machine that another one does not find", async () => {
    const task = taskOf("lonely", 100);
    const launch = {
      folder: attemptFolder(task.folder, task.name, 1),
      processes: ["m1", "m2"].map((place, rank) => ({
        ...{ rank, place, environment: {} },
        program: { kind: "command" as const, command: ["true"], workingFolder: base },
      })),
    };
    await using backend = backendOn(task, ["m1", "m2"], (machine) =>
      machine === "m1" ? "127.0.0.1" : "nowhere.invalid",
    );
    await backend.ready();
    await expect(backend.start(launch)).rejects.toMatchObject({
      found: expect.stringMatching(
        /^m1 finds no way to the node nowhere\.invalid \((ENOTFOUND|EAI_AGAIN)\)$/,
      ),
      expected: "nodes that know each other's names and addresses",
    });
  });

  test("loses no machine while its supervisor is busy for longer than a machine may be silent", async () => {
    await using backend = backendOn(taskOf("busy", 1), ["m4", "m5"]);
    await backend.ready();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000);
    await sleep(10);
    expect(backend.lost).toEqual([]);
  });

  test("ends with its supervisor: nothing of it is left on any machine", async () => {
    const task = taskOf("left", 100_000);
    {
      await using backend = backendOn(task, ["m3"]);
      await backend.ready();
      const job = builtinJob(task, () => ({ fromStep: null, skip: [], failureSeconds: null }));
      await backend.start({
        folder: attemptFolder(task.folder, task.name, 1),
        processes: job.processes(1, ["m3"]),
      });
      expect(pidsWith(MACHINE, join(base, "m3"))).not.toEqual([]);
    }
    while (pidsWith(MACHINE, join(base, "m3")).length > 0) await sleep(20);
  });
});

import { existsSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Corpus, openCorpus } from "../corpus/corpus.ts";
import { prepareCorpus } from "../corpus/prepare.ts";
import { corpusSpec } from "../corpus/spec.ts";
import { native } from "../engine/native.ts";
import { Random } from "../math/random.ts";
import { mean } from "../math/statistics.ts";
import { readRunSeries } from "../record/run-series.ts";
import { columnOf } from "../record/series.ts";
import { memoryFolder, nextAttempt } from "../record/workspace.ts";
import { latestCheckpoint, listCheckpoints, loadCheckpoint, MODEL_FILE } from "./checkpoint.ts";
import { SMALL_RUN } from "./fixture.ts";
import { batchStepOf, type RunPlace, trainRun, UNWATCHED } from "./run.ts";
import type { RunEvent } from "./run-event.ts";
import type { RunSpec } from "./run-spec.ts";
import { learningRateAt } from "./schedule.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

let corpus: Corpus;
beforeAll(async () => {
  const random = new Random(1, "text");
  const words = ["the ", "ship ", "sails ", "home ", "and ", "sinks.\n"];
  const text = Array.from({ length: 6000 }, () => words[random.integer(words.length)]).join("");
  writeFileSync(join(folder, "text.txt"), text);
  const sources = [{ name: "text", path: "text.txt" }];
  const spec = { sources, passageBytes: 500, holdOut: { fraction: 0.1 }, vocabularySize: 270, seed: 1 };
  await prepareCorpus(corpusSpec.parse(spec), folder, join(folder, "corpus"));
  corpus = openCorpus(join(folder, "corpus"));
});

const place = (name: string, changes: Partial<RunPlace> = {}): RunPlace => ({
  folder,
  name,
  attempt: nextAttempt(folder, name),
  watch: UNWATCHED,
  corpus,
  numThreads: 1,
  instructionSet: native.instructionSets()[0]!,
  checkpointBytes: 1e9,
  fromStep: null,
  failureSeconds: null,
  skip: [],
  ...changes,
});

/** Trains until it ends, or until a step after which it is asked to stop. */
async function train(
  spec: RunSpec,
  at: RunPlace,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<readonly RunEvent[]> {
  const stop = new AbortController();
  const events: RunEvent[] = [];
  for await (const event of trainRun(spec, at, stop.signal)) {
    events.push(event);
    if (event.kind === "step" && event.step === stopAfter) stop.abort();
  }
  return events;
}

const kindsOf = (events: readonly RunEvent[]) =>
  events.map(({ kind }) => kind).filter((kind, i, all) => kind !== "step" || all[i - 1] !== "step");
const seriesOf = (name: string, column: string) =>
  Array.from(columnOf(readRunSeries(join(folder, "series", name)), column));
/** Parameters and moments at the end, bit by bit. */
function stateOf(name: string): readonly string[] {
  const { checkpoint } = latestCheckpoint(join(folder, "runs", name, "checkpoints"));
  const { model, optimiser } = loadCheckpoint(checkpoint!);
  return [...model, ...optimiser].map(
    ({ name: tensor, data }) =>
      `${tensor} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")}`,
  );
}

describe("a run", () => {
  test("lowers the loss, keeps its series and ends with a summary of them", async () => {
    const events = await train(SMALL_RUN, place("whole"));
    expect(kindsOf(events)).toEqual(["started", "step", "checkpoint", "evaluating", "finished"]);
    expect(events[0]).toEqual({
      kind: "started",
      attempt: 1,
      fromStep: 0,
      checkpoint: null,
      exact: true,
      damaged: [],
      seconds: expect.any(Number),
    });
    const losses = seriesOf("whole", "loss");
    expect(losses).toHaveLength(60);
    expect(Math.abs(losses[0]! - Math.log(270))).toBeLessThan(0.3);
    expect(mean(losses.slice(-5))).toBeLessThan(0.5 * losses[0]!);
    expect(seriesOf("whole", "step")).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(seriesOf("whole", "tokens").at(-1)).toBe(60 * 64);
    const rates = Array.from({ length: 60 }, (_, i) => learningRateAt(i + 1, 60, 0.02));
    expect(seriesOf("whole", "learningRate")).toEqual(rates);
    const last = events.at(-1);
    const summary = last?.kind === "finished" ? last.summary : null;
    expect(summary).toMatchObject({ numSteps: 60, tokens: 3840, numAttempts: 1 });
    expect(summary!.heldOut.all.natsPerToken).toBeLessThan(0.5 * losses[0]!);
    expect(summary!.heldOut.sources).toEqual({ text: summary!.heldOut.all });
  });

  test("sent back trains again from there; the batches of skipped steps are others, all the rest the same", async () => {
    await train(SMALL_RUN, place("undisturbed"));
    for (const stopAfter of [20, 40]) await train(SMALL_RUN, place("sent-back"), stopAfter);
    const again = await train(SMALL_RUN, place("sent-back", { fromStep: 30, skip: [25, 26] }));
    expect(again[0]).toMatchObject({ kind: "started", attempt: 3, fromStep: 20 });
    const [whole, altered] = [seriesOf("undisturbed", "loss"), seriesOf("sent-back", "loss")];
    expect(altered).toHaveLength(60);
    expect(altered.slice(0, 24)).toEqual(whole.slice(0, 24));
    expect(altered[24]).not.toBe(whole[24]);
    expect([25, 26, 27].map((step) => batchStepOf(step, 60, [25, 26]))).toEqual([61, 62, 27]);
    await train(SMALL_RUN, place("replayed"), 40);
    await train(SMALL_RUN, place("replayed", { fromStep: 10 }));
    expect(seriesOf("replayed", "loss")).toEqual(whole);
    expect(stateOf("replayed")).toEqual(stateOf("undisturbed"));
  });

  test("does not depend on threads, and stopped and taken up again ends with the same bits", async () => {
    await train(SMALL_RUN, place("straight"));
    const first = await train(SMALL_RUN, place("stopped"), 20);
    expect(kindsOf(first)).toEqual(["started", "step", "checkpoint", "stopped"]);
    expect(first.at(-1)).toEqual({ kind: "stopped", step: 20 });
    const second = await train(SMALL_RUN, place("stopped", { numThreads: 2 }), 41);
    expect(second[0]).toMatchObject({ attempt: 2, fromStep: 20, exact: true });
    const third = await train(SMALL_RUN, place("stopped"));
    expect(third[0]).toMatchObject({ attempt: 3, fromStep: 41 });
    expect(seriesOf("stopped", "loss")).toEqual(seriesOf("straight", "loss"));
    expect(seriesOf("stopped", "gradientNorm")).toEqual(seriesOf("straight", "gradientNorm"));
    expect(stateOf("stopped")).toEqual(stateOf("straight"));
  });

  test("saves to memory in between: a kill costs the steps since, a new start of the machine those since the disk", async () => {
    const long = { ...SMALL_RUN, numSteps: 8000 };
    await train(long, place("unkilled"));
    const inMemory = (name: string) => listCheckpoints(memoryFolder(folder, name)).at(-1);
    /** The step in memory when the run ends without a word, some steps after a save. */
    const killed = async (name: string): Promise<number> => {
      let saved = 0;
      for await (const event of trainRun(
        long,
        place(name, { failureSeconds: 1e-3 }),
        new AbortController().signal,
      )) {
        if (event.kind === "checkpoint") throw new Error("no save to the disk is due");
        saved ||= event.kind === "step" && event.step % 10 === 0 ? (inMemory(name)?.step ?? 0) : 0;
        if (saved > 0 && event.kind === "step" && event.step >= saved + 20) break;
      }
      return inMemory(name)!.step;
    };
    const step = await killed("killed");
    const events = await train(long, place("killed"));
    expect(events[0]).toMatchObject({ kind: "started", attempt: 2, fromStep: step, damaged: [] });
    expect(seriesOf("killed", "loss")).toEqual(seriesOf("unkilled", "loss"));
    expect(stateOf("killed")).toEqual(stateOf("unkilled"));
    expect(existsSync(dirname(memoryFolder(folder, "killed")))).toBe(false);

    await killed("restarted");
    renameSync(memoryFolder(folder, "restarted"), join(folder, "runs", "restarted", "memory", "1f2e3d4c"));
    expect((await train(long, place("restarted"), 1))[0]).toMatchObject({ fromStep: 0, damaged: [] });

    await killed("damaged");
    const { path } = inMemory("damaged")!;
    truncateSync(join(path, MODEL_FILE), 1000);
    expect((await train(long, place("damaged"), 1))[0]).toMatchObject({ fromStep: 0, damaged: [{ path }] });
  });

  test("with another seed has another start and another order", async () => {
    await train({ ...SMALL_RUN, numSteps: 2 }, place("seed-1"));
    await train({ ...SMALL_RUN, numSteps: 2, seed: 2 }, place("seed-2"));
    expect(seriesOf("seed-2", "loss")[0]).not.toBe(seriesOf("seed-1", "loss")[0]);
  });

  test("ends where its loss is no longer a number, and leaves what was good", async () => {
    const wild = { ...SMALL_RUN, optimiser: { ...SMALL_RUN.optimiser, learningRate: 1e30, weightDecay: 0 } };
    const events = await train(wild, place("wild"));
    const last = events.at(-1);
    expect(last?.kind).toBe("diverged");
    if (last?.kind !== "diverged") return;
    expect([last.loss, last.gradientNorm]).toContain(null);
    expect(seriesOf("wild", "loss")).toHaveLength(last.step - 1);
    expect(seriesOf("wild", "loss").every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["a parameter", 1e38],
    ["its held-out loss", 1e25],
  ] as const)(
    "has diverged where the last update leaves %s that is not finite",
    async (what, learningRate) => {
      const name = `wild-${learningRate}`;
      const wild = {
        ...SMALL_RUN,
        numSteps: 1,
        optimiser: { ...SMALL_RUN.optimiser, learningRate, weightDecay: 0 },
      };
      const events = await train(wild, place(name));
      expect(events.at(-1)).toMatchObject({ kind: "diverged", step: 1, what });
      expect(events.filter(({ kind }) => kind === "checkpoint")).toHaveLength(what === "a parameter" ? 0 : 1);
    },
  );

  test("does not go on where its curve so far is gone", async () => {
    await train(SMALL_RUN, place("without-curve"), 3);
    rmSync(join(folder, "series", "without-curve"), { recursive: true });
    await expect(train(SMALL_RUN, place("without-curve"))).rejects.toThrow(
      /lacks rows: it ends at step 0\nexpected: a row for each of 3 steps/,
    );
  });

  test("a checkpoint of another specification is refused", async () => {
    await train(SMALL_RUN, place("other"), 3);
    const changed = { ...SMALL_RUN, seed: 9 };
    await expect(train(changed, place("other"))).rejects.toThrow(
      "belongs to another run specification or corpus",
    );
  });

  const sets = native.instructionSets();
  test.skipIf(sets.length < 2)("going on with another instruction set is allowed, and said", async () => {
    const [best, other] = sets;
    await train(SMALL_RUN, place("moved", { instructionSet: best! }), 3);
    const events = await train(SMALL_RUN, place("moved", { instructionSet: other! }), 5);
    expect(events[0]).toMatchObject({ fromStep: 3, exact: false });
  });
});

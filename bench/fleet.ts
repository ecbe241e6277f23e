/**
 * @file What supervision of the builtin engine takes: from a kill to the next step, from a hang to its
 * notice, its share of a step and that of the saves, and a thousand ranks that do nothing.
 *
 *     npm run bench:fleet -- [--only restart|hang|cost|saves|ranks] [--kills 9] [--rounds 3] [--width 64]
 *       [--ranks 1000]
 */

import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openCorpus } from "../src/corpus/corpus.ts";
import { prepareCorpus } from "../src/corpus/prepare.ts";
import { corpusSpec } from "../src/corpus/spec.ts";
import { builtinJob } from "../src/fleet/builtin-job.ts";
import { DEFAULT_POLICY } from "../src/fleet/decide/policy.ts";
import { attemptFolder, readFence, readProcesses } from "../src/fleet/process/attempt-folder.ts";
import { LocalBackend } from "../src/fleet/process/local-backend.ts";
import { SpoolReader } from "../src/fleet/process/spool.ts";
import type { RunTask } from "../src/fleet/run-task.ts";
import { runSpecOf, singleRunSchema } from "../src/fleet/single-run.ts";
import { type RunJob, supervise } from "../src/fleet/supervise.ts";
import { thisMachine } from "../src/machine/this-machine.ts";
import { median } from "../src/math/statistics.ts";
import { columnOf, readSeries, seriesPath } from "../src/record/series.ts";
import { runFolder } from "../src/record/workspace.ts";
import { trainRun, UNWATCHED } from "../src/train/run.ts";
import { fixed } from "../src/units/print.ts";
import { writeTexts } from "../test/support/campaigns.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    kills: { type: "string", default: "9" },
    rounds: { type: "string", default: "3" },
    width: { type: "string", default: "64" },
    ranks: { type: "string", default: "1000" },
  },
});

/** Two saves to the disk, and some. */
const SAVES_SECONDS = 130;

const base = mkdtempSync(join(tmpdir(), "longrun-bench-fleet-"));
const corpusFolder = join(base, "corpus");
const machine = thisMachine(base);
process.on("exit", () => rmSync(base, { recursive: true, force: true }));

const PARTS: Readonly<Record<string, () => Promise<void>>> = { restart, hang, cost, saves, ranks };
writeTexts(base);
const spec = corpusSpec.parse({
  sources: [{ name: "tales", path: "tales" }],
  passageBytes: 1000,
  vocabularySize: 300,
  seed: 1,
});
await prepareCorpus(spec, base, corpusFolder);
for (const [name, part] of Object.entries(PARTS)) if ((values.only ?? name) === name) await part();

/** A run of this many steps in a folder of its own. */
function taskOf(name: string, numSteps: number, checkpointSeconds: number): RunTask {
  const run = {
    shape: { width: Number(values.width) },
    sequenceLength: 128,
    batchSequences: 8,
    numSteps,
    heldOutTokens: 4000,
  };
  const file = singleRunSchema.parse({
    name,
    corpus: { sources: [{ name: "tales", path: "tales" }] },
    vocabularySize: 300,
    run: { ...run, checkpointSeconds },
  });
  return {
    name,
    spec: runSpecOf(file),
    folder: join(base, name),
    corpusFolder,
    numThreads: 1,
    instructionSet: machine.instructionSet,
    checkpointBytes: 1e9,
  };
}

type Watched = {
  readonly task: RunTask;
  readonly stop: AbortController;
  readonly noticed: { readonly ms: number; readonly detectionSeconds: number; readonly what: string }[];
  /** Rank 0 as it says itself, at this moment. */
  beat(): { readonly attempt: number; readonly step: number; readonly section: string } | null;
  pid(): number;
};

/** Supervises a run while `during` does what it likes with it, then stops it. */
async function supervised(task: RunTask, during: (watched: Watched) => Promise<void>): Promise<void> {
  using backend = new LocalBackend(task.folder);
  const stop = new AbortController();
  const noticed: Watched["noticed"] = [];
  const watcher = {
    onEvent() {},
    onFailure(
      { sighting }: { readonly sighting: { readonly kind: string } },
      _: unknown,
      detectionSeconds: number,
    ) {
      noticed.push({ ms: performance.now(), detectionSeconds, what: sighting.kind });
    },
  };
  const now = () => {
    const attempt = readFence(runFolder(task.folder, task.name))?.attempt;
    return attempt === undefined ? null : { attempt, folder: attemptFolder(task.folder, task.name, attempt) };
  };
  const ended = supervise(
    builtinJob(task, () => ({ skip: [], fromStep: null, failureSeconds: null })),
    backend,
    watcher,
    stop.signal,
  );
  await during({
    task,
    stop,
    noticed,
    beat() {
      const at = now();
      if (at === null) return null;
      using spool = new SpoolReader(at.folder, 0);
      const beat = spool.beat();
      return beat && { attempt: at.attempt, step: beat.step, section: beat.section };
    },
    pid: () => readProcesses(now()!.folder)[0]!.pid,
  });
  stop.abort();
  await ended;
}

async function until(condition: () => boolean, pollMs = 1): Promise<void> {
  while (!condition()) await setTimeout(pollMs);
}

/** Until it trains, and a process waits booted for the next attempt. */
async function steadily({ beat }: Watched): Promise<void> {
  const before = beat()?.step ?? 0;
  await until(() => (beat()?.section === "step" && beat()!.step > before) ?? false);
  await setTimeout(2500);
}

async function restart(): Promise<void> {
  const rows: Record<"noticed" | "told" | "started" | "recorded" | "stepping", number>[] = [];
  await supervised(taskOf("restart", 1e6, 0.5), async (watched) => {
    for (let kill = 0; kill < Number(values.kills); kill++) {
      await steadily(watched);
      const { attempt } = watched.beat()!;
      const count = watched.noticed.length;
      const next = attemptFolder(watched.task.folder, watched.task.name, attempt + 1);
      const killedAt = performance.now();
      process.kill(watched.pid(), "SIGKILL");
      const since = async (condition: () => boolean) => {
        await until(condition);
        return performance.now() - killedAt;
      };
      await since(() => watched.noticed.length > count);
      const noticed = watched.noticed.at(-1)!.ms - killedAt;
      const told = await since(() => readProcesses(next).length > 0);
      using spool = new SpoolReader(next, 0);
      const started = await since(() => spool.messages().some(({ kind }) => kind === "started"));
      const recorded = await since(
        () => readFence(runFolder(watched.task.folder, watched.task.name))!.isRecorded,
      );
      const stepping = await since(() => spool.beat()?.section === "step");
      rows.push({ noticed, told, started, recorded, stepping });
    }
  });
  const middle = (key: keyof (typeof rows)[number]) => fixed(median(rows.map((row) => row[key])), 0);
  console.log(
    `kill: noticed after ${middle("noticed")} ms, the next process has its task after ${middle("told")} ms, ` +
      `is ready after ${middle("started")} ms, recorded after ${middle("recorded")} ms, ` +
      `first new step after ${middle("stepping")} ms (medians of ${rows.length}; ` +
      `worst ${fixed(Math.max(...rows.map(({ stepping }) => stepping)), 0)} ms)`,
  );
}

async function hang(): Promise<void> {
  await supervised(taskOf("hang", 1e6, 0.5), async (watched) => {
    for (let i = 0; i < 3; i++) {
      await steadily(watched);
      const { attempt } = watched.beat()!;
      const stoppedAt = performance.now();
      process.kill(watched.pid(), "SIGSTOP");
      await until(() => watched.noticed.length > i);
      const noticed = watched.noticed.at(-1)!.ms - stoppedAt;
      await until(() => watched.beat()?.attempt === attempt + 1 && watched.beat()!.section === "step");
      console.log(
        `hang: noticed after ${fixed(noticed / 1000, 2)} s, stepping after ` +
          `${fixed((performance.now() - stoppedAt) / 1000, 2)} s`,
      );
    }
  });
}

/** The same steps in this process, unwatched, and supervised, in turns: of a step and what is between. */
async function cost(): Promise<void> {
  const rounds: { readonly alone: number; readonly supervised: number }[] = [];
  const numSteps = 500;
  for (let round = 0; round < Number(values.rounds); round++) {
    const alone = taskOf(`alone-${round}`, numSteps, 60);
    for await (const _ of trainRun(alone.spec, placeOf(alone), new AbortController().signal));
    const watched = taskOf(`watched-${round}`, numSteps, 60);
    await supervised(watched, async ({ beat }) => until(() => (beat()?.step ?? 0) >= numSteps, 50));
    rounds.push({ alone: stepMs(alone), supervised: stepMs(watched) });
  }
  const shares = rounds.map((round) => 100 * (round.supervised / round.alone - 1));
  console.log(
    `supervision: ${fixed(median(rounds.map(({ alone }) => alone)), 3)} ms a step alone, ` +
      `${fixed(median(rounds.map((round) => round.supervised)), 3)} ms supervised; ${fixed(median(shares), 2)} % ` +
      `(${fixed(Math.min(...shares), 2)} to ${fixed(Math.max(...shares), 2)}; medians of ${numSteps} steps in ` +
      `${rounds.length} pairs of rounds)`,
  );
}

/** What a run as nobody changed it spends on saves, to memory and to the disk. */
async function saves(): Promise<void> {
  const task = taskOf("saves", 1e7, 60);
  const stop = new AbortController();
  globalThis.setTimeout(() => stop.abort(), 1000 * SAVES_SECONDS);
  const toDisk: number[] = [];
  for await (const event of trainRun(task.spec, placeOf(task), stop.signal))
    if (event.kind === "checkpoint") toDisk.push(event.seconds!);
  const series = readSeries(seriesPath(task.folder, task.name, 1));
  const sum = (column: string) => columnOf(series, column).reduce((total, each) => total + each, 0);
  const all = [...columnOf(series, "saveSeconds")].filter((seconds) => seconds > 0);
  const inMemory = all.filter((seconds) => !toDisk.includes(seconds));
  const wall = sum("stepSeconds") + sum("otherSeconds");
  const share = (seconds: readonly number[]) =>
    `${seconds.length} of ${fixed(1000 * median(seconds), 1)} ms, ` +
    `${fixed((100 * seconds.reduce((total, each) => total + each, 0)) / wall, 2)} %`;
  console.log(
    `saves: ${fixed((100 * sum("saveSeconds")) / wall, 2)} % of ${fixed(wall, 0)} s: to memory ` +
      `${share(inMemory)}; to the disk ${share(toDisk.slice(0, -1))}`,
  );
}

/** In this process, watched by nobody. */
function placeOf(task: RunTask) {
  return {
    ...task,
    attempt: 1,
    skip: [],
    fromStep: null,
    failureSeconds: null,
    corpus: openCorpus(corpusFolder),
    watch: UNWATCHED,
  };
}

function stepMs(task: RunTask): number {
  const series = readSeries(seriesPath(task.folder, task.name, 1));
  const between = columnOf(series, "otherSeconds");
  return 1000 * median(columnOf(series, "stepSeconds").map((seconds, i) => seconds + between[i]!));
}

/** Ranks that have told of one beat and sleep. */
async function ranks(): Promise<void> {
  const numRanks = Number(values.ranks);
  const folder = join(base, "ranks");
  const beat = JSON.stringify({
    count: 1,
    section: "start",
    step: 0,
    loss: null,
    stepSeconds: null,
    longest: {},
  });
  const job: RunJob = {
    folder,
    run: "idle",
    policy: DEFAULT_POLICY,
    numPlaces: 1,
    task: () => ({}),
    processes: (attempt) =>
      Array.from({ length: numRanks }, (_, rank) => {
        const file = join(attemptFolder(folder, "idle", attempt), `rank-${rank}.beat`);
        const command = ["sh", "-c", `printf '%-256s' '${beat}' > '${file}'; exec sleep 1000`];
        const program = { kind: "command", command, workingFolder: base } as const;
        return { rank, place: hostname(), program, environment: {} };
      }),
  };
  using backend = new LocalBackend(folder);
  const stop = new AbortController();
  const startedAt = performance.now();
  const ended = supervise(job, backend, { onEvent() {}, onFailure() {} }, stop.signal);
  await until(
    () =>
      readFence(runFolder(folder, "idle")) !== null &&
      readProcesses(attemptFolder(folder, "idle", 1)).length === numRanks,
    200,
  );
  const startSeconds = (performance.now() - startedAt) / 1000;
  await setTimeout(5000);
  const before = process.cpuUsage();
  await setTimeout(20_000);
  const { user, system } = process.cpuUsage(before);
  console.log(
    `${numRanks} idle ranks: started in ${fixed(startSeconds, 1)} s, ${fixed((user + system) / 20e4, 1)} % of a core, ` +
      `${fixed(process.memoryUsage.rss() / 1e6, 0)} MB`,
  );
  const stoppedAt = performance.now();
  stop.abort();
  await ended;
  console.log(`${numRanks} idle ranks: stopped in ${fixed((performance.now() - stoppedAt) / 1000, 1)} s`);
}

/**
 * @file What `longrun goodput` says of a run that is killed again and again, against its forecast: minutes of
 * a real run, then a day on simulated time with the steps, saves, detections and restarts of that run.
 *
 *     npm run bench:goodput -- [--minutes 5] [--every 30] [--hours 24] [--width 64] [--seed 1]
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { expectedGoodput } from "../src/fleet/account/expected.ts";
import { runsIn, timeInFolder } from "../src/fleet/account/folder-times.ts";
import { type AttemptSteps, type RunTime, timeOfRun } from "../src/fleet/account/goodput.ts";
import { attemptFolder, readFence, readProcesses } from "../src/fleet/process/attempt-folder.ts";
import { SpoolReader } from "../src/fleet/process/spool.ts";
import { Random } from "../src/math/random.ts";
import { type EventKind, NO_PREVIOUS, RECORD_VERSION, type RecordEvent } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { runFolder } from "../src/record/workspace.ts";
import { saveInterval } from "../src/train/save-rhythm.ts";
import { fixed } from "../src/units/print.ts";
import { writeTexts } from "../test/support/campaigns.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    every: { type: "string", default: "30" },
    hours: { type: "string", default: "24" },
    width: { type: "string", default: "64" },
    seed: { type: "string", default: "1" },
  },
});
const everySeconds = Number(values.every);
const random = new Random(Number(values.seed), "kills");
/** Kills as a Poisson process. */
const waitSeconds = () => -Math.log(1 - random.uniform()) * everySeconds;

const base = mkdtempSync(join(tmpdir(), "longrun-bench-goodput-"));
const folder = join(base, "killed");
process.on("exit", () => rmSync(base, { recursive: true, force: true }));

const run = await killedRun();
const real = timeInFolder(folder, readRecord(folder).events, run)!;
tell("real", real);
tell("simulated", simulated(real));

function tell(name: string, time: RunTime): void {
  const { goodput, gapPoints, reason, conditions } = expectedGoodput(time)!;
  const share = (seconds: number) => `${fixed((100 * seconds) / time.wallSeconds, 2)} %`;
  const { productive: _, ...lost } = time.seconds;
  console.log(
    `${name}: goodput ${fixed(100 * time.goodput, 1)} % of ${fixed(time.wallSeconds, 0)} s with ` +
      `${conditions.failures} kills; the formula has ${fixed(100 * goodput, 1)} %, ${fixed(gapPoints, 1)} points off ` +
      `(${reason}); a save of ${fixed(1000 * conditions.saveSeconds, 1)} ms each ` +
      `${fixed(conditions.intervalSeconds, 2)} s\n  ` +
      Object.entries(lost)
        .map(([cause, seconds]) => `${cause} ${share(seconds)}`)
        .join(", "),
  );
}

/** Trains by the command line and kills the trainer; ends by `longrun stop`. The name of the run. */
async function killedRun(): Promise<string> {
  writeTexts(base);
  const sizes = { shape: { width: Number(values.width) }, sequenceLength: 128, batchSequences: 8 };
  const file = {
    name: "killed",
    corpus: { sources: [{ name: "tales", path: "tales" }], passageBytes: 1000 },
    vocabularySize: 300,
    run: { ...sizes, numSteps: 10_000_000, heldOutTokens: 4000 },
  };
  const path = join(base, "run.yaml");
  writeFileSync(path, stringify(file));
  const command = longrun("run", path, "--folder", folder, "--threads", "1");
  const name = await until(() => runsIn(readRecordIfAny())[0]);
  await stepping(name, 1);
  const endsAt = performance.now() + 60_000 * Number(values.minutes);
  for (;;) {
    const left = endsAt - performance.now();
    const wait = 1000 * waitSeconds();
    await setTimeout(Math.min(wait, left));
    if (wait >= left) break;
    const { attempt } = readFence(runFolder(folder, name))!;
    process.kill(readProcesses(attemptFolder(folder, name, attempt))[0]!.pid, "SIGKILL");
    await stepping(name, attempt + 1);
  }
  await longrun("stop", folder).ended;
  await command.ended;
  return name;
}

function longrun(...words: readonly string[]) {
  const program = join(import.meta.dirname, "..", "bin", "longrun.js");
  const child = spawn(process.execPath, [program, ...words], { stdio: "ignore" });
  return { ended: new Promise((resolve) => child.once("exit", resolve)) };
}

function readRecordIfAny(): readonly RecordEvent[] {
  try {
    return readRecord(folder).events;
  } catch {
    return [];
  }
}

async function stepping(name: string, attempt: number): Promise<void> {
  using spool = new SpoolReader(attemptFolder(folder, name, attempt), 0);
  await until(() => (spool.beat()?.section === "step" ? true : undefined));
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const seen = look();
    if (seen !== undefined) return seen;
    await setTimeout(5);
  }
}

/**
 * The same run for a day: saves as `saveInterval` asks for by the failures so far, each kill taking a
 * detection and a restart that the real one took. Steps are a tenth of a second, so that a day of them fits.
 */
function simulated({ attempts }: RunTime): RunTime {
  const saveSeconds = expectedGoodput(real)!.conditions.saveSeconds;
  const killed = attempts.filter(({ outcome }) => outcome.kind === "failed");
  const drawn = (cause: "detection" | "restart") => random.pick(killed).seconds[cause];
  const stepSeconds = Math.min(0.1, everySeconds / 100);
  const events: RecordEvent[] = [];
  const series: { attempt: number; steps: number[]; seconds: number[]; saveSeconds: number[] }[] = [];
  const [endsAt, started] = [3600 * Number(values.hours), Date.UTC(2026, 0, 1)];
  let [now, saved] = [0, 0];
  const event = (kind: EventKind, data: object) => {
    const place = { v: RECORD_VERSION, sequence: events.length, launch: 1, previous: NO_PREVIOUS };
    const time = new Date(started + 1000 * now).toISOString();
    events.push({ ...place, hash: NO_PREVIOUS, seconds: now, time, run: "one", kind, data } as RecordEvent);
  };
  for (let attempt = 1; now < endsAt; attempt++) {
    const interval = saveInterval(saveSeconds, attempt === 1 ? null : now / (attempt - 1));
    event("run-started", {
      attempt,
      fromStep: saved,
      exact: true,
      numThreads: 1,
      spec: null,
      startSeconds: 0,
    });
    const rows = { attempt, steps: [] as number[], seconds: [] as number[], saveSeconds: [] as number[] };
    series.push(rows);
    const killedAt = Math.min(endsAt, now + waitSeconds());
    for (let [step, sinceSave, save] = [saved, 0, 0]; now + save + stepSeconds <= killedAt; ) {
      now += save + stepSeconds;
      rows.steps.push(++step);
      rows.seconds.push(save + stepSeconds);
      rows.saveSeconds.push(save);
      sinceSave += stepSeconds;
      save = 0;
      if (sinceSave >= interval && now + saveSeconds <= killedAt)
        [saved, sinceSave, save] = [step, 0, saveSeconds];
    }
    now = killedAt;
    const detectionSeconds = drawn("detection");
    now += detectionSeconds;
    const step = rows.steps.at(-1) ?? saved;
    event("incident", { what: "killed", evidence: { step, detectionSeconds }, severity: "warning" });
    now += drawn("restart");
  }
  return timeOfRun(events, "one", series satisfies readonly AttemptSteps[])!;
}

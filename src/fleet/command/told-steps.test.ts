import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "../../record/files.ts";
import { readRunSeries } from "../../record/run-series.ts";
import { runFolder, seriesFolder } from "../../record/workspace.ts";
import { LogReader } from "../metrics/log-reader.ts";
import { attemptFolder, writeFence } from "../process/attempt-folder.ts";
import { SpoolReader, SpoolWriter } from "../process/spool.ts";
import { ToldSteps } from "./told-steps.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-told-"));
afterAll(() => rmSync(base, { recursive: true }));

/** What an attempt that prints these lines tells, and how its flush ended. */
function attemptOf(folder: string, attempt: number, lines: readonly string[], fenced = attempt) {
  const place = attemptFolder(folder, "run", attempt);
  makeFolder(place);
  writeFence(runFolder(folder, "run"), { attempt: fenced, isRecorded: true });
  using spool = new SpoolWriter(place, 0);
  using steps = new ToldSteps({ attempt, folder, run: "run", before: {}, from: null }, spool);
  const reader = new LogReader();
  for (const line of lines) {
    steps.line(line);
    steps.rows(reader.read(line));
  }
  steps.rows(reader.end());
  const flushed = steps.flush();
  using heard = new SpoolReader(place, 0);
  return { flushed, messages: heard.messages(), beat: heard.beat() };
}

const iteration = (step: number, loss: number | string = step) =>
  ` iteration ${step}/ 500 | consumed samples: 1 | elapsed time per iteration (ms): 5.0 | lm loss: ${loss} |`;
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test("a run that crashed at step 161 and goes on from 110 has one curve", () => {
  const folder = join(base, "crash");
  attemptOf(
    folder,
    1,
    from(1, 161).map((step) => iteration(step)),
  );
  const { messages } = attemptOf(folder, 2, [
    "  successfully loaded checkpoint from out [ t 1/1, p 1/1 ] at iteration 110",
    ...from(111, 200).map((step) => iteration(step, step + 0.5)),
  ]);
  expect(messages[0]).toMatchObject({ kind: "started", attempt: 2, fromStep: 110 });
  const { values, attempts } = readRunSeries(seriesFolder(folder, "run"));
  expect([...values.step!]).toEqual(from(1, 200));
  expect([...values.loss!]).toEqual([...from(1, 110), ...from(111, 200).map((step) => step + 0.5)]);
  expect(attempts).toEqual([
    { attempt: 1, firstStep: 1, numRows: 110 },
    { attempt: 2, firstStep: 111, numRows: 90 },
  ]);
});

test.each([
  ["[titan] Loading the checkpoint from outputs/checkpoint/step-110.", 110],
  ["Resuming training from step 90", 90],
  ["  Continuing training from global step 110", 110],
  ["loading 8 data workers, warmup steps 100", 119],
  ["Resuming training from step 400", 119],
])("%s: the attempt is taken to go on from step %i", (line, fromStep) => {
  const folder = join(base, `from-${line.length}-${fromStep}`);
  const { messages } = attemptOf(folder, 2, [line, iteration(120), iteration(121)]);
  expect(messages[0]).toMatchObject({ kind: "started", fromStep });
});

test("what other ranks print of the same step says nothing new", () => {
  const folder = join(base, "ranks");
  attemptOf(
    folder,
    1,
    [1, 1, 2, 1, 2, 3].map((step, i) => iteration(step, i)),
  );
  expect([...readRunSeries(seriesFolder(folder, "run")).values.loss!]).toEqual([0, 2, 5]);
});

test("a loss that is no number is told of once, and stands in the curve as infinite", () => {
  const folder = join(base, "nan");
  const { messages, beat } = attemptOf(folder, 1, [iteration(1), iteration(2, "NAN"), iteration(3, "NAN")]);
  expect(messages.map(({ kind }) => kind)).toEqual(["started", "noticed"]);
  expect(messages[1]).toMatchObject({ severity: "critical", evidence: { step: 2, loss: "NaN" } });
  expect(beat).toMatchObject({ step: 3, loss: null });
  expect([...readRunSeries(seriesFolder(folder, "run")).values.loss!]).toEqual([1, Infinity, Infinity]);
});

test("an attempt that was replaced writes nothing more", () => {
  const folder = join(base, "fenced");
  expect(attemptOf(folder, 1, [iteration(1), iteration(2)], 2).flushed).toBe("fenced");
});

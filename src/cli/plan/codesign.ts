/** @file `longrun plan codesign`: shape and layout chosen together, for the least forecast loss. */

import { type Command, Option } from "commander";
import { UserError } from "../../errors.ts";
import { type CodesignFigureData, codesignFigure } from "../../figures/codesign-figure.ts";
import { readScalingLaw } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import { type Codesign, codesign } from "../../plan/codesign/codesign.ts";
import { type LayoutFinder, layoutFinder, type Pool } from "../../plan/codesign/layout-finder.ts";
import type { Routing } from "../../plan/codesign/shapes.ts";
import { readConstants } from "../../plan/constants-file.ts";
import { PRECISIONS, type Precision } from "../../plan/hardware/accelerator.ts";
import { SOFTWARE_2024 } from "../../plan/layout/layout.ts";
import { checkPrecisions } from "../../plan/search/validity.ts";
import { TYPICAL_GOODPUT } from "../../plan/typical-runs.ts";
import { COUNT, DAY_SECONDS, DAYS, SHARE } from "../../units/kinds.ts";
import { formatWhole } from "../../units/print.ts";
import { parseAmount, readAmount, readInterval } from "../../units/read.ts";
import { type CommonOptions, finish, given } from "../arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "../figure-file.ts";
import { printAside, printResult } from "../output.ts";
import { codesignText } from "./codesign-text.ts";
import { readBatch, readCluster, readSequence, withConstants, withHardware } from "./setting.ts";

type CodesignFlags = CommonOptions &
  FigureFlag & {
    readonly cluster: string;
    readonly hardware?: string;
    readonly days: number;
    readonly law: string;
    readonly sequence: number;
    readonly vocabulary: number;
    readonly experts: readonly Routing[];
    readonly precision: Precision;
    readonly batchTokens?: string;
    readonly batchSequences?: string;
    readonly goodput?: Interval;
    readonly constants?: string;
  };

export function defineCodesign(command: Command): void {
  command
    .requiredOption("--cluster <name:count>", "accelerators, such as h100:4096")
    .requiredOption("--days <time>", "time for the run, failures included: 60, 60d, 8w", readDays)
    .requiredOption("--law <file>", "a law over N and D saved by `longrun laws fit --save`")
    .option("--sequence <n>", "tokens of one sequence; k is 1024 here", readSequence, 8192)
    .option("--vocabulary <n>", "tokens in the vocabulary", readVocabulary, 128_000)
    .addOption(
      new Option(
        "--experts <list>",
        "ways of routing to choose among, COUNT:PER_TOKEN, 1 for dense: 1,8:2,64:8",
      )
        .argParser(readExperts)
        .default([null], "1"),
    )
    .option("--precision <format>", `of the matrix products: ${PRECISIONS.join(", ")}`, readPrecision, "bf16")
    .option("--batch-tokens <n>", "tokens of one step (from compute, at most 16M)")
    .option("--batch-sequences <n>", "the same in sequences")
    .option("--goodput <share>", "part of the time that trains (0.85..0.97)", readGoodput);
  withFigureFlag(withConstants(withHardware(command)));
  finish(
    command,
    "longrun laws fit runs.csv --law chinchilla --save law.json",
    "longrun plan codesign --cluster h100:4096 --days 60 --law law.json",
    "longrun plan codesign --cluster gb200:2304 --days 30 --law law.json --experts 1,64:8 --precision fp8 " +
      "--svg codesign.svg",
  ).action(runCodesign);
}

async function runCodesign(flags: CodesignFlags): Promise<void> {
  const { precision, sequence } = flags;
  const cluster = readCluster(flags);
  checkPrecisions(cluster.accelerator, [precision]);
  const pool: Pool = new Map();
  const constants = readConstants(flags.constants);
  const report = progressReporter();
  const answer = codesign(
    {
      cluster,
      law: readScalingLaw(flags.law),
      days: flags.days,
      goodput: flags.goodput ?? TYPICAL_GOODPUT,
      sequence,
      vocabularySize: flags.vocabulary,
      routings: flags.experts,
      precision,
      batchSequences: batchOf(flags),
      software: SOFTWARE_2024,
    },
    (cluster, job) => watched(layoutFinder(cluster, job, { precision, constants, pool }), report),
  );
  printResult(flags, answer, () => codesignText(answer));
  await writeFigure(flags, () => codesignFigure(figureData(answer)));
}

const REPORT_MS = 4000;

/** Says every few seconds that a long search goes on: how many shapes there will be is not known. */
function progressReporter(): () => void {
  const startedMs = performance.now();
  let [reportedMs, numShapes] = [startedMs, 0];
  return () => {
    numShapes++;
    const now = performance.now();
    if (now - reportedMs < REPORT_MS) return;
    reportedMs = now;
    const seconds = Math.round((now - startedMs) / 1000);
    printAside(`co-design: ${formatWhole(numShapes)} shapes evaluated in ${seconds} s`);
  };
}

function watched({ search, quick }: LayoutFinder, report: () => void): LayoutFinder {
  const told =
    (find: LayoutFinder["search"]): LayoutFinder["search"] =>
    (shape) => {
      report();
      return find(shape);
    };
  return { search: told(search), quick: told(quick) };
}

function batchOf({ batchTokens, batchSequences, sequence }: CodesignFlags): number | null {
  if (batchTokens === undefined && batchSequences === undefined) return null;
  const batch = readBatch(given({ batchTokens, batchSequences }), sequence);
  for (const note of batch.notes) printAside(note);
  return batch.batchSequences;
}

const LONGEST_DAYS = 3650;

function readDays(text: string): number {
  const days = (parseAmount(text, DAYS) ?? Number.NaN) / DAY_SECONDS;
  if (days > 0 && days <= LONGEST_DAYS) return days;
  throw new UserError(
    `--days "${text}"`,
    `days above 0, at most ${LONGEST_DAYS}: 60, or 8w`,
    "give the time in days",
  );
}

function readVocabulary(text: string): number {
  const size = readAmount("--vocabulary", COUNT)(text);
  if (Number.isInteger(size) && size >= 2 && size <= 1e7) return size;
  throw new UserError(
    `--vocabulary "${text}"`,
    "a whole number of tokens from 2 to 10M: 128k, 50257",
    "check the units",
  );
}

function readPrecision(text: string): Precision {
  const found = PRECISIONS.find((known) => known === text.toLowerCase());
  if (found) return found;
  throw new UserError(`--precision "${text}"`, `one of ${PRECISIONS.join(", ")}`, "choose one of these");
}

function readGoodput(text: string): Interval {
  const share = readInterval("--goodput", SHARE)(text);
  if (share.hi <= 1) return share;
  throw new UserError(
    `--goodput "${text}"`,
    "a share of at most 1: 0.92, or 0.85..0.97",
    "give it as a share",
  );
}

function readExperts(text: string): readonly Routing[] {
  return text.split(",").map((word): Routing => {
    if (/^\s*(1|dense)\s*$/.test(word)) return null;
    const match = /^\s*(\d+):(\d+)\s*$/.exec(word);
    const [count, topK] = [Number(match?.[1]), Number(match?.[2])];
    if (match && count >= 2 && topK >= 1 && topK < count) return { count, topK };
    throw new UserError(
      `"${word}" in --experts "${text}"`,
      "COUNT:PER_TOKEN with fewer a token than there are, or 1 for dense",
      "for example --experts 1,8:2,64:8",
    );
  });
}

function figureData({ cluster, best, domains, frontier, lawAlone, days }: Codesign): CodesignFigureData {
  const point = (size: Codesign["domains"][number]["sizes"][number]) => ({
    params: size.activeParameters,
    loss: size.loss,
    mfuPercent: 100 * size.mfu,
  });
  return {
    cluster: `${formatWhole(cluster.numDevices)} x ${cluster.acceleratorLabel}`,
    days,
    frontier: frontier.map(({ loss, ...design }) => ({
      ...point({ ...design, loss: loss.median }),
      lo: loss.lo,
      hi: loss.hi,
    })),
    others: domains
      .filter(({ isOwn }) => !isOwn)
      .map(({ domainSize, sizes }) => ({ domainSize, points: sizes.map(point) })),
    lawAlone: lawAlone.valley,
    best: point({ ...best, loss: best.loss.median }),
  };
}

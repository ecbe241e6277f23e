/** @file `longrun record`: the head hash to publish, the check of the whole chain, the events themselves. */

import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { type EventPlace, placesOfEvents } from "../fleet/account/jobs.ts";
import { damagedFiles, damageText, refuseDamaged, vouchedTotals } from "../record/custody.ts";
import { eventSchema, type RecordEvent } from "../record/events.ts";
import {
  readPerhapsCutShort,
  readRecord,
  recordPath,
  sequenceOfHead,
  type Verification,
  verifyRecord,
} from "../record/record.ts";
import { missingHead, reportedHead, tracesBeyond, unspokenOf } from "../record/traces.ts";
import { workspaceOf } from "../record/workspace.ts";
import { left, right } from "../report/markdown.ts";
import { allCheckpoints, damagedCheckpoints } from "../train/damaged-checkpoints.ts";
import { formatBytes } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish } from "./arguments.ts";
import { printAside, printJson, printResult } from "./output.ts";
import { table, truncate } from "./terminal/table.ts";

/** `record hash` */
export function defineHash(command: Command): void {
  finish(withFolder(command), "longrun record hash").action(runHash);
}

/** `record verify` */
export function defineVerify(command: Command): void {
  finish(
    withFolder(command)
      .option("--head <hash>", "also check that a head published earlier belongs to this record")
      .option(
        "--all",
        "also read every file that the record vouches for: corpus, series, checkpoints, model",
      ),
    "longrun record verify runs/first-light --all\nlongrun record verify --head $(cat published.txt)",
  ).action(runVerify);
}

/** `record show` */
export function defineShow(command: Command): void {
  finish(
    withFolder(command)
      .option("--kind <kind>", "only the events of one kind, such as prediction or measurement")
      .option("--run <run>", "only the events of one run"),
    "longrun record show --kind prediction",
  ).action(runShow);
}

const withFolder = (command: Command) =>
  command.argument("[folder]", "the campaign's folder", DEFAULT_FOLDER);

function runHash(folder: string, { json }: CommonOptions): void {
  const { head, events, warnings } = readRecord(folder);
  warnings.forEach(printAside);
  printResult({ json }, { head, numEvents: events.length }, () => head);
}

type VerifyOptions = CommonOptions & { readonly head?: string; readonly all?: true };

function runVerify(folder: string, { json, head, all }: VerifyOptions): void {
  const published = head === undefined ? null : checkedHash(head);
  const verification = verifyRecord(folder);
  if (!verification.ok) {
    if (json) printJson(verification);
    refuseBroken(folder, verification);
  }
  const { numEvents, head: found } = verification;
  const record = readPerhapsCutShort(folder);
  const publishedSequence = published === null ? null : sequenceOfHead(record, published);
  const missing = [published, reportedHead(folder)].find(
    (hash) => hash !== null && sequenceOfHead(record, hash) === null,
  );
  const traces = tracesBeyond(folder, record.events);
  const files = all ? checkFiles(folder, record.events) : null;
  const lines = [
    `whole: ${numEvents} events, head ${found}`,
    ...(publishedSequence === null
      ? []
      : [`the published head is that of event ${publishedSequence}: nothing up to there has changed`]),
    ...(files ? filesText(files) : []),
  ];
  const value = {
    ...verification,
    ok: missing === undefined && traces.length === 0 && !files?.damaged.length,
    ...(published === null ? {} : { publishedSequence }),
    ...(traces.length > 0 ? { traces } : {}),
    ...(files ? { files } : {}),
  };
  printResult({ json }, value, () => lines.join("\n"));
  if (missing)
    throw missingHead(missing, numEvents, missing === published ? null : workspaceOf("", folder).report);
  if (traces.length > 0) throw unspokenOf(folder, traces, record.events);
  if (files) refuseDamaged(folder, files.damaged);
}

function refuseBroken(folder: string, broken: Extract<Verification, { ok: false }>): never {
  throw new UserError(
    `${recordPath(folder)} is broken at sequence ${broken.sequence}: ${broken.found}`,
    `${broken.expected}; the ${broken.numEvents} events before it are whole, head ${broken.head}`,
    broken.remedy,
  );
}

/** Every file that the record vouches for, read in full, and every checkpoint by its own checksums. */
function checkFiles(folder: string, events: readonly RecordEvent[]) {
  const checkpoints = allCheckpoints(folder, events);
  const damaged = damagedFiles(folder, events);
  return {
    ...vouchedTotals(events),
    numCheckpoints: checkpoints.length,
    damaged: [...damaged, ...damagedCheckpoints(folder, checkpoints, damaged)],
  };
}

function filesText({ numFiles, numBytes, numCheckpoints, damaged }: ReturnType<typeof checkFiles>) {
  return [
    `files: ${numFiles} that the record vouches for (${formatBytes(numBytes)}) ` +
      `and ${numCheckpoints} checkpoints read, ${damaged.length === 0 ? "all whole" : `${damaged.length} damaged`}`,
    ...damaged.map(damageText),
  ];
}

function checkedHash(text: string): string {
  const hash = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new UserError(
    `--head "${text}"`,
    "a SHA-256: 64 hexadecimal digits",
    "give it as `longrun record hash` printed it",
  );
}

type ShowOptions = CommonOptions & {
  readonly kind?: string;
  readonly run?: string;
};

function runShow(folder: string, { json, kind, run }: ShowOptions): void {
  const { events, head, warnings } = readRecord(folder);
  warnings.forEach(printAside);
  refuseUnknown(
    "kind",
    kind,
    eventSchema.options.map(({ shape }) => shape.kind.value),
  );
  refuseUnknown("run", run, [...new Set(events.flatMap((event) => event.run ?? []))]);
  const shown = events.filter(
    (event) => (kind ?? event.kind) === event.kind && (run ?? event.run) === event.run,
  );
  const all = placesOfEvents(events);
  const places = shown.map(({ sequence }) => all[sequence]!);
  printResult({ json }, { head, events: shown, places }, () => eventsText(shown, all));
}

function refuseUnknown(what: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new UserError(
    `--${what} ${value}`,
    known.length > 0 ? `one of ${known.join(", ")}` : `the record names no ${what} yet`,
    "choose one of these, or leave it out to see all",
  );
}

/** One line for each event, cut at the terminal's edge; `--json` has everything. */
function eventsText(events: readonly RecordEvent[], places: readonly EventPlace[]): string {
  const onSlurm = places.some(({ job }) => job !== null);
  const ofPlace = (cell: (place: EventPlace) => string) => (event: RecordEvent) =>
    cell(places[event.sequence]!);
  const text = table(events, [
    right("#", ({ sequence }) => String(sequence)),
    left("time", ({ time }) => time.slice(0, 19).replace("T", " ")),
    left("kind", ({ kind }) => kind),
    left("run", ({ run }) => truncate(run ?? "-", MOST_RUN_WIDTH)),
    ...(onSlurm
      ? [
          left(
            "job",
            ofPlace(({ job }) => job ?? "-"),
          ),
          right(
            "attempt",
            ofPlace(({ attempt }) => String(attempt ?? "-")),
          ),
          left(
            "nodes",
            ofPlace(({ nodes }) => truncate(nodes.join(",") || "-", MOST_RUN_WIDTH)),
          ),
        ]
      : []),
    left("data", ({ data }) => JSON.stringify(data)),
  ]);
  const width = process.stdout.columns ?? Number.POSITIVE_INFINITY;
  return text
    .split("\n")
    .map((line) => truncate(line, width))
    .join("\n");
}

const MOST_RUN_WIDTH = 32;

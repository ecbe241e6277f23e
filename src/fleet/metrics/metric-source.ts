/** @file Where the numbers of a command come from: its log, a file of JSON lines, TensorBoard's files. */

import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { isFolder, isThere } from "../../input-file.ts";
import { nearest } from "../../math/edit-distance.ts";
import { METRIC_COLUMNS } from "../../train/series-columns.ts";
import { FileTail } from "../process/file-tail.ts";
import { readEventRecords } from "./event-file.ts";
import { LAYOUTS, type LogLayout, type MetricRow } from "./layouts.ts";
import { rowFrom } from "./metric-names.ts";

/** What `--metrics` names. */
export type MetricSource =
  /** Null: found from the log's first lines. */
  | { readonly kind: "log"; readonly layout: LogLayout | null }
  | { readonly kind: "jsonl" | "tensorboard"; readonly path: string };

/** Reads `--metrics`: a layout's name, a regular expression with named groups, or a file or folder. */
export function metricSource(text: string | undefined): MetricSource {
  if (text === undefined) return { kind: "log", layout: null };
  const layout = LAYOUTS.find(({ name }) => name === text.toLowerCase());
  if (layout) return { kind: "log", layout };
  if (text.includes("(?<")) return { kind: "log", layout: patternLayout(text) };
  if (isFolder(text) || /tfevents/.test(text)) return { kind: "tensorboard", path: text };
  if (isThere(text) || /\.(jsonl|ndjson|json)$/.test(text)) return { kind: "jsonl", path: text };
  if (text.includes("/")) return { kind: "tensorboard", path: text };
  const names = LAYOUTS.map(({ name }) => name);
  throw new UserError(
    `--metrics ${text}`,
    `one of ${names.join(", ")}; a regular expression with the groups (?<step>...) and (?<loss>...); ` +
      "a file of JSON lines (.jsonl); or TensorBoard's file or folder",
    `did you mean ${nearest(text, names) ?? "a file"}? Left out, the layout is found from the first lines`,
  );
}

function patternLayout(text: string): LogLayout {
  const groups = [...text.matchAll(/\(\?<(\w+)>/g)].map(([, name]) => name!);
  const names = METRIC_COLUMNS.map(({ name }) => name);
  const known: readonly string[] = [...names, "total"];
  const stranger = groups.find((name) => !known.includes(name));
  const missing = ["step", "loss"].find((name) => !groups.includes(name));
  const wrong = stranger ? `the group ${stranger}` : missing && `no group (?<${missing}>...)`;
  const expected = `a regular expression with the groups step and loss, and perhaps ${names.slice(2).join(", ")}`;
  const remedy = String.raw`such as --metrics 'step (?<step>\d+) loss (?<loss>\S+)'`;
  if (wrong) throw new UserError(`--metrics ${text}: ${wrong}`, expected, remedy);
  try {
    return { name: "the pattern", example: text, line: new RegExp(text), fields: {} };
  } catch (cause) {
    throw new UserError(`--metrics ${text}: ${(cause as Error).message}`, expected, remedy, { cause });
  }
}

/** Follows a file of metrics. */
export type MetricFile = Disposable & {
  /** The steps that came since it was last looked at. */
  read(): readonly MetricRow[];
  /** The step that was not complete yet, when nothing comes any more. */
  end(): readonly MetricRow[];
};

/** @param since only what was written after this time, in milliseconds, is of this attempt */
export function openMetricFile(source: Exclude<MetricSource, { kind: "log" }>, since: number): MetricFile {
  return source.kind === "jsonl" ? new JsonLines(source.path) : new EventFiles(source.path, since);
}

/** One object a line. What was there before this attempt is of another. */
class JsonLines implements MetricFile {
  readonly #tail: FileTail;

  constructor(path: string) {
    this.#tail = new FileTail(path, isThere(path) ? statSync(path).size : 0);
  }

  read(): readonly MetricRow[] {
    return [...this.#tail.lines()].flatMap(jsonRow);
  }

  end(): readonly MetricRow[] {
    return [...this.read(), ...jsonRow(this.#tail.unfinished)];
  }

  [Symbol.dispose](): void {
    this.#tail[Symbol.dispose]();
  }
}

function jsonRow(line: string): readonly MetricRow[] {
  try {
    // Python writes NaN and Infinity, which JSON has not.
    const parsed: unknown = JSON.parse(line.replace(/(?<=[:,[]\s*)(NaN|-?Infinity)\b/g, '"$1"'));
    const row = rowFrom(new Map(numbersUnder(parsed, [])));
    return row ? [row] : [];
  } catch {
    return [];
  }
}

/** Numbers by their path: {"train": {"loss": 2}} is the loss of the folder train. */
function numbersUnder(value: unknown, path: readonly string[]): readonly (readonly [string, number])[] {
  if (typeof value === "number") return [[path.join("/"), value]];
  if (typeof value === "string" && /^(NaN|-?Infinity)$/.test(value)) return [[path.join("/"), Number(value)]];
  if (typeof value !== "object" || value === null || Array.isArray(value) || path.length > 4) return [];
  return Object.entries(value).flatMap(([key, item]) => numbersUnder(item, [...path, key]));
}

/** The newest event file at a path, read as it grows; the numbers of a step come one by one. */
class EventFiles implements MetricFile {
  readonly #path: string;
  readonly #since: number;
  readonly #files = new DisposableStack();
  #tail: { readonly path: string; readonly file: FileTail } | null = null;
  #unread: Buffer = Buffer.alloc(0);
  #isDamaged = false;
  #step: { readonly number: number; readonly values: Map<string, number> } | null = null;

  constructor(path: string, since: number) {
    this.#path = path;
    this.#since = since;
  }

  read(): readonly MetricRow[] {
    const newest = this.#newest();
    if (newest && newest !== this.#tail?.path) {
      this.#tail = { path: newest, file: this.#files.use(new FileTail(newest)) };
      this.#unread = Buffer.alloc(0);
      this.#isDamaged = false;
    }
    if (this.#tail === null || this.#isDamaged) return [];
    this.#unread = Buffer.concat([this.#unread, this.#tail.file.read()]);
    const { scalars, numBytes, damagedAt } = readEventRecords(this.#unread);
    // Nothing after it can be found; the writer's next file can.
    this.#isDamaged ||= damagedAt !== null;
    this.#unread = this.#isDamaged ? Buffer.alloc(0) : this.#unread.subarray(numBytes);
    return scalars.flatMap(({ step, tag, value }) => {
      const rows = step === this.#step?.number ? [] : this.end();
      this.#step ??= { number: step, values: new Map([["step", step]]) };
      this.#step.values.set(tag, value);
      return rows;
    });
  }

  end(): readonly MetricRow[] {
    const row = this.#step && rowFrom(this.#step.values);
    this.#step = null;
    return row && Object.keys(row).length > 1 ? [row] : [];
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }

  #newest(): string | null {
    const paths = isFolder(this.#path)
      ? globSync("**/*tfevents*", { cwd: this.#path }).map((name) => join(this.#path, name))
      : [this.#path].filter(isThere);
    const aged = paths.map((path) => ({ path, ms: statSync(path).mtimeMs }));
    return aged.filter(({ ms }) => ms >= this.#since).sort((a, b) => b.ms - a.ms)[0]?.path ?? null;
  }
}

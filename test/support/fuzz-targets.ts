/** @file Every kind of file that longrun reads: a whole one, its reader, and what damage may come to. */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { findDivergence } from "../../src/audit/flight/divergence.ts";
import { readFlightDump } from "../../src/audit/flight/dump.ts";
import { readPickle } from "../../src/audit/flight/pickle.ts";
import { loadCampaign } from "../../src/campaign/spec.ts";
import { openCorpus } from "../../src/corpus/corpus.ts";
import { readDocuments } from "../../src/corpus/documents.ts";
import { MANIFEST_FILE, readManifest } from "../../src/corpus/manifest.ts";
import { Tally } from "../../src/corpus/notes.ts";
import { prepareCorpus } from "../../src/corpus/prepare.ts";
import { findSourceFiles } from "../../src/corpus/sources.ts";
import { corpusSpec, sourceSpec } from "../../src/corpus/spec.ts";
import { TextFields } from "../../src/corpus/text-fields.ts";
import { readTokenizer } from "../../src/corpus/tokenizer.ts";
import { runSpecOf, singleRunSchema } from "../../src/fleet/single-run.ts";
import { readText } from "../../src/input-file.ts";
import { lawFileText, readLawFile } from "../../src/law/law-file.ts";
import { readCurve } from "../../src/laws/curves/read-curve.ts";
import { readTable } from "../../src/laws/table/read-table.ts";
import { initialValues } from "../../src/model/initialise.ts";
import { parametersOf } from "../../src/model/shape.ts";
import { CONSTANTS } from "../../src/plan/constants.ts";
import { constantsText, readConstants } from "../../src/plan/constants-file.ts";
import { readHardware } from "../../src/plan/hardware/user-defined.ts";
import { readLaunchFacts } from "../../src/plan/launch/facts.ts";
import { modelOfConfig } from "../../src/plan/shape/hugging-face.ts";
import { readFailureRecord } from "../../src/plan/time/causes.ts";
import { readRunsFile } from "../../src/plan/validate/read-runs.ts";
import { acquireLock } from "../../src/record/lock.ts";
import { openRecord, readRecord, verifyRecord } from "../../src/record/record.ts";
import { readSeries, SeriesWriter } from "../../src/record/series.ts";
import { parseTaskFile } from "../../src/tasks/user-file.ts";
import { loadCheckpoint, openCheckpoint, saveCheckpoint } from "../../src/train/checkpoint.ts";
import { readHuggingFace, writeHuggingFace } from "../../src/train/hugging-face.ts";
import { readSafetensors, writeSafetensors } from "../../src/train/safetensors.ts";
import { readYamlFile } from "../../src/yaml-file.ts";
import { writeTexts } from "./campaigns.ts";

export type FuzzTarget = {
  readonly name: string;
  readonly path: string;
  readonly original: Buffer;
  read(): unknown;
  /** Where a file carries its own hash: what may come of damage. Absent: anything its reader validates. */
  agrees?(result: unknown, original: unknown): boolean;
};

const ROOT = join(import.meta.dirname, "..", "..");
const help = { what: "a test", example: "an example", documentation: "the docs" };

const RUNS = Array.from({ length: 12 }, (_, i) => {
  const [n, d] = [1e6 * 2 ** (i % 6), 2e7 * 3 ** (i % 5)];
  return { name: `run-${i}`, n, d, loss: 1.7 + 400 / n ** 0.34 + 410 / d ** 0.28, state: "finished" };
});
const CURVE = Array.from({ length: 40 }, (_, i) => ({ step: 10 * (i + 1), lr: 1e-3, loss: 3 + 9 / (i + 3) }));
const csv = (rows: readonly object[]) =>
  [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))]
    .map((cells) => `${cells.join(",")}\n`)
    .join("");
const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** All targets, their files in `folder`. */
export async function fuzzTargets(folder: string): Promise<readonly FuzzTarget[]> {
  return [
    ...yamlTargets(folder),
    ...planTargets(folder),
    ...lawTargets(folder),
    ...textTargets(folder),
    ...recordTargets(folder),
    ...modelTargets(folder),
    ...flightTargets(folder),
    ...(await corpusTargets(folder)),
  ];
}

function target(
  name: string,
  path: string,
  content: string | Uint8Array,
  read: (path: string) => unknown,
  agrees?: FuzzTarget["agrees"],
): FuzzTarget {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return { name, path, original: Buffer.from(content), read: () => read(path), ...(agrees && { agrees }) };
}

const shipped = (...path: readonly string[]) => readFileSync(join(ROOT, ...path));

function yamlTargets(folder: string): readonly FuzzTarget[] {
  return [
    target(
      "campaign YAML",
      join(folder, "campaign.yaml"),
      shipped("campaigns", "features.yaml"),
      loadCampaign,
    ),
    target("run YAML", join(folder, "run.yaml"), shipped("campaigns", "single-run.yaml"), (path) =>
      runSpecOf(readYamlFile(path, singleRunSchema, help)),
    ),
    target("launch YAML", join(folder, "launch.yaml"), shipped("docs", "examples", "launch.yaml"), (path) =>
      readLaunchFacts(readText(path, "facts"), path),
    ),
  ];
}

function planTargets(folder: string): readonly FuzzTarget[] {
  const device = {
    name: "h100-500w",
    like: "h100",
    reachable: { bf16: 0.7 },
    memoryBytes: 8e10,
    numUnits: 132,
  };
  const config = {
    model_type: "llama",
    hidden_size: 4096,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    intermediate_size: 14336,
    vocab_size: 128256,
    rope_theta: 500000,
    tie_word_embeddings: false,
  };
  const failures = { gpus: 1024, run_days: 30, planned: 4, causes: { GPU: 9, network: 3, software: 4 } };
  const published = {
    row_id: "a",
    model: "llama3-8b",
    accelerator: "h100",
    n_gpus: 64,
    seq_len: "8k",
    gbs_seqs: 128,
    mbs: 1,
    tp: 2,
    pp: 1,
    step_time_s: 8.1,
    mem_gib: 61.5,
    source: "a page",
  };
  return [
    target("hardware JSON", join(folder, "hardware.json"), JSON.stringify([device], null, 1), readHardware),
    target(
      "constants JSON",
      join(folder, "constants.json"),
      constantsText(CONSTANTS, "a test"),
      readConstants,
    ),
    target("config.json of a plan", join(folder, "plan.json"), JSON.stringify(config, null, 1), (path) =>
      modelOfConfig(readText(path, "a config.json"), path),
    ),
    target("failures JSON", join(folder, "failures.json"), JSON.stringify(failures), (path) =>
      readFailureRecord(readText(path, "a record of failures"), path, 8),
    ),
    target("published runs CSV", join(folder, "published.csv"), csv([published, published]), readRunsFile),
  ];
}

function lawTargets(folder: string): readonly FuzzTarget[] {
  const table = (path: string) => readTable(readText(path, "runs"), path);
  const curve = (path: string) => readCurve(readText(path, "a curve"), path);
  const law = { law: "chinchilla", parameters: { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 } };
  const saved = lawFileText(readLawFile(JSON.stringify(law)));
  const task = { context: "The sea is", choices: ["wide", "narrow"], answer: 0 };
  return [
    target("runs CSV", join(folder, "runs.csv"), csv(RUNS), table),
    target("runs JSON lines", join(folder, "runs.jsonl"), jsonl(RUNS), table),
    target("runs JSON", join(folder, "runs.json"), JSON.stringify(RUNS), table),
    target("curve CSV", join(folder, "curve.csv"), csv(CURVE), curve),
    target("law by hand", join(folder, "hand.json"), JSON.stringify(law), (path) =>
      readLawFile(readText(path, "a law")),
    ),
    target(
      "law saved",
      join(folder, "law.json"),
      saved,
      (path) => readLawFile(readText(path, "a law")),
      isDeepStrictEqual,
    ),
    target(
      "task JSON lines",
      join(folder, "task.jsonl"),
      jsonl([task, { ...task, answer: "narrow" }, task]),
      (path) => parseTaskFile(readText(path, "a task"), path),
    ),
  ];
}

function textTargets(folder: string): readonly FuzzTarget[] {
  const documents = Array.from({ length: 4 }, (_, i) => ({
    id: i,
    text: `Über den Wellen ${i},\nthe ship. `.repeat(2),
  }));
  const lines = jsonl(documents);
  const parquet = parquetWriteBuffer({
    columnData: [
      { name: "id", data: documents.map(({ id }) => id), type: "INT32" },
      { name: "text", data: documents.map(({ text }) => text), type: "STRING" },
    ],
  });
  return (
    [
      ["text", "a.txt", documents.map(({ text }) => text).join("\n\n")],
      ["text UTF-16", "b.txt", Buffer.from(`\uFEFF${documents[0]!.text}`, "utf16le")],
      ["JSON lines", "c.jsonl", lines],
      ["JSON", "d.json", JSON.stringify(documents, null, 1)],
      ["gzip", "e.jsonl.gz", gzipSync(lines)],
      ["Zstandard", "f.jsonl.zst", Buffer.concat([zstdCompressSync(lines), zstdCompressSync(lines)])],
      ["parquet", "g.parquet", new Uint8Array(parquet)],
    ] as const
  ).map(([name, file, content]) => target(name, join(folder, "texts", file), content, readAll));
}

async function readAll(path: string): Promise<unknown> {
  const tally = new Tally();
  const fields = new TextFields({ source: "s", textKey: "text", badLines: 0.5 }, tally);
  const found: unknown[] = [];
  for await (const { name, utf8 } of readDocuments({ path, name: path }, { textKey: "text", fields, tally }))
    found.push([name, utf8?.toString("utf8")]);
  fields.refuseTooMany();
  return [found, tally.notes];
}

const COLUMNS = [
  { name: "step", unit: "steps" },
  { name: "loss", unit: "nats" },
];

function recordTargets(folder: string): readonly FuzzTarget[] {
  const record = join(folder, "record");
  {
    using writer = openRecord(record);
    for (let i = 0; i < 5; i++)
      writer.append({ run: null, kind: "interrupted", data: { reason: `for the ${i}th time` } });
  }
  const series = join(folder, "series", "steps.series");
  {
    using writer = new SeriesWriter(series, COLUMNS);
    for (let step = 1; step <= 90; step++) {
      writer.append({ step, loss: 3 + 1 / step });
      if (step % 30 === 0) writer.flush();
    }
  }
  const lock = join(folder, "locked", "lock");
  const held = { pid: 2 ** 22 + 1, started: "never", host: hostname(), since: new Date(0).toISOString() };
  return [
    target(
      "record.jsonl",
      join(record, "record.jsonl"),
      readFileSync(join(record, "record.jsonl")),
      () => [verifyRecord(record).ok, readRecord(record).events][1],
      // Whole lines that are missing at the end, the head shows.
      (result, original) => isPrefix(result as readonly unknown[], original as readonly unknown[]),
    ),
    target("series", series, readFileSync(series), readSeries, (result, original) =>
      agreesRowByRow(result as Rows, original as Rows),
    ),
    target("lock", lock, JSON.stringify(held), (path) => acquireLock(path)[Symbol.dispose]()),
  ];
}

function isPrefix(part: readonly unknown[], whole: readonly unknown[]): boolean {
  return isDeepStrictEqual(part, whole.slice(0, part.length));
}

type Rows = ReturnType<typeof readSeries>;

/** Rows may be lost (the record knows how many there were); none may say another number. */
function agreesRowByRow(result: Rows, original: Rows): boolean {
  const pairs = ({ values }: Rows) => [...values.step!].map((step, i) => `${step} ${values.loss![i]}`);
  const known = new Set(pairs(original));
  return pairs(result).every((pair) => known.has(pair));
}

const SHAPE = {
  vocabularySize: 300,
  width: 8,
  numLayers: 1,
  numHeads: 2,
  numKeyValueHeads: 1,
  headDim: 4,
  feedForwardWidth: 16,
  tiedEmbeddings: false,
  ropeBase: 10_000,
  normEpsilon: 1e-6,
};

function modelTargets(folder: string): readonly FuzzTarget[] {
  const tensors = [
    {
      name: "a",
      shape: [4, 8],
      dtype: "F32" as const,
      data: Float32Array.from({ length: 32 }, (_, i) => i / 7),
    },
    { name: "b", shape: [3], dtype: "F64" as const, data: Float64Array.of(1, 2, 3) },
  ];
  const alone = join(folder, "tensors", "a.safetensors");
  writeSafetensors(alone, tensors, { format: "pt" });
  const { path: step } = saveCheckpoint(join(folder, "checkpoints"), {
    step: 7,
    state: { seed: 1, losses: [1, 2] },
    model: tensors,
    optimiser: tensors,
  });
  const ofCheckpoint = () => loadCheckpoint(openCheckpoint(step));
  const model = join(folder, "model");
  writeFileSync(join(folder, "no-tokenizer.json"), "{}");
  const parameters = new Map(parametersOf(SHAPE).map((each) => [each.name, initialValues(each, SHAPE, 5)]));
  writeHuggingFace(
    model,
    { shape: SHAPE, sequenceLength: 32, parameters },
    join(folder, "no-tokenizer.json"),
    "card",
  );
  const inModel = (file: string) => [join(model, file), readFileSync(join(model, file))] as const;
  return [
    target("safetensors", alone, readFileSync(alone), readSafetensors),
    ...readdirSync(step).map((file) =>
      target(
        `checkpoint ${file}`,
        join(step, file),
        readFileSync(join(step, file)),
        ofCheckpoint,
        isDeepStrictEqual,
      ),
    ),
    target("config.json of a model", ...inModel("config.json"), () => readHuggingFace(model)),
    target("model.safetensors", ...inModel("model.safetensors"), () => readHuggingFace(model)),
  ];
}

/** A dump as PyTorch 2.15 writes it, made by CPython's pickle, and the same in JSON. */
function flightTargets(folder: string): readonly FuzzTarget[] {
  const pickle = shipped("test", "fixtures", "flight", "dump_0");
  const dumpIn = (path: string) => readFlightDump(readFileSync(path), path);
  const read = (path: string) => findDivergence(new Map([[0, dumpIn(path)]]));
  return [
    target("flight recorder's pickle", join(folder, "flight", "dump_0"), pickle, read),
    target(
      "flight recorder's JSON",
      join(folder, "flight", "rank-0.json"),
      JSON.stringify(readPickle(pickle, "dump_0")),
      read,
    ),
  ];
}

async function corpusTargets(folder: string): Promise<readonly FuzzTarget[]> {
  writeTexts(join(folder, "source"));
  const spec = corpusSpec.parse({
    sources: [{ name: "notes", path: "notes/0/*.md" }],
    passageBytes: 1000,
    vocabularySize: 280,
    seed: 1,
  });
  const corpus = join(folder, "corpus");
  await prepareCorpus(spec, join(folder, "source"), corpus);
  const [shard = ""] = readdirSync(join(corpus, "tokens")).filter((name) => name.endsWith(".bin"));
  const inCorpus = (...file: readonly string[]) =>
    [join(corpus, ...file), readFileSync(join(corpus, ...file))] as const;
  const tokens = () => openCorpus(corpus).sources.map((source) => source.train);
  const installed = join(folder, "node_modules", "texts");
  mkdirSync(installed, { recursive: true });
  copyFileSync(join(folder, "source", "notes", "0", "note-0.md"), join(installed, "note.md"));
  return [
    target("tokenizer.json", ...inCorpus("tokenizer.json"), (path) => readTokenizer(path).json),
    target("manifest.json", ...inCorpus(MANIFEST_FILE), () => readManifest(corpus)),
    target("shard", ...inCorpus("tokens", shard), tokens, isDeepStrictEqual),
    target("shard header", ...inCorpus("tokens", shard.replace(/bin$/, "json")), tokens, isDeepStrictEqual),
    target(
      "package.json of a source",
      join(installed, "package.json"),
      JSON.stringify({ name: "texts", version: "1.0.0", license: "MIT" }),
      () =>
        findSourceFiles(sourceSpec.parse({ name: "texts", package: "texts", files: "*.md" }), folder).licence,
    ),
  ];
}

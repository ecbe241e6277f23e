/** @file Which files a source means: a package, a file, a folder or a glob. Rules: docs/corpus.md. */

import { realpathSync, statSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { basename, dirname, join, resolve, sep } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { parseJsonAs, readText } from "../input-file.ts";
import { sha256 } from "../record/files.ts";
import { type FoundFile, filesBelow, filesOfGlob, filesToRead, kindOf } from "./find-files.ts";
import { holdsData } from "./format.ts";
import { type Note, noteLines, Tally } from "./notes.ts";
import type { SourceSpec } from "./spec.ts";

export type SourceFiles = {
  readonly files: readonly FoundFile[];
  /** What lay there and was passed over, and links that were followed. */
  readonly notes: readonly Note[];
  readonly licence: string | null;
  /** `name@version` when the source is an npm package. */
  readonly package: string | null;
  /** Changes whenever a file may have changed; by change time too: npm's modification times are alike. */
  readonly fingerprint: string;
  /** Of the files as they lie on disk; undefined where some are compressed. */
  readonly totalBytes: number | undefined;
};

/** Extensions that a bare folder contributes; a glob that names others gets them read as plain text. */
const TEXT_IN_FOLDER = /\.((txt|text|md|markdown|jsonl|ndjson|json)(\.gz|\.zst)?|parquet)$/i;
const DATA = /\.((jsonl|ndjson)(\.\w+)?|json\.\w+|parquet|arrow|csv|tsv|tar|zip)$/i;
/** What describes the data of a folder. */
const CARD = /(^|\/)(readme|(data|dataset)?[-_]?card)(\.(txt|text|md|markdown))?$/i;
const COMPRESSED = /\.(gz|zst|parquet)$/i;
const GLOB_CHARACTERS = /[*?[\]{}]/;

const packageJson = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.unknown().optional(),
});

/** Finds a source's files, sorted by name so that the order is the same everywhere. */
export function findSourceFiles(source: SourceSpec, baseFolder: string): SourceFiles {
  const tally = new Tally();
  const found =
    source.package === undefined
      ? {
          ...findByPath(resolve(baseFolder, source.path ?? ""), source.name, tally),
          licence: null,
          package: null,
        }
      : findInPackage(source.package, source.files ?? "**/*", baseFolder, source.name, tally);
  const { root, paths, isFolder } = found;
  const isRead = (name: string) => !isFolder || TEXT_IN_FOLDER.test(name);
  const regular = filesToRead(root, paths, isRead, tally);
  const files = isFolder ? withoutCards(regular, tally) : regular.files;
  if (files.length === 0) throw noFile(source.name, root, tally);
  return {
    files,
    notes: tally.notes,
    licence: source.licence ?? found.licence,
    package: found.package,
    ...fingerprint(files),
  };
}

/** Where a folder holds data, what describes it is not text to train on. */
function withoutCards({ files, others }: ReturnType<typeof filesToRead>, tally: Tally) {
  const isData = ({ path, name }: FoundFile) => DATA.test(name) || (/\.json$/i.test(name) && holdsData(path));
  if (!others.some((name) => DATA.test(name)) && !files.some(isData)) return files;
  return files.filter(({ name }) => {
    if (CARD.test(name)) tally.add("passed over", "files", "describes the data beside it", name);
    return !CARD.test(name);
  });
}

function noFile(source: string, root: string, tally: Tally): UserError {
  const passedOver = noteLines([{ name: "there", notes: tally.notes }]).map((line) =>
    line.slice("there: ".length),
  );
  return new UserError(
    `no text file for source "${source}" in ${root}${passedOver.length > 0 ? `: ${passedOver.join("; ")}` : ""}`,
    "at least one file: a folder gives .txt, .md, .json, .jsonl (also .gz and .zst) and .parquet files, a glob any extension",
    passedOver.length > 0
      ? "name what is to be read by a glob, or correct the source's path in the campaign file"
      : "check the source's path or files in the campaign file",
  );
}

type Candidates = {
  readonly root: string;
  readonly paths: readonly string[];
  /** Whether a folder was named, which gives the files that hold text. */
  readonly isFolder: boolean;
};

function findByPath(path: string, sourceName: string, tally: Tally): Candidates {
  const stats = statSync(path, { throwIfNoEntry: false });
  // The folder may be reached through a link; the file keeps the name it was given.
  if (stats?.isFile()) return { root: realpathSync(dirname(path)), paths: [basename(path)], isFolder: false };
  if (stats?.isDirectory()) {
    const root = realpathSync(path);
    return { root, paths: filesBelow(root, tally), isFolder: true };
  }
  if (stats) {
    throw new UserError(
      `${path} is ${kindOf(stats)} (source "${sourceName}")`,
      "a regular file, a folder or a glob",
      "write what it gives into a file, or correct the source's path",
    );
  }
  const parts = path.split(sep);
  const firstGlob = parts.findIndex((part) => GLOB_CHARACTERS.test(part));
  const folder = firstGlob < 0 ? path : parts.slice(0, firstGlob).join(sep) || sep;
  if (firstGlob < 0 || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(
      `${folder} does not exist (source "${sourceName}")`,
      "a file, a folder or a glob, relative to the campaign file's folder",
      "put the text there, or correct the source's path",
    );
  }
  const root = realpathSync(folder);
  return { root, paths: filesOfGlob(parts.slice(firstGlob).join("/"), root, tally), isFolder: false };
}

function findInPackage(name: string, files: string, baseFolder: string, sourceName: string, tally: Tally) {
  const manifestPath =
    locatePackage(name, join(baseFolder, "campaign.js")) ?? locatePackage(name, import.meta.filename);
  if (manifestPath === undefined) {
    throw new UserError(
      `the npm package ${name} is not installed (source "${sourceName}")`,
      "a package that can be found from the campaign file's folder or from longrun",
      `npm install ${name}`,
    );
  }
  const root = realpathSync(dirname(manifestPath));
  const what = `the package.json of ${name} (source "${sourceName}")`;
  const text = readText(manifestPath, what);
  const manifest = parseJsonAs(packageJson, text, manifestPath, what, `npm install ${name} again`);
  return {
    root,
    paths: filesOfGlob(files, root, tally),
    isFolder: false,
    licence: typeof manifest.license === "string" ? manifest.license : null,
    package: `${manifest.name ?? name}@${manifest.version ?? "unknown"}`,
  };
}

/** Finds a package even where its `exports` hide package.json or it has no entry point at all. */
function locatePackage(name: string, from: string): string | undefined {
  try {
    return findPackageJSON(name, from);
  } catch {
    return undefined;
  }
}

function fingerprint(files: readonly FoundFile[]) {
  let totalBytes = 0;
  const facts = files.map(({ path, name }) => {
    const { size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    totalBytes += Number(size);
    return `${name}\t${size}\t${mtimeNs}\t${ctimeNs}`;
  });
  const isCompressed = files.some(({ name }) => COMPRESSED.test(name));
  return { fingerprint: sha256(facts.join("\n")), totalBytes: isCompressed ? undefined : totalBytes };
}

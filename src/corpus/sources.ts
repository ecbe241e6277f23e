/** @file Which files a source means. Links are not followed, so nothing outside the named folder is read. */

import { globSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { sha256 } from "../record/files.ts";
import type { SourceSpec } from "./spec.ts";

export type SourceFile = {
  readonly path: string;
  /** Relative to the source's root, with forward slashes: the same on every machine. */
  readonly name: string;
};

export type SourceFiles = {
  readonly files: readonly SourceFile[];
  readonly symbolicLinksSkipped: number;
  readonly licence: string | null;
  /** `name@version` when the source is an npm package. */
  readonly package: string | null;
  /** Changes whenever a file may have changed; by change time too: npm's modification times are alike. */
  readonly fingerprint: string;
  /** Of the files as they lie on disk; undefined where some are compressed. */
  readonly totalBytes: number | undefined;
};

/** Extensions that a bare folder contributes; a glob that names others gets them read as plain text. */
const TEXT_IN_FOLDER = /\.(txt|text|md|markdown|jsonl|ndjson)(\.gz|\.zst)?$/i;
const COMPRESSED = /\.(gz|zst)$/i;
const GLOB_CHARACTERS = /[*?[\]{}]/;

const packageJson = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.unknown().optional(),
});

/** Finds a source's files, sorted by name so that the order is the same everywhere. */
export function findSourceFiles(source: SourceSpec, baseFolder: string): SourceFiles {
  const found =
    source.package === undefined
      ? { ...findByPath(resolve(baseFolder, source.path ?? ""), source.name), licence: null, package: null }
      : findInPackage(source.package, source.files ?? "**/*", baseFolder, source.name);
  const { regular, symbolicLinksSkipped } = dropLinks(found.root, found.paths);
  if (regular.length === 0) {
    throw new UserError(
      `no text file for source "${source.name}" in ${found.root}`,
      "at least one file: a folder gives .txt, .md and .jsonl files (also .gz and .zst), a glob any extension",
      "check the source's path or files in the campaign file",
    );
  }
  return {
    files: regular,
    symbolicLinksSkipped,
    licence: source.licence ?? found.licence,
    package: found.package,
    ...fingerprint(regular),
  };
}

type Candidates = {
  readonly root: string;
  readonly paths: readonly string[];
};

function findByPath(path: string, sourceName: string): Candidates {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) {
    const real = realpathSync(path);
    return { root: dirname(real), paths: [basename(real)] };
  }
  if (stats?.isDirectory()) {
    const root = realpathSync(path);
    return { root, paths: walk(root, "").filter((name) => TEXT_IN_FOLDER.test(name)) };
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
  return { root, paths: globSync(parts.slice(firstGlob).join("/"), { cwd: root }) };
}

function findInPackage(name: string, files: string, baseFolder: string, sourceName: string) {
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
  const manifest = packageJson.parse(JSON.parse(readFileSync(manifestPath, "utf8")));
  return {
    root,
    paths: globSync(files, { cwd: root }),
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

/** Names of all files below a folder; hidden folders and installed packages are skipped. */
function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
    return entry.isDirectory() ? walk(root, name) : [name];
  });
}

/**
 * A path that equals its real path has no link in it. A link that stays inside the folder leads to text that
 * is there anyway, and one that leaves it leads to text that was not named: neither is followed.
 */
function dropLinks(root: string, paths: readonly string[]) {
  const regular: SourceFile[] = [];
  let symbolicLinksSkipped = 0;
  for (const found of [...paths].sort()) {
    const path = resolve(root, found);
    const stats = lstatSync(path);
    if (stats.isDirectory()) continue;
    const isInside = path.startsWith(root.endsWith(sep) ? root : root + sep);
    if (stats.isFile() && isInside && realpathSync(path) === path) {
      regular.push({ path, name: relative(root, path).split(sep).join("/") });
    } else if (stats.isSymbolicLink() || stats.isFile()) {
      symbolicLinksSkipped += 1;
    }
  }
  return { regular, symbolicLinksSkipped };
}

function fingerprint(files: readonly SourceFile[]) {
  let totalBytes = 0;
  const facts = files.map(({ path, name }) => {
    const { size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    totalBytes += Number(size);
    return `${name}\t${size}\t${mtimeNs}\t${ctimeNs}`;
  });
  const isCompressed = files.some(({ name }) => COMPRESSED.test(name));
  return { fingerprint: sha256(facts.join("\n")), totalBytes: isCompressed ? undefined : totalBytes };
}

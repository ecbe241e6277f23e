/** @file Files below a folder or of a glob: links followed, each file once, campaigns' folders left out. */

import { isUtf8 } from "node:buffer";
import {
  closeSync,
  globSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import type { Tally } from "./notes.ts";

export type FoundFile = {
  readonly path: string;
  /** Relative to the source's root, with forward slashes: the same on every machine. */
  readonly name: string;
};

/** All files below a folder; those behind links last, so that what is there twice has its own name. */
export function filesBelow(root: string, tally: Tally): string[] {
  const names: string[] = [];
  const folders = [""];
  const behindLinks: string[] = [];
  const seen = new Set<string>();
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift() ?? behindLinks.shift()) {
    const real = realpathSync(join(root, folder));
    if (seen.has(real)) {
      tally.add("passed over", "folders", "reached again through a link", folder);
      continue;
    }
    seen.add(real);
    for (const entry of readdirSync(real, { withFileTypes: true, encoding: "buffer" })) {
      const own = entry.name.toString("utf8");
      const name = folder === "" ? own : `${folder}/${own}`;
      const isFolder =
        entry.isDirectory() || (entry.isSymbolicLink() && statOf(join(root, name))?.isDirectory());
      const unit = isFolder ? "folders" : "files";
      if (!isUtf8(entry.name)) tally.add("passed over", unit, BAD_NAME, name);
      else if (own.startsWith(".") || own === "node_modules")
        tally.add("passed over", unit, isFolder ? "hidden, or of installed packages" : "hidden", name);
      else if (!isFolder) names.push(name);
      else (entry.isDirectory() ? folders : behindLinks).push(name);
    }
  }
  return names;
}

/** What a glob names below a folder; folders that it cannot look into for their names are counted. */
export function filesOfGlob(glob: string, root: string, tally: Tally): string[] {
  const odd = new Set<string>();
  const entries = globSync(glob, {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => {
      const path = join(entry.parentPath, entry.name);
      // Bytes that are no UTF-8 are given as replacements, under which nothing lies.
      if (entry.isDirectory() && path.includes("\ufffd") && !statOf(path)) odd.add(relative(root, path));
      return false;
    },
  });
  for (const name of odd) tally.add("passed over", "folders", BAD_NAME, name);
  return entries.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
}

const BAD_NAME = "its name is no UTF-8: rename it to have it read";

type Candidate = FoundFile & { readonly real: string; readonly isLink: boolean };

/**
 * The regular files among names, sorted so that the order is the same everywhere. A link is followed and
 * keeps its own name; a file that several names lead to is read once, under its own name where it has one
 * there. `isRead`: which names a bare folder contributes; the others are counted, and named as well.
 */
export function filesToRead(
  root: string,
  names: readonly string[],
  isRead: (name: string) => boolean,
  tally: Tally,
): { readonly files: readonly FoundFile[]; readonly others: readonly string[] } {
  const campaigns = new CampaignFolders(root, tally);
  const others: string[] = [];
  const candidates = [...names].sort().flatMap((found): Candidate[] => {
    const path = resolve(root, found);
    const name = relative(root, path).split(sep).join("/");
    const stats = statOf(path);
    if (stats?.isDirectory() || name.startsWith("../") || campaigns.own(path)) return [];
    const target = stats?.isFile() ? linkAsText(path, stats.size) : undefined;
    const isFile = target === undefined ? stats?.isFile() : statOf(target)?.isFile();
    const real = isFile ? realpathSync(target ?? path) : undefined;
    if (real !== undefined && isRead(name))
      return [{ path: target ?? path, name, real, isLink: real !== path }];
    others.push(name);
    tally.add("passed over", "files", real === undefined ? notAFile(path) : notRead(name), name);
    return [];
  });
  const once = new Map<string, FoundFile>();
  for (const { path, name, real, isLink } of [...candidates].sort(
    (a, b) => Number(a.isLink) - Number(b.isLink),
  )) {
    if (once.has(real)) tally.add("passed over", "files", "the same file under another name", name);
    else if (isLink && !isInside(root, real))
      tally.add("repaired", "files", "outside the folder, read through links", name);
    if (!once.has(real)) once.set(real, { path, name });
  }
  return { files: [...once.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), others };
}

/** Where links cannot be made, Git and others write a small file that holds the path. */
function linkAsText(path: string, size: number): string | undefined {
  if (size > LONGEST_LINK_BYTES) return undefined;
  const text = readFileSync(path, "utf8");
  return /^\.\.?\/[^\s\0]+$/.test(text) ? resolve(dirname(path), text) : undefined;
}

const LONGEST_LINK_BYTES = 255;

function notRead(name: string): string {
  const extension = extname(name).toLowerCase();
  return extension === "" ? "without an extension, not read" : `${extension}, not read`;
}

const isInside = (root: string, path: string) => path.startsWith(root.endsWith(sep) ? root : root + sep);

/** Undefined where nothing can be reached there. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Why a name leads to no file. */
function notAFile(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats) return `${kindOf(stats)}, not read`;
    // A glob gives such names with replacements.
    return path.includes("\ufffd") ? BAD_NAME : "leads nowhere: a link without its file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") return "a link that leads to itself";
    return `cannot be reached (${code})`;
  }
}

/** What lies at a path that is no regular file and no folder. */
export function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "a device" : "no regular file";
}

/** What longrun itself writes into the folder of a campaign. */
const OWN = ["record.jsonl", "record.lock", "corpus", "runs", "series", "model", "report.md", "figures"];
const RECORD_BYTES = 4096;

/**
 * Folders of campaigns, known by their record. One below the source's folder is left out whole; of one that
 * the source lies in, or is, what longrun writes there.
 */
class CampaignFolders {
  readonly #root: string;
  readonly #tally: Tally;
  readonly #known = new Map<string, boolean>();
  readonly #told = new Set<string>();

  constructor(root: string, tally: Tally) {
    this.#root = root;
    this.#tally = tally;
  }

  own(path: string): boolean {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (this.#isCampaign(folder)) {
        const [first = ""] = relative(folder, path).split(sep);
        if (isInside(this.#root, folder) || OWN.includes(first)) return this.#tell(folder);
      }
      if (folder === dirname(folder)) return false;
    }
  }

  #tell(folder: string): true {
    if (!this.#told.has(folder)) {
      const name = relative(this.#root, folder).split(sep).join("/") || ".";
      this.#tally.add(
        "passed over",
        "folders",
        "of a campaign or run of longrun: its own files are no text",
        name,
      );
    }
    this.#told.add(folder);
    return true;
  }

  #isCampaign(folder: string): boolean {
    const known = this.#known.get(folder) ?? holdsRecord(folder);
    this.#known.set(folder, known);
    return known;
  }
}

function holdsRecord(folder: string): boolean {
  const path = join(folder, "record.jsonl");
  if (!statOf(path)?.isFile()) return false;
  const file = openSync(path, "r");
  try {
    const begin = Buffer.alloc(RECORD_BYTES);
    const text = begin.toString("utf8", 0, readSync(file, begin, 0, RECORD_BYTES, 0));
    // A record that was just opened is empty.
    return text === "" || /^\{"v":\d+,"sequence":/.test(text);
  } finally {
    closeSync(file);
  }
}

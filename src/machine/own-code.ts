/** @file Which longrun this is: its manifest, and the commit of its code. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export const ownManifest = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as {
  readonly version: string;
  readonly description: string;
  readonly dependencies: { readonly node: string };
  /** Of a package: the commit that it was packed from. */
  readonly gitHead?: string;
};

let commit: string | null | undefined;

/** The commit of this code, or null. Compiled code never asks git: the repository around is another's. */
export function codeCommit(): string | null {
  if (commit !== undefined) return commit;
  commit = import.meta.filename.endsWith(".ts") ? gitHead() : (ownManifest.gitHead ?? null);
  return commit;
}

function gitHead(): string | null {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null;
  }
}

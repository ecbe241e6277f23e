/** @file The corpus of a campaign or a run: prepared, vouched for in the record, made anew where damaged. */

import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { MANIFEST_FILE, type Manifest } from "../corpus/manifest.ts";
import { prepareCorpus } from "../corpus/prepare.ts";
import type { CorpusSpec } from "../corpus/spec.ts";
import type { PrepareProgress } from "../corpus/steps.ts";
import { UserError } from "../errors.ts";
import { damagedFiles, damageText, filesWritten, isVouchedFor, vouch } from "../record/custody.ts";
import type { RunContext } from "./recorded-run.ts";

/** What is told on the way. */
export type CorpusNotice =
  | ({ readonly kind: "preparing" } & PrepareProgress)
  | { readonly kind: "text"; readonly text: string };

type CorpusContext = Pick<RunContext, "record" | "workspace" | "signal"> & {
  tell(notice: CorpusNotice): void;
};

/**
 * Prepares the corpus, or finds it prepared. What the record vouches for is read through first, and made anew
 * from the sources where it is no longer what it was.
 * @param hash the corpus that runs in the record stand on, where there are any: another one is refused
 */
export async function recordedCorpus(
  context: CorpusContext,
  spec: CorpusSpec,
  baseFolder: string,
  hash?: string,
): Promise<Manifest> {
  const { record, workspace, signal, tell } = context;
  removeDamaged(context);
  const manifest = await prepareCorpus(spec, baseFolder, workspace.corpus, {
    signal,
    onProgress: (progress) => tell({ kind: "preparing", ...progress }),
    onNote: (text) => tell({ kind: "text", text }),
  });
  if (hash !== undefined && manifest.hash !== hash)
    throw new UserError(
      `the corpus prepared anew in ${workspace.corpus} has the hash ${manifest.hash}`,
      `the hash ${hash}, which the record keeps: its runs stand on that corpus`,
      "go on with the longrun that prepared it, or launch into a new folder",
    );
  const place = basename(workspace.corpus);
  if (!isVouchedFor(workspace.folder, record.events, `${place}/${MANIFEST_FILE}`))
    vouch(record, filesWritten(workspace.folder, "corpus", null, [place]));
  return manifest;
}

/** Whatever is gone is made anew by the steps of prepare, which are then looked at one by one. */
function removeDamaged({ record, workspace, tell }: CorpusContext): void {
  const { folder } = workspace;
  const [first, ...others] = damagedFiles(folder, record.events, ({ of }) => of === "corpus");
  if (first === undefined) return;
  for (const { path } of [first, ...others]) rmSync(join(folder, path), { recursive: true, force: true });
  rmSync(join(workspace.corpus, MANIFEST_FILE), { force: true });
  const more = others.length > 0 ? `, ${others.length} more file${others.length > 1 ? "s" : ""} too` : "";
  tell({ kind: "text", text: `${damageText(first)}${more}: the corpus is prepared anew` });
}

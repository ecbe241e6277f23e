/** @file Writes the report of a campaign: Markdown beside a folder of figures. */

import { join } from "node:path";
import type { DamagedFile } from "../../record/custody.ts";
import { writeFileAtomic } from "../../record/files.ts";
import { renderReport } from "../../report/report.ts";
import { accountOf } from "./account.ts";

/** Renders what the record says now. */
export async function writeReport(
  folder: string,
): Promise<{ readonly path: string; readonly damaged: readonly DamagedFile[] }> {
  const account = accountOf(folder);
  const { markdown, figures } = await renderReport(account);
  for (const { name, svg } of figures) writeFileAtomic(join(folder, "figures", name), svg);
  const path = join(folder, "report.md");
  writeFileAtomic(path, markdown);
  return { path, damaged: account.damaged };
}

/** @file Writes the report of a campaign: Markdown beside a folder of figures. */

import { join } from "node:path";
import { writeFileAtomic } from "../../record/files.ts";
import { renderReport } from "../../report/report.ts";
import { accountOf } from "./account.ts";

/** Renders what the record says now; returns the path of `report.md`. */
export async function writeReport(folder: string): Promise<string> {
  const { markdown, figures } = await renderReport(accountOf(folder));
  for (const { name, svg } of figures) writeFileAtomic(join(folder, "figures", name), svg);
  const path = join(folder, "report.md");
  writeFileAtomic(path, markdown);
  return path;
}

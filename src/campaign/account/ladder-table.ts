/** @file A finished ladder as a table of runs, so that the laws' commands read our own folders too. */

import { UserError } from "../../errors.ts";
import { isThere } from "../../input-file.ts";
import type { RunTable, TableRun } from "../../laws/table/run-table.ts";
import { readRecord, recordPath } from "../../record/record.ts";
import { type LadderRun, observationOf } from "../stages/ladder.ts";
import { historyOf } from "./history.ts";

/** The ladder's runs from a campaign's record: N in matrix products, C counted exactly, bits per byte. */
export function ladderTable(folder: string): RunTable {
  if (!isThere(recordPath(folder))) {
    throw new UserError(
      `${folder} has no record`,
      "the folder of a campaign, or a file of runs",
      "check the path; campaigns stand under runs/",
    );
  }
  const { ladder } = historyOf(readRecord(folder).events);
  if (ladder) return tableOf(ladder, folder);
  throw new UserError(
    `${folder}: the ladder is not finished`,
    "a campaign whose ladder is finished",
    `finish it: longrun status ${folder} says where it stands`,
  );
}

/** The runs of a ladder, told apart by name and seed. */
export function tableOf(ladder: readonly LadderRun[], source: string): RunTable {
  return {
    source,
    runs: ladder.map((run): TableRun => ({ ...observationOf(run), run: run.name })),
    setAside: [],
    warnings: [],
    conventions: {
      parameters: "in matrix products: the head included, the input embedding not",
      compute: "counted from the table of operations, forward and backward, attention included",
    },
  };
}

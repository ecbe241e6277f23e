/** @file Scores of a task, from columns beside the runs of a table: COLUMN, COLUMN_sd, COLUMN_chance. */

import { UserError } from "../../errors.ts";
import type { TableOptions } from "../../laws/table/read-table.ts";
import type { RunTable } from "../../laws/table/run-table.ts";
import type { TaskRun } from "../../laws/tasks/forecast.ts";

const chanceOf = (column: string) => `${column}_chance`;
const sdOf = (column: string) => `${column}_sd`;

/** What to read beside the runs for this task's scores; none: nothing. */
export function scoreColumns(column: string | undefined): Pick<TableOptions, "extra"> {
  if (column === undefined) return {};
  return { extra: { [column]: "needed", [chanceOf(column)]: "optional", [sdOf(column)]: "optional" } };
}

/** The runs with their scores. Throws a `UserError` where a run has none. */
export function scoresOf({ source, runs }: RunTable, column: string): readonly TaskRun[] {
  return runs.map(({ extra = {}, ...run }) => {
    const score = extra[column];
    if (score === undefined) {
      throw new UserError(
        `${source}: ${run.run} has no score in column ${column}`,
        "a number in every row",
        "leave out the rows that were not scored",
      );
    }
    return { ...run, score, chance: extra[chanceOf(column)] ?? 0, sd: extra[sdOf(column)] ?? 0 };
  });
}

/** @file The verdict's rows: the target's predictions, scored by the table of quantities, gaps explained. */

import type { RecordEvent } from "../../record/events.ts";
import { score } from "../../record/score.ts";
import type { ScoredRow } from "../../report/data.ts";
import { targetQuantities } from "../quantities.ts";
import type { History } from "./history.ts";

/** As locked; not measured yet where the target is not trained. Empty before there is a forecast. */
export function scoredRows(
  events: readonly RecordEvent[],
  { manifest, targetName: run, fit, target: summary }: History,
): readonly ScoredRow[] {
  if (!manifest || !run || !fit) return [];
  const quantities = targetQuantities(manifest);
  const outcome = summary && { summary, ...fit };
  const measured = outcome
    ? quantities.map((row) => ({
        run,
        quantity: row.name,
        unit: row.unit,
        value: row.measure(outcome).value,
      }))
    : [];
  return score(events, measured)
    .filter((row) => row.run === run)
    .map((row) => {
      const quantity = quantities.find(({ name }) => name === row.quantity);
      const causes =
        quantity && outcome && row.gapPercent !== null ? quantity.causes(row.gapPercent, outcome) : [];
      return { ...row, about: quantity?.about ?? "other", causes };
    });
}

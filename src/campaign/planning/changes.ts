/** @file What has changed since an earlier launch in the same folder: said before it is trained anew. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { eventsOf, type RecordEvent } from "../../record/events.ts";
import { parseStored } from "../../record/read-back.ts";
import { formatFlops, formatSeconds, formatWhole } from "../../units/print.ts";
import { type StoredPlan, storedPlanSchema } from "./plan.ts";

/** What is compared, in whatever version of longrun it was written: the rest may have another form. */
const { budget, seed, splitRule } = storedPlanSchema.shape;
const betSchema = z.object({ budget, seed, splitRule });
const textSchema = z.object({
  hash: z.string(),
  sources: z.array(z.object({ name: z.string(), bytesRead: z.number() })),
});

/** Another campaign file or budget than that of the last plan; null where there is none. */
export function planChange(events: readonly RecordEvent[], now: StoredPlan): string | null {
  const last = eventsOf(events, "campaign-planned").at(-1);
  if (last === undefined) return null;
  const before = parseStored(betSchema, last.data.plan, "the plan");
  const facts = ({ budget, seed, splitRule }: z.infer<typeof betSchema>) => ({
    budget: budget.kind === "flops" ? formatFlops(budget.flops) : formatSeconds(budget.seconds),
    seed: String(seed),
    "held out": splitRule,
  });
  const [old, current] = [facts(before), facts(now)] as const;
  const changed = (["budget", "seed", "held out"] as const).flatMap((name) =>
    old[name] === current[name] ? [] : [`${name} ${old[name]}, now ${current[name]}`],
  );
  const what = changed.length > 0 ? changed.join("; ") : "another key than budget, seed and held-out text";
  return `the campaign file is another than for the plan of event ${last.sequence} (${what}): ${consequence(events, now)}`;
}

/** Another text than that of the preparation before; null where it is the same, or there was none. */
export function textChange(
  events: readonly RecordEvent[],
  earlier: readonly RecordEvent[],
  now: Manifest,
): string | null {
  const last = eventsOf(earlier, "stage-finished").findLast(({ data }) => data.stage === "prepare");
  if (last === undefined) return null;
  const before = parseStored(textSchema, last.data.result, "the result of stage prepare");
  if (before.hash === now.hash) return null;
  const sizes = now.sources.flatMap(({ name, bytesRead }) => {
    const old = before.sources.find((source) => source.name === name)?.bytesRead ?? 0;
    return old === bytesRead
      ? []
      : [`${name}: ${formatWhole(old)} bytes read, now ${formatWhole(bytesRead)}`];
  });
  const what =
    sizes.length > 0
      ? sizes.join("; ")
      : "sources of the same size: another text, or another preparation of it";
  const { plan } = eventsOf(events, "campaign-planned").at(-1)!.data;
  const planned = parseStored(storedPlanSchema, plan, "the plan");
  return `the corpus is another than that of event ${last.sequence} (${what}): ${consequence(events, planned)}`;
}

function consequence(events: readonly RecordEvent[], { expectedSeconds }: StoredPlan): string {
  const verdict = eventsOf(events, "stage-finished").findLast(({ data }) => data.stage === "verdict");
  const kept = verdict
    ? `; the verdict of event ${verdict.sequence} stays in the record, its report and its model are replaced ` +
      "(to keep them, stop now and launch into a new folder, --folder)"
    : "";
  return `what it does not share is trained anew, all of it about ${formatSeconds(expectedSeconds)}${kept}`;
}

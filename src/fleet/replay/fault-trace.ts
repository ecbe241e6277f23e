/** @file A trace of faults by machine, in StepFun's format: when each began and ended, and what it was. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { parseJsonAs, readText } from "../../input-file.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";

const traceSchema = z
  .array(
    z.object({
      node_id: z.string().min(1),
      /** Days. */
      event_time: z.number().nonnegative(),
      event_type: z.enum(["fault_start", "fault_end"]),
      fault_type: z.object({ Class: z.string(), Desc: z.string() }),
    }),
  )
  .min(1);

/** A fault of a machine. */
export type Fault = {
  readonly place: string;
  readonly atSeconds: number;
  /** Null: the trace ends before. */
  readonly endSeconds: number | null;
  readonly what: string;
};

const EXPECTED = "a list of {node_id, event_time in days, event_type fault_start or fault_end, fault_type}";

/** Throws a `UserError` where the file holds no trace. */
export function readFaultTrace(path: string): readonly Fault[] {
  const remedy = "docs/fleet.md has an example";
  const events = parseJsonAs(traceSchema, readText(path, EXPECTED, remedy), path, EXPECTED, remedy);
  const inOrder = events.toSorted((a, b) => a.event_time - b.event_time);
  const ends = Map.groupBy(
    inOrder.filter((event) => event.event_type === "fault_end"),
    (event) => event.node_id,
  );
  const faults = inOrder
    .filter((event) => event.event_type === "fault_start")
    .map(({ node_id: place, event_time, fault_type: { Class, Desc } }) => {
      const end = ends.get(place)?.find((event) => event.event_time >= event_time)?.event_time;
      const endSeconds = end === undefined ? null : end * DAY_SECONDS;
      return { place, atSeconds: event_time * DAY_SECONDS, endSeconds, what: `${Class}: ${Desc}` };
    });
  if (faults.length > 0) return faults;
  throw new UserError(`${path} holds ends of faults, and no start`, EXPECTED, remedy);
}

/** @file PyTorch's flight recorder: which collectives a rank has joined, by group of ranks. */

import { z } from "zod";

/** Numbers come as text in the JSON of torch 2.15, as numbers in its pickle. */
const count = z.coerce.number().int();

const dumpSchema = z.object({
  pg_status: z.record(
    z.string(),
    z.object({ last_enqueued_collective: count, last_completed_collective: count }),
  ),
  entries: z.array(
    z.object({
      process_group: z.tuple([z.string(), z.string()]),
      collective_seq_id: count,
      is_p2p: z.boolean(),
      profiling_name: z.string(),
      input_sizes: z.array(z.array(z.number())),
    }),
  ),
});

/** What a rank remembers of one process group. */
export type GroupFlight = {
  /** The number of the last collective that it has joined, and of the last one that came to its end. */
  readonly joined: number;
  readonly completed: number;
  /** The last one, by name and sizes; null where it is forgotten. */
  readonly last: string | null;
};

/** By the name of the group; a rank tells of those that it is in. */
export type Flight = ReadonlyMap<string, GroupFlight>;

/**
 * Reads one rank's dump. The configuration of groups is left alone: under gloo it has one entry, without a
 * name (PyTorch's own analyser fails on that).
 */
export function readFlight(text: string): Flight {
  const { pg_status, entries } = dumpSchema.parse(JSON.parse(text));
  const groups = Object.entries(pg_status).map(([name, status]) => {
    const joined = status.last_enqueued_collective;
    const entry = entries.findLast(
      ({ process_group: [group], collective_seq_id, is_p2p }) =>
        group === name && collective_seq_id === joined && !is_p2p,
    );
    const last = entry ? `${entry.profiling_name} of ${JSON.stringify(entry.input_sizes)}` : null;
    return [name, { joined, completed: status.last_completed_collective, last }] as const;
  });
  return new Map(groups);
}

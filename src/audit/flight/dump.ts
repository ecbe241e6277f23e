/** @file One rank's dump of PyTorch's flight recorder: the collectives that it has called, by group. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { readPickle } from "./pickle.ts";

/** Numbers come as text in the JSON of torch 2.15, as numbers in its pickle. */
const count = z.coerce.number().int();
const amount = z.coerce.number();
const sizes = z.array(z.array(count));
const dtypes = z.array(z.string()).optional();

const frameSchema = z.object({ name: z.string(), filename: z.string(), line: count });

const dumpSchema = z.object({
  pg_config: z.record(z.string(), z.object({ ranks: z.string() })).optional(),
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
      input_sizes: sizes,
      output_sizes: sizes.optional(),
      input_dtypes: dtypes,
      output_dtypes: dtypes,
      time_created_ns: amount.optional(),
      timeout_ms: amount.optional(),
      retired: z.boolean().optional(),
      frames: z.array(frameSchema).optional(),
    }),
  ),
});

/** A collective that a rank has called. Its number counts those of its group, from 1. */
export type Call = {
  readonly group: string;
  readonly number: number;
  /** As the recorder has it: gloo:all_reduce. */
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  /** Of the inputs, then of the outputs. */
  readonly dtypes: readonly string[];
  /** When it was called, by the rank's clock; null: not recorded. */
  readonly atSeconds: number | null;
  /** After which it would have failed; null: not recorded. */
  readonly timeoutSeconds: number | null;
  readonly isDone: boolean;
  /** The line that called it, outside of PyTorch: FILE:LINE; null: not recorded. */
  readonly site: string | null;
};

/** How far a rank has come in a group. */
export type GroupProgress = {
  /** The number of the last collective that it has called, and of the last one that came to its end. */
  readonly joined: number;
  readonly completed: number;
};

/** What one rank tells. Calls that its ring buffer has overwritten are missing at the front. */
export type FlightDump = {
  readonly progress: ReadonlyMap<string, GroupProgress>;
  readonly calls: readonly Call[];
  /** Ranks by group, where the recorder knows them (NCCL). */
  readonly members: ReadonlyMap<string, readonly number[]>;
  /** All that gloo's knows: how many ranks are in the newest group of this one. Null: NCCL's. */
  readonly newestGroupSize: number | null;
};

/**
 * Reads a dump, a pickle or JSON; no code of a pickle is run. Throws a UserError where it is neither, or
 * not a flight recorder's.
 * @param name of the file, for errors
 */
export function readFlightDump(bytes: Uint8Array, name: string): FlightDump {
  const parsed = dumpSchema.safeParse(bytes[0] === PICKLE ? readPickle(bytes, name) : json(bytes, name));
  if (!parsed.success) throw notADump(name, z.prettifyError(parsed.error).split("\n")[0]!);
  const { pg_config, pg_status, entries } = parsed.data;
  const { "": newest, ...named } = pg_config ?? {};
  return {
    progress: new Map(
      Object.entries(pg_status).map(([group, status]) => [
        group,
        { joined: status.last_enqueued_collective, completed: status.last_completed_collective },
      ]),
    ),
    calls: entries.filter(({ is_p2p }) => !is_p2p).map(callOf),
    members: new Map(Object.entries(named).map(([group, { ranks }]) => [group, numbersIn(ranks)])),
    // Gloo's one entry has no name, and counts the ranks of a group from 0.
    newestGroupSize: newest ? numbersIn(newest.ranks).length : null,
  };
}

/** PROTO, with which every pickle begins since protocol 2. */
const PICKLE = 0x80;

function json(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw notADump(name, (error as Error).message);
  }
}

const notADump = (name: string, why: string) =>
  new UserError(
    `${name} is no dump of a flight recorder: ${why}`,
    "what torch._C._distributed_c10d._dump_fr_trace() or _dump_fr_trace_json() returns, or NCCL writes",
    "leave the file out, or have the rank write it again",
  );

function callOf(entry: z.output<typeof dumpSchema>["entries"][number]): Call {
  const { input_dtypes = [], output_dtypes = [], time_created_ns, timeout_ms, frames = [] } = entry;
  const site = frames.find(({ filename }) => !isOfTorch(filename));
  return {
    group: entry.process_group[0],
    number: entry.collective_seq_id,
    name: entry.profiling_name,
    inputs: entry.input_sizes,
    outputs: entry.output_sizes ?? [],
    dtypes: [...input_dtypes, ...output_dtypes],
    atSeconds: time_created_ns === undefined ? null : time_created_ns / 1e9,
    timeoutSeconds: timeout_ms === undefined ? null : timeout_ms / 1e3,
    isDone: entry.retired ?? false,
    site: site ? `${site.filename}:${site.line}` : null,
  };
}

const isOfTorch = (file: string) => /(^|\/)torch\//.test(file) || file.startsWith("<");

const numbersIn = (text: string) => (text.match(/\d+/g) ?? []).map(Number);

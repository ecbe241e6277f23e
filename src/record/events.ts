/** @file The events a record can hold: one small schema a kind, checked on the way in and out. */

import { z } from "zod";
import { jsonProblem } from "./json.ts";

/** The version of the format: a record of another version is neither read nor continued. */
export const RECORD_VERSION = 3;

/** The `previous` of the first event: there is nothing before it. */
export const NO_PREVIOUS = "0".repeat(64);

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 in hexadecimal");

/** A run's name is also the name of its folder, so it holds no separators and does not start with a dot. */
const runNameSchema = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+=-]*$/, "letters, digits and . _ + = - only");

const stageSchema = z.enum(["prepare", "ladder", "features", "fit", "gate", "target", "verdict"]);

/** Any JSON value. Refused: what JSON would change silently (NaN to null, a typed array to an object). */
const json = z.unknown().check((context) => {
  const problem = jsonProblem(context.value);
  if (problem !== null) context.issues.push({ code: "custom", message: problem, input: context.value });
});

/** Inside the campaign's folder, whatever the system calls its separators. */
const filePath = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, "a path inside the campaign's folder");

const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const name = z.string().min(1);

/** What numbers may depend on besides a run's specification. */
const environment = z.strictObject({
  /** Git commit of the code that trains; null where there is no repository. */
  commit: z.string().nullable(),
  /** Name to version: longrun, node, the kernels ... */
  versions: z.record(z.string(), z.string()),
  processor: name,
  /** Exactness holds within one instruction set. */
  instructionSet: name,
  cores: z.int().positive(),
  memoryBytes: count,
});

const predictionData = z
  .strictObject({
    quantity: name,
    unit: name,
    median: z.number(),
    /** The 90 % interval. */
    lo: z.number(),
    hi: z.number(),
    /** The law, table or calibration that it comes from. */
    basis: name,
    /** Named parts that add up to the median, where it has any. */
    parts: z.record(name, z.number()).optional(),
  })
  .refine(({ lo, median, hi }) => lo <= median && median <= hi, "lo <= median <= hi");

/**
 * `time limit`: it is queued again. `nodes used up`: another job follows, without those that were of no use.
 * `failed`: a person has to see to it.
 */
const jobEnd = z.enum(["finished", "stopped", "time limit", "nodes used up", "failed"]);

/** The run is the subject of the event; null where the subject is the whole campaign. */
const ofCampaign = z.null();
const ofRun = runNameSchema;
const ofEither = runNameSchema.nullable();

/** Every kind of event, as it is checked on the way in and on the way out. */
export const eventSchema = z.discriminatedUnion("kind", [
  /** Holds for all that follows, until the next of its kind: written where it differs from the last one. */
  kind("environment", ofCampaign, environment),
  kind("campaign-planned", ofCampaign, z.strictObject({ specHash: hashSchema, plan: json })),
  /** The open issues of the campaign file, written where they differ from the last ones. */
  kind("issues-stated", ofCampaign, z.strictObject({ issues: json })),
  kind("stage-started", ofCampaign, z.strictObject({ stage: stageSchema, inputsHash: hashSchema })),
  kind(
    "stage-finished",
    ofCampaign,
    z.strictObject({
      stage: stageSchema,
      inputsHash: hashSchema,
      /** What the stage has found out and no other event says; null where its runs' events say it all. */
      result: json,
      seconds: amount,
    }),
  ),
  kind(
    "run-started",
    ofRun,
    z.strictObject({
      /** 1, 2, 3 ...: a run that was killed and goes on is a new attempt of the same run. */
      attempt: z.int().positive(),
      /** The step of the checkpoint that it goes on from; 0 at a fresh start. */
      fromStep: count,
      /** False when the instruction set is another than that of the attempt before. */
      exact: z.boolean(),
      numThreads: z.int().positive(),
      /** Everything that decides the run's numbers; null where an earlier attempt has said it. */
      spec: json,
      /** Until the process could train, where its trainer has measured it. */
      startSeconds: amount.optional(),
      /** Where it is, and how many others could take over. */
      places: z.array(name).readonly().optional(),
      numSpares: count.optional(),
      /** What those places had done before the run, where they had; in seconds since 1970. */
      placeHistory: z
        .array(z.strictObject({ place: name, atSeconds: z.number() }))
        .readonly()
        .optional(),
    }),
  ),
  /** Every number of a run that has done all its steps. */
  kind("run-finished", ofRun, z.strictObject({ summary: json })),
  /** A run of a command that is not ours has ended by itself, with exit code 0: what is known of it. */
  kind(
    "command-ended",
    ofRun,
    z.strictObject({
      /** The last one that it told of; 0 where it told none. */
      lastStep: count,
      lastLoss: z.number().nullable(),
      numAttempts: z.int().positive(),
      /** Since its first attempt was started, by the clock. */
      seconds: amount,
    }),
  ),
  /** Files that are now finished: whoever opens one can see that it is still what was written. */
  kind(
    "files-written",
    ofEither,
    z.strictObject({
      of: z.enum(["corpus", "run", "model"]),
      /** By their path in the campaign's folder. */
      files: z.record(filePath, z.strictObject({ bytes: count, sha256: hashSchema })),
    }),
  ),
  kind(
    "checkpoint-written",
    ofRun,
    z.strictObject({
      step: count,
      bytes: count,
      /** In which training stood still for it, where its trainer has measured them. */
      seconds: amount.optional(),
    }),
  ),
  kind(
    "checkpoint-certified",
    ofRun,
    z.strictObject({
      step: count,
      /** The last of the steps after it that were sound. */
      throughStep: count,
    }),
  ),
  kind("prediction", ofEither, predictionData),
  kind(
    "measurement",
    ofEither,
    z.strictObject({ quantity: name, unit: name, value: z.number(), source: name }),
  ),
  kind(
    "decision",
    ofEither,
    z.strictObject({ about: name, decision: z.enum(["go", "hold", "stop"]), reason: name, facts: json }),
  ),
  kind("acceptance", ofEither, z.strictObject({ id: name, because: name })),
  kind(
    "incident",
    ofEither,
    z.strictObject({
      what: name,
      evidence: json,
      severity: z.enum(["info", "warning", "critical"]),
      /** What was done about it by itself, and why. */
      response: z
        .strictObject({
          action: name,
          reason: name,
          /** The next attempt starts from this step's checkpoint; null: from the newest. */
          toStep: count.nullable().optional(),
          /** From now on these steps train on other batches than their own: the run is altered. */
          skip: z.array(count).readonly().optional(),
          /** It is not used any more; by action `spare`, for the policy's days. */
          place: name.optional(),
          /** A replay is done without them; they are used again where the trouble comes again elsewhere. */
          without: z.array(name).readonly().optional(),
        })
        .optional(),
    }),
  ),
  kind(
    "reforecast",
    ofRun,
    z.strictObject({
      step: count,
      /** Of the final held-out loss, in the unit of its locked prediction. */
      median: z.number(),
      lo: z.number(),
      hi: z.number(),
      status: z.enum(["on track", "above", "below"]),
      reason: name,
      /** Measured against predicted step time so far. */
      stepGapPercent: z.number(),
    }),
  ),
  kind("interrupted", ofEither, z.strictObject({ reason: name })),
  /** The writing process runs in a job of Slurm's, which so carries all that this launch writes. */
  kind(
    "job-started",
    ofCampaign,
    z.strictObject({
      job: name,
      cluster: name,
      /** How often Slurm has queued it again before. */
      restarts: count,
      /** Those to train on and the spares alike, by name; the writing process is on the last. */
      nodes: z.array(name).min(1).readonly(),
    }),
  ),
  /** It carries the record no longer; where the launch ends without it, nobody was there to write it. */
  kind("job-ended", ofCampaign, z.strictObject({ how: jobEnd, reason: name })),
]);

/** The stages of a campaign. */
export type Stage = z.infer<typeof stageSchema>;

/** One line of a record. */
export type RecordEvent = Readonly<z.infer<typeof eventSchema>>;

/** The kinds of event. */
export type EventKind = RecordEvent["kind"];

/** An event before it carries its own hash. */
export type UnhashedEvent<K extends EventKind = EventKind> = Omit<EventOf<K>, "hash">;

/** The events of one kind. */
export type EventOf<K extends EventKind> = Extract<RecordEvent, { readonly kind: K }>;

/** The events of one kind, in order; with `run`, of that run alone (null: of none). */
export function eventsOf<K extends EventKind>(
  events: readonly RecordEvent[],
  kind: K,
  run?: string | null,
): readonly EventOf<K>[] {
  const isMeant = (event: RecordEvent): event is EventOf<K> =>
    event.kind === kind && (run === undefined || event.run === run);
  return events.filter(isMeant);
}

/** What the caller says; the rest is the writer's. */
export type EventDraft<K extends EventKind = EventKind> = {
  readonly run: EventOf<K>["run"];
  readonly kind: K;
  readonly data: EventOf<K>["data"];
};

function kind<const K extends string, R extends z.ZodType, D extends z.ZodType>(kind: K, run: R, data: D) {
  return z.strictObject({
    v: z.literal(RECORD_VERSION),
    sequence: count,
    /** Which process wrote it: 1 for the first that opened the record for writing, 2 for the next ... */
    launch: z.int().positive(),
    /** Since that process opened the record, by a clock that never jumps: what durations are taken from. */
    seconds: amount,
    time: z.iso.datetime(),
    run,
    kind: z.literal(kind),
    data,
    previous: hashSchema,
    hash: hashSchema,
  });
}

/** @file What can be seen of a run in trouble, as facts: by whom, where, with what evidence. */

import type { RunEvent } from "../../train/run-event.ts";
import type { Section } from "../../train/section.ts";
import { formatBytes, formatSeconds, formatShare, significant } from "../../units/print.ts";
import type { SeenSignature } from "../command/signatures.ts";

/** Which process, and where. */
export type OfRank = { readonly rank: number; readonly place: string };

/** A fact to decide on. */
export type Sighting =
  | (OfRank & {
      readonly kind: "exited";
      readonly code: number | null;
      readonly signal: string | null;
      /** The end of what it printed. */
      readonly log: string;
      /** What the logs of all ranks say the cause was; left out where they say nothing that is known. */
      readonly signature?: SeenSignature;
    })
  | (OfRank & {
      readonly kind: "silent";
      readonly section: Section;
      /** What its silence is taken for. */
      readonly what: string;
      readonly seconds: number;
      /** Why it is this rank, and where it is, where the ranks could be asked. */
      readonly testimony: readonly string[];
    })
  | Extract<RunEvent, { readonly kind: "diverged" }>
  | (OfRank & Extract<RunEvent, { readonly kind: "corrupted" }>)
  /** Replicas of one model differ; of the rank that is unlike most others, where there is one. */
  | (Extract<RunEvent, { readonly kind: "disagreed" }> & Partial<OfRank>)
  /** The machine itself, whatever ran there. */
  | { readonly kind: "place"; readonly place: string; readonly what: string }
  | Warning;

/** What is seen while the run goes on. */
export type Warning = SpikeSeen | SlowSeen | MemorySeen | DiskSeen | CheckpointsSeen | DiffersSeen;

/** The loss rose far above what the steps before had led to expect. */
export type SpikeSeen = {
  readonly kind: "spike";
  /** The first step that was too high. */
  readonly step: number;
  readonly loss: number;
  /** What the steps before had led to expect. */
  readonly expectedLoss: number;
  /** In robust standard deviations of the logarithm. */
  readonly score: number;
  /** Steps in a row that were high, as far as was waited for. */
  readonly lastedSteps: number;
  /** The first step whose gradient was too large, where that came before; else the same as `step`. */
  readonly leadStep: number;
};

/** Steps take longer than they should, on a rank or on all. */
export type SlowSeen = {
  readonly kind: "slow";
  readonly step: number;
  /** Null: the whole run. */
  readonly rank: OfRank | null;
  readonly stepSeconds: number;
  readonly expectedSeconds: number;
  /** What it is held against: "this run's own best", "the plan", "the median of all ranks". */
  readonly against: string;
};

/** A process takes more memory from hour to hour. */
export type MemorySeen = OfRank & {
  readonly kind: "memory";
  readonly residentBytes: number;
  readonly bytesPerHour: number;
  readonly limitBytes: number;
  readonly hoursLeft: number;
};

/** The disk has room for few checkpoints more. */
export type DiskSeen = {
  readonly kind: "disk";
  readonly freeBytes: number;
  /** Of the newest checkpoint. */
  readonly checkpointBytes: number;
};

/** Checkpoints take far longer than before, or have stopped coming. */
export type CheckpointsSeen = {
  readonly kind: "checkpoints";
  readonly step: number;
  /** Of the save that was slow, or since the last one that came through. */
  readonly seconds: number;
  readonly expectedSeconds: number;
  readonly what: "slow" | "missing";
};

/** A step that was done again did not come to what it had come to before. */
export type DiffersSeen = {
  readonly kind: "differs";
  /** The first one that did not. */
  readonly step: number;
  /** `batch`: it was not even trained on the same. */
  readonly what: "loss" | "batch";
  readonly loss: number;
  readonly attempt: number;
  readonly earlierLoss: number;
  readonly earlierAttempt: number;
};

/** In a line: what a person reads first. */
export function sightingText(sighting: Sighting): string {
  switch (sighting.kind) {
    case "exited": {
      const { signature: seen } = sighting;
      const death = `rank ${sighting.rank} on ${sighting.place} ${exitText(sighting)}`;
      return seen ? `${death}: ${seen.what} (rank ${seen.rank}: ${seen.line})` : death;
    }
    case "silent":
      return [`rank ${sighting.rank} on ${sighting.place} is ${sighting.what}`, ...sighting.testimony].join(
        "; ",
      );
    case "diverged":
      return `${sighting.what} is no longer a finite number at step ${sighting.step}`;
    case "corrupted":
      return (
        `${sighting.parameter} changed in memory on ${sighting.place} before step ${sighting.step}, ` +
        "though nothing wrote it"
      );
    case "disagreed": {
      const { rank, place, step, checksums } = sighting;
      const isNamed = rank !== undefined;
      const who = isNamed ? `rank ${rank} on ${place} is unlike most` : "no majority tells which is right";
      return `the ${checksums.length} replicas of the model differ at step ${step}: ${who}`;
    }
    case "place":
      return `${sighting.place}: ${sighting.what}`;
    default:
      return warningText(sighting);
  }
}

function warningText(warning: Warning): string {
  switch (warning.kind) {
    case "spike": {
      const { loss, expectedLoss, step, leadStep, lastedSteps } = warning;
      const lead = leadStep < step ? `, its gradient from step ${leadStep} on` : "";
      return (
        `the loss rose to ${significant(loss)} at step ${step}, where ${significant(expectedLoss)} was ` +
        `expected, for ${lastedSteps} steps or more${lead}`
      );
    }
    case "slow": {
      const { rank, stepSeconds, expectedSeconds, against } = warning;
      const who = rank ? `rank ${rank.rank} on ${rank.place} takes` : "steps take";
      const share = formatShare(stepSeconds / expectedSeconds - 1);
      return `${who} ${formatSeconds(stepSeconds)} a step, ${share} more than ${against}`;
    }
    case "memory": {
      const { rank, place, residentBytes, bytesPerHour, limitBytes, hoursLeft } = warning;
      return (
        `rank ${rank} on ${place} holds ${formatBytes(residentBytes)} and ${formatBytes(bytesPerHour)} more ` +
        `each hour: ${formatBytes(limitBytes)} in ${formatSeconds(3600 * hoursLeft)}`
      );
    }
    case "disk": {
      const { freeBytes, checkpointBytes } = warning;
      return `${formatBytes(freeBytes)} of disk are free, and a checkpoint takes ${formatBytes(checkpointBytes)}`;
    }
    case "checkpoints": {
      const { what, seconds, expectedSeconds, step } = warning;
      return what === "slow"
        ? `the checkpoint of step ${step} took ${formatSeconds(seconds)}, others ${formatSeconds(expectedSeconds)}`
        : `no checkpoint for ${formatSeconds(seconds)}, where one came each ${formatSeconds(expectedSeconds)}`;
    }
    case "differs": {
      const { step, what, loss, attempt, earlierLoss, earlierAttempt } = warning;
      const batch = what === "batch" ? ", on another batch" : "";
      return (
        `step ${step} came to a loss of ${loss} in attempt ${attempt}${batch}, ` +
        `and to ${earlierLoss} in attempt ${earlierAttempt}`
      );
    }
  }
}

/** With the usual cause, where a signal has one. */
export function exitText({ code, signal }: { readonly code: number | null; readonly signal: string | null }) {
  if (signal !== null) return `killed by ${signal}${CAUSES[signal] ? ` (${CAUSES[signal]})` : ""}`;
  if (code !== null) return `ended with exit code ${code}`;
  return "is gone; nobody was there to see how";
}

const CAUSES: Readonly<Record<string, string>> = {
  SIGKILL: "by hand, or by the kernel when memory ran out: `dmesg` tells",
  SIGSEGV: "a fault in native code, or in memory",
  SIGBUS: "a mapped file was cut short, or the disk or memory failed",
  SIGABRT: "its own runtime gave up: the end of its log tells",
  SIGILL: "an instruction that this processor lacks",
  SIGFPE: "a division by zero in native code",
  SIGXCPU: "the limit of processor time (ulimit -t)",
  SIGXFSZ: "the limit of file size (ulimit -f)",
  SIGTERM: "somebody, or a scheduler, asked it to end",
};

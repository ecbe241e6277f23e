/** @file What can be seen of a run in trouble, as facts: by whom, where, with what evidence. */

import type { Section } from "../train/run.ts";
import type { RunEvent } from "../train/run-event.ts";

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
  | Extract<RunEvent, { readonly kind: "diverged" }>;

/** In a line: what a person reads first. */
export function sightingText(sighting: Sighting): string {
  switch (sighting.kind) {
    case "exited":
      return `rank ${sighting.rank} on ${sighting.place} ${exitText(sighting)}`;
    case "silent":
      return [`rank ${sighting.rank} on ${sighting.place} is ${sighting.what}`, ...sighting.testimony].join(
        "; ",
      );
    case "diverged":
      return `${sighting.what} is no longer a finite number at step ${sighting.step}`;
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

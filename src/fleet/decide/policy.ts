/** @file The numbers that decisions turn on: named, with their reasons, and a file may change each. */

import { z } from "zod";
import { numberFrom, wholeFrom } from "../../units/limits.ts";
import { readYamlFile } from "../../yaml-file.ts";

const times = (fallback: number) => wholeFrom(1, 1000, "a count of failures").default(fallback);

/** Every key may be left out. */
export const policySchema = z.strictObject({
  /** How often a run may fail without a step of progress before a person is asked. */
  withoutProgress: z
    .strictObject({
      /** With the same traceback: code that fails on the same line fails there always. */
      sameTraceback: times(2),
      /** In the same way: kind, rank, exit and place. */
      sameFailure: times(3),
      /** In whatever way. */
      anyFailure: times(5),
      /** For want of memory: once may have been a neighbour's doing. */
      outOfMemory: times(2),
    })
    .prefault({}),
  /** Two in a week: 145 of StepFun's 584 faults came after a node's second within 7 days (docs/log.md). */
  place: z
    .strictObject({
      failures: times(2),
      withinDays: numberFrom(1e-3, 3650, "days").default(7),
    })
    .prefault({}),
  /** Whether a run may go on with fewer places when no spare is left: its steps then take longer. */
  shrink: z.boolean().default(false),
  spike: z
    .strictObject({
      /** Least rise of the loss, as a share of what was expected. Below, it is noted and nothing is done. */
      leastRise: numberFrom(0, 1e6, "a share").default(0.35),
      /** Least steps that it lasts: a single one is a batch that was hard. */
      leastSteps: wholeFrom(1, 1e6, "steps").default(3),
      /** Steps before its first sign, and after its start, whose batches are left out if it recurs. */
      skipBefore: wholeFrom(0, 1e6, "steps").default(4),
      skipAfter: wholeFrom(0, 1e6, "steps").default(4),
      /** How many spikes of a run may be skipped; 0: none, a person decides. */
      mostSkips: wholeFrom(0, 1e6, "a count of spikes").default(3),
    })
    .prefault({}),
  /**
   * A checkpoint is certified once so many steps after it were sound. What is wrong with its parameters shows
   * in the next loss, with its moments a step later; a spike takes three rows to tell. The rest is margin: an
   * assumption.
   */
  certifiedAfterSteps: wholeFrom(1, 1e6, "steps").default(16),
  /** How many times its peers' step time a rank may take before a spare replaces it. */
  slowRankFactor: numberFrom(1, 1e6, "times its peers' step time").default(1.3),
});

/** What decisions turn on. */
export type Policy = Readonly<z.infer<typeof policySchema>>;

/** What holds unless a file says otherwise. */
export const DEFAULT_POLICY: Policy = policySchema.parse({});

/** Reads a policy in YAML. Throws a `UserError` where a key or a number is none of ours. */
export function readPolicy(path: string): Policy {
  return readYamlFile(path, policySchema, {
    what: "a policy",
    example: "the one in docs/fleet.md",
    documentation: "docs/fleet.md",
  });
}

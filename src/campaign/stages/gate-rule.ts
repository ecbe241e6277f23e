/** @file Stage 4: the gate. A pure rule; every check says go, hold or stop in a sentence with numbers. */

import { fixed, formatBytes, formatPercent, formatSeconds } from "../../units/print.ts";
import type { Campaign, CampaignIssue } from "../spec.ts";

/** What the gate looks at. */
export type GateFacts = {
  /** Width of the loss forecast's 90 % interval, percent of its median. */
  readonly widthPercent: number;
  readonly reach: number;
  readonly backTestErrors: readonly number[];
  /** Rungs that no law of the others believes, in words; empty for none. */
  readonly strays: readonly string[];
  /** Upper end of the forecast. */
  readonly peakBytes: number;
  readonly memoryBytes: number;
  readonly checkpointBytes: number;
  readonly freeDiskBytes: number;
  readonly wallSeconds: number;
  /** Null where the budget is compute, not time. */
  readonly secondsLeft: number | null;
  /** How often the target reads each source, by name. */
  readonly epochs: Readonly<Record<string, number>>;
  readonly issues: readonly CampaignIssue[];
  /** Holds that somebody has lifted, by id. */
  readonly accepted: readonly string[];
};

/** One check of the gate. */
export type Check = {
  readonly id: string;
  readonly decision: "go" | "hold" | "stop";
  readonly reason: string;
  /** A hold that somebody has lifted. */
  readonly accepted: boolean;
};

/** What the gate says, check by check. */
export type GateDecision = {
  readonly decision: "go" | "hold" | "stop";
  readonly reason: string;
  readonly checks: readonly Check[];
};

/** Lifts one hold of the gate, with the reason that goes into the record. */
export type Acceptance = {
  readonly id: string;
  readonly because: string;
};

type Opinion = Pick<Check, "decision" | "reason">;
const judge = (good: boolean, otherwise: "hold" | "stop", reason: string): Opinion => ({
  decision: good ? "go" : otherwise,
  reason,
});

/** Stop if any check stops; hold if any holds that nobody has accepted; else go. */
export function decideGate(facts: GateFacts, rule: Campaign["gate"]): GateDecision {
  const opinions: readonly (readonly [string, Opinion])[] = [
    ["fit", judgeFit(facts, rule)],
    [
      "reach",
      judge(
        facts.reach <= rule.maxReach,
        "hold",
        `the forecast reaches ${fixed(facts.reach, 1)} times past the largest rung, ` +
          `the limit is ${rule.maxReach}`,
      ),
    ],
    ["memory", judgeMemory(facts)],
    ["disk", judgeDisk(facts)],
    ["time", judgeTime(facts)],
    ["tokens", judgeTokens(facts, rule)],
    ...facts.issues.map((issue) => [`issue-${issue.id}`, judgeIssue(issue)] as const),
  ];
  const checks = opinions.map(([id, opinion]): Check => {
    const accepted = opinion.decision === "hold" && facts.accepted.includes(id);
    return { id, ...opinion, accepted };
  });
  return { ...overall(checks), checks };
}

function overall(checks: readonly Check[]): Opinion {
  for (const decision of ["stop", "hold"] as const) {
    const deciding = checks.filter((check) => check.decision === decision && !check.accepted);
    if (deciding.length > 0)
      return { decision, reason: deciding.map(({ id, reason }) => `${id}: ${reason}`).join("; ") };
  }
  const accepted = checks.filter((check) => check.accepted);
  const but =
    accepted.length === 0 ? "" : `; accepted in spite of a hold: ${accepted.map(({ id }) => id).join(", ")}`;
  return { decision: "go", reason: `all ${checks.length} checks passed${but}` };
}

function judgeFit(
  { widthPercent, backTestErrors, strays }: GateFacts,
  { maxWidthPercent }: Campaign["gate"],
): Opinion {
  const worst = Math.max(0, ...backTestErrors.map(Math.abs));
  const text =
    `the loss forecast's 90 % interval is ${formatPercent(widthPercent, 2)} wide, ` +
    `the limit is ${maxWidthPercent} %; worst back-test error ${formatPercent(worst, 2)}`;
  const isNarrow = widthPercent <= maxWidthPercent;
  const advice = "look at its curve for a spike; another seed in the campaign file trains the ladder anew";
  const why = isNarrow || strays.length === 0 ? "" : `; ${strays.join("; ")}: ${advice}`;
  return judge(isNarrow, "hold", text + why);
}

/** Memory that the rest of the machine keeps. */
const MEMORY_SHARE = 0.9;

function judgeMemory({ peakBytes, memoryBytes }: GateFacts): Opinion {
  const text =
    `the target should peak below ${formatBytes(peakBytes)}, ` +
    `the machine has ${formatBytes(memoryBytes)}`;
  return judge(peakBytes <= MEMORY_SHARE * memoryBytes, "stop", text);
}

function judgeDisk({ checkpointBytes, freeDiskBytes }: GateFacts): Opinion {
  // Two are kept, a third is being written.
  const needed = 3 * checkpointBytes;
  return judge(
    needed <= freeDiskBytes,
    "stop",
    `checkpoints need ${formatBytes(needed)}, the disk has ${formatBytes(freeDiskBytes)} free`,
  );
}

function judgeTime({ wallSeconds, secondsLeft }: GateFacts): Opinion {
  if (secondsLeft === null)
    return {
      decision: "go",
      reason: `the target should take at most ${formatSeconds(wallSeconds)}; the budget is in FLOPs`,
    };
  const text =
    `the target should take at most ${formatSeconds(wallSeconds)}, ` +
    `${formatSeconds(Math.max(0, secondsLeft))} of the budget are left`;
  // Half as much again: the budget was planned on an estimate, and stopping here would waste the ladder.
  return judge(wallSeconds <= 1.5 * secondsLeft, "hold", text);
}

/** The source that is repeated most decides: weights can make a small one go round long before the rest. */
export function judgeTokens(
  { epochs }: Pick<GateFacts, "epochs">,
  { maxEpochs }: Pick<Campaign["gate"], "maxEpochs">,
): Opinion {
  const [source, most] = Object.entries(epochs).reduce((a, b) => (b[1] > a[1] ? b : a));
  const text =
    `the target reads ${source} ${fixed(most, 2)} times, ` +
    `more than any other source; the limit is ${maxEpochs}`;
  return judge(most <= maxEpochs, "stop", text);
}

/** Waiting costs the days until the fix, going the issue's days times its chance. The smaller loss wins. */
export function judgeIssue({ what, chance, costDays, fixDueDays }: CampaignIssue): Opinion {
  const risk = chance * costDays;
  const stake =
    `"${what}" happens with probability ${chance} and would cost ${costDays} days: ` +
    `${fixed(risk, 2)} days expected`;
  if (fixDueDays === undefined)
    return { decision: "go", reason: `${stake}; no fix is in sight, so waiting gains nothing` };
  const worth = risk - fixDueDays;
  const effect = worth > 0 ? `gains ${fixed(worth, 2)}` : `loses ${fixed(-worth, 2)}`;
  const text = `${stake}; a fix is due in ${fixDueDays} days, so waiting ${effect} days`;
  return judge(worth <= 0, "hold", text);
}

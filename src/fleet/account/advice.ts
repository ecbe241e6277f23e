/** @file What a person should do about an incident at 3 a.m.: whether anything, then what, with commands. */

import { z } from "zod";
import { shellWord } from "../../units/print.ts";
import {
  DAMAGED_CHECKPOINT,
  LEFT_OUT,
  sightingKind,
  UNREADABLE_CHECKPOINT,
} from "../decide/incident-names.ts";
import type { Sighting } from "../decide/sighting.ts";

/** What there is to say it from. */
export type AdviceFacts = {
  readonly what: string;
  /** What was decided; null: nothing was. */
  readonly action: string | null;
  /** Whether the run has gone on since, or has finished. */
  readonly hasGoneOn: boolean;
  readonly folder: string;
  /** Of the rank that was named, or of rank 0; null where the incident is of no attempt. */
  readonly log: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
};

/** First whether to get up, then where to look, the most telling place first. */
export function adviceFor({ folder, log, ...others }: AdviceFacts): readonly string[] {
  // Whoever is called at night copies the commands.
  const facts = { ...others, folder: shellWord(folder), log: log === null ? null : shellWord(log) };
  const kind = sightingKind(facts.what);
  const look = kind ? LOOK[kind] : LOOK_OTHERS[facts.what];
  return [urgency(facts), ...(look?.(facts) ?? [])];
}

function urgency({ action, hasGoneOn, folder }: AdviceFacts): string {
  const status = `\`longrun status ${folder}\``;
  if (hasGoneOn) return `Nothing now: the run has gone on since. ${status} shows where it is.`;
  if (action === "hold")
    return (
      "The run waits for you and does nothing until then. Once the cause is mended, give the command again " +
      "that started it: it goes on from the last checkpoint."
    );
  if (action === "nothing" || action === null)
    return `It does not stop the run: ${status} shows where it is.`;
  return `Wait a minute: the run should go on by itself. If ${status} does not say so, give its command again.`;
}

type Look = (facts: AdviceFacts) => readonly string[];

const readLog: Look = ({ log }) => (log === null ? [] : [`Read the end of its log: \`tail -n 50 ${log}\``]);

const signatureSchema = z.object({ what: z.string(), cause: z.string(), remedy: z.string() });

/** What the logs say, where they hold a line that is known. */
const knownCause: Look = ({ evidence }) => {
  const seen = signatureSchema.safeParse(evidence.signature).data;
  return seen ? [`${seen.what} (usual causes: ${seen.cause}): ${seen.remedy}`] : [];
};

/** One that was stopped could tell nothing of itself. */
const whereItStood: Look = ({ log, evidence }) => {
  if (String(evidence.what).startsWith("stopped by a signal"))
    return ["Who stopped it? SIGSTOP was sent by hand or by a script, or a debugger held it."];
  return log === null ? [] : [`Where did it stand? \`cat ${log.replace(/\.log('?)$/, ".stacks$1")}\``];
};

const CHECK = "`longrun fleet check` tries each place: products, disk, memory, clock.";

const LOOK: Readonly<Record<Sighting["kind"], Look>> = {
  exited: (facts) => [
    ...knownCause(facts),
    ...(facts.evidence.signal === "SIGKILL"
      ? ["Was it the kernel, for want of memory? `dmesg -T | grep -i -E 'out of memory|oom-kill' | tail`"]
      : []),
    ...(facts.evidence.signal === "SIGBUS" || facts.evidence.signal === "SIGSEGV"
      ? ["Was it the machine? `dmesg -T | grep -i -E 'mce|ecc|i/o error' | tail`"]
      : []),
    ...readLog(facts),
    `Is it the place? ${CHECK}`,
  ],
  silent: (facts) => [
    ...whereItStood(facts),
    ...readLog(facts),
    "Does the file system answer? `df -h .; dmesg -T | grep -i -E 'hung task|nfs' | tail`",
    `Is it the place? ${CHECK}`,
  ],
  diverged: ({ folder, action }) => [
    action === "hold"
      ? "It came back at the same step, so that it is the training: lower the learning rate in the file."
      : "If it comes back at the same step it is the training, else the machine.",
    `The loss before it: \`longrun record show ${folder} --kind reforecast\``,
    `A machine that computes wrongly: ${CHECK}`,
  ],
  corrupted: () => [
    "A bit flipped, or another program wrote there: `dmesg -T | grep -i -E 'mce|ecc|edac' | tail`",
    `Once in months is chance; twice on one machine is its memory. ${CHECK}`,
  ],
  disagreed: () => [
    "A bit flipped in the rank that is named, or its machine computes wrongly: `dmesg -T | grep -i -E 'mce|ecc|xid' | tail`",
    `Once in months is chance; twice on one machine is its memory or its processor. ${CHECK}`,
  ],
  place: () => [CHECK, "Have the place repaired before it is given back."],
  differs: ({ folder }) => [
    "One of the two attempts computed wrongly, and nobody knows which: `dmesg -T | grep -i -E 'mce|ecc|xid' | tail`",
    `A machine that computes wrongly: ${CHECK}`,
    "No checkpoint is certified until an attempt begins at one that was, or at the start: " +
      `\`longrun record show ${folder} --kind checkpoint-certified\``,
  ],
  spike: ({ folder }) => [
    "Do the losses come back by themselves within some hundred steps? Then leave it.",
    `If its batches were skipped the run is altered: \`longrun record audit ${folder}\` names them.`,
  ],
  slow: () => [
    "Who else uses the machine? `uptime; ps aux --sort=-%cpu | head`",
    `Is one place slower than the others? ${CHECK}`,
  ],
  memory: () => ["Who takes it? `free -h; ps aux --sort=-%mem | head`"],
  disk: ({ folder }) => [
    `What takes the room? \`df -h ${folder}; du -sh ${folder}/* | sort -h\``,
    "Free some before the next checkpoint: a full disk ends the run with what it had.",
  ],
  checkpoints: ({ folder }) => [
    `Does the disk keep up? ${CHECK}`,
    `When was the last one? \`longrun record show ${folder} --kind checkpoint-written | tail -n 3\``,
  ],
};

const LOOK_OTHERS: Readonly<Record<string, Look>> = {
  [DAMAGED_CHECKPOINT]: ({ folder }) => [
    "The one before it was taken. Is the disk failing? `dmesg -T | grep -i -E 'i/o error|ata|nvme' | tail`",
    `What else is damaged: \`longrun record verify ${folder} --all\``,
  ],
  [LEFT_OUT]: ({ evidence }) => [
    "What it has done: `longrun fleet places`. Runs stay off it until its failures are too old.",
    `Has it been mended? \`longrun fleet places --forgive ${evidence.place}\``,
  ],
  [UNREADABLE_CHECKPOINT]: ({ folder }) => [
    "The next one will do. Is the disk failing? `dmesg -T | grep -i -E 'i/o error|ata|nvme' | tail`",
    `What else is damaged: \`longrun record verify ${folder} --all\``,
  ],
};

/** @file What is missing here to use Slurm, and which of its settings hold a run that is queued again. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { UserError } from "../../errors.ts";
import { formatSeconds } from "../../units/print.ts";
import { MUNGE, silenceOf, slurmConfiguration } from "./configuration.ts";
import { slurm } from "./slurm-command.ts";

/** One thing that is needed, or should be so. */
export type SlurmCheck = {
  readonly name: string;
  readonly status: "ok" | "warn" | "missing";
  readonly found: string;
  readonly expected: string;
  /** What to do; null where nothing is amiss. */
  readonly remedy: string | null;
};

/** What there is to say of Slurm on this machine. What one step lacks, the next ones cannot ask for. */
export type SlurmFacts = {
  readonly programs: readonly { readonly name: string; readonly isThere: boolean }[];
  /** Of slurm.conf; null: none is here, Slurm asks its controller for one. */
  readonly configuration: Answer<{ readonly path: string; readonly mungeSocket: string | null } | null>;
  /** Why munge does not answer; null: it does, or this cluster does without. */
  readonly mungeSilence: string | null;
  /** What `scontrol show config` prints; null: not asked. */
  readonly settings: Answer<string> | null;
};

type Answer<T> = { readonly answer: T } | { readonly refused: UserError };

/** Those that are started by us. */
const PROGRAMS = ["sbatch", "srun", "scontrol", "squeue", "scancel"];

/** A controller that does not answer by then will not. */
const MOST_SECONDS = 10;

/** Looks at this machine. */
export async function slurmFacts(): Promise<SlurmFacts> {
  const programs = PROGRAMS.map((name) => ({ name, isThere: isProgram(name) }));
  const configuration = await answerOf(() => slurmConfiguration());
  const socket = "answer" in configuration ? (configuration.answer?.mungeSocket ?? null) : null;
  const mungeSilence = socket === null ? null : await silenceOf(socket);
  const canAsk = isProgram("scontrol") && "answer" in configuration && mungeSilence === null;
  const settings = canAsk ? await answerOf(() => slurm("scontrol", ["show", "config"], MOST_SECONDS)) : null;
  return { programs, configuration, mungeSilence, settings };
}

async function answerOf<T>(ask: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { answer: await ask() };
  } catch (error) {
    if (error instanceof UserError) return { refused: error };
    throw error;
  }
}

function isProgram(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** In the order in which they are needed. */
export function slurmChecks(facts: SlurmFacts): readonly SlurmCheck[] {
  const { programs, configuration, mungeSilence, settings } = facts;
  const namesOf = (isThere: boolean) =>
    programs.filter((program) => program.isThere === isThere).map(({ name }) => name);
  const absent = namesOf(false);
  const checks = [
    check(
      "Slurm",
      absent.length === 0 ? "ok" : "missing",
      absent.length === 0 ? namesOf(true).join(", ") : `no ${absent.join(", ")}`,
      "the programs of Slurm",
      "log in to a node of the cluster, or install them (Debian: slurm-client)",
    ),
  ];
  if ("refused" in configuration) return [...checks, refusal("slurm.conf", configuration.refused)];
  const { path = null, mungeSocket = null } = configuration.answer ?? {};
  if (path !== null) checks.push(check("slurm.conf", "ok", path, "one that can be read", ""));
  if (mungeSocket !== null) {
    const found = `${mungeSocket}${mungeSilence === null ? "" : `: ${mungeSilence}`}`;
    checks.push(
      check("munge", mungeSilence === null ? "ok" : "missing", found, MUNGE.expected, MUNGE.remedy),
    );
  }
  if (settings === null) return checks;
  if ("refused" in settings) return [...checks, refusal("controller", settings.refused)];
  const settingOf = (name: string) => new RegExp(`^${name}\\s+= (.*)$`, "m").exec(settings.answer)?.[1] ?? "";
  const controller = `${settingOf("SlurmctldHost\\[0\\]")}, Slurm ${settingOf("SLURM_VERSION")}`;
  checks.push(check("controller", "ok", controller, "one that answers", ""));
  return [...checks, ...WAITS.map((wait) => waitCheck(wait, settingOf))];
}

const refusal = (name: string, { found, expected, remedy }: UserError) =>
  check(name, "missing", found, expected, remedy);

/** A run that is queued again should not wait longer for any one of them. */
const MOST_WAIT_SECONDS = 30;

/** A setting by its name in slurm.conf, or by a word in one. */
type Wait = {
  readonly name: string;
  readonly within?: string;
  /** What holds where nothing is said. */
  readonly seconds: number;
  readonly what: string;
};

/** Defaults as slurm.conf(5) of 22.05 has them. */
const WAITS: readonly Wait[] = [
  {
    name: "cred_expire",
    within: "AuthInfo",
    seconds: 120,
    what: "a job that is queued again is held until its credential has expired",
  },
  {
    name: "bf_interval",
    within: "SchedulerParameters",
    seconds: 30,
    what: "jobs are looked at anew only so often",
  },
  {
    name: "requeue_delay",
    within: "SchedulerParameters",
    seconds: 0,
    what: "a job that is queued again is held for it",
  },
  {
    name: "SlurmdTimeout",
    seconds: 300,
    what: "so long is a node not taken for dead, and where it was the supervisor's the run stands still",
  },
];

function waitCheck({ name, within, seconds, what }: Wait, settingOf: (name: string) => string): SlurmCheck {
  const said = within
    ? new RegExp(`(?:^|,)${name}=(\\d+)`, "i").exec(settingOf(within))?.[1]
    : /^\d+/.exec(settingOf(name))?.[0];
  const holds = said === undefined ? seconds : Number(said);
  const better = `${within ? `${within}=` : ""}${name}=${MOST_WAIT_SECONDS}`;
  return check(
    name,
    holds > MOST_WAIT_SECONDS ? "warn" : "ok",
    formatSeconds(holds),
    `${formatSeconds(MOST_WAIT_SECONDS)} at most`,
    `${what}; ask whoever runs the cluster for ${better} in slurm.conf`,
  );
}

/** `remedy` is told only where something is amiss. */
function check(
  name: string,
  status: SlurmCheck["status"],
  found: string,
  expected: string,
  remedy: string,
): SlurmCheck {
  return { name, status, found, expected, remedy: status === "ok" ? null : remedy };
}

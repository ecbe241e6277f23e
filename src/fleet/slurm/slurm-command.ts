/** @file Slurm's own programs, started without a shell: what they print, what they refuse, what to do. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../../errors.ts";
import { MUNGE } from "./configuration.ts";

const run = promisify(execFile);

/** Slurm's controller does not answer: it may, a little later. */
export class ControllerDown extends UserError {}

/** With a job's number in it, `scontrol update` leaves scripts in the working folder. */
const { SLURM_JOBID: _, ...ENVIRONMENT } = process.env;

/**
 * What a program of Slurm's prints. Throws a UserError with what it said where it refuses.
 * @param mostSeconds after which it is ended; it goes on trying for a minute unless given
 */
export async function slurm(program: string, words: readonly string[], mostSeconds = 0): Promise<string> {
  try {
    // Of a large cluster's queue many megabytes.
    const options = { timeout: 1000 * mostSeconds, maxBuffer: Infinity, env: ENVIRONMENT };
    const { stdout } = await run(program, words, options);
    return stdout;
  } catch (error) {
    throw slurmError(program, error as ProgramError);
  }
}

type ProgramError = NodeJS.ErrnoException & { readonly stderr?: string; readonly killed?: boolean };

type Refusal = { readonly pattern: RegExp; readonly expected: string; readonly remedy: string };

/** What Slurm 22.05 says, by a part of it. */
const REFUSALS: readonly Refusal[] = [
  {
    pattern: /Munge|munged|Protocol authentication error/i,
    ...MUNGE,
  },
  {
    pattern: /Unable to resolve|can't find address for host/i,
    expected: "names of machines that are resolved on this one",
    remedy: "check SlurmctldHost, NodeHostname and NodeAddr in slurm.conf, and /etc/hosts or DNS here",
  },
  {
    pattern: /invalid partition/i,
    expected: "a partition of the cluster",
    remedy: "`sinfo -s` lists them; give one with --sbatch=--partition=NAME",
  },
  {
    pattern:
      /Node count specification invalid|Requested node configuration|More processors requested|Invalid node name/i,
    expected: "no more nodes, and no other ones, than the partition has",
    remedy: "`sinfo -Nl` lists them; ask for fewer (--nodes, --spares)",
  },
  {
    pattern: /QOS|invalid account|Association/i,
    expected: "an account and a quality of service that may be used",
    remedy: "ask whoever runs the cluster; give them with --sbatch=--account=NAME, --sbatch=--qos=NAME",
  },
  {
    pattern: /slurm\.conf|SLURM_CONF|Could not establish a configuration source/i,
    expected: "a slurm.conf that can be read",
    remedy: "check SLURM_CONF, or log in to a node of the cluster",
  },
];

function slurmError(program: string, error: ProgramError): UserError {
  if (error.code === "ENOENT")
    return new UserError(
      `no ${program} on this machine`,
      "Slurm's programs",
      "log in to a node of the cluster",
    );
  // It tells of each try.
  const told = error.killed ? "no answer in time" : (error.stderr ?? error.message);
  const lines = told.split("\n").filter((line) => !/, attempt number/.test(line));
  const words = lines.map((line) => line.trim().replace(`${program}: `, ""));
  const said = [...new Set(words)].filter((line) => line !== "").join("; ");
  if (/Unable to contact slurm controller/i.test(said))
    return new ControllerDown(
      `${program}: ${said}`,
      "a controller that answers",
      "`scontrol ping` says whether it runs; give the same command again once it does",
    );
  const known = REFUSALS.find(({ pattern }) => pattern.test(said));
  return new UserError(
    `${program}: ${said}`,
    known?.expected ?? "a job that Slurm takes",
    known?.remedy ?? "see what it says; --dry-run prints what is asked of it",
    { cause: error },
  );
}

/** @file What Slurm's programs need before they can ask anything: slurm.conf, and munge at its socket. */

import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { UserError } from "../../errors.ts";

/** Where it is without SLURM_CONF; the second is what a node has fetched from its controller. */
const CONFIGURATIONS = ["/etc/slurm/slurm.conf", "/run/slurm/conf/slurm.conf"];
/** Where Debian and others have built it in. */
const MUNGE_SOCKET = "/run/munge/munge.socket.2";
const MOST_ANSWER_MS = 3000;

/**
 * Throws a UserError where Slurm's programs could ask nothing: they themselves try for a minute, or for ever.
 */
export async function refuseUnreachable(): Promise<void> {
  const configuration = slurmConfiguration();
  if (configuration === null) return;
  const { path, mungeSocket } = configuration;
  const why = mungeSocket === null ? null : await silenceOf(mungeSocket);
  if (why === null) return;
  throw new UserError(
    `munge does not answer at ${mungeSocket} (${why}), its socket by ${path}`,
    MUNGE.expected,
    MUNGE.remedy,
  );
}

/** What is said where a program of Slurm's has no word from munge. */
export const MUNGE = {
  expected: "a munge daemon that answers",
  remedy: "start munged on this machine, or point AuthInfo=socket= in slurm.conf at its socket",
} as const;

/** The slurm.conf of this machine. Null: none is here, and Slurm asks its controller for one. */
export function slurmConfiguration(): { readonly path: string; readonly mungeSocket: string | null } | null {
  const path = process.env.SLURM_CONF ?? CONFIGURATIONS.find((each) => existsSync(each));
  if (path === undefined) return null;
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new UserError(
      `${process.env.SLURM_CONF === undefined ? "slurm.conf" : "SLURM_CONF"} is ${path}, which cannot be read ` +
        `(${(error as NodeJS.ErrnoException).code})`,
      "the slurm.conf of the cluster",
      "correct SLURM_CONF, or leave it out where Slurm has its file in its own place",
    );
  }
  return { path, mungeSocket: mungeSocketIn(readFileSync(path, "utf8")) };
}

/** Null: this cluster has other credentials. */
export function mungeSocketIn(configuration: string): string | null {
  const settingOf = (name: string) =>
    new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, "im").exec(configuration)?.[1];
  if (!/munge$/i.test(settingOf("AuthType") ?? "auth/munge")) return null;
  return /(?:^|,)socket=([^,]+)/.exec(settingOf("AuthInfo") ?? "")?.[1] ?? MUNGE_SOCKET;
}

/** Why nobody answers there; null: somebody does. */
export async function silenceOf(socket: string): Promise<string | null> {
  const connection = connect(socket);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  connection.once("connect", () => resolve(null));
  connection.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  connection.setTimeout(MOST_ANSWER_MS, () => resolve("no answer"));
  try {
    return await promise;
  } finally {
    connection.destroy();
  }
}

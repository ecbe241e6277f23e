/** @file `longrun` as it is typed on a login node of a test's Slurm, and what is queued there. */

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { writeTexts } from "./campaigns.ts";
import { type ClusterOptions, CONTROLLER, SlurmCluster, slurmIsMissing } from "./slurm.ts";

/** What jobs are started with, too. */
export const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "longrun.js");

/** Disposing of it ends the cluster. */
export class LoginNode implements AsyncDisposable {
  cluster!: SlurmCluster;
  /** A folder with texts, on the disk of all nodes. */
  base!: string;

  async start(options?: ClusterOptions): Promise<void> {
    this.cluster = await SlurmCluster.start(options);
    this.base = mkdtempSync(join(this.cluster.folder, "work-"));
    writeTexts(this.base);
  }

  readonly longrunIn = (environment: NodeJS.ProcessEnv, ...words: readonly string[]) => {
    const [program, ...rest] = [...this.cluster.wordsOn(CONTROLLER), process.execPath, PROGRAM, ...words];
    const env = { ...this.cluster.environment, ...environment };
    return spawnSync(program!, rest, { env, encoding: "utf8" });
  };

  readonly longrun = (...words: readonly string[]) => this.longrunIn({}, ...words);

  /** What it prints for programs, once it has ended well. */
  readonly told = (...words: readonly string[]) => {
    const { status, stdout, stderr } = this.longrun(...words, "--json");
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  };

  /** Jobs and their states, a line each. */
  readonly queue = () => this.cluster.command("squeue", "-h", "-o", "%i %T").trim();

  /** Until no job is left. */
  readonly ended = async () => {
    while (this.queue() !== "") await sleep(100);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster?.[Symbol.asyncDispose]();
  }
}

/** A group of tests on a cluster of their own; where Slurm is not installed they are skipped, and say why. */
export function describeSlurm(
  name: string,
  tests: (login: LoginNode) => void,
  options?: ClusterOptions,
): void {
  const missing = slurmIsMissing();
  const login = new LoginNode();
  describe.skipIf(missing !== null)(missing === null ? name : `${name} (skipped: ${missing})`, () => {
    beforeAll(() => login.start(options));
    afterAll(() => login[Symbol.asyncDispose]());
    tests(login);
  });
}

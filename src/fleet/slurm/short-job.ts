/** @file A job that holds nodes for some minutes, so that they can be looked at, and gives them back. */

import { spawnSync } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { type SlurmNodes, slurmNodes } from "./allocation.ts";
import { slurm } from "./slurm-command.ts";
import { queueJob } from "./submit.ts";

/** Should nobody give them back. */
const MINUTES = 10;
const LOOK_MS = 300;

/** Nodes of a job of ours; disposing of it, or the end of this process, ends the job. */
export class ShortJob implements Disposable {
  readonly job: string;
  readonly #cancel = () => void spawnSync("scancel", [this.job]);

  private constructor(job: string) {
    this.job = job;
    process.once("exit", this.#cancel);
  }

  /**
   * Queues it. Throws a UserError with what Slurm said where it takes no such job.
   * @param options further ones of `sbatch`
   */
  static async queue(numNodes: number, options: readonly string[], tell: (why: string) => void) {
    const shape = [`--nodes=${numNodes}`, "--ntasks-per-node=1", `--time=${MINUTES}`, "--no-requeue"];
    const words = ["--parsable", "--job-name=longrun-check", "--output=/dev/null", ...shape, ...options];
    return new ShortJob(await queueJob([...words, `--wrap=exec sleep ${60 * MINUTES}`], tell));
  }

  /** Its nodes, once it has them. */
  async nodes(tell: (why: string) => void): Promise<SlurmNodes> {
    for (let told = ""; ; await setTimeout(LOOK_MS)) {
      const shown = await slurm("scontrol", ["show", "job", "--oneliner", this.job]);
      const fieldOf = (name: string) => new RegExp(`(?:^| )${name}=(\\S+)`).exec(shown)?.[1] ?? "unknown";
      const [state, reason] = [fieldOf("JobState"), fieldOf("Reason")];
      if (state === "RUNNING") return await slurmNodes(this.job, fieldOf("NodeList"));
      if (state !== "PENDING" && state !== "CONFIGURING")
        throw new UserError(
          `job ${this.job} is ${state} (${reason}) before it had nodes`,
          "a job that runs",
          "see `scontrol show job`, and give the same command again",
        );
      const now = `job ${this.job} waits for its nodes (${reason})`;
      if (now !== told && reason !== "None") tell(now);
      told = now;
    }
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#cancel);
    this.#cancel();
  }
}

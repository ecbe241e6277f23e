/** @file Slurm's controller asked again while it is down: one that is started anew is back within seconds. */

import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { ControllerDown } from "./slurm-command.ts";

const MOST_WAIT_MS = 60_000;
const RETRY_MS = 2000;
/** One that has just come back has not heard of its nodes yet, and takes no job. */
const SETTLING_MS = 20_000;

/** When this process last found it so. */
let downAt = Number.NEGATIVE_INFINITY;

/**
 * What is asked, once the controller answers.
 * @param waiting hears why it takes longer
 */
export async function patiently<T>(ask: () => Promise<T>, waiting: (why: string) => void): Promise<T> {
  for (const until = performance.now() + MOST_WAIT_MS; ; ) {
    try {
      return await ask();
    } catch (error) {
      const now = performance.now();
      if (error instanceof ControllerDown) downAt = now;
      const isSettling = now - downAt < SETTLING_MS;
      if (!(error instanceof UserError && isSettling) || now > until) throw error;
      waiting(`${error.found}: trying again`);
      await setTimeout(RETRY_MS);
    }
  }
}

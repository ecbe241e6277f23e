/** @file A thread that reads checkpoints back against their checksums, beside the loop that supervises. */

import { constants, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { damageOf } from "../../train/checkpoint.ts";

// On Linux it is this thread's alone: whoever trains comes first.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

parentPort!.on("message", (path: string) => parentPort!.postMessage(damageIn(path)));

/** In words; null: whole. It may be deleted meanwhile. */
function damageIn(path: string): string | null {
  try {
    const damage = damageOf(path);
    return damage && `${damage.file} ${damage.reason}`;
  } catch (error) {
    return String(error);
  }
}

/** @file A process of lock.test.ts: takes the lock and holds it until it is killed, or says who has it. */

import { writeSync } from "node:fs";
import { acquireLock, LockHeld } from "./lock.ts";

try {
  acquireLock(process.argv[2]!);
  writeSync(1, "held\n");
  setInterval(() => {}, 1000);
} catch (error) {
  if (!(error instanceof LockHeld)) throw error;
  writeSync(1, `${error.message}\n`);
}

/** @file Lets `npx longrun` work inside a clone: npm links commands of dependencies, not a project's own. */

import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const commands = join(import.meta.dirname, "..", "node_modules", ".bin");
// As a dependency of something else, longrun has no folder of its own here and npm has linked it already.
if (existsSync(commands)) {
  const link = join(commands, "longrun");
  rmSync(link, { force: true });
  symlinkSync("../../bin/longrun.js", link);
}

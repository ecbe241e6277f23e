/** @file The native addon, found and loaded on first use: commands that need nothing of it work without. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { UserError } from "./errors.ts";

const FILE = join(`${process.platform}-${process.arch}`, "longrun.node");
/** Built on this machine; else the one that a package brings beside its compiled code. */
const BUILT = join(import.meta.dirname, "..", "build", FILE);
const PREBUILT = join(import.meta.dirname, FILE);

let addon: unknown;

/** What the addon exports; native/README.md says what each function does. */
export function nativeAddon(): unknown {
  if (addon) return addon;
  const file = existsSync(BUILT) ? BUILT : PREBUILT;
  try {
    addon = createRequire(import.meta.url)(file);
  } catch (cause) {
    throw new UserError(
      `no native kernels that load at ${file} (${(cause as Error).message.split("\n")[0]})`,
      "the addon that the install builds, or brings",
      "run `npm ci` again, in a clone, or `npm rebuild longrun`, and read what it says about the compiler",
      { cause },
    );
  }
  return addon;
}

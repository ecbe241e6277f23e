/**
 * @file Tables of other people's, which are not ours to ship: the tests that read them say so in their name,
 * and are skipped where the folder of shared data is not beside the project. What the README claims is tested
 * without them (test/reference-tables.test.ts).
 */

import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "vitest";

/** A file or folder of the shared data, and tests that run only where it is. */
export function thirdParty(path: string) {
  const url = new URL(`../../../shared/data/${path}`, import.meta.url);
  const isMissing = !existsSync(url);
  const titled = (title: string) => `${title} (reads a third party's ${path})`;
  return {
    url,
    read: () => readFileSync(url, "utf8"),
    test: (title: string, body: () => void) => test.skipIf(isMissing)(titled(title), body),
    testEach: <T>(cases: readonly T[], title: string, body: (one: T) => void) =>
      test.skipIf(isMissing).each(cases)(titled(title), body),
    describe: (title: string, body: () => void) => describe.skipIf(isMissing)(titled(title), body),
  };
}

/** @file Every property test from new seeds: `npm run test:seeds -- [ROUNDS]`. Stops where one fails. */

import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

const rounds = Number(process.argv[2] ?? 5);
const files = globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).filter((path) =>
  readFileSync(path, "utf8").includes("fast-check"),
);
for (let round = 1; round <= rounds; round++) {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`round ${round} of ${rounds}: LONGRUN_SEED=${seed}, ${files.length} files`);
  const { status } = spawnSync("vitest", ["run", "--reporter=dot", ...files], {
    stdio: "inherit",
    env: { ...process.env, LONGRUN_SEED: String(seed) },
  });
  if (status !== 0) process.exit(status ?? 1);
}

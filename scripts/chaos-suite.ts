/**
 * @file `npm run test:chaos`: every kind of fault against a real run, in an order and at moments drawn by a
 * seed; each seed has to end with the bits of an undisturbed run. `-- --seeds 10` is the nightly one.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { z } from "zod";
import { FAULT_KINDS, type FaultKind } from "../src/fleet/chaos/fault.ts";
import { Random } from "../src/math/random.ts";
import { writeTexts } from "../test/support/campaigns.ts";

const MAIN = join(import.meta.dirname, "..", "src", "cli", "main.ts");

/** Long enough for a restart between two faults, short enough for CI. */
const RUN = {
  name: "suite",
  corpus: { sources: [{ name: "tales", path: "tales" }], passageBytes: 1000 },
  vocabularySize: 300,
  run: {
    shape: { width: 32 },
    sequenceLength: 64,
    batchSequences: 8,
    numSteps: 6000,
    heldOutTokens: 4000,
    checkpointSeconds: 0.5,
  },
};

const resultSchema = z.object({
  identical: z.boolean(),
  differences: z.array(z.string()),
  relaunches: z.number(),
  goodput: z.number(),
  faults: z.array(z.object({ kind: z.string(), step: z.number().nullable(), what: z.string() })),
});

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "1" }, from: { type: "string", default: "1" } },
});
const folder = mkdtempSync(join(tmpdir(), "longrun-chaos-suite-"));
let numFailed = 0;
try {
  writeTexts(folder);
  const file = join(folder, "run.yaml");
  writeFileSync(file, stringify(RUN));
  const first = Number(values.from);
  for (let seed = first; seed < first + Number(values.seeds); seed++) if (!survives(file, seed)) numFailed++;
} finally {
  rmSync(folder, { recursive: true });
}
console.log(numFailed === 0 ? "all ended with the undisturbed run's bits" : `${numFailed} seeds failed`);
process.exitCode = Math.min(numFailed, 1);

/** Whether every fault that is possible here has struck, and nothing shows of it in the end. */
function survives(file: string, seed: number): boolean {
  const random = new Random(seed, "chaos suite");
  const kinds = random.shuffle(Object.keys(FAULT_KINDS) as FaultKind[]);
  const width = (0.9 * RUN.run.numSteps) / kinds.length;
  const faults = kinds.map((kind, i) => ({
    kind,
    at: { step: Math.floor(width * (i + 0.3 + 0.7 * random.uniform())) },
  }));
  const plan = join(folder, `faults-${seed}.yaml`);
  writeFileSync(plan, stringify({ faults }));
  const startedAt = performance.now();
  const args = [
    "chaos",
    file,
    "--faults",
    plan,
    "--seed",
    String(seed),
    "--folder",
    join(folder, "experiment"),
  ];
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args, "--json"], { encoding: "utf8" });
  const result = resultSchema.safeParse(parsed(stdout));
  if (!result.success) {
    console.log(`seed ${seed}: no result\n${stderr}`);
    return false;
  }
  const { identical, differences, relaunches, goodput } = result.data;
  const missed = result.data.faults.filter(
    ({ step, what }) => step === null && !what.startsWith("skipped: "),
  );
  for (const { kind, step, what } of result.data.faults)
    console.log(`  ${kind} at step ${step ?? "-"}: ${what}`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const verdict = identical ? "identical" : `not identical: ${differences.join("; ")}`;
  console.log(
    `seed ${seed}: ${verdict}; ${missed.length} faults missed, ${relaunches} relaunches, ` +
      `goodput ${Math.round(100 * goodput)} %, ${seconds} s`,
  );
  return identical && missed.length === 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

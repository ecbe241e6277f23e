/** @file A trainer that is not ours: prints as torchtitan does, saves each ten steps, dies as told. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { steps: text, ms: text, out: text, from: text, die: text } });
const folder = values.out!;
const start = values.from ? Number(readFileSync(values.from, "utf8")) : 0;
mkdirSync(folder, { recursive: true });
let isAsked = false;
process.on("SIGTERM", () => {
  isAsked = true;
});
for (let step = start + 1; step <= Number(values.steps); step++) {
  await setTimeout(Number(values.ms ?? 5));
  const loss = String(Math.round(1e5 / step) / 1e4);
  console.log(`[titan] 2026-11-30 22:47:45,000 - root - INFO - step: ${step}  loss: ${loss}  tps: 5,941`);
  if (step % 10 === 0 || isAsked) writeFileSync(`${folder}/step-${step}`, String(step));
  if (isAsked) process.exit(0);
  if (start === 0 && step === Number(values.die)) {
    console.error("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.");
    console.error("torch.distributed.elastic.multiprocessing.errors.ChildFailedError:");
    process.exit(1);
  }
}

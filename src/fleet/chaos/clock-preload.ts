/** @file Loaded ahead of a command, it shifts the wall clock that JavaScript sees by what a file says. */

import { readFileSync } from "node:fs";

const RealDate = Date;
const LOOK_AGAIN_MS = 20;
let lookedAt = Number.NEGATIVE_INFINITY;
let shiftMs = 0;

function now(): number {
  if (performance.now() - lookedAt > LOOK_AGAIN_MS) {
    lookedAt = performance.now();
    try {
      shiftMs = Number(readFileSync(process.env.LONGRUN_CLOCK_SHIFT ?? "", "utf8"));
    } catch {
      shiftMs = 0;
    }
  }
  return RealDate.now() + shiftMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, as) => Reflect.construct(target, args.length > 0 ? args : [now()], as) as object,
  get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
});

/** @file The public library surface by room. What no room's index.ts names may change at any time. */

export * as campaign from "./campaign/index.ts";
export * as corpus from "./corpus/index.ts";
export * as engine from "./engine/index.ts";
export { Interrupted, UserError } from "./errors.ts";
export * as figures from "./figures/index.ts";
export * as fleet from "./fleet/index.ts";
export * as law from "./law/index.ts";
export * as laws from "./laws/index.ts";
export * as machine from "./machine/index.ts";
export * as math from "./math/index.ts";
export * as model from "./model/index.ts";
export * as plan from "./plan/index.ts";
export * as record from "./record/index.ts";
export * as report from "./report/index.ts";
export * as tasks from "./tasks/index.ts";
export * as train from "./train/index.ts";
export * as units from "./units/index.ts";

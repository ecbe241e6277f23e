/** @file The public surface of the fleet: runs as processes, started, watched, restarted, stopped. */

export { type CrashFacts, type Decision, decideAfterCrash } from "./decide.ts";
export { type RunOutcome, type RunWatcher, runLocally, runTogether } from "./local.ts";
export type { RunTask } from "./protocol.ts";
export type { CorpusNotice } from "./recorded-corpus.ts";
export type { RunNotice } from "./recorded-run.ts";
export { type SingleRunOptions, type SingleRunResult, singleRun } from "./single-run.ts";

/** @file The public surface of the fleet: runs as processes, started, watched, restarted, stopped. */

export type { StartedProcess } from "./attempt-folder.ts";
export type {
  Attempt,
  Backend,
  Launch,
  LostMachine,
  Probe,
  ProcessExit,
  ProcessLaunch,
  ProcessProgram,
} from "./backend.ts";
export { builtinJob } from "./builtin-job.ts";
export {
  type CommandNotice,
  type CommandRunOptions,
  type CommandRunResult,
  commandRun,
} from "./command/command-run.ts";
export { type RankLog, rootSignature, type SeenSignature, type SignatureRole } from "./command/signatures.ts";
export {
  type Action,
  type Decision,
  decideRecovery,
  type Facts,
  type Failure,
  type KnownCheckpoint,
} from "./decide.ts";
export { type Lease, type Leases, type Need, ThreadLeases } from "./leases.ts";
export { LocalBackend, localPlaces } from "./local-backend.ts";
export type { SeriesRow, StepRow } from "./notice/step-row.ts";
export type { LeftOut, PlaceDecision, PlaceFacts, PlaceIncident } from "./places.ts";
export { DEFAULT_POLICY, type Policy, policySchema, readPolicy } from "./policy.ts";
export type { CorpusNotice } from "./recorded-corpus.ts";
export type { RunNotice } from "./recorded-run.ts";
export type { AttemptStart, RunTask, StartedTask } from "./run-task.ts";
export { runTogether } from "./side-by-side.ts";
export type {
  CheckpointsSeen,
  DiffersSeen,
  DiskSeen,
  MemorySeen,
  OfRank,
  Sighting,
  SlowSeen,
  SpikeSeen,
  Warning,
} from "./sighting.ts";
export { type SingleRunOptions, type SingleRunResult, singleRun } from "./single-run.ts";
export type { SlurmJob, SlurmNodes } from "./slurm/allocation.ts";
export type { Scored } from "./spool.ts";
export {
  type Follower,
  type RunJob,
  type RunOutcome,
  type RunWatcher,
  type StepTaker,
  supervise,
} from "./supervise.ts";
export { type TorchPlace, torchJob } from "./torch-job.ts";
export { pythonWithTorch } from "./torch-python.ts";
export type { TrainerName } from "./trainer.ts";

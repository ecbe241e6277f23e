/** @file The public surface of the fleet: runs as processes, started, watched, restarted, stopped. */

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
} from "./decide/decide.ts";
export type { LeftOut, PlaceDecision, PlaceFacts, PlaceIncident } from "./decide/places.ts";
export { DEFAULT_POLICY, type Policy, policySchema, readPolicy } from "./decide/policy.ts";
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
} from "./decide/sighting.ts";
export { type Lease, type Leases, type Need, ThreadLeases } from "./leases.ts";
export type { SeriesRow, StepRow } from "./notice/step-row.ts";
export type { StartedProcess } from "./process/attempt-folder.ts";
export { LocalBackend, localPlaces } from "./process/local-backend.ts";
export type { Scored } from "./process/spool.ts";
export type { CorpusNotice } from "./recorded-corpus.ts";
export type { RunNotice } from "./recorded-run.ts";
export type { AttemptStart, RunTask, StartedTask } from "./run-task.ts";
export { runTogether } from "./side-by-side.ts";
export { type SingleRunOptions, type SingleRunResult, singleRun } from "./single-run.ts";
export type { SlurmJob, SlurmNodes } from "./slurm/allocation.ts";
export {
  type Follower,
  type RunJob,
  type RunOutcome,
  type RunWatcher,
  type StepTaker,
  supervise,
} from "./supervise.ts";
export { type TorchPlace, torchJob } from "./torch/torch-job.ts";
export { pythonWithTorch } from "./torch/torch-python.ts";
export type { TrainerName } from "./trainer.ts";

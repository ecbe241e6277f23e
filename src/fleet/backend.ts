/** @file Where the processes of a run live: one interface for this machine, for Slurm, for what comes. */

import type { StartedProcess } from "./process/attempt-folder.ts";

/** One process of an attempt: rank r of a run of n ranks. */
export type ProcessLaunch = {
  readonly rank: number;
  readonly place: string;
  readonly program: ProcessProgram;
  /** Beside the supervisor's own environment. */
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * What a process runs. A `command` is started as it is. A `warm` one boots (imports, kernels) ahead of time
 * and waits for one line of JSON on standard input, `{"folder", "rank", "environment"}`; a backend may keep
 * some waiting, and a start then takes a fraction. A `forked` one is a server, which has done the imports and
 * forks a process for each such line.
 */
export type ProcessProgram =
  | { readonly kind: "command"; readonly command: readonly string[]; readonly workingFolder: string }
  | { readonly kind: "warm" | "forked"; readonly command: readonly string[] };

/** All processes of one attempt, and the folder in which they leave what they say. */
export type Launch = {
  /** `runs/<run>/attempts/<n>`: logs, beats, events, stacks. */
  readonly folder: string;
  readonly processes: readonly ProcessLaunch[];
};

/** How a process ended. Both null: it is gone, and nobody was there to see how (an adopted one). */
export type ProcessExit = {
  readonly rank: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** Why its machine is taken for gone, where that is how it ended. */
  readonly lostPlace?: string;
};

/** What the system says of a living process. */
export type Probe = {
  /** `stopped`: by SIGSTOP or a debugger. `waiting`: asleep or in the kernel. */
  readonly state: "running" | "waiting" | "stopped";
  readonly cpuSeconds: number;
  readonly residentBytes: number;
};

/** A started attempt. Disposing of it forgets it; its processes live on. */
export type Attempt = Disposable & {
  /** Places by rank. */
  readonly places: readonly string[];
  /** Who they are, for a supervisor that comes later. */
  readonly processes: readonly StartedProcess[];
  /** The exits so far. */
  readonly exits: readonly ProcessExit[];
  /** Null: it has ended, or its place does not answer. */
  probe(rank: number): Probe | null;
  /** To one rank, or to all. One that has ended is passed over. */
  signal(signal: NodeJS.Signals, rank?: number): void;
  /** Calls back at each exit, as soon as it is known; disposing ends that. */
  onExit(listener: (exit: ProcessExit) => void): Disposable;
  /** Ends all that still lives, with all their children, and resolves when they are gone. */
  stop(): Promise<void>;
};

/** A machine that is taken for gone, and why. */
export type LostMachine = { readonly machine: string; readonly why: string };

/** Puts processes somewhere, and watches that they live. */
export type Backend = {
  /** Where ranks can go as of now, most preferred first: machines, or parts of one (MACHINE/PART). */
  places(): readonly string[];
  /** Its machines that are no more, and their places with them. */
  readonly lost: readonly LostMachine[];
  /** Rejects with a UserError where a command cannot be started. */
  start(launch: Launch): Promise<Attempt>;
  /** The attempt that an earlier supervisor started in this folder; null where it did not come so far. */
  adopt(folder: string): Attempt | null;
};

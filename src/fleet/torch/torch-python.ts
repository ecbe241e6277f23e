/** @file The Python that trains: the one given, `python3`, or our own folder; refused without PyTorch. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../errors.ts";

/** FSDP2 and asynchronous distributed checkpoints are as trainers/torch takes them from here on. */
export const LEAST_TORCH = [2, 8] as const;
const LEAST_PYTHON = [3, 10] as const;

/** A Python on a network disk takes seconds to start. */
const MOST_SECONDS = 30;

/** Reads what is installed; importing it would take seconds. */
const ASK = `
import importlib.metadata as metadata, platform
def version(name):
    try: return metadata.version(name)
    except metadata.PackageNotFoundError: return "none"
print(platform.python_version(), version("torch"), version("numpy"))
`;

/** Where `longrun fleet install-torch` puts PyTorch: in the user's own data folder. */
export const ownTorchFolder = () =>
  join(process.env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "longrun", "torch");

/** The interpreter of our own folder, there or not. */
export const ownPython = () => join(ownTorchFolder(), "bin", "python");

/** Written when all of it is installed: pip killed half way leaves what looks like a PyTorch. */
export const ownTorchMarker = () => join(ownTorchFolder(), "installed");

const INSTALL = "install PyTorch into a folder of longrun's own: longrun fleet install-torch (about 6 GB)";

/**
 * A Python that has a PyTorch to train with.
 * @param given by the user; without it, the first that will do of `python3` and our own folder
 */
export async function pythonWithTorch(given?: string): Promise<string> {
  const candidates = given ? [given] : ["python3", ...(existsSync(ownTorchMarker()) ? [ownPython()] : [])];
  const lacks: string[] = [];
  for (const python of candidates) {
    const lack = await lackOf(python);
    if (lack === null) return python;
    lacks.push(`${python} ${lack}`);
  }
  throw new UserError(
    lacks.join("; "),
    `a Python ${LEAST_PYTHON.join(".")} or later with numpy and PyTorch ${LEAST_TORCH.join(".")} or later`,
    `name one that has it (--python), or ${INSTALL}`,
  );
}

/** What a Python lacks to train with; null: nothing. */
async function lackOf(python: string): Promise<string | null> {
  const answer = await ask(python);
  if ("lack" in answer) return answer.lack;
  if (answer.torch === "none") return "has no PyTorch";
  // torch.distributed gathers objects through it, and its wheel does not bring it along.
  if (answer.numpy === "none") return "has PyTorch without numpy";
  return isBefore(answer.torch, LEAST_TORCH) ? `has PyTorch ${answer.torch}` : null;
}

/** What a Python lacks to have PyTorch installed for it; null: nothing. */
export async function lackOfPython(python: string): Promise<string | null> {
  const answer = await ask(python);
  return "lack" in answer ? answer.lack : null;
}

type Answer = { readonly lack: string } | { readonly torch: string; readonly numpy: string };

async function ask(python: string): Promise<Answer> {
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", ASK], { timeout: 1000 * MOST_SECONDS });
    const [version = "", torch = "", numpy = ""] = stdout.trim().split(" ");
    return isBefore(version, LEAST_PYTHON) ? { lack: `is Python ${version}` } : { torch, numpy };
  } catch (error) {
    const { code, killed } = error as NodeJS.ErrnoException & { readonly killed?: boolean };
    if (killed) return { lack: `did not answer within ${MOST_SECONDS} s` };
    return { lack: code === "ENOENT" ? "is not there" : `does not run (${code})` };
  }
}

function isBefore(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

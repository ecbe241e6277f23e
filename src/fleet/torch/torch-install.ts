/** @file PyTorch in a folder of longrun's own: a virtual environment that the user's Python makes. */

import { spawn } from "node:child_process";
import { existsSync, rmSync, statfsSync } from "node:fs";
import { UserError } from "../../errors.ts";
import { makeFolder, writeFileAtomic } from "../../record/files.ts";
import { formatBytes } from "../../units/print.ts";
import {
  LEAST_TORCH,
  lackOfPython,
  ownPython,
  ownTorchFolder,
  ownTorchMarker,
  pythonWithTorch,
} from "./torch-python.ts";

/** The wheel on PyPI with its CUDA libraries, unpacked (2.15: 5.6 GB), and what is downloaded on the way. */
const INSTALLED_BYTES = 6e9;
const MOST_BYTES = 8e9;

/** What is needed while it is installed. */
export type InstallOptions = {
  /** Makes the environment; `python3` unless given. */
  readonly python?: string;
  readonly signal: AbortSignal;
  /** Says what it is about to do, and how much it takes, before anything is done. */
  tell(text: string): void;
};

/** Installs PyTorch, unless it is there, and returns the interpreter that has it. */
export async function installTorch({ python = "python3", signal, tell }: InstallOptions): Promise<string> {
  const folder = ownTorchFolder();
  if (existsSync(ownTorchMarker())) {
    tell(`PyTorch is there already, in ${folder}`);
    return await pythonWithTorch(ownPython());
  }
  const lack = await lackOfPython(python);
  if (lack !== null)
    throw new UserError(
      `${python} ${lack}`,
      "a Python to make an environment with",
      "install Python 3.10 or later, or name one: --python",
    );
  rmSync(folder, { recursive: true, force: true });
  makeFolder(folder);
  refuseSmallDisk(folder);
  tell(
    `installing PyTorch into ${folder}: about ${formatBytes(INSTALLED_BYTES)} with its CUDA libraries ` +
      "(to take it away again, delete the folder)",
  );
  await run(python, ["-m", "venv", folder], VENV_REMEDY, signal);
  const requirements = [`torch>=${LEAST_TORCH.join(".")}`, "numpy"];
  const options = ["--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off"];
  await run(ownPython(), ["-m", "pip", "install", ...options, ...requirements], PIP_REMEDY, signal);
  const installed = await pythonWithTorch(ownPython());
  writeFileAtomic(ownTorchMarker(), "");
  return installed;
}

const VENV_REMEDY = "on Debian and Ubuntu: apt install python3-venv; or name another Python, --python";
const PIP_REMEDY =
  "look at pip's own message above; offline, install PyTorch by other means and name its Python, --python";

function refuseSmallDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= MOST_BYTES) return;
  throw new UserError(
    `${formatBytes(bavail * bsize)} free for ${folder}`,
    `${formatBytes(MOST_BYTES)} while PyTorch is installed`,
    `free some space, or set XDG_DATA_HOME to a folder on a larger disk`,
  );
}

/** What it prints is the user's to see; standard output stays the command's own. */
async function run(
  program: string,
  options: readonly string[],
  remedy: string,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(program, options, { stdio: ["ignore", 2, 2], signal });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code === 0) return;
  throw new UserError(`${[program, ...options].join(" ")} ended with code ${code}`, "code 0", remedy);
}

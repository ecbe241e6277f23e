/** @file The living processes of a campaign's runs, whoever has started them: they outlive a supervisor. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { attemptsFolder } from "../../record/workspace.ts";
import { readProcesses, type StartedProcess } from "./attempt-folder.ts";
import { isAlive } from "./proc.ts";

/** Seen from this machine. */
export function livingProcesses(folder: string): readonly (StartedProcess & { readonly run: string })[] {
  return namesIn(join(folder, "runs")).flatMap((run) =>
    namesIn(attemptsFolder(folder, run)).flatMap((attempt) =>
      readProcesses(join(attemptsFolder(folder, run), attempt))
        .filter(isAlive)
        .map((process) => ({ ...process, run })),
    ),
  );
}

const namesIn = (path: string) => (existsSync(path) ? readdirSync(path) : []);

/** @file The living processes of a campaign's runs, whoever has started them: they outlive a supervisor. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { processStart } from "../record/lock.ts";
import { attemptsFolder } from "../record/workspace.ts";
import { readProcesses, type StartedProcess } from "./attempt-folder.ts";

/** Seen from this machine. */
export function livingProcesses(folder: string): readonly (StartedProcess & { readonly run: string })[] {
  return namesIn(join(folder, "runs")).flatMap((run) =>
    namesIn(attemptsFolder(folder, run)).flatMap((attempt) =>
      readProcesses(join(attemptsFolder(folder, run), attempt))
        .filter(({ pid, started }) => processStart(pid) === started)
        .map((process) => ({ ...process, run })),
    ),
  );
}

const namesIn = (path: string) => (existsSync(path) ? readdirSync(path) : []);

/** @file Asks the ranks of a run that stands still where they are, and waits a moment for their answers. */

import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type FlightDump, readFlightDump } from "../../audit/flight/dump.ts";
import { writeFileAtomic } from "../../record/files.ts";
import type { Attempt } from "../backend.ts";
import { dumpFile, flightFile, stacksFile } from "../process/attempt-folder.ts";
import type { RankTestimony } from "./odd-rank.ts";
import { mainStack, type PythonStack } from "./stacks.ts";

/** The ranks look for the question each 0.1 s; a busy machine takes its time. */
const MOST_ANSWER_MS = 1000;
const ANSWER_POLL_MS = 20;

/**
 * Asks those that can answer (trainers/torch/testimony.py): on others SIGUSR1 has effects of its own. Whether
 * a rank is one shows in its file of stacks, which is there from its start.
 */
export async function interrogate(folder: string, attempt: Attempt): Promise<readonly RankTestimony[]> {
  const ranks = attempt.places.map((_, rank) => rank);
  const states = ranks.map((rank) => attempt.probe(rank)?.state ?? null);
  const canAnswer = (rank: number) => states[rank] !== "stopped" && existsSync(stacksFile(folder, rank));
  const asked = ranks.filter(canAnswer);
  const stacksBefore = ranks.map((rank) =>
    asked.includes(rank) ? statSync(stacksFile(folder, rank)).size : 0,
  );
  for (const rank of asked) {
    rmSync(flightFile(folder, rank), { force: true });
    attempt.signal("SIGUSR1", rank);
  }
  if (asked.length > 0) writeFileAtomic(dumpFile(folder), new Date().toISOString());
  const answerOf = (rank: number) =>
    asked.includes(rank)
      ? { flight: flightOf(folder, rank), stack: stackSince(folder, rank, stacksBefore[rank]!) }
      : { flight: null, stack: null };
  const until = performance.now() + MOST_ANSWER_MS;
  const isMissing = (rank: number) => Object.values(answerOf(rank)).includes(null);
  while (asked.some(isMissing) && performance.now() < until) await setTimeout(ANSWER_POLL_MS);
  return ranks.map((rank) => ({ rank, state: states[rank]!, ...answerOf(rank) }));
}

function flightOf(folder: string, rank: number): FlightDump | null {
  const path = flightFile(folder, rank);
  return existsSync(path) ? readFlightDump(readFileSync(path), path) : null;
}

const stackSince = (folder: string, rank: number, bytes: number): PythonStack | null =>
  mainStack(readFileSync(stacksFile(folder, rank)).subarray(bytes).toString("utf8"));

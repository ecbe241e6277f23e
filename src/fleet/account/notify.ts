/**
 * @file Tells a program of the user's own about incidents and the end: facts as one line of JSON on its
 * standard input. It is started without a shell, ended after ten seconds, and its failure is a warning.
 */

import { spawn } from "node:child_process";
import { Interrupted, UserError } from "../../errors.ts";
import type { EventOf } from "../../record/events.ts";
import type { RecordWriter } from "../../record/record.ts";
import { masked } from "../../record/secrets.ts";
import { shellWord } from "../../units/print.ts";
import { shellWords } from "../../units/shell-words.ts";
import { sendSignal } from "../process/proc.ts";

const MOST_SECONDS = 10;

/** Whom to tell, and where. */
export type Notifying = {
  /** A program and its arguments; null: nobody is told. */
  readonly command: readonly string[] | null;
  readonly folder: string;
  warn(text: string): void;
};

/** How a piece of work came to its end. */
export type EndFacts = {
  readonly how: "finished" | "held" | "stopped" | "interrupted" | "failed";
  readonly text: string;
};

/**
 * Does the work; tells of every incident that the record gets meanwhile, then of the end.
 * @param endOf what is told of a result
 */
export async function notifying<T>(
  record: RecordWriter,
  { command, folder, warn }: Notifying,
  work: () => Promise<T>,
  endOf: (result: T) => EndFacts,
): Promise<T> {
  if (command === null) return await work();
  // One after the other, so that they come in order.
  let told = Promise.resolve();
  const tell = (facts: object) => {
    told = told.then(async () => {
      const problem = await deliver(command, `${JSON.stringify(maskedFacts({ folder, ...facts }))}\n`);
      if (problem !== null) warn(`--notify: ${command[0]} ${problem}; the run is not touched by that`);
    });
  };
  using _listener = record.onAppend((event) => {
    if (event.kind === "incident") tell(incidentFacts(folder, event));
  });
  try {
    const result = await work();
    tell({ kind: "end", ...endOf(result) });
    return result;
  } catch (error) {
    const how = error instanceof Interrupted ? "interrupted" : "failed";
    tell({ kind: "end", how, text: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    await told;
  }
}

function incidentFacts(folder: string, { sequence: id, time, run, data }: EventOf<"incident">): object {
  return { kind: "incident", id, time, run, ...data, page: `longrun incidents ${shellWord(folder)} ${id}` };
}

/** Every text in it without what looks like a secret. */
function maskedFacts(value: unknown): unknown {
  if (typeof value === "string") return masked(value);
  if (Array.isArray(value)) return value.map(maskedFacts);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskedFacts(each)]));
}

/** What went wrong, in words; null where it was told. */
function deliver([program, ...args]: readonly string[], line: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program!, args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
    const timer = setTimeout(() => {
      // With whatever it has started.
      if (child.pid !== undefined) sendSignal(-child.pid, "SIGKILL");
      resolve(`was ended after ${MOST_SECONDS} s`);
    }, 1000 * MOST_SECONDS);
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(`does not start (${error.code ?? error.message})`);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`);
    });
    // One that does not read has its own exit code to say so.
    child.stdin?.on("error", () => {});
    child.stdin?.end(line);
  });
}

/** The program of `--notify` and its arguments; no shell is given them. */
export function wordsOfCommand(text: string): readonly string[] {
  const words = shellWords(text);
  if (words?.[0]) return words;
  throw new UserError(
    `--notify ${JSON.stringify(text)}`,
    "a program and its arguments, with quotes around what holds blanks",
    "such as --notify '/usr/local/bin/page --to \"night shift\"'",
  );
}

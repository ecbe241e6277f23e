/** @file Subcommands whose files are loaded when they are called: what one needs costs no other any time. */

import type { Command } from "commander";
import { explainMistakes } from "./output.ts";

/** A subcommand: its line in the help, and what adds its options, its action and its own subcommands. */
export type LazyCommand = {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<(command: Command) => void>;
};

/** Adds subcommands by their names; the one that is called is completed before its arguments are read. */
export function addLazily(parent: Command, commands: readonly LazyCommand[]): void {
  for (const { name, description } of commands) parent.command(name).description(description);
  parent.hook("preSubcommand", async (_, called) => {
    const command = commands.find(({ name }) => name === called.name());
    if (!command) return;
    const complete = await command.load();
    complete(called);
    explainMistakes(called);
  });
}

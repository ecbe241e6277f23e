/** @file `longrun plan`, loaded when it is called. */

import type { Command } from "commander";
import { addLazily } from "../lazy.ts";

export function addPlan(program: Command): void {
  // `plan` and its subcommands share option names: both levels have to leave to a subcommand what follows it.
  program.enablePositionalOptions();
  addLazily(program, [
    {
      name: "plan",
      description:
        "Say which layout of a model is fastest on a cluster, whether it fits, how fast it is and how " +
        "long the run takes.",
      load: async () => (await import("./plan.ts")).completePlan,
    },
  ]);
}

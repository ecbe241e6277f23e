/** @file `longrun fleet install-torch`: PyTorch into a folder of longrun's own, for runs in PyTorch. */

import type { Command } from "commander";
import { installTorch } from "../../fleet/torch/torch-install.ts";
import { type CommonOptions, finish, given } from "../arguments.ts";
import { untilInterrupted } from "../interrupt.ts";
import { printAside, printJson, printResult } from "../output.ts";

type InstallTorchOptions = CommonOptions & { readonly python?: string };

export function defineInstallTorch(command: Command): void {
  command.option("--python <python>", "the Python that makes the environment (default: python3)");
  finish(command, "longrun fleet install-torch").action(runInstallTorch);
}

async function runInstallTorch({ json, python }: InstallTorchOptions): Promise<void> {
  const ended = await untilInterrupted(
    () => printAside("stopping; the same command begins anew"),
    (signal) => installTorch({ ...given({ python }), signal, tell: printAside }),
  );
  if (ended.kind === "done")
    printResult({ json }, { python: ended.result }, () => `longrun run FILE --trainer torch now finds it`);
  else if (json) printJson({ interrupted: ended.where });
}

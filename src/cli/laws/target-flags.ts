/** @file The run that is asked about: --compute, --params, --tokens, alike in every command. */

import type { Command } from "commander";
import type { GivenTarget } from "../../laws/forecast/target.ts";
import { COUNT, FLOPS } from "../../units/kinds.ts";
import { amountOption, given } from "../arguments.ts";

export type TargetFlags = {
  readonly compute?: number;
  readonly params?: number;
  readonly tokens?: number;
};

/** Adds --compute, --params and --tokens. */
export function withTargetFlags(command: Command): Command {
  return command
    .addOption(
      amountOption(
        "--compute <flops>",
        "the target's compute; alone: at the size that does best with it",
        FLOPS,
      ),
    )
    .addOption(amountOption("--params <n>", "the target's size", COUNT))
    .addOption(amountOption("--tokens <n>", "the tokens it trains on", COUNT));
}

/** What the flags say of the target. */
export function givenTarget({ compute, params, tokens }: TargetFlags): GivenTarget {
  return given({ n: params, d: tokens, c: compute });
}

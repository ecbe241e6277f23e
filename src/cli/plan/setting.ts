/** @file What the planner's commands are asked about: model, cluster, sequence and batch, from options. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { type Cluster, parseCluster } from "../../plan/hardware/cluster.ts";
import { readHardware } from "../../plan/hardware/user-defined.ts";
import { type Setup, SOFTWARE_2024 } from "../../plan/layout/layout.ts";
import { refuseBeyondTable } from "../../plan/shape/remarks.ts";
import { parseThisMachine } from "../../plan/this-machine/name.ts";
import { BINARY_COUNT, COUNT, MONEY, SHARE } from "../../units/kinds.ts";
import { fixed, formatWhole } from "../../units/print.ts";
import { badAmount, parseAmount } from "../../units/read.ts";
import { intervalOption } from "../arguments.ts";
import { type NamedModel, readModel } from "./model.ts";

/** The options, as given. */
export type SettingFlags = {
  readonly model?: string;
  readonly cluster?: string;
  readonly sequence?: string;
  readonly batchTokens?: string;
  readonly batchSequences?: string;
  readonly hardware?: string;
};

export type PlanSetting = Setup & {
  /** What was read in a way that is worth saying. */
  readonly notes: readonly string[];
};

/** Adds --model, --cluster, --sequence, --batch-tokens, --batch-sequences, --hardware (`readSetting`). */
export function withSetting(command: Command): Command {
  command
    .option("--model <model>", "a published model, a Hugging Face config.json, or a campaign's YAML file")
    .option(
      "--cluster <name:count>",
      "accelerators, such as h100:16384 or h100:1024,network=200Gbps; cpu: this machine and our own engine",
    )
    .option("--sequence <n>", "tokens of one sequence; k is 1024 here")
    .option("--batch-tokens <n>", "tokens of one optimiser step, such as 16M")
    .option("--batch-sequences <n>", "the same in sequences");
  return withHardware(command);
}

/** What several commands ask of speed and money, in the same words. */
export const MFU = intervalOption("--mfu <share>", "model FLOPs over the bf16 peak", SHARE);
export const PRICE = intervalOption("--price <money>", "of one device for an hour", MONEY);

/** Adds --hardware. */
export function withHardware(command: Command): Command {
  return command.option("--hardware <file>", "accelerators of your own, in JSON, to be named in --cluster");
}

/** Adds --constants. */
export function withConstants(command: Command): Command {
  return command.option("--constants <file>", "constants that `longrun plan calibrate --save` has written");
}

const EXAMPLE =
  "for example longrun plan --model llama3-405b --cluster h100:16384 --tokens 15.6T --sequence 8192 " +
  "--batch-tokens 16M";

/**
 * Reads model, cluster and job.
 * Throws a `UserError` for what is missing, unknown, or does not divide.
 */
export function readSetting(flags: SettingFlags): PlanSetting {
  if (parseThisMachine(flags.cluster) !== null)
    throw new UserError(
      `--cluster ${flags.cluster}`,
      "accelerators; this machine has no layouts to choose among",
      "ask `longrun plan --cluster cpu` itself for its step time and memory",
    );
  const { named, sequence, batchSequences, notes } = readWork(flags);
  const job = { sequence, batchSequences, software: SOFTWARE_2024 };
  return { model: named.model, cluster: readCluster(flags), job, notes };
}

/** The cluster, with accelerators of the user's own where there is a file of them. */
export function readCluster({ cluster, hardware }: Pick<SettingFlags, "cluster" | "hardware">): Cluster {
  return parseCluster(needed("--cluster", cluster), hardware === undefined ? [] : readHardware(hardware));
}

/** What is to be trained, wherever. */
export type WorkToPlan = {
  readonly named: NamedModel;
  readonly sequence: number;
  readonly batchSequences: number;
  readonly notes: readonly string[];
};

/** Reads model, sequence and batch. */
export function readWork(flags: SettingFlags): WorkToPlan {
  const named = readModel(needed("--model", flags.model));
  const sequence =
    flags.sequence === undefined && named.sequence !== null
      ? named.sequence
      : readSequence(needed("--sequence", flags.sequence));
  refuseBeyondTable(named.model, sequence);
  const ownBatch = flags.batchTokens ?? flags.batchSequences;
  const { batchSequences, notes } =
    ownBatch === undefined && named.batchSequences !== null
      ? { batchSequences: named.batchSequences, notes: [] }
      : readBatch(flags, sequence);
  return { named, sequence, batchSequences, notes: [...named.notes, ...notes] };
}

function needed(option: string, text: string | undefined): string {
  if (text !== undefined) return text;
  throw new UserError(`no ${option}`, "--model, --cluster, --sequence and --batch-tokens", EXAMPLE);
}

const LONGEST_SEQUENCE = 2 ** 26;
/** Sequences of one step: a thousand times what anybody has trained with. */
const LARGEST_BATCH = 2 ** 24;

/** Reads "8192" or "8k". */
export function readSequence(text: string): number {
  const value = parseAmount(text, BINARY_COUNT);
  if (value !== null && Number.isInteger(value) && value >= 16 && value <= LONGEST_SEQUENCE) return value;
  throw badAmount("--sequence", text, "a whole number of tokens from 16 to 64M: 8192, 8k");
}

/**
 * Reads a batch. M and k are 2^20 and 2^10 where that gives whole sequences (16M = 2048 x 8192), else
 * decimal: what 64M means must not depend on whether 64,000,000 happens to divide too (15,625 x 4096).
 */
export function readBatch(
  { batchTokens, batchSequences }: Pick<SettingFlags, "batchTokens" | "batchSequences">,
  sequence: number,
): { readonly batchSequences: number; readonly notes: readonly string[] } {
  if ((batchTokens === undefined) === (batchSequences === undefined))
    throw new UserError(
      batchTokens === undefined ? "no batch" : "both --batch-tokens and --batch-sequences",
      "one of --batch-tokens and --batch-sequences",
      EXAMPLE,
    );
  if (batchSequences !== undefined) {
    const count = parseAmount(batchSequences, BINARY_COUNT);
    if (count === null || !Number.isInteger(count))
      throw badAmount("--batch-sequences", batchSequences, "a whole number of sequences: 2048, 2k");
    return { batchSequences: checkedBatch(`--batch-sequences ${batchSequences}`, count), notes: [] };
  }
  const text = batchTokens!;
  const decimal = parseAmount(text, COUNT);
  if (decimal === null) throw badAmount("--batch-tokens", text, "tokens: 4M, 16M, 16777216");
  const binary = parseAmount(text, BINARY_COUNT);
  const isBinary = binary !== null && binary % sequence === 0;
  const tokens = isBinary ? binary : decimal;
  if (tokens % sequence !== 0) throw indivisible(text, decimal, sequence);
  const count = checkedBatch(`--batch-tokens ${text}`, tokens / sequence);
  const also = decimal % sequence === 0 ? ` Write ${decimal} for ${decimal / sequence} of them.` : "";
  const notes =
    isBinary && binary !== decimal
      ? [`A batch of ${text} tokens is read as ${binary}: ${count} sequences of ${sequence}.${also}`]
      : [];
  return { batchSequences: count, notes };
}

function checkedBatch(option: string, count: number): number {
  if (count <= LARGEST_BATCH) return count;
  throw new UserError(
    `${option}: ${count} sequences a step`,
    `at most ${formatWhole(LARGEST_BATCH)} sequences`,
    "check the units: --batch-sequences counts sequences, --batch-tokens tokens",
  );
}

function indivisible(text: string, tokens: number, sequence: number): UserError {
  const below = Math.floor(tokens / sequence);
  const choices = [below, below + 1].filter((count) => count > 0);
  return new UserError(
    `--batch-tokens ${text} with sequences of ${sequence}: ${fixed(tokens / sequence, 2)} sequences`,
    "a whole number of sequences in a batch",
    `--batch-tokens ${choices.map((count) => count * sequence).join(" or ")}, or check the units`,
  );
}

/** @file A layout as people write it, "tp=8,pp=16,vp=4,zero=1,mb=1": read, completed, and written. */

import { UserError } from "../../errors.ts";
import { perhaps } from "../../math/edit-distance.ts";
import { PRECISIONS, type Precision } from "../hardware/accelerator.ts";
import { type Layout, RECOMPUTES, SCHEDULES, SHARDINGS } from "./layout.ts";

/** The keys, with the other spellings that logs and launch scripts use. */
const KEYS = {
  dp: ["data"],
  tp: ["tensor"],
  pp: ["pipeline"],
  cp: ["context"],
  ep: ["expert"],
  vp: ["virtual"],
  mb: ["mbs", "micro"],
  zero: [],
  fsdp: [],
  group: [],
  sp: [],
  schedule: [],
  recompute: [],
  precision: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Key = keyof typeof KEYS;

const EXAMPLE = "for example dp=128,tp=8,pp=16,vp=4,mb=1,zero=1,recompute=selective";

/**
 * Reads a layout for a number of devices. What is left out: dp takes the devices that remain, other sizes are
 * 1, zero=1, sp=on where tp > 1, interleaved where vp > 1 (else 1f1b), recompute=none, the precision given.
 * fsdp=64 is short for zero=3,group=64. Throws a `UserError` for unknown keys, values out of range, and sizes
 * that do not multiply out to the devices.
 */
export function parseLayout(text: string, devices: number, precision: Precision = "bf16"): Layout {
  const given = readPairs(text);
  const size = (key: Key) => (given.has(key) ? wholeNumber(key, given.get(key)!) : 1);
  const [tensor, pipeline, context] = [size("tp"), size("pp"), size("cp")];
  const data = given.has("dp") ? size("dp") : devices / (tensor * pipeline * context);
  checkProduct(text, { data, tensor, pipeline, context }, devices);
  const virtualStages = size("vp");
  const ranks = data * context;
  const sharding = readSharding(given);
  return {
    data,
    tensor,
    pipeline,
    context,
    expert: size("ep"),
    sharding,
    shardGroup: sharding === "none" ? 1 : readGroup(given, ranks),
    sequenceParallel: given.has("sp") ? oneOf("sp", given.get("sp")!, ["on", "off"]) === "on" : tensor > 1,
    schedule: given.has("schedule")
      ? oneOf("schedule", given.get("schedule")!, SCHEDULES)
      : virtualStages > 1
        ? "interleaved"
        : "1f1b",
    virtualStages,
    microBatch: size("mb"),
    recompute: oneOf("recompute", given.get("recompute") ?? "none", RECOMPUTES),
    precision: oneOf("precision", given.get("precision") ?? precision, PRECISIONS),
  };
}

/** The canonical text: reading it gives the same layout back. */
export function layoutText(layout: Layout): string {
  const { data, tensor, pipeline, context, expert, virtualStages } = layout;
  const isWhole = layout.shardGroup === (layout.sharding === "none" ? 1 : data * context);
  const implied = virtualStages > 1 ? "interleaved" : "1f1b";
  return [
    `dp=${data},tp=${tensor},pp=${pipeline}`,
    context > 1 && `cp=${context}`,
    expert > 1 && `ep=${expert}`,
    virtualStages > 1 && `vp=${virtualStages}`,
    `mb=${layout.microBatch},zero=${SHARDINGS.indexOf(layout.sharding)}`,
    !isWhole && `group=${layout.shardGroup}`,
    layout.sequenceParallel !== tensor > 1 && `sp=${layout.sequenceParallel ? "on" : "off"}`,
    layout.schedule !== implied && `schedule=${layout.schedule}`,
    layout.recompute !== "none" && `recompute=${layout.recompute}`,
    layout.precision !== "bf16" && `precision=${layout.precision}`,
  ]
    .filter((part) => part !== false)
    .join(",");
}

function readPairs(text: string): ReadonlyMap<Key, string> {
  const pairs = new Map<Key, string>();
  for (const part of text.split(",")) {
    const [name = "", value = "", ...more] = part.trim().toLowerCase().split("=");
    const key = keyNamed(name);
    if (key === null) throw unknownKey(name, text);
    if (value === "" || more.length > 0)
      throw new UserError(`"${part.trim()}" in layout "${text}"`, `${key}=VALUE`, EXAMPLE);
    if (pairs.has(key)) throw new UserError(`${key} twice in layout "${text}"`, "each size once", EXAMPLE);
    pairs.set(key, value);
  }
  return pairs;
}

function keyNamed(name: string): Key | null {
  const entries = Object.entries(KEYS) as [Key, readonly string[]][];
  return entries.find(([key, others]) => key === name || others.includes(name))?.[0] ?? null;
}

function unknownKey(name: string, text: string): UserError {
  const close = perhaps(name, Object.entries(KEYS).flat(2));
  return new UserError(
    `"${name}" in layout "${text}"`,
    `sizes and choices among ${Object.keys(KEYS).join(", ")}`,
    close === null ? EXAMPLE : `${close}; ${EXAMPLE}`,
  );
}

function wholeNumber(key: Key, value: string): number {
  const size = Number(value);
  if (/^\d+$/.test(value) && size >= 1 && Number.isSafeInteger(size)) return size;
  throw new UserError(`${key}=${value}`, "a whole number of at least 1", EXAMPLE);
}

function oneOf<Choice extends string>(key: Key, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new UserError(`${key}=${value}`, `${key} is one of ${choices.join(", ")}`, EXAMPLE);
}

function readSharding(given: ReadonlyMap<Key, string>): Layout["sharding"] {
  if (given.has("fsdp") && (given.has("zero") || given.has("group")))
    throw new UserError("fsdp beside zero or group", "one of them: fsdp=64 means zero=3,group=64", EXAMPLE);
  if (given.has("fsdp")) return "full";
  const stage = oneOf("zero", given.get("zero") ?? "1", ["0", "1", "2", "3"]);
  if (stage === "0" && given.has("group"))
    throw new UserError(
      `zero=0 with group=${given.get("group")}`,
      "a group that shares something out",
      "leave group out, or say zero=1, 2 or 3",
    );
  return SHARDINGS[Number(stage)]!;
}

/** Ranks over which states are shared out; they divide the ranks that hold the same part of the model. */
function readGroup(given: ReadonlyMap<Key, string>, ranks: number): number {
  const key = given.has("fsdp") ? "fsdp" : "group";
  if (!given.has(key)) return ranks;
  const group = wholeNumber(key, given.get(key)!);
  if (ranks % group === 0) return group;
  throw new UserError(
    `${key}=${group} with dp x cp = ${ranks}`,
    "a group that divides dp x cp",
    `choose one of ${divisors(ranks).join(", ")}`,
  );
}

function checkProduct(
  text: string,
  { data, tensor, pipeline, context }: Pick<Layout, "data" | "tensor" | "pipeline" | "context">,
  devices: number,
): void {
  if (Number.isInteger(data) && data * tensor * pipeline * context === devices) return;
  const product = tensor * pipeline * context;
  throw new UserError(
    `layout "${text}": dp ${Number.isInteger(data) ? data : "?"} x tp ${tensor} x pp ${pipeline} x cp ` +
      `${context} does not make ${devices} devices`,
    "dp x tp x pp x cp = the number of devices",
    devices % product === 0
      ? `dp=${devices / product}, or leave dp out`
      : `change tp, pp or cp: their product ${product} does not divide ${devices}`,
  );
}

/** Divisors up to `most`, in rising order. */
export function divisors(number: number, most = number): number[] {
  const small: number[] = [];
  if (most * most < number) {
    for (let candidate = 1; candidate <= most; candidate++)
      if (number % candidate === 0) small.push(candidate);
    return small;
  }
  const large: number[] = [];
  for (let candidate = 1; candidate * candidate <= number; candidate++) {
    if (number % candidate !== 0) continue;
    small.push(candidate);
    if (candidate * candidate !== number) large.unshift(number / candidate);
  }
  return [...small, ...large].filter((divisor) => divisor <= most);
}

/** @file A schedule as a person writes it, "cosine:peak=3e-4,steps=72000": parsed, completed, checked. */

import { UserError } from "../../errors.ts";
import { CURVE_NUMBERS, DECAYS, type NamedSchedule, type RateSchedule, scheduleOf } from "./schedule.ts";

/** A schedule that was asked for. `decay=best` leaves the length of the decay to a search. */
export type RequestedSchedule =
  | { readonly kind: "given"; readonly schedule: RateSchedule }
  | { readonly kind: "search"; readonly make: (decayShare: number) => RateSchedule };

const KEYS: Readonly<Record<NamedSchedule["kind"], readonly string[]>> = {
  constant: ["peak", "steps", "warmup"],
  cosine: ["peak", "steps", "warmup", "final"],
  linear: ["peak", "steps", "warmup", "final"],
  wsd: ["peak", "steps", "warmup", "final", "decay", "shape"],
  "two-stage": ["peak", "steps", "warmup", "at", "second"],
};

/** What is taken where the text does not say. */
export type ScheduleDefaults = { readonly peak: number; readonly warmup: number };

/**
 * Parses a schedule. `steps` is needed; `peak` and `warmup` are the fitted curves' unless given; `final` is a
 * tenth of the peak (of a linear schedule 0). `decay` of wsd is a number of steps, a share of them below 1,
 * or "best".
 */
export function parseSchedule(text: string, defaults: ScheduleDefaults): RequestedSchedule {
  const [kind = "", ...rest] = text.split(":");
  if (!isKind(kind)) throw refused(text, `a schedule of the kind ${Object.keys(KEYS).join(", ")}`);
  const settings = settingsOf(text, kind, rest.join(":"));
  const number = (key: string, fallback?: number) => numberIn(text, settings, key, fallback);
  const steps = number("steps");
  const warmup = number("warmup", defaults.warmup);
  const peak = number("peak", defaults.peak);
  if (peak === 0) throw refused(text, "a peak above 0");
  if (warmup >= steps) throw refused(text, `more steps than the warm-up of ${warmup}`);
  const common = { peak, steps, warmup };
  const given = (named: NamedSchedule) => ({ kind: "given" as const, schedule: scheduleOf(named) });
  switch (kind) {
    case "constant":
      return given({ kind, ...common });
    case "cosine":
      return given({ kind, ...common, final: number("final", 0.1 * peak) });
    case "linear":
      return given({ kind, ...common, final: number("final", 0) });
    case "two-stage": {
      const at = number("at");
      if (at < warmup || at >= steps)
        throw refused(text, `at between the warm-up's end ${warmup} and ${steps}`);
      return given({ kind, ...common, at, second: number("second") });
    }
    case "wsd": {
      const shape = DECAYS.find((one) => one === (settings.get("shape") ?? "linear"));
      if (!shape) throw refused(text, `shape=${DECAYS.join(" | ")}`);
      const final = number("final", 0.1 * peak);
      const named = (decay: number) => ({ kind, ...common, final, shape, decay });
      if (settings.get("decay") === "best")
        return {
          kind: "search",
          make: (share) => scheduleOf(named(Math.min(share * steps, steps - warmup))),
        };
      const decay = number("decay", 0.2);
      const decaySteps = decay < 1 ? decay * steps : decay;
      if (decaySteps > steps - warmup) throw refused(text, `a decay of at most ${steps - warmup} steps`);
      return given(named(decaySteps));
    }
  }
}

type Settings = ReadonlyMap<string, string | undefined>;

function settingsOf(text: string, kind: NamedSchedule["kind"], rest: string): Settings {
  const parts = rest.split(",").filter((part) => part !== "");
  const settings = new Map(
    parts.map((part) => part.split("=", 2).map((piece) => piece.trim()) as [string, string | undefined]),
  );
  const unknown = [...settings.keys()].find((key) => !KEYS[kind].includes(key));
  if (unknown !== undefined) throw refused(text, `of ${kind} only ${KEYS[kind].join(", ")}`, unknown);
  return settings;
}

function numberIn(text: string, settings: Settings, key: string, fallback?: number): number {
  const given = settings.get(key);
  const value = given === undefined ? fallback : given === "" ? Number.NaN : Number(given);
  const { least, most, text: bounds } = CURVE_NUMBERS;
  if (value === 0 || (value !== undefined && value >= least && value <= most)) return value;
  const found = given === undefined ? `no ${key}` : `${key}=${given}`;
  throw refused(text, `${key}=<${bounds}>`, found);
}

function isKind(kind: string): kind is NamedSchedule["kind"] {
  return Object.hasOwn(KEYS, kind);
}

function refused(text: string, expected: string, found = ""): UserError {
  return new UserError(
    `--schedule ${text}${found === "" ? "" : ` (${found})`}`,
    expected,
    "write it like cosine:peak=3e-4,steps=72000,warmup=2160,final=3e-5",
  );
}

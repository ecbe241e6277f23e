/** @file The kinds of amounts that people write and longrun prints: spellings of units and their worth. */

/** A kind of amount. */
export type AmountKind = {
  /** What each spelling, in lower case, is worth in the kind's own unit; "" for a bare number. */
  readonly units: Readonly<Record<string, number>>;
  /** Words and letters that may stand between number and unit: 7 billion, 15.6T tokens. */
  readonly multipliers: Readonly<Record<string, number>>;
  /** For the complaint: "a time with its unit: 90s, 12min, 3h, 54d". */
  readonly expected: string;
  /** The largest that is meant by anybody, in the kind's own unit. */
  readonly most: number;
};

/** Nothing that is asked about is below. */
export const LEAST_AMOUNT = 1e-12;

/** Seconds. */
export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;

/** B is a billion, as counts of parameters are written; g and p are the engineer's. */
export const MULTIPLIERS: Readonly<Record<string, number>> = {
  ...named(1e3, "k", "thousand", "thousands"),
  ...named(1e6, "m", "mn", "million", "millions"),
  ...named(1e9, "b", "bn", "g", "billion", "billions"),
  ...named(1e12, "t", "tn", "trillion", "trillions"),
  ...named(1e15, "p"),
};

const SI = { k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15, e: 1e18, z: 1e21, y: 1e24 };
const BINARY = { ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40, pi: 2 ** 50 };

const SI_NAMES = {
  ...{ kilo: 1e3, mega: 1e6, giga: 1e9, tera: 1e12, peta: 1e15 },
  ...{ exa: 1e18, zetta: 1e21, yotta: 1e24 },
};

const FLOP_PREFIXES = { ...SI, ...SI_NAMES };
const FLOP_UNITS = { ...prefixed("flop", FLOP_PREFIXES), ...prefixed("flops", FLOP_PREFIXES) };
const BYTE_UNITS = {
  ...prefixed("b", { ...SI, ...BINARY }),
  ...prefixed("bytes", { ...SI, ...BINARY }),
  byte: 1,
};
const TIME_UNITS = {
  ...named(1, "s", "sec", "secs", "second", "seconds"),
  ...{ ms: 1e-3, µs: 1e-6, us: 1e-6, ns: 1e-9 },
  ...named(60, "m", "min", "mins", "minute", "minutes"),
  ...named(HOUR_SECONDS, "h", "hr", "hour", "hours"),
  ...named(DAY_SECONDS, "d", "day", "days"),
  ...named(7 * DAY_SECONDS, "w", "week", "weeks"),
};
const COUNT_UNITS = named(1, "", "n", "params", "parameters", "param", "parameter", "tokens", "token");

/** Parameters, tokens, steps. */
export const COUNT = kind(COUNT_UNITS, 1e24, "a number above 0: 1e21, 7B, 15.6T");
/** A count that is a power of two more often than not, as sequences and batches are: 8k is 8192. */
export const BINARY_COUNT: AmountKind = { ...COUNT, multipliers: { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 } };
/** Compute. A bare number is of FLOPs. */
export const FLOPS = kind({ "": 1, ...FLOP_UNITS }, 1e36, "FLOPs above 0: 1e21, 10 ZFLOP");
/** Compute where time could be meant as well. */
export const FLOPS_WITH_UNIT = kind(FLOP_UNITS, 1e36, "compute with its unit: 30TFLOP, 2 EFLOP");
export const FLOPS_PER_SECOND = kind(
  perSecond({ "": 1, ...FLOP_UNITS }),
  1e27,
  "FLOPs a second: 989 TFLOP/s",
);
/** Seconds. Days, hours and seconds are too far apart to guess at a bare number. */
export const DURATION = kind(TIME_UNITS, 1e12, "a time with its unit: 90s, 12min, 3h, 54d", {});
/** Seconds, where the option's name says so. */
export const SECONDS = kind(
  { ...TIME_UNITS, "": 1 },
  1e12,
  "seconds, or a time with its unit: 3.2, 450 ms",
  {},
);
/** Seconds, where the option's name says days. */
export const DAYS = kind(
  { ...TIME_UNITS, "": DAY_SECONDS },
  1e12,
  "a number of days, or a time with its unit: 60, 60d, 8w",
  {},
);

/** Bytes, in powers of ten or of two. */
export const BYTES = kind(BYTE_UNITS, 1e27, "bytes with their unit: 80GB, 5.7TB");
export const BYTES_PER_SECOND = kind(
  perSecond(BYTE_UNITS),
  1e27,
  "bytes a second with their unit: 40GB/s, 2TB/s",
);
export const TOKENS_PER_SECOND = kind(
  perSecond({ "": 1, tokens: 1 }),
  1e18,
  "tokens a second: 3200, 3.2k tokens/s",
);
/** A share of one: 0.4 or 40 %. */
export const SHARE = kind({ "": 1, "%": 0.01, percent: 0.01 }, 1e3, "a share above 0: 0.4, 40 %", {});
/** Percent: 1.2 or 1.2 %. */
export const PERCENT = kind({ "": 1, "%": 1, percent: 1 }, 1e6, "a percentage: 1.2, 1.2 %", {});
/** Money of whatever currency; dollars may be named. */
export const MONEY = kind(
  named(1, "", "$", "usd", "dollar", "dollars"),
  1e18,
  "an amount of money: 2.5, 10M, $10M",
);
export const WATTS = kind({ "": 1, ...prefixed("w", SI), watts: 1 }, 1e27, "watts: 1400, 1.4 kW");
export const KILOWATT_HOURS = kind(
  { wh: 1e-3, kwh: 1, mwh: 1e3, gwh: 1e6, twh: 1e9 },
  1e15,
  "energy with its unit: 120 MWh",
);
/** A number without a unit. */
export const NUMBER = kind({ "": 1 }, 1e12, "a plain number above 0", {});

function kind(
  units: AmountKind["units"],
  most: number,
  expected: string,
  multipliers: AmountKind["multipliers"] = MULTIPLIERS,
): AmountKind {
  return { units, multipliers, expected, most };
}

function named(worth: number, ...spellings: readonly string[]): Record<string, number> {
  return Object.fromEntries(spellings.map((spelling) => [spelling, worth]));
}

function prefixed(unit: string, prefixes: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries({ "": 1, ...prefixes }).map(([prefix, worth]) => [`${prefix}${unit}`, worth]),
  );
}

function perSecond(units: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(units).map(([unit, worth]) => [unit === "" ? "" : `${unit}/s`, worth]),
  );
}

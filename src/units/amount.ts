/** @file Amounts as people write them: 15.6T tokens, 54d, 2.5TB, 2TB/s. One reader, one way to refuse. */

import { UserError } from "../errors.ts";

const COUNT_SCALES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  b: 1e9,
  g: 1e9,
  t: 1e12,
  p: 1e15,
};
/** Seconds. */
export const DAY_SECONDS = 86_400;

const DURATION_SCALES: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  min: 60,
  m: 60,
  h: 3600,
  hours: 3600,
  d: DAY_SECONDS,
  day: DAY_SECONDS,
  days: DAY_SECONDS,
  w: 604_800,
  weeks: 604_800,
};
const BYTE_SCALES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** What kind of amount an option takes, for the reader and for its complaint. */
export type AmountKind = {
  readonly scales: Readonly<Record<string, number>>;
  readonly expected: string;
};

export const COUNT: AmountKind = { scales: COUNT_SCALES, expected: "a number above 0: 1e21, 7B, 15.6T" };
export const DURATION: AmountKind = {
  scales: DURATION_SCALES,
  expected: "a time with its unit: 90s, 12min, 3h, 54d",
};
/** For an option whose name says days: a bare number is of them. */
export const DAYS: AmountKind = {
  scales: { ...DURATION_SCALES, "": DAY_SECONDS },
  expected: "a number of days, or a time with its unit: 60, 60d, 8w",
};
const BYTES: AmountKind = { scales: BYTE_SCALES, expected: "bytes with their unit: 80GB, 5.7TB" };
export const BYTES_PER_SECOND: AmountKind = {
  scales: Object.fromEntries(Object.entries(BYTE_SCALES).map(([unit, scale]) => [`${unit}/s`, scale])),
  expected: "bytes a second with their unit: 40GB/s, 2TB/s",
};
/** A bare number: a share, a price, a power. */
export const PLAIN: AmountKind = {
  scales: { "": 1, "%": 0.01 },
  expected: "a plain number above 0, or a percentage",
};

/** Reads "15.6T" as a count of at least something above 0. */
export const readCount = reader(COUNT);

/** Reads "54d" in seconds. A number without a unit is refused: days, hours and seconds are too far apart to guess. */
export const readSeconds = reader(DURATION);

/** Reads "80GB" in bytes. */
export const readBytes = reader(BYTES);

/** One amount above 0 of a kind; null where the text is none. */
export function parseAmount(text: string, { scales }: AmountKind): number | null {
  const match = /^(\d[\d,_]*(?:\.\d+)?|\.\d+)(e[-+]?\d+)?\s*([a-z/%]*)$/i.exec(text.trim());
  if (!match) return null;
  const [, digits = "", exponent = "", unit = ""] = match;
  const scale = Object.hasOwn(scales, unit.toLowerCase()) ? scales[unit.toLowerCase()]! : Number.NaN;
  const value = Number(digits.replace(/[,_]/g, "") + exponent) * scale;
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** The complaint about an amount that cannot be read. */
export function badAmount(option: string, text: string, expected: string): UserError {
  return new UserError(`${option} "${text}"`, expected, "correct it and give the same command again");
}

/** A reader for one option. */
function reader(kind: AmountKind): (option: string) => (text: string) => number {
  return (option) => (text) => {
    const value = parseAmount(text, kind);
    if (value === null) throw badAmount(option, text, kind.expected);
    return value;
  };
}

/** @file Reads amounts and intervals as people write and longrun prints them: one grammar, one refusal. */

import { UserError } from "../errors.ts";
import { certain, type Interval } from "../math/interval.ts";
import { type AmountKind, LEAST_AMOUNT } from "./kinds.ts";
import { scientific } from "./print.ts";

// Digits with or without separated thousands, a fraction, an exponent; then multiplier and unit.
const NUMBER = /^([-+]?(?:\d{1,3}(?:[,_' ]\d{3})+|\d+)?(?:\.\d*)?)(e[-+]?\d+)?\s*([a-zµ$%][a-zµ$%/ -]*)?$/i;

/**
 * One number of a kind, in the kind's own unit; of any sign, and infinite past the largest double. Null where
 * the text is none. Reads 16,384; 1.2 x 10^21; 3,14 (a decimal comma); 7 billion; 300B tokens; 10 ZFLOP; 2 d
 * 04 h; $10M.
 */
export function parseNumber(text: string, kind: AmountKind): number | null {
  const plain = text
    .trim()
    .replace(/^\$\s*(.+)$/, "$1 $$")
    .replace(/\s*[x×*]\s*10\s*(?:\^|\*\*)\s*/i, "e")
    .replace(/^([-+]?\d+),(\d{1,2}|\d{4,})(?!\d)/, "$1.$2");
  const match = NUMBER.exec(plain);
  const [, digits = "", exponent = "", tail = ""] = match ?? [];
  const worth = /\d/.test(digits)
    ? worthOf(
        tail
          .toLowerCase()
          .replace(/[\s-]+/g, " ")
          .trim(),
        kind,
      )
    : null;
  if (worth === null) return sumOfParts(plain, kind);
  return Number(digits.replace(/[,_' ]/g, "") + exponent) * worth;
}

/** One amount above 0, neither vanishing nor beyond what anybody means; null where the text is none. */
export function parseAmount(text: string, kind: AmountKind): number | null {
  const value = parseNumber(text, kind);
  return value !== null && value >= LEAST_AMOUNT && value <= kind.most ? value : null;
}

/**
 * Reads 0.4, which is certain; 0.38..0.43, of which the two ends are the 90 % interval and their geometric
 * mean the middle; and what longrun prints, 0.4 (0.38 to 0.43). The unit may stand at the last number alone
 * (5..12min). Null where the text is none.
 */
export function parseInterval(text: string, kind: AmountKind): Interval | null {
  const printed = /^(.*?)\s*[([](?:90 % interval )?(.+?)(?: to |, )(.+?)[)\]]\s*(.*)$/.exec(text.trim());
  if (printed) {
    const [, middle = "", low = "", high = "", unit = ""] = printed;
    // One unit for all stands outside the brackets, else each number has its own.
    const outside = unit === "" ? unitOf(middle) : unit;
    const shared = unitOf(low) + unitOf(high) === "" ? outside : "";
    const hi = withUnit(high, shared, kind, Infinity);
    const median = hi === null ? null : withUnit(middle, unit, kind, hi);
    const lo = median === null ? null : withUnit(low, shared, kind, median);
    return hi === null || median === null || lo === null ? null : { median, lo, hi };
  }
  const [first = "", second, ...more] = text.split("..");
  if (more.length > 0) return null;
  if (second === undefined) {
    const value = parseAmount(first, kind);
    return value === null ? null : certain(value);
  }
  const hi = parseAmount(second, kind);
  const lo = hi === null ? null : withUnit(first, unitOf(second), kind, hi);
  return hi === null || lo === null ? null : { median: Math.sqrt(lo * hi), lo, hi };
}

/** A reader of amounts above 0 for one option of a command. Throws a `UserError` for any other text. */
export function readAmount(option: string, kind: AmountKind): (text: string) => number {
  return (text) => {
    const value = parseAmount(text, kind);
    if (value === null) throw badAmount(option, text, expectedOf(text, kind));
    return value;
  };
}

/** A reader of amounts that may be 90 % intervals. Throws a `UserError` for any other text. */
export function readInterval(option: string, kind: AmountKind): (text: string) => Interval {
  return (text) => {
    const interval = parseInterval(text, kind);
    if (interval === null)
      throw badAmount(option, text, `${expectedOf(text, kind)}; or a 90 % interval, lo..hi`);
    return interval;
  };
}

/** What is wanted instead; of a number beyond its limits, the limits. */
function expectedOf(text: string, kind: AmountKind): string {
  const value = parseNumber(text, kind);
  const beyond = value !== null && value > 0 && (value < LEAST_AMOUNT || value > kind.most);
  return beyond
    ? `${kind.expected}; from ${LEAST_AMOUNT} to ${scientific(kind.most)} in its own unit`
    : kind.expected;
}

/** The complaint about an amount that cannot be read. */
export function badAmount(option: string, text: string, expected: string): UserError {
  return new UserError(`${option} "${text}"`, expected, "correct it and give the same command again");
}

/** What a unit is worth, a multiplier before it or not: "zflop", "b tokens", "billion", "". */
function worthOf(tail: string, { units, multipliers }: AmountKind): number | null {
  if (Object.hasOwn(units, tail)) return units[tail]!;
  for (const [name, worth] of Object.entries(multipliers)) {
    const rest = tail.slice(name.length).trim();
    if (tail.startsWith(name) && Object.hasOwn(units, rest)) return worth * units[rest]!;
  }
  return null;
}

/** "2 d 04 h": amounts of one kind, each in a smaller unit than the one before. */
function sumOfParts(text: string, kind: AmountKind): number | null {
  const [sign, rest] = text.startsWith("-") ? [-1, text.slice(1)] : [1, text];
  const parts = rest.split(/(?<=[a-zµ])\s*(?=\d)/i);
  const units = parts.map((part) => worthOf(unitOf(part), kind) ?? Number.NaN);
  const falling = units.every((worth, i) => i === 0 || worth < units[i - 1]!);
  if (parts.length < 2 || !falling) return null;
  return sign * parts.reduce((sum, part) => sum + (parseNumber(part, kind) ?? Number.NaN), 0);
}

function unitOf(text: string): string {
  return /[a-zµ$%/ ]*$/i.exec(text.trim())?.[0].trim().toLowerCase() ?? "";
}

/**
 * An amount of at most `most`, with the unit that stands further on, where that gives one: 5..12h is 5 h, and
 * 7..8B 7 B. Where it gives none a bare number may mean something too: 1e9..8B; and 0.3..50% is 0.3.
 */
function withUnit(text: string, unit: string, kind: AmountKind, most: number): number | null {
  const readings = unit === "%" ? [text, text + unit] : [`${text} ${unit}`, text];
  const found = readings
    .map((each) => parseAmount(each, kind))
    .find((value) => value !== null && value <= most);
  return found ?? null;
}

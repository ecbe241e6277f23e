/** @file A heading of a table in small words, its path apart, and its unit as a factor. */

import { COUNT, DAY_SECONDS, FLOPS } from "../../units/kinds.ts";

/** A heading in small words, with the unit apart. */
export type Heading = {
  readonly name: string;
  /** Words of each part of its path: `throughput/total_gflops` has [["throughput"], ["total", "flops"]]. */
  readonly path: readonly (readonly string[])[];
  readonly phrase: string;
  /** What the unit multiplies by; NaN where the heading names two units. */
  readonly scale: number;
  /** "tflops" and its like: a log calls the speed so, and a table perhaps what was spent. */
  readonly maybeSpeed: boolean;
};

/** From here on no machine is as fast: EFLOPs are an amount. */
const LEAST_AMOUNT = 1e18;
const FLOP_DAYS = /(pf|[a-z]*flops?)[^a-z0-9]*(?:s|sec|seconds?)?[^a-z0-9]*days?\b/;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** In brackets these only say that a number is one. */
const SAYS_NOTHING = /^(counts?|number|raw|absolute|x)$/;

/** "Training FLOP (1e18)", "run-3 - c4/val_loss", "numTokens_B" in words, and the unit as a factor. */
export function headingOf(name: string): Heading {
  const units = new Set<number>();
  let maybeSpeed = false;
  // A panel of W&B calls its columns "run - metric": the run's name says nothing of the metric.
  const own = name
    .slice(name.lastIndexOf(" - ") + 1)
    .replace(
      /[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g,
      (digits) => `^${[...digits].map((digit) => SUPERSCRIPTS.indexOf(digit)).join("")}`,
    )
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/non[\s_-]*emb(edding|ed)?s?\b/g, "non embedding")
    .replace(/(?<![a-z])flos(?![a-z])/g, "flops")
    .replace(FLOP_DAYS, (_, unit: string) => {
      units.add(DAY_SECONDS * (FLOPS.units[unit === "pf" ? "pflop" : unit] ?? Number.NaN));
      return "total flops";
    });
  const wordsOf = (text: string, isBracket: boolean) => {
    const words = text
      .replace(/\*\*/g, "^")
      .replace(/e\+(?=\d)/g, "e")
      .split(/[^a-z0-9.^]+/)
      .filter(Boolean);
    const isSized = words.length > 1 && words.some((word) => SIZED.test(word));
    return words.flatMap((word, i) => {
      const mayBeLetter = isBracket || (isSized && i === words.length - 1);
      const { unit, rest } = unitOf(word, mayBeLetter, isBracket && /flop|compute/.test(own));
      if (unit > 1) units.add(unit);
      maybeSpeed ||= unit > 1 && unit < LEAST_AMOUNT && rest === "flops";
      return rest === "" || (isBracket && SAYS_NOTHING.test(rest)) ? [] : [rest];
    });
  };
  const path = own
    .replace(BRACKETS, " ")
    .split(/[/\\:|>]|\.(?!\d)/)
    .map((part) => wordsOf(part, false))
    .filter((words) => words.length > 0);
  const inBrackets = [...own.matchAll(BRACKETS)].flatMap(([, text]) => wordsOf(text!, true));
  const last = path.pop() ?? [];
  path.push([...last, ...inBrackets]);
  const [scale = 1] = units;
  return {
    name,
    path,
    phrase: path.flat().join(" "),
    scale: units.size > 1 ? Number.NaN : scale,
    maybeSpeed,
  };
}

const BRACKETS = /[([{]([^)\]}]*)[)\]}]/g;
const SIZED = /^(n|d|params?|parameters?|tokens?|toks?|size)$/;
const GLUED = /^([kmbgt])(tokens?|toks?|params?|parameters?)$/;

/** What a word is worth as a unit, 1 where it is none, and what it says besides. */
function unitOf(
  word: string,
  mayBeLetter: boolean,
  isCompute: boolean,
): { readonly unit: number; readonly rest: string } {
  const power = /^x?(?:1e|10\^)(\d+)$/.exec(word);
  if (power) return { unit: 10 ** Number(power[1]), rest: "" };
  const flops = Object.hasOwn(FLOPS.units, word) ? FLOPS.units[word]! : null;
  if (flops !== null) return { unit: flops, rest: "flops" };
  const [, letter, core] = GLUED.exec(word) ?? [];
  if (letter !== undefined) return { unit: COUNT.multipliers[letter]!, rest: core! };
  if (word.length === 1 && !mayBeLetter) return { unit: 1, rest: word };
  if (Object.hasOwn(COUNT.multipliers, word)) return { unit: COUNT.multipliers[word]!, rest: "" };
  const prefixed = isCompute && word.length === 1 ? FLOPS.units[`${word}flop`] : undefined;
  return prefixed === undefined ? { unit: 1, rest: word } : { unit: prefixed, rest: "" };
}

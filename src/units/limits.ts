/** @file Numbers of the user's files within limits: what lies outside is refused with the reason. */

import { z } from "zod";
import { formatCount } from "./print.ts";

/** A number from `least` to `most`, because of `reason`: both ends can be computed with in bounded time. */
export function numberFrom(least: number, most: number, reason: string): z.ZodNumber {
  return z
    .number({ error: refusal("a number", least, most, reason) })
    .min(least)
    .max(most);
}

/** The same of whole numbers. */
export function wholeFrom(least: number, most: number, reason: string): z.ZodNumber {
  const error = refusal("a whole number", least, most, reason);
  return z.number({ error }).min(least).max(most).multipleOf(1);
}

function refusal(what: string, least: number, most: number, reason: string) {
  const expected = `${what} from ${limitText(least)} to ${limitText(most)}: ${reason}`;
  return ({ input }: { readonly input?: unknown }) =>
    input === undefined ? `missing: ${expected}` : `${JSON.stringify(input)} is not ${expected}`;
}

const limitText = (limit: number) => (Math.abs(limit) < 1e5 ? String(limit) : formatCount(limit));

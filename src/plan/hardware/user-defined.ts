/** @file Accelerators that a user describes in a JSON file, in the catalogue's own terms. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { parseJson, readText } from "../../input-file.ts";
import { perhaps } from "../../math/edit-distance.ts";
import type { Accelerator } from "./accelerator.ts";
import { CATALOGUE, findAccelerator } from "./catalogue.ts";

const positive = z.number().positive();
/** One number by width. */
function byWidth(number: z.ZodNumber) {
  return z.strictObject({
    fp32: number.optional(),
    bf16: number.optional(),
    fp8: number.optional(),
    fp4: number.optional(),
  });
}

/** What may be left out is taken from `like`. */
const deviceSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "lower-case letters, digits, dots and hyphens"),
  /** The catalogue's accelerator that it is a variant of. */
  like: z.string(),
  label: z.string().optional(),
  /** FLOP/s of dense matrix products. */
  peakFlops: byWidth(positive).optional(),
  /** Part of the peak that a large matrix product reaches. */
  reachable: byWidth(positive.max(1, "a part of the peak: at most 1")).optional(),
  memoryBytes: positive.optional(),
  memoryBandwidth: positive.optional(),
  numUnits: z.int().positive().optional(),
  domainSize: z.int().positive().optional(),
  domainBandwidth: positive.optional(),
  devicesPerNode: z.int().positive().optional(),
  networkBandwidth: positive.optional(),
  deviceWatts: positive.optional(),
  nodeWattsPerDevice: positive.optional(),
  source: z.string().default("user-defined"),
});

const fileSchema = z.array(deviceSchema).min(1);

const EXPECTED =
  "one accelerator or a list of them: name, like (an accelerator of the catalogue), and what differs, " +
  "in bytes, FLOP/s and bytes per second";
const EXAMPLE = 'for example {"name": "h100-500w", "like": "h100", "reachable": {"bf16": 0.7}}';

/**
 * Reads accelerators of the user's.
 * Throws a `UserError` where the file is none.
 */
export function readHardware(path: string): readonly Accelerator[] {
  const json = parseJson(readText(path, EXPECTED, EXAMPLE), path, EXPECTED, EXAMPLE);
  const parsed = fileSchema.safeParse(Array.isArray(json) ? json : [json]);
  if (!parsed.success) throw new UserError(`${path}: ${z.prettifyError(parsed.error)}`, EXPECTED, EXAMPLE);
  return parsed.data.map(({ like, ...given }) => {
    const relative = findAccelerator(like);
    if (!relative) throw noRelative(path, like);
    const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return plausible({ ...relative, label: given.name, ...changes } as Accelerator, path);
  });
}

function noRelative(path: string, like: string): UserError {
  const known = CATALOGUE.map(({ name }) => name);
  const close = perhaps(like.trim().toLowerCase(), known);
  return new UserError(
    `${path}: like "${like}"`,
    `an accelerator of the catalogue: ${known.join(", ")}`,
    close === null ? EXAMPLE : `${close}; ${EXAMPLE}`,
  );
}

/** Rates and sizes that only a wrong unit explains. */
function plausible(device: Accelerator, path: string): Accelerator {
  const limits = [
    ["memoryBytes", device.memoryBytes, 1e8, 1e14],
    ["memoryBandwidth", device.memoryBandwidth, 1e9, 1e15],
    ["domainBandwidth", device.domainBandwidth, 1e8, 1e14],
    ["networkBandwidth", device.networkBandwidth, 1e7, 1e13],
    ["peakFlops", Math.max(...Object.values(device.peakFlops)), 1e9, 1e18],
  ] as const;
  for (const [key, value, least, most] of limits)
    if (value < least || value > most)
      throw new UserError(
        `${path}: ${device.name} with ${key} ${value}`,
        `between ${least} and ${most}`,
        "check the unit: bytes, bytes per second and FLOP/s, without prefixes",
      );
  return device;
}

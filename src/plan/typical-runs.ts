/** @file What large runs typically reach, where nothing better is known: all commands assume the same. */

import { UserError } from "../errors.ts";
import type { Interval } from "../math/interval.ts";
import { formatPercent } from "../units/print.ts";

/** What large dense runs in bf16 reach: most published rows of 1,000 devices and more lie here. */
export const TYPICAL_MFU: Interval = { median: 0.39, lo: 0.3, hi: 0.5 };

/**
 * Part of the time that training moves forward. Llama 3 reports above 0.9 (arXiv 2407.21783, section 3.3.4);
 * the ends are an assumption: other published clusters failed more often, see `longrun plan time`.
 */
export const TYPICAL_GOODPUT: Interval = { median: 0.92, lo: 0.85, hi: 0.97 };

/** Throws a `UserError` for more than the peak, most often a percentage without its sign. */
export function refuseMfuAboveOne(mfu: Interval | null | undefined): void {
  if (mfu == null || mfu.hi <= 1) return;
  throw new UserError(
    `an MFU of ${formatPercent(100 * mfu.hi, 0)}`,
    "a share of the peak, at most 1",
    "write 40 % as 0.40 or 40%",
  );
}

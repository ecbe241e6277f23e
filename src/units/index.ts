/** @file The public surface of the units: every amount and interval read and printed. */

export { type AmountKind, BYTES, COUNT, DURATION, FLOPS } from "./kinds.ts";
export {
  formatBytes,
  formatCount,
  formatFlops,
  formatQuantity,
  formatSeconds,
  significant,
} from "./print.ts";
export { parseAmount, parseInterval, parseNumber } from "./read.ts";

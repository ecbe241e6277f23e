/** @file The public surface of the audit: what programs did wrong, told from what they left. */

export {
  type Dumps,
  type FlightFindings,
  type FlightVerdict,
  type Front,
  findDivergence,
  type GroupFront,
  type Mixed,
  mixedAttempts,
  type Side,
  type Slip,
  type Wait,
} from "./flight/divergence.ts";
export { type Call, type FlightDump, type GroupProgress, readFlightDump } from "./flight/dump.ts";
export { callText, ranksText, verdictText } from "./flight/reading.ts";

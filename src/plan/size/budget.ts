/** @file A budget of training, however it is given: FLOPs, a cluster for so many days, or money. */

import { UserError } from "../../errors.ts";
import { certain, type Interval, logSdOf, within } from "../../math/interval.ts";
import { HOUR_SECONDS } from "../../units/kinds.ts";
import { formatFlops } from "../../units/print.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { refuseMfuAboveOne, TYPICAL_GOODPUT, TYPICAL_MFU } from "../typical-runs.ts";

/** What is known of a budget: compute, or cluster and time, or money. */
export type BudgetInputs = {
  readonly compute?: Interval | undefined;
  readonly cluster?: Cluster | undefined;
  readonly days?: Interval | undefined;
  readonly money?: number | undefined;
  readonly pricePerDeviceHour?: Interval | undefined;
  readonly peakFlopsPerDevice?: number | undefined;
  readonly mfu?: Interval | undefined;
  readonly goodput?: Interval | undefined;
};

/** A budget in FLOPs, and where it came from. */
export type TrainingBudget = {
  /** Training FLOPs. */
  readonly compute: Interval;
  readonly deviceHours: Interval | null;
  readonly days: Interval | null;
  readonly cost: Interval | null;
  readonly assumed: readonly string[];
};

/** From a toy on one core for a second to a thousand times the largest run announced. */
const FLOPS_RANGE = { least: 1e12, most: 1e30 } as const;

const WAYS = "one of: --compute 1e24; --cluster with --days; --money with --price and --cluster";

/** FLOPs of the budget, and the hours and the money behind them where they are known. */
export function readBudget(facts: BudgetInputs): TrainingBudget {
  const { compute, cluster, days, money, pricePerDeviceHour } = facts;
  const ways = [compute, days, money].filter((each) => each !== undefined).length;
  if (ways !== 1) throw new UserError(`${ways} budgets`, WAYS, "give exactly one");
  if (compute !== undefined) {
    if (compute.lo < FLOPS_RANGE.least || compute.hi > FLOPS_RANGE.most) {
      throw new UserError(
        `a budget of ${formatFlops(compute.lo < FLOPS_RANGE.least ? compute.lo : compute.hi, 2)}`,
        "1e12 to 1e30 FLOPs of training in all",
        "check the power of ten: Llama 3 405B took 3.8e25",
      );
    }
    return { compute, deviceHours: null, days: null, cost: null, assumed: [] };
  }
  if (cluster === undefined)
    throw new UserError("a budget in time or money without --cluster", WAYS, "add --cluster h100:4096");
  if (money !== undefined && pricePerDeviceHour === undefined) {
    throw new UserError(
      "--money without --price",
      WAYS,
      "add --price 2..3, the price of a device for an hour",
    );
  }
  const deviceHours =
    money === undefined
      ? times(days!, certain(24 * cluster.numDevices))
      : over(certain(money), pricePerDeviceHour!);
  return spent(facts, cluster, deviceHours);
}

function spent(facts: BudgetInputs, cluster: Cluster, deviceHours: Interval): TrainingBudget {
  const { money, pricePerDeviceHour, peakFlopsPerDevice, mfu, goodput } = facts;
  refuseMfuAboveOne(mfu);
  const speed = times(mfu ?? TYPICAL_MFU, certain(HOUR_SECONDS * peakFlopsPerDevice!));
  return {
    compute: times(times(deviceHours, goodput ?? TYPICAL_GOODPUT), speed),
    deviceHours,
    days: over(deviceHours, certain(24 * cluster.numDevices)),
    cost:
      money === undefined
        ? pricePerDeviceHour
          ? times(deviceHours, pricePerDeviceHour)
          : null
        : certain(money),
    assumed: [
      ...(mfu === undefined ? [`an MFU of ${TYPICAL_MFU.lo} to ${TYPICAL_MFU.hi}`] : []),
      ...(goodput === undefined ? [`a goodput of ${TYPICAL_GOODPUT.lo} to ${TYPICAL_GOODPUT.hi}`] : []),
    ],
  };
}

/** The product of two that are log-normal and independent. */
function times(a: Interval, b: Interval): Interval {
  return within(a.median * b.median, Math.hypot(logSdOf(a), logSdOf(b)));
}

function over(a: Interval, b: Interval): Interval {
  return within(a.median / b.median, Math.hypot(logSdOf(a), logSdOf(b)));
}

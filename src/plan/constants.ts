/** @file The one table of constants: few, physical, shared by all models, accelerators and layouts. */

/** One number of the step model: what it means, what is plausible, where it comes from. */
export type ConstantRow = {
  /** Calibrated on the published runs. */
  readonly value: number;
  /** What was thought before any run was seen. */
  readonly prior: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
  readonly meaning: string;
};

/**
 * Value, prior, low, high, unit, meaning. Values are calibrated on the published runs (docs/plan.md says
 * how), held inside low and high, which physics or benchmarks give.
 */
// biome-ignore format: read down in columns; a value a line would take a screen for five constants
const TABLE = {
  sustained: [0.861, 0.9, 0.7, 1, "1",
    "part of the reachable matrix-product rate that lasts under a power limit, beside other kernels"],
  throttle: [0.123, 0.08, 0, 0.25, "1",
    "exponent of the slowdown with peak rate per watt, A100 = 1: bursts reach more of the peak than a " +
        "power limit lets last"],
  tileSeconds: [2.21e-6, 2e-6, 3e-7, 6e-6, "s",
    "prologue and epilogue of one output tile of a matrix product"],
  waveWeight: [0.522, 0.6, 0, 1, "1",
    "part of the last wave's idle units that the library cannot fill by splitting"],
  misaligned: [11.4, 8, 3, 16, "1",
    "slowdown of a batched product whose head dimension is no multiple of 8: no tensor cores"],
  memoryEfficiency: [0.754, 0.8, 0.6, 0.95, "1",
    "part of the memory bandwidth that streaming kernels reach"],
  elementwise: [0.874, 1, 0.5, 2, "1",
    "bytes moved by norms, residuals and activations over the count of a fused stack"],
  eager: [1.75, 1.7, 1, 3, "1",
    "bytes moved where norms, residuals and activations are kernels of their own, over a fused stack"],
  scoreBytes: [10.8, 11, 6, 18, "B",
    "bytes moved per stored attention score, forward, without flash attention"],
  flashEfficiency: [0.491, 0.6, 0.35, 1, "1",
    "part of the reachable rate that the products of flash attention 1 and 2 reach, head dimension 128"],
  overlappedEfficiency: [0.705, 0.75, 0.4, 1, "1",
    "the same for attention whose products and exponentials run at once"],
  castBytes: [4.24, 5, 2, 12, "B",
    "bytes moved to cast one input element of an 8-bit or 4-bit product"],
  domainEfficiency: [0.743, 0.75, 0.5, 0.95, "1",
    "part of the link rate inside the fast fabric that collectives reach"],
  networkEfficiency: [0.46, 0.75, 0.4, 0.95, "1",
    "part of the link rate of the network that collectives reach"],
  scatterEfficiency: [0.48, 0.5, 0.25, 0.9, "1",
    "part of the link rate of the network that an exchange of all with all reaches: many small messages"],
  exchangeStart: [1.5e-5, 1.5e-5, 5e-6, 5e-5, "s",
    "start of one exchange"],
  domainLatency: [3.29e-6, 1.5e-6, 5e-7, 4e-6, "s",
    "one hop inside the fast fabric"],
  networkLatency: [1.48e-5, 8e-6, 2e-6, 2e-5, "s",
    "one hop over the network"],
  overlapLoss: [0.202, 0.2, 0, 0.6, "1",
    "part of a hidden exchange that still costs time: shared units, shared memory"],
  tensorHidden: [0.815, 0.5, 0, 0.95, "1",
    "part of tensor-parallel exchanges hidden where the software overlaps them"],
  expertHidden: [0.158, 0.3, 0, 0.9, "1",
    "part of the experts' exchanges hidden where the software overlaps them"],
  expertPasses: [14.5, 8, 4, 20, "1",
    "passes over the routed tokens to permute, pad and combine them, forward"],
  layerHostSeconds: [2.22e-4, 2e-4, 2e-5, 1e-3, "s",
    "host time to launch one dense layer forward"],
  expertHostSeconds: [0.00139, 8e-4, 5e-5, 4e-3, "s",
    "host time to launch one layer of experts forward, beside the dense part"],
  blockedSeconds: [8.59e-5, 5e-5, 2e-5, 1.5e-4, "s",
    "wait for the host at each kernel where launches are blocking"],
  kernelSeconds: [3e-6, 3e-6, 2e-6, 4.5e-6, "s",
    "gap between two kernels on the device"],
  stepSeconds: [0.0623, 0.05, 0, 0.3, "s",
    "fixed cost of an optimiser step: loader, norms, logging"],
  straggler: [0.00369, 0.003, 0, 0.02, "1",
    "slowdown per doubling of the number of nodes: the slowest of many"],
  allocator: [1.17, 1.15, 1.03, 1.3, "1",
    "memory held by the allocator over memory in use; half of the excess is given back under pressure"],
  contextBytes: [1.52e9, 1.5e9, 5e8, 3e9, "B",
    "driver and libraries on one device"],
  axisBytes: [1.38e9, 1.3e9, 4e8, 3e9, "B",
    "buffers of the collectives, for each axis of parallelism in use"],
} as const satisfies Readonly<Record<string, readonly [number, number, number, number, string, string]>>;

/** The constants of the step model. */
export type ConstantName = keyof typeof TABLE;

/** A value of each. */
export type Constants = Readonly<Record<ConstantName, number>>;

export const CONSTANT_NAMES = Object.keys(TABLE) as readonly ConstantName[];

function byName<Value>(of: (row: ConstantRow) => Value): Readonly<Record<ConstantName, Value>> {
  const entries = CONSTANT_NAMES.map((name) => {
    const [value, prior, low, high, unit, meaning] = TABLE[name];
    return [name, of({ value, prior, low, high, unit, meaning })] as const;
  });
  return Object.fromEntries(entries) as Readonly<Record<ConstantName, Value>>;
}

export const CONSTANT_ROWS = byName((row) => row);

/** The values that predictions use unless a file of constants is given. */
export const CONSTANTS: Constants = byName(({ value }) => value);

/** What the constants were thought to be before any run was seen. */
export const CONSTANT_PRIORS: Constants = byName(({ prior }) => prior);

/**
 * Standard deviation of the logarithm of step time that is left unexplained, so that 90 % of recipes lie
 * inside 1.645 of them: measured on published runs, each family predicted by constants calibrated on the
 * others, re-measured recipes counted once (521 dense, 90 with experts).
 */
export const LOG_SPREAD = { dense: 0.11, experts: 0.32 } as const;

/** Where no published run was compared with, the spread is taken to be so many times as wide (assumption). */
export const UNVALIDATED_FACTOR = 2;

/**
 * TPUs run one compiled program on a few large systolic arrays: no tiles dealt to a hundred units, no
 * launches, no gaps between kernels; their clock is not lowered by the products that run (assumptions). A hop
 * between neighbours takes about a microsecond (assumption), and links are driven by engines of their own, so
 * that a hidden exchange costs little (assumption).
 */
const TPU_CONSTANTS: Partial<Constants> = {
  sustained: 1,
  throttle: 0,
  tileSeconds: 0,
  waveWeight: 0,
  kernelSeconds: 0,
  layerHostSeconds: 0,
  expertHostSeconds: 0,
  domainLatency: 1e-6,
  overlapLoss: 0.05,
};

/** The constants that hold on a kind of accelerator: the table is of GPUs. */
export function constantsOn(kind: "gpu" | "tpu" | "cpu", constants: Constants): Constants {
  return kind === "tpu" ? { ...constants, ...TPU_CONSTANTS } : constants;
}

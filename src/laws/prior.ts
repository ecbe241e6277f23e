/** @file What is believed of a ladder before it is seen, in one table with reasons: weak, and the same for every campaign. */

/**
 * A bell curve over a transformed quantity: log for scales, logit for shares. `median` is in plain units, `spread` is one
 * standard deviation on the transformed scale.
 */
export type Prior = {
  readonly scale: "log" | "logit";
  readonly median: number;
  readonly spread: number;
  /** How many nodes of the grid stand for it, where a ladder lets it matter. */
  readonly numNodes: number;
  readonly reason: string;
};

export const PRIORS = {
  exponent: {
    scale: "log",
    median: 0.16,
    spread: 0.6,
    numNodes: 13,
    reason:
      "b of L = E + a C^-b: 0.09 to 0.34 over 14 public tables (well-tuned recipes 0.09 to 0.18, under-tuned small runs above 0.2)",
  },
  floorShare: {
    scale: "logit",
    median: 0.55,
    spread: 0.7,
    numNodes: 13,
    reason:
      "E as a share of the largest rung's loss: 0.54 to 0.9 at the largest run of the same tables, less a decade below, and less again below the tables (FLOOR_LOSS)",
  },
  start: {
    scale: "log",
    median: 1e10,
    spread: 1,
    numNodes: 5,
    reason:
      "FLOPs below which a decoder has learnt little but word frequencies: 0.4 to 3e10 on our own ladders; far below any public table, which it leaves as they are",
  },
  seedNoise: {
    scale: "log",
    median: 0.003,
    spread: 0.7,
    numNodes: 7,
    reason: "log loss between seeds: 0.1 to 0.5 % on small runs; replicates on the ladder soon outweigh this",
  },
  drift: {
    scale: "log",
    median: 0.005,
    spread: 0.7,
    numNodes: 5,
    reason:
      "log loss wandering off any law, per square root of a decade of compute: 0.2 to 2 % in the same tables",
  },
} as const satisfies Record<string, Prior>;

/**
 * Log odds that the floor's share loses per decade of compute below the tables. Were b = 0.16 true all the way down, the reducible
 * part would grow so that it loses 0.16 ln 10 = 0.37; half of that, because b is not known over five decades.
 */
const FLOOR_LOSS = 0.2;
/** FLOPs: about where the public tables begin. */
const TABLES_BEGIN = 1e17;

/** What is believed of the floor's share at a largest rung of this compute. */
export function floorSharePrior(topCompute: number): Prior {
  const logit = Math.log(PRIORS.floorShare.median / (1 - PRIORS.floorShare.median));
  const shifted = logit - FLOOR_LOSS * Math.max(0, Math.log10(TABLES_BEGIN / topCompute));
  return { ...PRIORS.floorShare, median: 1 / (1 + Math.exp(-shifted)) };
}

/** A start this far below the smallest rung moves no rung by more than 0.1 % of what it has learnt. */
const START_NEGLIGIBLE = 1e-3;

/** Nodes for the start; one that changes nothing where every rung is far beyond it, as in tables of larger models. */
export function startNodes(lowestCompute: number): readonly Node[] {
  if (PRIORS.start.median < START_NEGLIGIBLE * lowestCompute) return [{ value: 0, logWeight: 0 }];
  return nodesOf(PRIORS.start);
}

export type Node = { readonly value: number; readonly logWeight: number };

/** How far out, in standard deviations, the grid goes: 2.2 holds 97 % of the bell. */
const GRID_REACH = 2.2;

/** The prior as evenly spaced nodes with log weights. */
export function nodesOf(prior: Prior): readonly Node[] {
  return Array.from({ length: prior.numNodes }, (_, i) => {
    const z = GRID_REACH * ((2 * i) / (prior.numNodes - 1) - 1);
    return { value: transformed(prior, z), logWeight: (-z * z) / 2 };
  });
}

function transformed(prior: Prior, z: number): number {
  if (prior.scale === "log") return prior.median * Math.exp(prior.spread * z);
  const logit = Math.log(prior.median / (1 - prior.median)) + prior.spread * z;
  return 1 / (1 + Math.exp(-logit));
}

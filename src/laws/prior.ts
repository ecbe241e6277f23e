/** @file What is believed of a ladder before it is seen, in one table with reasons: weak, and the same for every campaign. */

/**
 * A bell curve over a transformed quantity: log for scales, logit for shares. `median` is in plain units, `spread` is one
 * standard deviation on the transformed scale.
 */
export type Prior = {
  readonly scale: "log" | "logit";
  readonly median: number;
  readonly spread: number;
  /** How many nodes of the grid stand for it. */
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
      "E as a share of the largest rung's loss: 0.54 to 0.9 at the largest run of the same tables, less a decade below",
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
    spread: 1,
    numNodes: 6,
    reason:
      "log loss wandering off any law, per square root of a decade of compute: 0.2 to 2 % in the same tables",
  },
} as const satisfies Record<string, Prior>;

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

/** @file A finished campaign as the report sees it, for tests: a real one's shape, numbers from formulas. */

import { manifestWith, sourceWith } from "../corpus/fixture.ts";
import type { Note } from "../corpus/notes.ts";
import type { Interval } from "../math/interval.ts";
import { shapeOfWidth } from "../model/dial.ts";
import { summaryWith } from "../train/fixture.ts";
import { optimiserOf } from "../train/planned-run.ts";
import type { Environment, ReportData, RungRun, ScoredRow } from "./data.ts";

const TARGET_FLOPS = 1.83e13;
const TARGET_TOKENS = 3_050_496;
const lawAt = (flops: number) => 1.52 + 1.05 * (flops / 1e11) ** -0.132;

const score = (bitsPerByte: number) => ({
  numTokens: 160_000,
  numBytes: 433_600,
  natsPerToken: bitsPerByte * 2.71 * Math.LN2,
  bitsPerByte,
});
const heldOutAt = (bitsPerByte: number) => ({
  all: score(bitsPerByte),
  sources: { gutenberg: score(bitsPerByte * 1.06), union: score(bitsPerByte * 0.935) },
});

function rung(name: string, seed: number, n: number, tokens: number, flops: number, noise: number): RungRun {
  const heldOut = heldOutAt(lawAt(flops) * (1 + noise));
  const summary = summaryWith({ matrixParameters: n, tokens, flops, wallSeconds: flops / 9e10, heldOut });
  return { name, seed, summary };
}

const predictedLoss = {
  median: lawAt(TARGET_FLOPS),
  lo: lawAt(TARGET_FLOPS) * 0.982,
  hi: lawAt(TARGET_FLOPS) * 1.018,
};
const measuredLoss = predictedLoss.median * 1.006;
const laterLoss = {
  median: predictedLoss.median * 1.004,
  lo: predictedLoss.median * 0.995,
  hi: predictedLoss.median * 1.013,
};
const curveAt = (share: number) =>
  predictedLoss.median *
  (1 + 0.42 * Math.exp(-share / 0.2) + 3 * Math.exp(-share / 0.015) + 0.05 * (1 - share));

/** Documents that an earlier one was equal to. */
const repeated = (items: number, bytes: number): Note[] => [
  { kind: "dropped", what: "equal to an earlier one", unit: "documents", items, of: null, bytes, first: [] },
];

const environment: Environment = {
  commit: "0123abc",
  versions: { node: "24.21.0" },
  processor: "an eight-wide example processor",
  instructionSet: "avx512",
  cores: 2,
  memoryBytes: 8.2e9,
};

export const finishedCampaign: ReportData = {
  features: [],
  campaign: {
    name: "first-light",
    folder: "runs/first-light",
    status: { kind: "finished" },
    startedAt: "2026-11-22T08:00:12.000Z",
    endedAt: "2026-11-22T08:05:01.000Z",
    seconds: 287.4,
    peakBytes: 1.12e9,
  },
  bet: {
    target: {
      name: "target",
      spec: {
        role: "target",
        shape: shapeOfWidth(128, {
          vocabularySize: 1024,
          numLayers: 4,
          queriesPerKeyValue: 1,
          tiedEmbeddings: false,
        }),
        optimiser: optimiserOf({ learningRate: 0.01, weightDecay: 0.1 }),
        sequenceLength: 256,
        batchSequences: 8,
        numSteps: 1_489,
        seed: 1,
        heldOutTokens: 160_000,
        checkpointSeconds: 8,
      },
      matrixParameters: 917_504,
      tokens: TARGET_TOKENS,
      flops: TARGET_FLOPS,
      evaluationFlops: 3e11,
    },
    vocabularyReason: "the power of two that gives the head about 20 % of the target's parameters",
    splitRule: "5 % of the passages of about 4000 bytes of each source, by a hash of their content",
    seed: 1,
    budget: { kind: "flops", flops: 3e13 },
    ladderFlops: 7.42e12,
    totalFlops: 2.64e13,
    expectedSeconds: 271,
    stepSeconds: 0.1,
    command: "longrun launch campaigns/first-light.yaml",
    machine: environment,
  },
  manifest: manifestWith("corpus", 1024, [
    sourceWith({
      name: "gutenberg",
      licence: "public domain",
      documents: 18,
      bytesRead: 11_800_000,
      notes: repeated(7, 120_000),
      train: { passages: 728, bytes: 10_640_000, tokens: 3_930_000, shards: [] },
      heldOut: { passages: 38, bytes: 561_000, tokens: 207_000, shards: [] },
    }),
    sourceWith({
      name: "union",
      licence: "public domain",
      documents: 233,
      bytesRead: 10_800_000,
      notes: repeated(2, 22_000),
      train: { passages: 702, bytes: 10_240_000, tokens: 3_700_000, shards: [] },
      heldOut: { passages: 37, bytes: 538_000, tokens: 194_000, shards: [] },
    }),
  ]),
  ladder: [
    rung("rung-1", 1, 32_768, 122_880, 2.4e10, 0.0031),
    rung("rung-1-seed-2", 2, 32_768, 122_880, 2.4e10, -0.0024),
    rung("rung-1-seed-3", 3, 32_768, 122_880, 2.4e10, -0.0009),
    rung("rung-2", 1, 65_536, 204_800, 8.1e10, 0.0012),
    rung("rung-3", 1, 114_688, 379_000, 2.6e11, -0.0017),
    rung("rung-4", 1, 180_224, 573_000, 6.2e11, 0.0004),
    rung("rung-5", 1, 245_760, 786_000, 1.16e12, 0.0008),
    rung("rung-6", 1, 327_680, 1_020_000, 2.01e12, -0.0005),
  ],
  forecast: {
    predicted: predictedLoss,
    reach: TARGET_FLOPS / 2.01e12,
    widening: 2.4,
    laws: [
      {
        name: "compute",
        formula: "L(C) = E + a C^-b",
        weight: 0.61,
        target: predictedLoss,
        freeFormula: "L(C) = E + a C^-b",
        parameters: [
          { name: "a", unit: "bits per byte", median: 29.7, lo: 18.2, hi: 51.4 },
          { name: "b", unit: "1", median: 0.132, lo: 0.114, hi: 0.155 },
          { name: "E", unit: "bits per byte", median: 3e-15, lo: 3e-15, hi: 1.31 },
        ],
      },
      {
        name: "chinchilla",
        formula: "L(N, D) = E + A N^-alpha + B D^-alpha",
        weight: 0.39,
        target: { median: 2.051, lo: 2.009, hi: 2.09 },
        freeFormula: "L(N, D) = E + A N^-alpha + B D^-beta",
        parameters: [
          { name: "A", unit: "bits per byte", median: 31, lo: 2.5, hi: Infinity },
          { name: "E", unit: "bits per byte", median: 5e-14, lo: 5e-14, hi: 5e-14 },
        ],
      },
    ],
    backtests: [
      backtest("rung-6", 5, 1.73, 0.006, -0.0011),
      backtest("rung-5", 4, 1.87, 0.007, 0.0019),
      backtest("rung-4", 3, 2.38, 0.009, -0.0027),
    ],
    line: Array.from({ length: 48 }, (_, index) => {
      const flops = 1.5e10 * 10 ** ((index / 47) * 3.25);
      const width = 0.003 + 0.015 * Math.max(0, Math.log10(flops / 2.01e12));
      return {
        flops,
        median: lawAt(flops),
        lo: lawAt(flops) * (1 - width),
        hi: lawAt(flops) * (1 + width),
      };
    }),
    beyond: { flops: 1.83e14, median: 1.911, lo: 1.852, hi: 1.972 },
  },
  lock: {
    sequence: 61,
    headHash: "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de",
    at: "2026-11-22T08:01:34.000Z",
  },
  gates: [
    {
      gate: "forecast",
      decision: "go",
      reason: "The back-test's mean gap is 0.19 %, reach is 9.1, 0.41 of 8.2 GB of memory is needed.",
      accepted: null,
    },
  ],
  issues: [
    {
      id: "rope-base",
      what: "rotary base untested at this context",
      chance: 0.1,
      costDays: 0.5,
      fixDueDays: 9,
      accepted: { because: "the context is short", at: "2026-11-22T08:00:10.000Z" },
    },
  ],
  target: {
    run: "target",
    summary: summaryWith({ heldOut: heldOutAt(measuredLoss) }),
    warmupTokens: 0.05 * TARGET_TOKENS,
    points: Array.from({ length: 120 }, (_, index) => {
      const share = (index + 1) / 120;
      const bump = index > 40 && index < 46 ? 0.028 : 0;
      const distance = 0.004 + 0.012 * Math.sin(index * 12.9) * Math.cos(index * 3.7) + bump;
      return {
        tokens: share * TARGET_TOKENS,
        bitsPerByte: curveAt(share) * (1 + distance),
        inside: share > 0.05 ? Math.abs(distance) <= 0.025 : null,
      };
    }),
    scored: 114,
    inside: 109,
    band: Array.from({ length: 60 }, (_, index) => {
      const share = (index + 1) / 60;
      const median = curveAt(share);
      return { tokens: share * TARGET_TOKENS, median, lo: median * 0.975, hi: median * 1.025 };
    }),
    reforecasts: [0.2, 0.4, 0.6, 0.8].map((share) => {
      const median = predictedLoss.median * (1 + 0.007 * share);
      return {
        tokens: share * TARGET_TOKENS,
        median,
        lo: median * (0.985 + 0.01 * share),
        hi: median * (1.015 - 0.01 * share),
      };
    }),
    seedDeviation: 0.0067,
  },
  verdict: [
    scored("loss", "held-out loss", "bits per byte", 57, "L(C) over 8 runs", predictedLoss, measuredLoss, {
      law: 0.31,
      "seed noise": 0.22,
      data: 0.07,
    }),
    scored("wall-time", "wall time", "s", 58, "calibration", { median: 166.1, lo: 151, hi: 182 }, 174.8, {
      "matrix products": 3.66,
      attention: 2.29,
    }),
    scored(
      "step-time",
      "step time",
      "s",
      59,
      "calibration",
      { median: 0.1062, lo: 0.1005, hi: 0.1122 },
      0.1131,
      { "matrix products": 3.8, attention: 2.4, norms: 0.2 },
    ),
    scored(
      "memory",
      "peak memory",
      "bytes",
      60,
      "memory plan",
      { median: 4.12e8, lo: 3.8e8, hi: 4.5e8 },
      4.03e8,
      {
        "buffers of the runtime": (100 * (4.03e8 - 4.12e8)) / 4.12e8,
      },
    ),
    scored("loss", "held-out loss", "bits per byte", 66, "re-forecast at 60 %", laterLoss, measuredLoss, {}),
  ],
  operations: Object.entries({
    "matrix products, backward": [79.1, 83.4],
    "matrix products, forward": [38.2, 40.1],
    "attention, backward": [14.1, 15.2],
    "attention, forward": [9.2, 11.9],
    "head and cross entropy": [11.8, 11.1],
    evaluation: [3.2, 3.4],
    AdamW: [3.1, 2.9],
    "RMS norm": [2.2, 2.5],
    SwiGLU: [1.9, 1.8],
    "rotary embedding": [0.9, 1.1],
    "between steps": [2.4, 1.4],
  } as const).map(([operation, [predictedSeconds, measuredSeconds]]) => ({
    operation,
    predictedSeconds,
    measuredSeconds,
  })),
  damaged: [],
  incidents: [
    {
      at: "2026-11-22T08:03:20.000Z",
      run: "target",
      kind: "killed",
      evidence: "the record ends at step 803 without a closing event",
      lostSeconds: 4.2,
      recovery: "resumed from the checkpoint of step 768, exact",
    },
  ],
  sample: {
    prompt: "The ",
    text: "people of the country have been so much the subject of\nthe world, and the state of it.",
    temperature: 0.8,
    seed: 1,
  },
  environment,
  record: {
    events: 74,
    headHash: "e2fc714c4727ee9395f324cd2e7f331fe2fc714c4727ee9395f324cd2e7f331f",
    path: "runs/first-light/record.jsonl",
  },
};

/** One row of the verdict, with its causes by name. */
function scored(
  about: ScoredRow["about"],
  quantity: string,
  unit: string,
  lockedSequence: number,
  basis: string,
  predicted: Interval,
  measured: number,
  causes: Readonly<Record<string, number>>,
): ScoredRow {
  return {
    run: "target",
    about,
    quantity,
    unit,
    basis,
    lockedSequence,
    predicted,
    measured,
    gapPercent: 100 * (measured / predicted.median - 1),
    inside: predicted.lo <= measured && measured <= predicted.hi,
    causes: Object.entries(causes).map(([name, percent]) => ({ name, percent })),
  };
}

/** One left-out run: its gap is given as shares of the median. */
function backtest(run: string, rungsFitted: number, reach: number, halfWidth: number, gap: number) {
  const median = lawAt({ "rung-4": 6.2e11, "rung-5": 1.16e12, "rung-6": 2.01e12 }[run]!);
  return {
    run,
    rungsFitted,
    reach,
    predicted: { median, lo: median * (1 - halfWidth), hi: median * (1 + halfWidth) },
    measured: median * (1 + gap),
  };
}

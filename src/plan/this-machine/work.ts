/**
 * @file What an instruction asks of this machine, as a few physical quantities of its lengths: seconds are their weighted sum, and the
 * weights are what the probe measures. How the kernels cut their work stands in native/kernels/.
 */

import type { Instruction } from "../../engine/compile.ts";
import { assert } from "../../errors.ts";

/** Threads that share an instruction, and floats in a vector register. Work is counted for the busiest thread. */
export type Width = {
  readonly numThreads: number;
  readonly lanes: number;
  /** All that the step touches: beyond the caches, what one instruction leaves behind is gone when the next one wants it. */
  readonly arenaBytes: number;
};

export type Work = {
  /** Instructions of one family share their weights: the layouts of a matrix product are three families. */
  readonly family: string;
  /** Always as many for a family. The first is 1: what an instruction costs however short it is. */
  readonly quantities: readonly number[];
};

type Quantities = (lengths: readonly number[], width: Width) => readonly number[];

/** Operands beyond this come from a farther cache or from memory: an assumption, half of today's second-level caches. */
const NEAR_BYTES = 2 ** 19;

/** The last-level cache: an assumption, 32 MiB. */
const CACHE_BYTES = 2 ** 25;

/** Fetching what is cold hides behind multiply-adds. */
const MULTIPLIES = ["matmul", "headLossGradient", "attention", "attentionGradient"];

/** Reads attributes in the order of native/README.md. */
export function workOf({ operation, attributes, cost }: Instruction, width: Width): Work {
  const quantities = QUANTITIES[operation];
  assert(quantities, `the planner does not know the work of ${operation}`);
  const [, , , transposeA, transposeB] = attributes;
  const layout = operation === "matmul" ? ` ${transposeA ? "t" : "n"}${transposeB ? "t" : "n"}` : "";
  const far = Math.max(0, cost.bytes - NEAR_BYTES);
  const cold = MULTIPLIES.includes(operation)
    ? []
    : [cost.bytes * Math.max(0, 1 - CACHE_BYTES / width.arenaBytes)];
  const shared = [...quantities(attributes, width), far, ...cold].map(
    (quantity) => quantity / width.numThreads,
  );
  return { family: operation + layout, quantities: [1, ...shared] };
}

const roundUp = (length: number, unit: number) => Math.ceil(length / unit) * unit;

/** Rows of C in one tile (product.h), fewer where A is transposed, and a tile's rows come in multiples of this. */
const TILE_ROWS = 96;
const TILE_ROWS_TRANSPOSED = 48;
const ROW_STEP = 24;
/** As many tiles are wanted at least; where rows give fewer, columns are cut as well. */
const ENOUGH_TILES = 4;
/** Depth of one block: a deeper product adds to C once for each. */
const DEPTH_BLOCK = 512;

/** The share of a product that its busiest thread does, times the number of threads: 1 if tiles divide evenly. */
function imbalance(rows: number, mostRows: number, panels: number, numThreads: number): number {
  const size = Math.min(rows, roundUp(rows / Math.ceil(rows / mostRows), ROW_STEP));
  const rowTiles = Math.ceil(rows / size);
  const columnTiles = Math.min(panels, Math.ceil(ENOUGH_TILES / rowTiles));
  const tiles = rowTiles * columnTiles;
  const last = (rows - (rowTiles - 1) * size) / size;
  const rounds = Math.ceil(tiles / numThreads);
  const busiest = rounds - 1 + (columnTiles === 1 && tiles % numThreads === 1 ? last : 1);
  return (busiest * numThreads) / (tiles - columnTiles * (1 - last));
}

function product(M: number, N: number, K: number, transposedA: boolean, { numThreads, lanes }: Width) {
  const columns = roundUp(N, lanes);
  const panels = Math.ceil(columns / lanes / 4);
  const uneven = imbalance(M, transposedA ? TILE_ROWS_TRANSPOSED : TILE_ROWS, panels, numThreads);
  return {
    /** Multiply-adds in whole vectors. */
    multiplied: uneven * M * columns * K,
    /** Sums written, once for each block of the depth. */
    written: uneven * M * columns * Math.ceil(K / DEPTH_BLOCK),
    /** Columns of a panel whose last vector is not whole: it goes through a block on the stack (tile.h). */
    ragged: N % lanes === 0 ? 0 : M * Math.min(columns, 4 * lanes) * Math.ceil(K / DEPTH_BLOCK),
    /** B, packed. */
    packed: columns * K,
    /** A, read, or packed. */
    read: M * K,
  };
}

const matmul: Quantities = ([M = 0, N = 0, K = 0, transposeA], width) => {
  const { multiplied, written, ragged, packed, read } = product(M, N, K, transposeA === 1, width);
  return [multiplied, written, ragged, packed, read];
};

/** Rows of logits that are held at a time (loss.h). */
const CHUNK_ROWS = 256;

const headLossGradient: Quantities = ([M = 0, V = 0, C = 0], width) => {
  const chunks = Math.ceil(M / CHUNK_ROWS);
  const rows = M / chunks;
  const logits = product(rows, V, C, false, width);
  const dx = product(rows, C, V, false, width);
  const dHead = product(V, C, rows, true, width);
  return [
    chunks * (logits.multiplied + dx.multiplied + dHead.multiplied),
    M * V,
    chunks * (logits.packed + dx.packed + dHead.written),
    chunks,
  ];
};

/** Heads are dealt to threads whole; a block of queries is scored in whole vectors of them. */
const attention: Quantities = ([B = 0, T = 0, H = 0, G = 0, D = 0], { numThreads, lanes }) => {
  const uneven = (Math.ceil((B * G) / numThreads) * numThreads) / (B * G);
  const queries = roundUp(T, lanes);
  const pairs = (uneven * B * H * queries * (queries + lanes)) / 2;
  return [pairs * roundUp(D, lanes), pairs, uneven * B * H * T * D, uneven * B * H * T];
};

/** Kernels that go over rows: so much for a row, so much for a number. */
const rowsOf: Quantities = ([M = 0, C = 0]) => [M * C, M];
const flat: Quantities = ([size = 0]) => [size];

const QUANTITIES: Readonly<Record<string, Quantities>> = {
  matmul,
  headLossGradient,
  attention,
  attentionGradient: attention,
  embed: ([M = 0, , C = 0]) => [M * C, M],
  embedGradient: ([M = 0, V = 0, C = 0]) => [M * C, V * C, M],
  rmsNorm: rowsOf,
  rmsNormGradient: rowsOf,
  rotary: rowsOf,
  swiglu: rowsOf,
  swigluGradient: rowsOf,
  gelu: flat,
  geluGradient: flat,
  headNorm: ([M = 0, H = 0, G = 0, D = 0]) => [M * (H + 2 * G) * D, M * (H + G)],
  headNormGradient: ([M = 0, H = 0, G = 0, D = 0]) => [M * (H + 2 * G) * D, M * (H + G)],
  mean: flat,
  broadcast: flat,
  fill: flat,
  add: flat,
  sumOfSquares: flat,
  adamw: flat,
};

/**
 * @file Rows: causal attention with grouped queries (Ainslie et al. 2023, arXiv 2305.13245) and its gradient;
 * neither stores T x T. B sequences, T positions, H query heads, G key/value heads, D numbers a head. A row
 * of qkv is H queries, G keys, G values.
 */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type Operation, type Tensor } from "../tensor.ts";
import { assertShape, matrix, valuesOf } from "./shared.ts";

/** Causal attention of H query heads on G key and value heads. */
export type AttentionAttributes = {
  readonly batch: number;
  readonly sequenceLength: number;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  /** Factor on the scores before the softmax; 1 / sqrt(headDim) as a rule. */
  readonly scale: number;
};

type Lengths = {
  readonly B: number;
  readonly T: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Of a row of qkv. */
  readonly width: number;
};

function lengthsAt(qkv: number, inputs: OperandShapes, attributes: AttentionAttributes): Lengths {
  const { batch: B, sequenceLength: T, numHeads: H, numKeyValueHeads: G, headDim: D } = attributes;
  const width = (H + 2 * G) * D;
  const [rows, columns] = matrix(inputs, qkv, "attention");
  assert(
    rows === B * T && columns === width,
    `attention: qkv is [${rows}, ${columns}], expected [${B * T}, ${width}]`,
  );
  assert(H % G === 0, `attention: ${H} query heads cannot share ${G} key/value heads evenly`);
  return { B, T, H, G, D, width };
}

const encode = ({ B, T, H, G, D }: Lengths, { scale }: AttentionAttributes) => [B, T, H, G, D, scale];

/** Pairs of a query and a key it may see, over all heads: position t sees t + 1 keys. */
const numPairs = ({ B, T, H }: Lengths) => B * H * ((T * (T + 1)) / 2);

export const attentionRow: Operation<AttentionAttributes, Lengths> = {
  name: "attention",
  lengths: (inputs, attributes) => lengthsAt(0, inputs, attributes),
  outputShapes: ({ B, T, H, D }) => [[B * T, H * D], [B * H * T]],
  encode,
  gradient(node, [dOut]) {
    const [qkv] = node.inputs;
    const [out, logSumExp] = node.outputs;
    if (!dOut || !qkv || !out || !logSumExp) return [];
    return apply(attentionGradientRow, [dOut, qkv, out, logSumExp], node.attributes as AttentionAttributes);
  },
  // Per pair: 2 D for the score, 2 D for the weighted sum, and scale, shift, exponential, sum, division.
  flops: (lengths) => numPairs(lengths) * (4 * lengths.D + 5),
  reference(values, lengths, { scale }) {
    const { B, T, H, D } = lengths;
    const out = new Float64Array(B * T * H * D);
    const logSumExp = new Float64Array(B * H * T);
    forEachQuery(valuesOf(values, 0), lengths, scale, (query) => {
      logSumExp[query.row] = query.logSumExp;
      for (let s = 0; s <= query.t; s++)
        for (let d = 0; d < D; d++) out[query.out + d]! += query.probabilities[s]! * query.v(s, d);
    });
    return [out, logSumExp];
  },
};

export const attentionGradientRow: Operation<AttentionAttributes, Lengths> = {
  name: "attentionGradient",
  lengths(inputs, attributes) {
    const lengths = lengthsAt(1, inputs, attributes);
    assertShape(inputs, 0, [lengths.B * lengths.T, lengths.H * lengths.D], "attentionGradient");
    return lengths;
  },
  outputShapes: ({ B, T, width }) => [[B * T, width]],
  encode,
  // Four products of 2 D a pair (dv, dp, dq, dk) and four operations of the softmax; the scores are
  // recomputed, not counted.
  flops: (lengths) => numPairs(lengths) * (8 * lengths.D + 4),
  reference(values, lengths, { scale }) {
    const { D } = lengths;
    const dOut = valuesOf(values, 0);
    const dqkv = new Float64Array(valuesOf(values, 1).length);
    forEachQuery(valuesOf(values, 1), lengths, scale, (query) => {
      const dProbabilities = query.probabilities.map((_, s) => {
        let sum = 0;
        for (let d = 0; d < D; d++) sum += dOut[query.out + d]! * query.v(s, d);
        return sum;
      });
      const mean = query.probabilities.reduce((sum, p, s) => sum + p * dProbabilities[s]!, 0);
      for (let s = 0; s <= query.t; s++) {
        const p = query.probabilities[s]!;
        const dScore = p * (dProbabilities[s]! - mean) * scale;
        for (let d = 0; d < D; d++) {
          dqkv[query.q + d]! += dScore * query.k(s, d);
          dqkv[query.kAt(s) + d]! += dScore * query.qValue(d);
          dqkv[query.vAt(s) + d]! += p * dOut[query.out + d]!;
        }
      }
    });
    return [dqkv];
  },
};

type Query = {
  readonly t: number;
  /** Index into log-sum-exp [B, H, T]. */
  readonly row: number;
  /** Offset of this query's output in [B T, H D], and of the query itself in qkv. */
  readonly out: number;
  readonly q: number;
  readonly logSumExp: number;
  readonly probabilities: readonly number[];
  readonly kAt: (s: number) => number;
  readonly vAt: (s: number) => number;
  readonly qValue: (d: number) => number;
  readonly k: (s: number, d: number) => number;
  readonly v: (s: number, d: number) => number;
};

/** Visits every query with its attention probabilities, computed the slow and obvious way. */
function forEachQuery(
  qkv: Float64Array,
  { B, T, H, G, D, width }: Lengths,
  scale: number,
  visit: (query: Query) => void,
): void {
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let t = 0; t < T; t++) {
        const group = Math.floor(h / (H / G));
        const q = (b * T + t) * width + h * D;
        const kAt = (s: number) => (b * T + s) * width + (H + group) * D;
        const vAt = (s: number) => kAt(s) + G * D;
        const scores = Array.from({ length: t + 1 }, (_, s) => {
          let sum = 0;
          for (let d = 0; d < D; d++) sum += qkv[q + d]! * qkv[kAt(s) + d]!;
          return sum * scale;
        });
        const largest = Math.max(...scores);
        const logSumExp =
          largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0));
        visit({
          t,
          row: (b * H + h) * T + t,
          out: ((b * T + t) * H + h) * D,
          q,
          logSumExp,
          probabilities: scores.map((score) => Math.exp(score - logSumExp)),
          kAt,
          vAt,
          qValue: (d) => qkv[q + d]!,
          k: (s, d) => qkv[kAt(s) + d]!,
          v: (s, d) => qkv[vAt(s) + d]!,
        });
      }
}

/** out[B T, H D] from qkv[B T, (H + 2 G) D]. */
export function attention(qkv: Tensor, attributes: AttentionAttributes): Tensor {
  return apply(attentionRow, [qkv], attributes)[0]!;
}

/**
 * @file Rows: head and cross entropy in one, so that the M x V logits are never stored, and the pass that
 * yields loss and gradients together. M rows, V tokens of vocabulary, C channels. A negative target is not
 * counted.
 */

import { assert } from "../../errors.ts";
import { apply, type OperandShapes, type OperandValues, type Operation, type Tensor } from "../tensor.ts";
import { addOptional, assertOptionalShape, assertShape, matrix, valuesOf } from "./shared.ts";

type Lengths = {
  readonly M: number;
  readonly V: number;
  readonly C: number;
};

const encode = ({ M, V, C }: Lengths) => [M, V, C];

function lengthsOf(inputs: OperandShapes, name: string): Lengths {
  const [M, C] = matrix(inputs, 0, name);
  const [V, columns] = matrix(inputs, 1, name);
  assert(C === columns, `${name}: x has ${C} channels, the head ${columns}`);
  assertShape(inputs, 2, [M], name);
  return { M, V, C };
}

export const headLossRow: Operation<null, Lengths> = {
  name: "headLoss",
  lengths: (inputs) => lengthsOf(inputs, "headLoss"),
  outputShapes: ({ M }) => [[M]],
  encode,
  gradient(node, [dLoss]) {
    const [x, head, targets] = node.inputs;
    if (!dLoss || !x || !head || !targets) return [];
    const [, dx, dHead] = apply(headLossGradientRow, [x, head, targets, dLoss, null], null);
    return [dx!, dHead!, null];
  },
  flops: ({ M, V, C }) => M * V * (2 * C + 3),
  reference(values, lengths) {
    const loss = new Float64Array(lengths.M);
    forEachRow(values, lengths, (m, target, probabilities) => {
      loss[m] = -Math.log(probabilities[target]!);
    });
    return [loss];
  },
};

/** Inputs x, head, targets, dLoss, addend?; outputs loss, dx, dHead: headLoss is then needless. */
export const headLossGradientRow: Operation<null, Lengths> = {
  name: "headLossGradient",
  addend: { input: 4, output: 2 },
  lengths(inputs) {
    const lengths = lengthsOf(inputs, "headLossGradient");
    assertShape(inputs, 3, [lengths.M], "headLossGradient");
    assertOptionalShape(inputs, 4, [lengths.V, lengths.C], "headLossGradient");
    return lengths;
  },
  outputShapes: ({ M, V, C }) => [[M], [M, C], [V, C]],
  encode,
  flops: ({ M, V, C }) => M * V * (6 * C + 5),
  reference(values, lengths) {
    const { M, V, C } = lengths;
    const x = valuesOf(values, 0);
    const head = valuesOf(values, 1);
    const dLoss = valuesOf(values, 3);
    const loss = new Float64Array(M);
    const dx = new Float64Array(M * C);
    const dHead = new Float64Array(V * C);
    forEachRow(values, lengths, (m, target, probabilities) => {
      loss[m] = -Math.log(probabilities[target]!);
      for (let v = 0; v < V; v++) {
        const dLogit = dLoss[m]! * (probabilities[v]! - (v === target ? 1 : 0));
        for (let c = 0; c < C; c++) {
          dx[m * C + c]! += dLogit * head[v * C + c]!;
          dHead[v * C + c]! += dLogit * x[m * C + c]!;
        }
      }
    });
    addOptional(dHead, values[4]);
    return [loss, dx, dHead];
  },
};

/** Visits every row that counts, with the softmax over the vocabulary. */
function forEachRow(
  values: OperandValues,
  { M, V, C }: Lengths,
  visit: (m: number, target: number, probabilities: readonly number[]) => void,
): void {
  const x = valuesOf(values, 0);
  const head = valuesOf(values, 1);
  const targets = valuesOf(values, 2);
  for (let m = 0; m < M; m++) {
    const target = targets[m]!;
    if (target < 0) continue;
    const logits = Array.from({ length: V }, (_, v) => {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += x[m * C + c]! * head[v * C + c]!;
      return sum;
    });
    const largest = Math.max(...logits);
    const exponentials = logits.map((logit) => Math.exp(logit - largest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    visit(
      m,
      target,
      exponentials.map((value) => value / sum),
    );
  }
}

/** loss[M] in nats: -log softmax(x head^T) at the target of each row; 0 where the target is negative. */
export function headLoss(x: Tensor, head: Tensor, targets: Tensor): Tensor {
  assert(targets.dataType === "i32", "headLoss: targets must be int32");
  return apply(headLossRow, [x, head, targets], null)[0]!;
}

/**
 * @file Speed of each kernel on the shapes of one training step, beside the multiply-add peak measured between the runs.
 * `npm run bench:kernels -- [--set avx2] [--threads 2] [--dim 128] [--hidden 384] [--layers 4] [--heads 4] [--vocabulary 1024]
 * [--batch 8] [--length 256] [--rounds 20]`
 */

import { parseArgs } from "node:util";
import { type NativeInstruction, native } from "../src/engine/native.ts";
import { attentionGradientRow, attentionRow } from "../src/engine/operations/attention.ts";
import { addRow, sumOfSquaresRow } from "../src/engine/operations/elementwise.ts";
import { embedGradientRow, embedRow } from "../src/engine/operations/embed.ts";
import { headLossGradientRow, headLossRow } from "../src/engine/operations/loss.ts";
import { matmulRow } from "../src/engine/operations/matmul.ts";
import { rmsNormGradientRow, rmsNormRow } from "../src/engine/operations/norm.ts";
import { adamwRow } from "../src/engine/operations/optimiser.ts";
import { rotaryRow } from "../src/engine/operations/rotary.ts";
import { swigluGradientRow, swigluRow } from "../src/engine/operations/swiglu.ts";
import type { OperandShapes, Operation, Shape } from "../src/engine/tensor.ts";
import { sizeOf } from "../src/engine/tensor.ts";

const { values } = parseArgs({
  options: {
    set: { type: "string", default: native.instructionSets()[0]! },
    threads: { type: "string", default: "1" },
    dim: { type: "string", default: "128" },
    hidden: { type: "string", default: "384" },
    layers: { type: "string", default: "4" },
    heads: { type: "string", default: "4" },
    vocabulary: { type: "string", default: "1024" },
    batch: { type: "string", default: "8" },
    length: { type: "string", default: "256" },
    rounds: { type: "string", default: "20" },
  },
});

const [C, F, L, H, V, B, T] = [
  values.dim,
  values.hidden,
  values.layers,
  values.heads,
  values.vocabulary,
  values.batch,
  values.length,
].map(Number) as [number, number, number, number, number, number, number];
const M = B * T;
const D = C / H;

/** One kernel of the step: what it runs on, how often per step, and whether it is one of the matrix products that the aim is about. */
type Line = {
  readonly label: string;
  readonly count: number;
  readonly flops: number;
  readonly bytes: number;
  readonly product: boolean;
  readonly instruction: NativeInstruction;
};

const PRODUCTS = ["matmul", "attention", "attentionGradient", "headLoss", "headLossGradient"];

// All operands lie one after the other in one arena, at fresh addresses for each kernel as in a real step.
let end = 0;

function line<A>(
  label: string,
  count: number,
  operation: Operation<A>,
  shapes: OperandShapes,
  attributes: A,
): Line {
  const place = (shape: Shape | null): number => {
    if (!shape) return -1;
    const offset = end;
    end += Math.ceil(sizeOf(shape) / 16) * 16;
    return offset;
  };
  const outputs = operation.updates ? [] : operation.outputShapes(shapes, attributes);
  const operands = [...shapes, ...outputs].map(place);
  const { flops, bytes } = operation.cost(shapes, attributes);
  const product = PRODUCTS.includes(operation.name);
  return {
    label,
    count,
    flops,
    bytes,
    product,
    instruction: { operation: operation.name, operands, attributes: operation.encode(shapes, attributes) },
  };
}

/** y = x W^T and its two gradients, for a weight of [outputs, inputs]. */
function linear(name: string, outputs: number, inputs: number): Line[] {
  const layout = (transposeA: boolean, transposeB: boolean) => ({ transposeA, transposeB, scale: 1 });
  return [
    line(`${name} y = x W^T`, L, matmulRow, [[M, inputs], [outputs, inputs], null], layout(false, true)),
    line(`${name} dx = dy W`, L, matmulRow, [[M, outputs], [outputs, inputs], null], layout(false, false)),
    line(`${name} dW = dy^T x`, L, matmulRow, [[M, outputs], [M, inputs], null], layout(true, false)),
  ];
}

const attention = {
  batch: B,
  sequenceLength: T,
  numHeads: H,
  numKeyValueHeads: H,
  headDim: D,
  scale: 1 / Math.sqrt(D),
};
const rotation = { sequenceLength: T, numHeads: 2 * H, headDim: D, base: 10000, sign: 1 } as const;
const numParameters = L * (4 * C * C + 3 * C * F + 2 * C) + V * C + C;

const lines: readonly Line[] = [
  ...linear("qkv", 3 * C, C),
  ...linear("out", C, C),
  ...linear("gate+up", 2 * F, C),
  ...linear("down", C, F),
  line("attention", L, attentionRow, [[M, 3 * C]], attention),
  line("attentionGradient", L, attentionGradientRow, [[M, C], [M, 3 * C], [M, C], [B * H * T]], attention),
  line("headLossGradient", 1, headLossGradientRow, [[M, C], [V, C], [M], [M], null], null),
  line("headLoss (evaluation)", 0, headLossRow, [[M, C], [V, C], [M]], null),
  line("embed", 1, embedRow, [[M], [V, C]], null),
  line("embedGradient", 1, embedGradientRow, [[M], [M, C], null], { numTokens: V }),
  line("rmsNorm", 2 * L + 1, rmsNormRow, [[M, C], [C]], { epsilon: 1e-5 }),
  line("rmsNormGradient", 2 * L + 1, rmsNormGradientRow, [[M, C], [M, C], [C], [M], [M, C]], null),
  line("rotary", 2 * L, rotaryRow, [[M, 3 * C]], rotation),
  line("swiglu", L, swigluRow, [[M, 2 * F]], null),
  line(
    "swigluGradient",
    L,
    swigluGradientRow,
    [
      [M, F],
      [M, 2 * F],
    ],
    null,
  ),
  line(
    "add",
    0,
    addRow,
    [
      [M, C],
      [M, C],
    ],
    null,
  ),
  line("sumOfSquares", 1, sumOfSquaresRow, [[numParameters], null], null),
  line("adamw", 1, adamwRow, [[numParameters], [numParameters], [numParameters], [numParameters], [1], [8]], {
    learningRateScale: 1,
    weightDecay: 0.1,
  }),
];

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

async function measure(): Promise<void> {
  const arena = native.allocate(end);
  new Float32Array(arena).forEach((_, i, all) => {
    all[i] = (((i * 2654435761) % 2 ** 32) / 2 ** 32 - 0.5) / 4;
  });
  // Token ids: small integers in the places read as int32.
  for (const { instruction } of lines) {
    const tokensAt = { embed: 0, embedGradient: 0, headLoss: 2, headLossGradient: 2 }[instruction.operation];
    if (tokensAt !== undefined)
      new Int32Array(arena, 4 * instruction.operands[tokensAt]!, M).forEach((_, i, ids) => {
        ids[i] = (i * 7) % V;
      });
  }
  const pool = native.createPool(Number(values.threads));
  const program = native.load(
    lines.map(({ instruction }) => instruction),
    end,
    values.set,
  );
  await native.run(program, arena, pool);
  const peaks: number[] = [];
  const rounds: Float64Array[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    // As short as a kernel, so that other processes disturb both alike.
    for (let i = 0; i < 10; i++) peaks.push(native.peak(values.set, pool, 0.001));
    const before = native.profile(program);
    await native.run(program, arena, pool);
    rounds.push(native.profile(program).map((seconds, i) => seconds - before[i]!));
  }
  print(
    median(peaks),
    lines.map((_, i) => median(rounds.map((round) => round[i]!))),
  );
}

function print(peak: number, seconds: readonly number[]): void {
  const row = (cells: readonly string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(24) : cell.padStart(11))).join(""));
  const step = lines.reduce((sum, { count }, i) => sum + count * seconds[i]!, 0);
  console.log(
    `${values.set}, ${values.threads} thread(s), peak ${(peak / 1e9).toFixed(1)} GFLOP/s; ${L} layers, d ${C}, F ${F}, ${H} heads of ${D}, vocabulary ${V}, ${B} x ${T}`,
  );
  row(["kernel", "us", "a step", "% of step", "GFLOP/s", "GB/s", "of peak"]);
  for (const [i, { label, count, flops, bytes }] of lines.entries()) {
    const time = seconds[i]!;
    row([
      label,
      (time * 1e6).toFixed(0),
      `${count}`,
      ((100 * count * time) / step).toFixed(1),
      (flops / time / 1e9).toFixed(1),
      (bytes / time / 1e9).toFixed(1),
      (flops / time / peak).toFixed(2),
    ]);
  }
  const total = (chosen: (line: Line) => boolean) => {
    const flops = lines.reduce((sum, each) => sum + (chosen(each) ? each.count * each.flops : 0), 0);
    const time = lines.reduce((sum, each, i) => sum + (chosen(each) ? each.count * seconds[i]! : 0), 0);
    return `${(time * 1e3).toFixed(1)} ms, ${(flops / time / 1e9).toFixed(1)} GFLOP/s, ${(flops / time / peak).toFixed(3)} of peak`;
  };
  console.log(`products, attention, head: ${total(({ product }) => product)}`);
  console.log(`whole step:                ${total(() => true)}, ${(M / step).toFixed(0)} tokens/s`);
}

await measure();

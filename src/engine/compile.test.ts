import { describe, expect, test } from "vitest";
import { compile, countFlops, flopsOf } from "./compile.ts";
import { differentiate } from "./differentiate.ts";
import { evaluate } from "./evaluate.ts";
import { fuse } from "./fuse.ts";
import { aligned, planMemory } from "./memory.ts";
import { add, fill, mean } from "./operations/elementwise.ts";
import { headLoss } from "./operations/loss.ts";
import { matmul } from "./operations/matmul.ts";
import { rmsNorm } from "./operations/norm.ts";
import { leaf, type Node, nodesReaching, sizeOf, type Tensor } from "./tensor.ts";

const names = (outputs: readonly Tensor[]) => nodesReaching(outputs).map((node) => node.operation.name);

/** Two residual layers and a loss: every rewrite applies somewhere. */
function smallModel(width = 4) {
  const x = leaf("x", [3, width]);
  const gain = leaf("gain", [width]);
  const weights = [leaf("w0", [width, width]), leaf("w1", [width, width])];
  const head = leaf("head", [5, width]);
  const targets = leaf("targets", [3], "i32");
  const hidden = weights.reduce((h, w) => add(h, matmul(rmsNorm(h, gain, 1e-5), w, { transposeB: true })), x);
  const loss = mean(headLoss(hidden, head, targets));
  const wanted = [x, gain, ...weights, head];
  return { loss, gradients: differentiate([loss], [fill([1], 1)], wanted) };
}

function values(): Map<string, Float64Array> {
  const of = (size: number, seed: number) =>
    Float64Array.from({ length: size }, (_, i) => Math.sin(seed + 1.7 * i));
  return new Map([
    ["x", of(12, 1)],
    ["gain", of(4, 2)],
    ["w0", of(16, 3)],
    ["w1", of(16, 4)],
    ["head", of(20, 5)],
    ["targets", Float64Array.of(1, 4, 0)],
  ]);
}

describe("fuse", () => {
  test("keeps every value and leaves no separate addition or second head", () => {
    const { loss, gradients } = smallModel();
    const before = [loss, ...gradients];
    const after = fuse(before);
    expect(names(before).filter((name) => name === "add").length).toBeGreaterThan(3);
    expect(names(after)).not.toContain("headLoss");
    // The one addition left joins the two gradients of the shared gain: a second output, which has no
    // optional operand.
    expect(names(after).filter((name) => name === "add")).toHaveLength(1);
    const expected = evaluate(before, values());
    for (const [i, value] of evaluate(after, values()).entries())
      for (const [k, number] of value.entries()) expect(number).toBeCloseTo(expected[i]![k]!, 12);
  });

  test("does not fold an addend that depends on the producer", () => {
    const w = leaf("w", [2, 2]);
    const y = matmul(w, w);
    const z = matmul(y, w);
    expect(names(fuse([add(z, y)]))).toEqual(["matmul", "matmul"]);
    expect(names(fuse([add(y, add(y, y))])).filter((name) => name === "add")).toHaveLength(2);
  });
});

/** Pairs of values that live at the same time and share storage. */
function overlaps(nodes: readonly Node[], kept: readonly Tensor[]): readonly string[] {
  const { offsets } = planMemory(nodes, kept, 0);
  const values = nodes.flatMap((node, born) =>
    node.outputs.map((tensor) => {
      const lastUse = nodes.findLastIndex(({ inputs }) => inputs.includes(tensor));
      const dies = kept.includes(tensor) ? nodes.length : Math.max(born, lastUse);
      const begin = offsets.get(tensor)!;
      return { name: node.operation.name, born, dies, begin, end: begin + aligned(sizeOf(tensor.shape)) };
    }),
  );
  return values.flatMap((a, i) =>
    values
      .slice(i + 1)
      // One that dies where the other is born may have been written over.
      .filter((b) => (a.born < b.born && a.begin === b.begin ? a.dies > b.born : a.dies >= b.born))
      .filter((b) => a.begin < b.end && b.begin < a.end)
      .map((b) => `${a.name} and ${b.name}`),
  );
}

test("values that live at the same time never overlap, and memory is reused", () => {
  const { loss, gradients } = smallModel();
  const outputs = fuse([loss, ...gradients]);
  const nodes = nodesReaching(outputs);
  expect(overlaps(nodes, outputs)).toEqual([]);
  const chain = Array.from({ length: 10 }).reduce<Tensor>(
    (x) => matmul(x, leaf("w", [16, 16])),
    leaf("x", [16, 16]),
  );
  expect(planMemory(nodesReaching([chain]), [chain], 0).end).toBe(2 * 256);
});

test("FLOPs are counted without compiling as with it, of a graph of other lengths too", () => {
  for (const width of [4, 6]) {
    const { loss, gradients } = smallModel(width);
    const graphs = {
      train: { loss, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) },
      loss: { loss },
    };
    const flops = [...compile(graphs).programs].map(([name, program]) => [name, flopsOf(program)]);
    expect([...countFlops(graphs)]).toEqual(flops);
  }
});

test("FLOPs of a program are the sum over the table", () => {
  const { programs } = compile({ only: { y: matmul(leaf("a", [2, 3]), leaf("b", [3, 5])) } });
  expect(flopsOf(programs.get("only")!)).toBe(2 * 2 * 3 * 5);
});

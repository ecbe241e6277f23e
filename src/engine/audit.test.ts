import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "./compile.ts";
import { differentiate } from "./differentiate.ts";
import { evaluate } from "./evaluate.ts";
import { native } from "./native.ts";
import { type Case, differentiableCases, leavesFor, otherCases } from "./operation-cases.ts";
import { OPERATIONS } from "./operations/table.ts";
import { Session } from "./session.ts";
import { leaf, nodesReaching, type Tensor } from "./tensor.ts";

/**
 * float32 has 24 bits; sums over a few dozen terms lose a few of them. Relative to the largest value of a
 * tensor, but to no less than 0.01: operands are of order one, and where their terms cancel the error stays
 * as large as theirs.
 */
const TOLERANCE = 2e-5;

const forward = { ...differentiableCases(40), ...otherCases(3000) };
const backward = differentiableCases(24);

/** Leaves as float64 values that float32 holds exactly, so that both sides start alike. */
function values(testCase: Case, seed: number): Map<string, Float64Array> {
  const rounded = [...leavesFor(testCase, seed)].map(
    ([name, numbers]) => [name, Float64Array.from(Float32Array.from(numbers))] as const,
  );
  const leaves = new Map(rounded);
  // The optimiser divides by these: as the training loop gives them.
  const hyper = leaves.get("hyper");
  if (hyper) {
    leaves.set("hyper", Float64Array.from(Float32Array.of(0.01, 0.9, 0.95, 1e-8, 0.1, 0.05, 1, 0)));
    leaves.set("v", leaves.get("v")!.map(Math.abs));
    leaves.set("norm", Float64Array.of(4));
  }
  return leaves;
}

async function runNatively(
  outputs: readonly Tensor[],
  leaves: Map<string, Float64Array>,
  options: { readonly numThreads: number; readonly instructionSet: string },
) {
  const executable = compile({ only: Object.fromEntries(outputs.map((output, i) => [String(i), output])) });
  const session = new Session(executable, options);
  for (const [name, { dataType }] of executable.leaves) {
    const target = dataType === "f32" ? session.floats(name) : session.integers(name);
    target.set(leaves.get(name)!);
  }
  await session.run("only");
  return outputs.map((_, i) => session.output("only", String(i)).slice());
}

function expectClose(actual: Float32Array, expected: Float64Array, what: string): void {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-2);
  for (const [i, value] of expected.entries())
    if (!(Math.abs(actual[i]! - value) <= TOLERANCE * scale))
      expect.fail(`${what}[${i}] is ${actual[i]}, the reference says ${value}`);
}

describe.each(native.instructionSets())(
  "kernels of %s agree with the float64 reference",
  (instructionSet) => {
    test.each(Object.keys(forward))("%s", async (name) => {
      await fc.assert(
        fc.asyncProperty(forward[name]!, fc.integer({ min: 0, max: 999 }), async (testCase, seed) => {
          const leaves = values(testCase, seed);
          const [actual] = await runNatively([testCase.output], new Map(leaves), {
            numThreads: 1,
            instructionSet,
          });
          expectClose(actual!, evaluate([testCase.output], new Map(leaves))[0]!, name);
        }),
        { numRuns: 12, seed: 2 },
      );
    });

    test.each(Object.keys(backward))("gradient of %s", async (name) => {
      await fc.assert(
        fc.asyncProperty(backward[name]!, fc.integer({ min: 0, max: 999 }), async (testCase, seed) => {
          const cotangent = leaf("cotangent", testCase.output.shape);
          const gradients = differentiate([testCase.output], [cotangent], testCase.targets);
          const leaves = values({ ...testCase, targets: [...testCase.targets, cotangent] }, seed);
          const actual = await runNatively(gradients, new Map(leaves), { numThreads: 1, instructionSet });
          for (const [i, expected] of evaluate(gradients, new Map(leaves)).entries())
            expectClose(actual[i]!, expected, `${name} target ${i}`);
        }),
        { numRuns: 12, seed: 3 },
      );
    });

    test("give the same bits for any number of threads", async () => {
      for (const [name, arbitrary] of Object.entries(backward)) {
        const [testCase] = fc.sample(arbitrary, { numRuns: 1, seed: 4 });
        const cotangent = leaf("cotangent", testCase!.output.shape);
        const gradients = differentiate([testCase!.output], [cotangent], testCase!.targets);
        const leaves = values({ ...testCase!, targets: [...testCase!.targets, cotangent] }, 5);
        const [one, two, three] = await Promise.all(
          [1, 2, 3].map((numThreads) =>
            runNatively(gradients, new Map(leaves), { numThreads, instructionSet }),
          ),
        );
        expect(two, name).toEqual(one);
        expect(three, name).toEqual(one);
      }
    });
  },
);

test("every row of the table is audited", () => {
  const sampled = (cases: typeof forward, gradients: boolean) =>
    Object.values(cases).flatMap((arbitrary) => {
      const [testCase] = fc.sample(arbitrary, { numRuns: 1, seed: 1 });
      const { output, targets } = testCase!;
      const outputs = gradients
        ? differentiate([output], [leaf("cotangent", output.shape)], targets)
        : [output];
      return nodesReaching(outputs).map((node) => node.operation.name);
    });
  const audited = new Set([...sampled(forward, false), ...sampled(backward as typeof forward, true)]);
  expect([...audited].sort()).toEqual(OPERATIONS.map((row) => row.name).sort());
});

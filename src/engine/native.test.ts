/**
 * @file The native side as such: what it refuses, what it promises, and that no input makes it read or write
 * outside its arena.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NativeInstruction, native } from "./native.ts";
import { OPERATIONS } from "./operations/table.ts";

const set = native.instructionSets()[0]!;
const NUM_FLOATS = 4096;

const instruction = (
  operation: string,
  operands: readonly number[],
  attributes: readonly number[],
): NativeInstruction => ({ operation, operands, attributes });

function load(...instructions: readonly NativeInstruction[]) {
  return native.load(instructions, NUM_FLOATS, set);
}

const LONG_PRODUCT = instruction("matmul", [0, 250_000, -1, 500_000], [500, 500, 500, 0, 0, 1]);

/**
 * Some seconds' worth of matrix products are not needed: about 20 ms keep a thread busy long enough to be
 * observed.
 */
function longProgram() {
  return native.load([LONG_PRODUCT], 750_000, set);
}

describe("load refuses", () => {
  const add = (operands: number[], attributes: number[]) => instruction("add", operands, attributes);
  const cases: readonly [string, NativeInstruction, RegExp][] = [
    ["an unknown operation", instruction("dance", [], []), /0 \(dance\): there is no kernel of this name/],
    ["a wrong number of operands", add([0, 16], [16]), /has 2 operands, not 3/],
    ["a wrong number of attributes", add([0, 16, 32], [16, 1]), /has 2 attributes, not 1/],
    ["an offset that is no whole number", add([0, 0.5, 32], [8]), /b is 0\.5, not a whole number/],
    ["a length of zero", add([0, 16, 32], [0]), /N is 0, not a positive whole number/],
    ["a length that is not finite", add([0, 16, 32], [Number.NaN]), /N is nan, not a finite number/],
    ["a length that is no whole number", add([0, 16, 32], [1.5]), /N is 1\.5, not a positive whole number/],
    ["an operand that is not aligned", add([0, 8, 32], [8]), /operand b has offset 8, not a multiple of 16/],
    [
      "an operand past the end",
      add([0, 16, 4096], [16]),
      /operand y covers 16 floats from 4096, past the arena's 4096/,
    ],
    [
      "an operand that is partly past the end",
      add([0, 0, 4080], [17]),
      /operand y covers 17 floats from 4080/,
    ],
    ["a negative offset", add([0, -16, 32], [8]), /operand b has offset -16/],
    [
      "a needed operand left out",
      add([0, -1, 32], [8]),
      /operand b has offset -1, and it cannot be left out/,
    ],
    [
      "an extent that overflows",
      instruction("matmul", [0, 0, -1, 0], [2 ** 39, 2 ** 39, 2 ** 39, 0, 0, 1]),
      /operand A covers/,
    ],
    ["an output over part of an input", add([0, 16, 32], [32]), /operand y at 32 overlaps operand b at 16/],
    [
      "an output over an input where it must not be",
      instruction("matmul", [0, 16, -1, 16], [1, 1, 1, 0, 0, 1]),
      /operand C at 16 overlaps operand B at 16/,
    ],
    [
      "both sides transposed",
      instruction("matmul", [0, 16, -1, 32], [1, 1, 1, 1, 1, 1]),
      /transA and transB are both 1/,
    ],
    [
      "a flag that is not 0 or 1",
      instruction("matmul", [0, 16, -1, 32], [1, 1, 1, 2, 0, 1]),
      /transA is 2, not 0 or 1/,
    ],
    [
      "heads that cannot be shared",
      instruction("attention", [0, 1024, 2048], [1, 1, 3, 2, 2, 1]),
      /H is not a multiple of G/,
    ],
    ["an odd head dimension", instruction("rotary", [0, 0], [1, 16, 1, 1, 3, 10000, 1]), /headDim is odd/],
    [
      "more heads than fit a row",
      instruction("rotary", [0, 0], [1, 16, 1, 5, 4, 10000, 1]),
      /heads x headDim is more than W/,
    ],
  ];

  test.each(cases)("%s", (_, wrong, message) => {
    expect(() => load(wrong)).toThrow(message);
  });

  test("names the instruction at fault", () => {
    expect(() => load(add([0, 16, 32], [16]), add([0, 16, 5000], [16]))).toThrow(/instruction 1 \(add\)/);
  });

  test("an instruction set that this machine has not", () => {
    expect(() => native.load([], 0, "abacus")).toThrow(
      /'abacus' cannot run here; this machine has: .*baseline|neon/,
    );
  });

  test("values of the wrong type", () => {
    const wrong = native as unknown as Record<string, (...values: unknown[]) => unknown>;
    expect(() => wrong.load!("add", 64, set)).toThrow(/instructions is not an array/);
    expect(() => wrong.load!([7], 64, set)).toThrow(/instructions\[0\] is not an object/);
    expect(() => wrong.load!([{ operation: 15 }], 64, set)).toThrow(/instructions\[0\]\.operation is not/);
    expect(() => wrong.load!([{ operation: "add", operands: [0, "16"] }], 64, set)).toThrow(
      /instructions\[0\]\.operands\[1\] is not a number/,
    );
    expect(() => wrong.load!([], 0.5, set)).toThrow(/numFloats is 0\.5/);
    expect(() => wrong.allocate!(-1)).toThrow(/numFloats is -1/);
    expect(() => wrong.createPool!(0)).toThrow(/numThreads is 0/);
    expect(() => wrong.profile!({})).toThrow(/program is not a handle of that kind/);
    expect(() => wrong.profile!(native.createPool(1))).toThrow(/program is not a handle of that kind/);
  });
});

test("any numbers at all are refused, or run without touching what lies beyond the arena", async () => {
  const offset = fc.oneof(
    fc.integer({ min: -1, max: 256 }).map((x) => (x < 0 ? -1 : 16 * x)),
    fc.double(),
  );
  const attribute = fc.oneof(
    fc.integer({ min: -1, max: 40 }),
    fc.constantFrom(0, 1, 0.5, 2 ** 31, 2 ** 53, Number.NaN),
  );
  const anything = fc.constantFrom(...OPERATIONS).chain(({ name }) => {
    const [numOperands, numAttributes] = arity(name);
    return fc
      .tuple(
        fc.array(offset, { minLength: numOperands, maxLength: numOperands }),
        fc.array(attribute, { minLength: numAttributes, maxLength: numAttributes }),
      )
      .map(([operands, attributes]) => instruction(name, operands, attributes));
  });
  const arena = native.allocate(2 * NUM_FLOATS);
  const floats = new Float32Array(arena);
  const pool = native.createPool(2);
  let numRun = 0;
  await fc.assert(
    fc.asyncProperty(anything, async (candidate) => {
      floats.fill(0, 0, NUM_FLOATS).fill(7, NUM_FLOATS);
      let program: ReturnType<typeof load>;
      try {
        program = load(candidate);
      } catch {
        return;
      }
      numRun++;
      await native
        .run(program, arena, pool)
        .catch((error: Error) => expect(error.message).toMatch(/token id/));
      expect(floats.subarray(NUM_FLOATS).every((x) => x === 7)).toBe(true);
    }),
    { numRuns: 3000, seed: 7 },
  );
  expect(numRun).toBeGreaterThan(50);
});

/** Numbers of operands and attributes of a kernel, found out from what `load` complains of. */
function arity(operation: string): [number, number] {
  const complaint = (operands: number, attributes: number): string => {
    const many = (length: number) => Array.from({ length }, () => 0);
    try {
      load(instruction(operation, many(operands), many(attributes)));
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const numOperands = Number(/operands, not (\d+)/.exec(complaint(99, 0))?.[1]);
  const numAttributes = Number(/attributes, not (\d+)/.exec(complaint(numOperands, 99))?.[1]);
  return [numOperands, numAttributes];
}

describe("run", () => {
  test("computes what the program says", async () => {
    const arena = native.allocate(NUM_FLOATS);
    const floats = new Float32Array(arena);
    floats.set([1, 2, 3], 0);
    floats.set([10, 20, 30], 16);
    await native.run(
      load(instruction("add", [0, 16, 32], [3]), instruction("add", [32, 0, 48], [3])),
      arena,
      native.createPool(2),
    );
    expect([...floats.subarray(48, 52)]).toStrictEqual([12, 24, 36, 0]);
  });

  test.each([-1, 5, 2 ** 31 - 1, -(2 ** 31)])(
    "rejects token id %i of 5, naming the instruction, and goes no further",
    async (token) => {
      const arena = native.allocate(NUM_FLOATS);
      new Int32Array(arena).set([0, 4, token], 0);
      const fill = instruction("fill", [1024], [1, 8]);
      const program = load(
        instruction("add", [16, 32, 48], [16]),
        instruction("embed", [0, 64, 512], [3, 5, 4]),
        fill,
      );
      for (const numThreads of [1, 3])
        await expect(native.run(program, arena, native.createPool(numThreads))).rejects.toThrow(
          `instruction 1 (embed): token id ${token} at row 2 is outside 0 ... 4`,
        );
      expect(new Float32Array(arena)[1024]).toBe(0);
    },
  );

  test("rejects a target beyond the vocabulary, in the pass with gradients too", async () => {
    const arena = native.allocate(NUM_FLOATS);
    new Int32Array(arena).set([5], 0);
    const pool = native.createPool(2);
    for (const [operation, operands] of [
      ["headLoss", [16, 32, 0, 128]],
      ["headLossGradient", [16, 32, 0, 112, -1, 128, 144, 160]],
    ] as const) {
      const program = load(instruction(operation, operands, [1, 5, 4]));
      await expect(native.run(program, arena, pool)).rejects.toThrow(/token id 5 at row 0/);
    }
  });

  test("rejects an arena that is too small, or not from allocate", async () => {
    const program = load(instruction("add", [0, 16, 32], [16]));
    const pool = native.createPool(1);
    await expect(native.run(program, native.allocate(100), pool)).rejects.toThrow(
      /arena has 100 floats.*4096/,
    );
    await expect(native.run(program, new ArrayBuffer(4 * NUM_FLOATS), pool)).rejects.toThrow(
      /not a buffer from allocate/,
    );
  });

  test("leaves the event loop free, and refuses a second run meanwhile", async () => {
    const program = longProgram();
    const arena = native.allocate(750_000);
    const pool = native.createPool(1);
    let finished = false;
    const first = native.run(program, arena, pool).then(() => {
      finished = true;
    });
    await expect(native.run(longProgram(), arena, pool)).rejects.toThrow(/pool is busy/);
    await expect(native.run(program, arena, native.createPool(1))).rejects.toThrow(/program is busy/);
    let numTurns = 0;
    while (!finished) {
      await new Promise((resolve) => setImmediate(resolve));
      numTurns++;
    }
    await first;
    expect(numTurns).toBeGreaterThan(1);
    await native.run(program, arena, pool);
  });

  test("keeps what it needs when everything else has let go of it", async () => {
    const script = `
      import { native } from ${JSON.stringify(new URL("./native.ts", import.meta.url).href)};
      const set = native.instructionSets()[0];
      const start = () => native.run(
        native.load([${JSON.stringify(LONG_PRODUCT)}], 750000, set),
        native.allocate(750000), native.createPool(2));
      const runs = Array.from({ length: 8 }, start);
      for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 1)); }
      await Promise.all(runs);
      console.log("done");`;
    expect((await runNode(script)).stdout).toBe("done\n");
  });

  test("a process ends by itself although a pool exists, and at once when told to in a run", async () => {
    const start = `
      import { native } from ${JSON.stringify(new URL("./native.ts", import.meta.url).href)};
      globalThis.pool = native.createPool(3);
      const program = native.load([${JSON.stringify(LONG_PRODUCT)}], 750000, native.instructionSets()[0]);
      const run = native.run(program, native.allocate(750000), pool);`;
    expect((await runNode(`${start} await run; console.log("ended");`)).stdout).toBe("ended\n");
    expect((await runNode(`${start} console.log("leaving"); process.exit(0);`)).stdout).toBe("leaving\n");
  });
});

/** Runs a script in a process of its own; rejects if it crashes. */
function runNode(script: string) {
  const file = promisify(execFile);
  return file(process.execPath, ["--expose-gc", "--input-type=module", "--eval", script], {
    timeout: 60_000,
  });
}

test("the profile has the seconds of each instruction", async () => {
  const program = load(instruction("fill", [0], [4096, 1]), instruction("add", [0, 16, 32], [16]));
  expect([...native.profile(program)]).toStrictEqual([0, 0]);
  const arena = native.allocate(NUM_FLOATS);
  const pool = native.createPool(2);
  await native.run(program, arena, pool);
  const once = native.profile(program);
  expect(once.every((seconds) => seconds > 0)).toBe(true);
  await native.run(program, arena, pool);
  expect(native.profile(program).every((seconds, i) => seconds > once[i]!)).toBe(true);
});

test("the table of operations and the addon agree on operands and attributes", () => {
  for (const { name } of OPERATIONS) {
    const many = instruction(name, new Array<number>(99).fill(0), []);
    expect(() => load(many)).toThrow(`instruction 0 (${name}): has 99 operands`);
  }
});

test("the peak is that of the pool, and more than nothing", () => {
  const pool = native.createPool(1);
  for (const name of native.instructionSets()) expect(native.peak(name, pool, 0.01)).toBeGreaterThan(1e8);
  expect(() => native.peak(set, pool, 0)).toThrow(/seconds is not between/);
});

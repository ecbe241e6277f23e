/** @file Series files: bytes, appending, tailing, torn tails, flipped bits; attempts joined to one curve. */

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "./files.ts";
import { columnOf, readSeries, SeriesTail, SeriesWriter, seriesPath } from "./series.ts";

const COLUMNS = [
  { name: "step", unit: "step" },
  { name: "loss", unit: "nat/token" },
  { name: "seconds", unit: "s" },
];

let path: string;

beforeEach(() => {
  path = seriesPath(mkdtempSync(join(tmpdir(), "longrun-series-")), "target", 1);
});

afterEach(() => rmSync(join(path, "../../../.."), { recursive: true }));

const lossAt = (step: number) => 8 / (step + 1);

/** Rows of steps from..to-1, a block of them at a time. */
function write(from: number, to: number, rowsPerBlock = 3): void {
  using writer = new SeriesWriter(path, COLUMNS);
  for (let step = from; step < to; step++) {
    writer.append({ step, loss: lossAt(step), seconds: 0.5 });
    if ((step + 1) % rowsPerBlock === 0) writer.flush();
  }
}

/** The steps whose rows are there; the rows themselves are checked. */
function stepsOf(series: ReturnType<typeof readSeries>): number[] {
  const steps = [...columnOf(series, "step")];
  expect([...columnOf(series, "loss")]).toEqual(steps.map(lossAt));
  expect(series.numRows).toBe(steps.length);
  return steps;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("format", () => {
  test("is the one in docs/series.md, byte for byte", () => {
    {
      using writer = new SeriesWriter(path, COLUMNS.slice(0, 2));
      writer.append({ step: 1, loss: 2.5 });
      writer.append({ step: 2 });
    }
    const header = Buffer.from(
      '{"columns":[{"name":"step","unit":"step"},{"name":"loss","unit":"nat/token"}]}  ',
    );
    const preamble = Buffer.alloc(24);
    preamble.write("LRSERIES");
    preamble.writeUInt32LE(1, 8);
    preamble.writeUInt32LE(80, 12);
    preamble.writeUInt32LE(crc32(header), 16);
    const block = Buffer.alloc(16 + 4 * 8);
    block.write("BLK1");
    block.writeUInt32LE(2, 4);
    [1, 2, 2.5, Number.NaN].forEach((value, i) => {
      block.writeDoubleLE(value, 16 + 8 * i);
    });
    block.writeUInt32LE(crc32(Buffer.concat([block.subarray(4, 8), block.subarray(16)])), 8);
    expect(readFileSync(path).toString("hex")).toBe(Buffer.concat([preamble, header, block]).toString("hex"));
  });

  test("any doubles come back bit for bit, in blocks of any size", () => {
    const rows = fc.array(fc.tuple(fc.double(), fc.double(), fc.boolean()), { maxLength: 30 });
    const property = fc.property(rows, (list) => {
      rmSync(path, { force: true });
      {
        using writer = new SeriesWriter(path, COLUMNS);
        for (const [step, [loss, seconds, flush]] of list.entries()) {
          writer.append({ step, loss, seconds });
          if (flush) writer.flush();
        }
      }
      const { values, columns, warnings } = readSeries(path);
      expect(columns).toEqual(COLUMNS);
      expect(warnings).toEqual([]);
      // toEqual tells -0 from 0 and holds NaN equal to itself.
      expect([...values.loss!]).toEqual(list.map(([loss]) => loss));
      expect([...values.seconds!]).toEqual(list.map(([, seconds]) => seconds));
    });
    fc.assert(property, { numRuns: 25 });
  });

  test("long series are cut into blocks of 1024 rows without a flush", () => {
    using writer = new SeriesWriter(path, COLUMNS);
    for (let step = 0; step < 2500; step++) writer.append({ step, loss: lossAt(step) });
    expect(stepsOf(readSeries(path))).toEqual(range(0, 2048));
    writer.flush();
    expect(stepsOf(readSeries(path))).toEqual(range(0, 2500));
  });

  test("steps grow, and columns are the ones agreed on", () => {
    write(0, 5);
    using writer = new SeriesWriter(path, COLUMNS);
    expect(() => writer.append({ step: 4, loss: 1 })).toThrow(/step 4 comes after step 4/);
    expect(() => writer.append({ step: 5, accuracy: 1 })).toThrow(/no column accuracy/);
    expect(() => new SeriesWriter(path, COLUMNS.slice(0, 2))).toThrow(/has the columns/);
  });

  test("a file that is no series is refused with its first bytes", () => {
    writeFileAtomic(path, "not a series file, but long enough");
    expect(() => readSeries(path)).toThrow(UserError);
    expect(() => readSeries(path)).toThrow(Buffer.from("not a series fil").toString("hex"));
  });
});

describe("tail", () => {
  test("gives each row once, as it comes, and never half a block", () => {
    write(0, 6);
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 5);
    using tail = new SeriesTail(path);
    expect(stepsOf(tail.read())).toEqual([0, 1, 2]);
    expect(stepsOf(tail.read())).toEqual([]);
    writeFileSync(path, whole);
    expect(stepsOf(tail.read())).toEqual([3, 4, 5]);
    write(6, 8);
    expect(stepsOf(tail.read())).toEqual([6, 7]);
  });
});

describe("damage", () => {
  test("a tail torn anywhere costs its block; the file can be continued", () => {
    write(0, 9);
    const whole = readFileSync(path);
    const blockBytes = 16 + 3 * 3 * 8;
    const dataAt = whole.length - 3 * blockBytes;
    const property = fc.property(fc.integer({ min: dataAt, max: whole.length }), (size) => {
      writeFileSync(path, whole.subarray(0, size));
      const numBlocks = Math.floor((size - dataAt) / blockBytes);
      const tornBytes = size - dataAt - numBlocks * blockBytes;
      const series = readSeries(path);
      expect(stepsOf(series)).toEqual(range(0, 3 * numBlocks));
      expect(series.warnings).toEqual(
        tornBytes > 0 ? [`steps.series: ${tornBytes} bytes at the end, never finished: dropped`] : [],
      );
      write(3 * numBlocks, 12);
      const continued = readSeries(path);
      expect(stepsOf(continued)).toEqual(range(0, 12));
      expect(continued.warnings).toEqual([]);
    });
    fc.assert(property, { numRuns: 25 });
  });

  test("a flipped bit costs the rows of its block, and never shows as a number", () => {
    write(0, 12);
    const whole = readFileSync(path);
    const blockBytes = 16 + 3 * 3 * 8;
    const dataAt = whole.length - 4 * blockBytes;
    const property = fc.property(fc.integer({ min: 0, max: whole.length - 1 }), fc.nat(7), (at, bit) => {
      const flipped = Buffer.from(whole);
      flipped[at] = flipped[at]! ^ (1 << bit);
      writeFileSync(path, flipped);
      if (at < dataAt) {
        // The four spare bytes of the preamble carry nothing.
        if (at < 20 || at >= 24) expect(() => readSeries(path)).toThrow(UserError);
        return;
      }
      const hit = Math.floor((at - dataAt) / blockBytes);
      const isSpare = (at - dataAt) % blockBytes >= 12 && (at - dataAt) % blockBytes < 16;
      const series = readSeries(path);
      const lost = isSpare ? [] : range(3 * hit, 3 * hit + 3);
      expect(stepsOf(series)).toEqual(range(0, 12).filter((step) => !lost.includes(step)));
      expect(series.warnings).toHaveLength(isSpare ? 0 : 1);
    });
    fc.assert(property, { numRuns: 80 });
  });
});

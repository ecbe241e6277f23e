/** @file What any command prints, every option reads: each amount and interval goes back to the reader. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { addCommands, COMMANDS } from "../src/cli/commands.ts";
import { plain } from "../src/cli/terminal/paint.ts";
import { verdictTable } from "../src/cli/terminal/verdict-table.ts";
import { Random } from "../src/math/random.ts";
import { finishedCampaign } from "../src/report/fixture.ts";
import * as kinds from "../src/units/kinds.ts";
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatFlopsPerSecond,
  formatPercent,
  formatSeconds,
} from "../src/units/print.ts";
import { parseInterval, parseNumber } from "../src/units/read.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-printed-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

/** What a unit says of the amount before it. */
const UNITS = [
  { unit: "[kMGTPEZ]?FLOP/s", kind: kinds.FLOPS_PER_SECOND, format: formatFlopsPerSecond },
  { unit: "[kMGT]?FLOP", kind: kinds.FLOPS, format: formatFlops },
  { unit: "[kMGTP]B/s", kind: kinds.BYTES_PER_SECOND },
  { unit: "[kMGTP]B", kind: kinds.BYTES, format: formatBytes },
  { unit: "(?:[kMBT] )?tokens/s", kind: kinds.TOKENS_PER_SECOND },
  { unit: "%", kind: kinds.PERCENT, format: (x: number, digits: number) => formatPercent(x, digits - 1) },
  { unit: "[kMG]Wh", kind: kinds.KILOWATT_HOURS },
  { unit: "(?:d \\d+ h|h \\d+ min|min \\d+ s|ms|µs|s(?! h))", kind: kinds.DURATION, format: formatSeconds },
  { unit: "[kMBT]", kind: kinds.COUNT, format: formatCount },
] as const;
const DIGITS = "[-+]?\\d[\\d,]*(?:\\.\\d+)?(?:e-?\\d+)?";
const AMOUNT = UNITS.map(({ unit }) => `${DIGITS} ${unit}(?![\\w/])`).join("|");

const kindOf = (text: string) =>
  UNITS.find(({ unit }) => new RegExp(`^${DIGITS} ${unit}$`).test(text)) ?? { kind: kinds.COUNT };

/** Everything in `text` that the reader refuses, or reads as what the printer would write otherwise. */
function misread(text: string): readonly string[] {
  const amounts = text.match(new RegExp(AMOUNT, "g")) ?? [];
  const number = `(?:${AMOUNT}|${DIGITS})`;
  const intervals =
    text.match(new RegExp(`${number} \\((?:90 % interval )?${number} to ${number}\\)`, "g")) ?? [];
  expect(amounts.length + intervals.length).toBeGreaterThan(0);
  return [
    ...amounts.filter((amount) => {
      const known = kindOf(amount);
      const value = parseNumber(amount, known.kind);
      if (value === null || !("format" in known)) return value === null;
      const plainText = amount.replace("+", "");
      return ![1, 2, 3, 4, 5].some((digits) => known.format(value, digits) === plainText);
    }),
    ...intervals.filter((interval) => {
      const middle = interval.split(" (")[0]!;
      // An interval of losses or gaps may hold 0 and less, which no option takes.
      if (/[(\s]-|\+|[ (]0(?:\.0*)?[ )]/.test(interval)) return false;
      return parseInterval(interval, kindOf(middle).kind) === null;
    }),
  ];
}

/** What a command prints for people. */
async function printed(...words: readonly string[]): Promise<string> {
  let text = "";
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command("longrun").enablePositionalOptions();
  addCommands(program, COMMANDS);
  await program.parseAsync(words, { from: "user" });
  vi.restoreAllMocks();
  return text;
}

function ladder(name: string, gain: number): string {
  const random = new Random(1, "printed amounts");
  const rows = [1e7, 2.5e7, 6e7, 1.5e8, 4e8, 1e9].flatMap((n) =>
    [6, 20, 60].map((ratio) => {
      const [size, tokens] = [n * Math.sqrt(gain), ratio * n * Math.sqrt(gain)];
      const loss = 1.8 + 480 * size ** -0.35 + 2085 * tokens ** -0.37;
      return [n, ratio * n, loss * Math.exp(0.002 * random.normal())].join(",");
    }),
  );
  const path = join(folder, name);
  writeFileSync(path, ["n,d,loss", ...rows].join("\n"));
  return path;
}
const runs = ladder("runs.csv", 1);
const changed = ladder("changed.csv", 1.2);
const law = join(folder, "law.json");
const setting = ["--model", "llama3-8b", "--cluster", "h100:64", "--sequence", "8k", "--batch-tokens", "1M"];

test.each<readonly string[]>([
  ["laws", "fit", runs, "--resamples", "100", "--save", law],
  ["laws", "forecast", runs, "--compute", "1e22"],
  ["laws", "backtest", runs],
  ["laws", "allocate", runs, "--compute", "10 ZFLOP", "--params", "7 billion", "--unique-tokens", "1e11"],
  ["laws", "next", runs, "--compute", "1e22FLOP", "--budget", "1e20"],
  ["laws", "feature", runs, changed, "--compute", "1e22"],
  ["plan", ...setting, "--tokens", "1 T", "--count", "2"],
  ["plan", "explain", "dp=64,tp=1,pp=1,mb=1,zero=3", ...setting],
  ["plan", "estimate", "--params", "70.0 B", "--batch-sequences", "1024", "--sequence", "8192"],
  ["plan", "size", "--law", law, "--compute", "1.00e22 FLOP (9.00e21 FLOP to 1.10e22 FLOP)"],
  [
    "plan",
    "time",
    "--cluster",
    "h100:4096",
    "--tokens",
    "5T",
    "--params",
    "70B",
    "--mfu",
    "38 %..43 %",
    "--price",
    "$2..3",
  ],
])("longrun %s %s", async (...words) => {
  expect(misread(await printed(...words))).toEqual([]);
});

test("the verdict of a campaign", () => {
  expect(misread(verdictTable(finishedCampaign.verdict, plain, 200))).toEqual([]);
});

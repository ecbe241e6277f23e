/** @file `longrun laws` as a user meets it: tables in files, real processes, both streams, exit codes. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../src/math/random.ts";
import { longrun } from "./support/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-laws-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of a file in the test's folder, which is written where text is given. */
function file(name: string, text?: string): string {
  const path = join(folder, name);
  if (text !== undefined) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return path;
}

const chinchilla = (n: number, d: number) => 1.8 + 480 * n ** -0.35 + 2085 * d ** -0.37;
const SIZES = [1e7, 2.5e7, 6e7, 1.5e8, 4e8, 1e9];

/** Six sizes at three ratios, a run that diverged, and accuracies: half by guessing, more with less loss. */
function grid(): string {
  const random = new Random(1, "laws test");
  const rows = SIZES.flatMap((n) =>
    [6, 20, 60].map((ratio) => {
      const loss = chinchilla(n, ratio * n) * Math.exp(0.002 * random.normal());
      const score = 0.5 + 0.5 / (1 + Math.exp(4 * (loss - 3)));
      return [n, ratio * n, loss, score, 0.02, 0.5].join(",");
    }),
  );
  const diverged = "1e9,1e9,nan,0.5,0.02,0.5";
  return ["n,d,loss,agreement,agreement_sd,agreement_chance", ...rows, diverged].join("\n");
}

/** A ladder of two seeds a rung; `gain` multiplies the compute that the change is worth. */
function ladder(gain: number): string {
  const random = new Random(2, `ladder ${gain}`);
  const rows = SIZES.flatMap((n) =>
    [1, 2].map((seed) => {
      const loss = chinchilla(n * Math.sqrt(gain), 20 * n * Math.sqrt(gain));
      return [n, 20 * n, loss * Math.exp(0.001 * random.normal()), seed].join(",");
    }),
  );
  return ["n,d,loss,seed", ...rows].join("\n");
}

/** Four budgets with seven sizes each, which approaches 1 and 2 want. */
function isoflops(): string {
  const rows = [1e18, 1e19, 1e20, 1e21].flatMap((c) =>
    [-3, -2, -1, 0, 1, 2, 3].map((step) => {
      const n = Math.sqrt(c / 120) * 1.6 ** step;
      return [n, c, chinchilla(n, c / (6 * n))].join(",");
    }),
  );
  return ["n,c,loss", ...rows].join("\n");
}

/** The grid as W&B exports it: GFLOPs behind a path, two losses, and a run that lies 8 % too high. */
function wandb(state: "crashed" | "finished"): string {
  const rows = grid()
    .split("\n")
    .slice(1, -1)
    .map((row, i) => {
      const [n, d, loss] = row.split(",").map(Number) as [number, number, number];
      return [`run-${i}`, "finished", n, (6 * n * d) / 1e9, loss + 0.01, loss];
    });
  const [n, gflops, loss] = [1e9, 1.2e11, chinchilla(1e9, 2e10)];
  const heading = "Name,State,parameter_count,throughput/total_gflops,train/loss,eval/loss";
  return [heading, ...rows, ["run-c", state, n, gflops, loss, 1.08 * loss]].join("\n");
}

type Answer = { readonly median: number; readonly lo: number; readonly hi: number };

/** Loss falls with the sum of rates, and further where the rate has come down. */
function curve(rateAt: (share: number) => number): string {
  const [peak, numSteps] = [5e-4, 10_000];
  const rows: string[] = ["step,lr,loss"];
  let area = 0;
  for (let step = 1; step <= numSteps; step++) {
    const rate = peak * rateAt(step / numSteps);
    area += rate;
    if (step % 100 === 0) rows.push([step, rate, 2.8 + 0.45 * area ** -0.45 - 250 * (peak - rate)].join(","));
  }
  return rows.join("\n");
}

let tables: Record<"runs" | "base" | "feature" | "constant" | "cosine", string>;

beforeAll(() => {
  tables = {
    runs: file("runs.csv", grid()),
    base: file("base.csv", ladder(1)),
    feature: file("feature.csv", ladder(1.4)),
    constant: file(
      "constant.csv",
      curve(() => 1),
    ),
    cosine: file(
      "cosine.csv",
      curve((share) => 0.55 + 0.45 * Math.cos(Math.PI * share)),
    ),
  };
});

/** Runs a command that has to succeed with --json; JSON.parse takes neither NaN nor two values. */
async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await longrun("laws", ...args, "--json");
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const svgIn = (path: string) => readFileSync(path, "utf8");
const number = expect.any(Number);
const interval = { lo: number, hi: number };

describe.concurrent("answers", () => {
  test("fit: the keys that were promised, a figure, a law that allocate reads", async () => {
    const [svg, law] = [file("fit.svg"), file("law.json")];
    const report = await json("fit", tables.runs, "--resamples", "60", "--svg", svg, "--save", law);
    const parameter = { median: number, ...interval, standardError: number, identified: true };
    expect(report).toMatchObject({
      law: "chinchilla",
      rows: 18,
      objective: number,
      shareAtOptimum: number,
      parameters: { E: parameter, A: parameter, B: parameter, alpha: parameter, beta: parameter },
      outliers: expect.any(Array),
      warnings: [],
    });
    expect(svgIn(svg)).toMatch(/^<svg .*<\/svg>\s*$/s);

    const answer = await json("allocate", "--from", law, "--compute", "100 ZFLOP");
    expect(answer).toMatchObject({ exponents: { n: { median: number, ...interval } } });
    const told = await longrun("laws", "allocate", "--from", law, "--compute", "1e23");
    expect(told.stdout).toContain("1.00e23");
  });

  test("forecast: a loss and a score, each with its interval, and a figure", async () => {
    const svg = file("forecast.svg");
    const report = await json(
      "forecast",
      tables.runs,
      "--compute",
      "2 ZFLOP",
      "--task",
      "agreement",
      "--svg",
      svg,
    );
    expect(report).toMatchObject({
      target: { c: 2e21 },
      median: number,
      ...interval,
      task: { median: number, ...interval },
    });
    expect(svgIn(svg)).toContain("</svg>");
  });

  test("backtest: the keys that were promised, all of them finite", async () => {
    const svg = file("backtest.svg");
    const { cuts } = await json("backtest", tables.runs, "--svg", svg);
    const cut = {
      cut: number,
      reach: number,
      train: number,
      test: number,
      meanErrorPercent: number,
      worstErrorPercent: number,
      coverage90: number,
      meanWidthPercent: number,
      intervalScore: number,
      plainBootstrap: { coverage90: number, meanWidthPercent: number, intervalScore: number },
    };
    expect((cuts as unknown[]).length).toBeGreaterThan(0);
    for (const found of cuts as unknown[]) expect(found).toMatchObject(cut);
    expect(svgIn(svg)).toContain("</svg>");
  });

  test("allocate from runs, with every variant", async () => {
    const svg = file("allocate.svg");
    const [variants, size] = [
      ["--unique-tokens", "2B", "--served-tokens", "1T"],
      ["--params", "2B"],
    ];
    const answer = await json(
      "allocate",
      tables.runs,
      "--compute",
      "1e21",
      ...variants,
      ...size,
      "--svg",
      svg,
    );
    for (const part of ["budgets", "flat", "choice", "serving", "data"]) expect(answer[part]).toBeTruthy();
    expect(svgIn(svg)).toContain("</svg>");
  });

  test("next: a question in our own units, the present answer in the middle of its interval", async () => {
    const args = [tables.runs, "--compute", "10 ZFLOP", "--budget", "100EFLOP"];
    const report = await json("next", ...args);
    const { median: value, lo, hi } = report.now as Record<"median" | "lo" | "hi", number>;
    expect(lo).toBeLessThan(value);
    expect(value).toBeLessThan(hi);
    expect(report).toMatchObject({ question: { kind: "loss", target: { c: 1e22 } }, budget: 1e20 });
    const { stdout } = await longrun("laws", "next", ...args);
    expect(stdout).toContain(`${value.toFixed(3)} (${lo.toFixed(3)} to ${hi.toFixed(3)}) at 90 %`);
  });

  test("one question, one answer: the same size and loss from every command, and from a saved law", async () => {
    const law = file("same.json");
    await longrun("laws", "fit", tables.runs, "--resamples", "60", "--save", law);
    const budget = ["--compute", "1e22"];
    const [forecast, next, allocate, from, size] = await Promise.all([
      json("forecast", tables.runs, ...budget),
      json("next", tables.runs, ...budget, "--budget", "1e20"),
      json("allocate", tables.runs, ...budget),
      json("allocate", "--from", law, ...budget),
      longrun("plan", "size", "--law", law, ...budget, "--json").then(({ stdout }) => JSON.parse(stdout)),
    ]);
    const { median, lo, hi, target } = forecast as Answer & { target: { n: number } };
    const loss = { median, lo, hi };
    expect(next).toMatchObject({ now: loss, target: { n: target.n } });
    expect(allocate).toMatchObject({ optimum: { loss, n: { median: target.n } } });
    expect(from).toEqual(allocate);
    const { optimum } = size as { optimum: { loss: Answer; params: Answer } };
    expect(optimum.params).toEqual((allocate.optimum as { n: Answer }).n);
    for (const end of ["median", "lo", "hi"] as const) expect(optimum.loss[end]).toBeCloseTo(loss[end], 12);
  });

  test("feature: a verdict with its effect, and a figure", async () => {
    const svg = file("feature.svg");
    const report = await json("feature", tables.base, tables.feature, "--compute", "1e21", "--svg", svg);
    expect(report).toMatchObject({
      verdict: { decision: "adopt", reason: expect.any(String) },
      atTarget: { effectPercent: interval },
    });
    expect(svgIn(svg)).toContain("</svg>");
  });

  test("a crashed run is set aside by name where the table says so, and named where only its loss does", async () => {
    const target = ["--compute", "1e22", "--columns", "loss=eval/loss"];
    const [crashed, finished] = await Promise.all(
      (["crashed", "finished"] as const).map((state) =>
        longrun("laws", "forecast", file(`${state}.csv`, wandb(state)), ...target),
      ),
    );
    const forecast = /^loss ([\d.]+) \(.* at 90 %$/m.exec(crashed!.stdout)![1]!;
    expect(crashed!.stdout).toContain(
      "1 run set aside (run-c): not finished (State crashed); --keep-all keeps it",
    );
    expect(crashed!.stdout).toContain("throughput/total_gflops counts in units of 1e9");
    const named = /run-c lies \d\.\d % above what the other runs say; without it the forecast is ([\d.]+) /;
    expect(Number(named.exec(finished!.stderr)![1])).toBeCloseTo(Number(forecast), 2);
  });

  test("curve: a schedule predicted from two others, and a figure", async () => {
    const svg = file("curve.svg");
    const report = await json(
      "curve",
      tables.constant,
      tables.cosine,
      "--schedule",
      "wsd:steps=10000,decay=0.2",
      "--svg",
      svg,
    );
    expect(report).toMatchObject({ law: "multi-power" });
    expect(svgIn(svg)).toContain("</svg>");
  });

  test("curve: semicolons and decimal commas, infinite losses: the same law from the rest", async () => {
    const german = (name: string, text: string) => {
      const lines = text.split("\n").map((line) => line.replaceAll(",", ";").replaceAll(".", ","));
      return file(name, [...lines, "10010;0,0001;Infinity"].join("\n"));
    };
    const texts = [tables.constant, tables.cosine].map((path) => readFileSync(path, "utf8"));
    const [plain, other] = await Promise.all([
      json("curve", ...texts.map((text, i) => file(`plain/${i}.csv`, `${text}\n10010,0.0001,`))),
      json("curve", ...texts.map((text, i) => german(`german/${i}.csv`, text))),
    ]);
    expect(other!.parameters).toEqual(plain!.parameters);
    expect((other!.warnings as string[])[0]).toBe(
      "0: 1 cells without a finite number passed over (line 102: loss is Infinity)",
    );
  });

  test("for people, without --json", async () => {
    const isoflop = file("isoflop.csv", isoflops());
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["fit", isoflop, "--law", "approach-2"], /^a +0\.\d+ +0\.\d+ to 0\.\d+ /m],
      [["feature", tables.base, tables.feature, "--compute", "1e21"], /chance that it helps/],
      [["backtest", tables.runs], /^1 run set aside \(line 20\): loss is nan: unfinished or diverged$/m],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => longrun("laws", ...args)));
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(cases[i]![1]);
      expect(stdout).not.toMatch(/NaN|undefined|Infinity/);
    });
  });
});

describe("refusals", () => {
  test("say what was found, expected and to be done, without a stack; exit code 2", async () => {
    const one = file("one.csv", "n,d,loss\n1e8,2e9,3");
    const two = file("two.csv", "n,d,loss,loss\n1e8,2e9,3,4\n2e8,4e9,2,3");
    const binary = file("binary.csv", "PAR1\0\u0001\u001b[31m");
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["fit", one], /^found: .*one\.csv: 1 run of 1 design for the 5 parameters/],
      [["fit", binary], /^found: .*binary\.csv is not text\n/],
      [["forecast", tables.runs, "--compute", "plenty"], /^found: --compute "plenty"/],
      [
        ["forecast", folder, "--compute", "1e21", "--task", "agreement"],
        /^found: the column agreement of .*, a folder/,
      ],
      [["forecast", `${one},${tables.runs}`, "--compute", "1e21", "--task", "x"], /no column "x"/],
      [
        ["fit", tables.runs, "--save", join(folder, "new", "law.json")],
        /^found: --save .*: no folder \S+new\n/,
      ],
      [["backtest", one], /^found: 1 run/],
      [["allocate", "--from", tables.runs, "--compute", "1e21"], /^found: .*runs\.csv is not a saved law\n/],
      [["next", tables.base, "--budget", "1e20"], /^found: a target of which too little is known/],
      [["next", tables.runs, "--budget", "1e20", "--question", "tea"], /^found: the question "tea" with no/],
      [["feature", tables.base, "--compute", "1e21"], /^found: one table, and no --feature-column/],
      [["curve", tables.runs], /^found: /],
      [
        ["curve", tables.constant, tables.cosine, "--schedule", "cosine:steps=1e300"],
        /expected: steps=<0, or a number from 1e-12 to/,
      ],
      [
        ["forecast", tables.runs, "--compute", "1e300"],
        /expected: FLOPs.*; from 1e-12 to 1e36 in its own unit\n/,
      ],
      [["fit", tables.runs, "--resamples", "1000000000"], /expected: a whole number from 20 to 100000/],
      [["fit", two], /remedy: say which: --columns loss=#3 or --columns loss=#4\n$/],
      [
        ["curve", two, "--columns", "step=n,lr=d"],
        /remedy: say which: --columns loss=#3 or --columns loss=#4\n$/,
      ],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => longrun("laws", ...args)));
    outcomes.forEach(({ code, stdout, stderr }, i) => {
      const [args, found] = cases[i]!;
      expect(stderr, args.join(" ")).toMatch(found);
      expect(stderr).toMatch(/^found: .+\nexpected: .+\nremedy: .+\n$/s);
      expect(stderr).not.toMatch(/^ +at |[^\n\x20-\x7e]/m);
      expect([code, stdout]).toEqual([2, ""]);
    });
  });

  test("of a figure's path come after the answer, which stays one value of JSON", async () => {
    const args = ["allocate", tables.runs, "--compute", "1e21", "--svg", folder, "--json"];
    const { code, stdout, stderr } = await longrun("laws", ...args);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toHaveProperty("budgets");
    expect(stderr).toContain(`found: ${folder} is a folder\n`);
  });
});

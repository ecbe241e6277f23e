/** @file Tables as trackers and spreadsheets write them: read alike, or refused with a remedy that works. */

import { describe, expect, test } from "vitest";
import { readTable, type TableOptions } from "./read-table.ts";

/** Runs of 20 tokens a parameter; what `cells` makes of them is what a tool would write. */
const RUNS = [1e8, 2e8, 4e8, 8e8].map((n, i) => ({ n, d: 20 * n, loss: 3.5125 - i / 8 }));

function tableOf(heading: string, cells: (run: (typeof RUNS)[number], i: number) => string): string {
  return [heading, ...RUNS.map(cells)].join("\n");
}

const read = (text: string, options?: TableOptions) => readTable(text, "t", options);
const plain = read(tableOf("n,d,loss", ({ n, d, loss }) => [n, d, loss].join())).runs;
/** What of a run does not depend on how its file calls it. */
const numbersOf = (text: string, options?: TableOptions) =>
  read(text, options).runs.map(({ n, d, c, loss }) => ({ n, d, c, loss }));
const NUMBERS = plain.map(({ n, d, c, loss }) => ({ n, d, c, loss }));

const comma = (value: number) => String(value).replace(".", ",");

describe("one table, written in many ways", () => {
  test.each([
    ["Excel in German", tableOf("n;d;loss", ({ n, d, loss }) => `${n};${d};${comma(loss)}`)],
    [
      "Excel, with its first line",
      tableOf("sep=;\nn;d;loss", ({ n, d, loss }) => `${n};${d};${comma(loss)}`),
    ],
    ["tabs, decimal commas", tableOf("n\td\tloss", ({ n, d, loss }) => `${n}\t${d}\t${comma(loss)}`)],
    ["commas, quoted", tableOf('"n","d","loss"', ({ n, d, loss }) => `"${n}","${d}","${comma(loss)}"`)],
    ["thousands", tableOf("n,d,loss", ({ n, d, loss }) => `"${n.toLocaleString("en")}",${d},${loss}`)],
    [
      "a mark, CRLF",
      `\uFEFF${tableOf("n,d,loss", ({ n, d, loss }) => `${n},${d},${loss}`).replaceAll("\n", "\r\n")}`,
    ],
    ["pandas, with its index", tableOf(",n,d,loss", ({ n, d, loss }, i) => [i, n, d, loss].join())],
    ["notes above", tableOf("# made by hand\nn,d,loss", ({ n, d, loss }) => [n, d, loss].join())],
    [
      "nested JSON",
      JSON.stringify(
        RUNS.map(({ n, d, loss }) => ({ config: { model: { n } }, train: { d }, eval: { loss } })),
      ),
    ],
    [
      "units in headings and cells",
      tableOf("params (M),tokens,loss", ({ n, d, loss }) => `${n / 1e6}M,${d / 1e9}B,${loss}`),
    ],
    [
      "a panel's ends of a group",
      tableOf("n,d,val/loss,val/loss__MIN,val/loss__MAX", ({ n, d, loss }) =>
        [n, d, loss, loss - 0.1, loss + 0.1].join(),
      ),
    ],
    [
      "MLflow",
      tableOf("run_id,status,params.n_params,params.train_tokens,metrics.eval_loss", ({ n, d, loss }, i) =>
        [`r${i}`, "FINISHED", n, d, loss].join(),
      ),
    ],
  ])("%s", (_, text) => {
    expect(numbersOf(text)).toEqual(NUMBERS);
  });

  test("GFLOPs of Levanter: the same compute as FLOPs, and said", () => {
    const { runs, warnings } = read(
      tableOf("Name,parameter_count,throughput/total_gflops,eval/loss", ({ n, d, loss }, i) =>
        [`run-${i}`, n, (6 * n * d) / 1e9, loss].join(),
      ),
    );
    expect(runs.map(({ d }) => d)).toEqual(RUNS.map(({ d }) => expect.closeTo(d, -1)));
    expect(warnings[0]).toBe(
      "column throughput/total_gflops counts in units of 1e9: 1.20 B is read as 1.20e18",
    );
  });
});

describe("refused, with what to do", () => {
  const refusal = (text: string, options?: TableOptions): string => {
    try {
      read(text, options);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("it was read");
  };

  test("two columns of one name: by position, and the remedy works", () => {
    const text = tableOf("n,d,loss,loss", ({ n, d, loss }) => [n, d, loss, loss + 0.3].join());
    expect(refusal(text)).toContain("loss (#3), loss (#4)");
    expect(refusal(text)).toContain("--columns loss=#3 or --columns loss=#4");
    expect(refusal(text, { columns: { loss: "loss" } })).toContain("#3 or #4");
    expect(numbersOf(text, { columns: { loss: "#3" } })).toEqual(NUMBERS);
  });

  test.each([
    [
      "more cells than headings",
      "n,d,loss\n1e8,2e9,3,5",
      /line 2: 4 cells under 3 headings.*\n.*\n.*decimal/,
    ],
    ["a quote left open", 'n,d,loss\n1e8,2e9,"3.5\n2e8,4e9,3.2', /line 2: a quote that is not closed/],
    ["commas of both kinds", "n;d;loss\n1,000,000;2e9;3,5", /"3,5" \(line 2\), "1,000,000" \(line 2\)/],
    ["points for thousands", "n;d;loss\n100.000.000;2e9;3,5", /"3,5" \(line 2\), "100.000.000" \(line 2\)/],
    ["two lists in JSON", '{"a":[{"n":1}],"b":[{"n":2}]}', /several lists of objects: a, b/],
    ["a path said twice", '[{"val":{"loss":3},"val/loss":4}]', /row 1: two values of val\/loss/],
    ["GFLOPs that do not say so", "n,compute,loss\n1e8,1.2e9,3.5\n2e8,4.8e9,3.2", /2e-8 tokens a parameter/],
    ["FLOPs in units of their own", "n,d,c,loss\n1e8,2e9,1.2,3.5\n2e8,4e9,4.8,3.2", /C \/ \(N D\) is 6e-18/],
    ["a heading that is a document", `n,d,loss${"{text:".repeat(2e4)}\n1,2,3`, /name has 120004 characters/],
    ["words", "n,d,loss\n1e8,2e9,3.5\n1e8,many,3.5", /line 3: d is "many"/],
  ])("%s", (_, text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  test("decimal commas that may be thousands, where no other cell tells", () => {
    const text = tableOf("n\td\tloss", ({ n, d }, i) => `${n}\t${d}\t3,${500 - i}`);
    expect(refusal(text)).toMatch(/a middle loss of 3500[\s\S]*write 3.142 for 3,142/);
  });

  test("a logarithm named as FLOPs, and a heading of two units", () => {
    expect(refusal("n,log10_flops,loss\n1e8,18,3.5", { columns: { c: "log10_flops" } })).toContain(
      "a logarithm",
    );
    expect(refusal("n,GFLOPs (1e6),loss\n1e8,18,3.5", { columns: { c: "GFLOPs (1e6)" } })).toContain(
      "two units",
    );
  });
});

describe("runs that did not finish", () => {
  const withState = (column: string, states: readonly string[]) =>
    tableOf(`Name,${column},n,d,loss`, ({ n, d, loss }, i) => [`run-${i}`, states[i], n, d, loss].join());

  test.each([
    ["State", ["finished", "crashed", "finished", "running"]],
    ["status", ["FINISHED", "FAILED", "FINISHED", "KILLED"]],
    ["sys/state", ["Inactive", "Active", "Inactive", "Idle"]],
    ["trial_status", ["TERMINATED", "ERROR", "TERMINATED", "PENDING"]],
    ["state", ["JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "COMPLETED", "OUT_OF_MEMORY"]],
    ["finished", ["True", "False", "True", "False"]],
  ])("%s sets them aside by name", (column, states) => {
    const { runs, setAside, warnings } = read(withState(column, states));
    expect(runs.map(({ run }) => run)).toEqual(["run-0", "run-2"]);
    expect(setAside).toEqual(
      ["run-1", "run-3"].map((run, i) => ({
        run,
        reason: `not finished (${column} ${states[2 * i + 1]}); --keep-all keeps it`,
      })),
    );
    expect(warnings).toEqual([]);
  });

  test("kept where the user says so", () => {
    const text = withState("State", ["finished", "crashed", "finished", "running"]);
    expect(read(text, { keepAll: true }).runs).toHaveLength(4);
    expect(read(text, { where: ["State=*"] }).runs).toHaveLength(4);
  });

  test("a word that says neither is said", () => {
    const { runs, warnings } = read(withState("State", ["finished", "crashed", "", "odd"]));
    expect(runs).toHaveLength(3);
    expect(warnings).toEqual(["column State says (empty), odd of 2 runs, which are taken for finished"]);
  });
});

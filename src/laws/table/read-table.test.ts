import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { thirdParty } from "../../../test/support/third-party.ts";
import { UserError } from "../../errors.ts";
import { readTable, type TableOptions } from "./read-table.ts";

const TABLES = thirdParty("laws/");

function refusal(text: string, options?: TableOptions): UserError {
  try {
    readTable(text, "runs.csv", options);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("the table was read");
}

const ROWS = "1e8,2e9,3.5\n2e8,4e9,3.2\n4e8,8e9,3.0";

describe("formats", () => {
  const expected = [
    { run: "line 2", n: 1e8, d: 2e9, c: 1.2e18, loss: 3.5 },
    { run: "line 3", n: 2e8, d: 4e9, c: 4.8e18, loss: 3.2 },
    { run: "line 4", n: 4e8, d: 8e9, c: 1.92e19, loss: 3 },
  ];
  const close = (text: string) =>
    readTable(text, "runs").runs.map(({ n, d, c, loss }) =>
      [loss, n, d, c].map((v) => Number(v.toPrecision(12))),
    );
  const numbers = expected.map(({ n, d, c, loss }) => [loss, n, d, c]);

  test("reads CSV, with notes, a byte-order mark and carriage returns", () => {
    expect(readTable(`n,d,loss\n${ROWS}\n`, "runs").runs).toEqual(expected);
    expect(close(`\uFEFF# from the wiki\r\nn,d,loss\r\n\r\n${ROWS.replaceAll("\n", "\r\n")}`)).toEqual(
      numbers,
    );
  });

  test("reads tabs and semicolons", () => {
    expect(close(`n\td\tloss\n${ROWS.replaceAll(",", "\t")}`)).toEqual(numbers);
    expect(close(`n;d;loss\n${ROWS.replaceAll(",", ";").replaceAll(".", ",")}`)).toEqual(numbers);
  });

  test("reads JSON lines, arrays, an array inside an object, and columns", () => {
    const rows = expected.map(({ n, d, loss }) => ({ n, d, val: { loss } }));
    expect(close(rows.map((row) => JSON.stringify(row)).join("\n"))).toEqual(numbers);
    expect(close(JSON.stringify(rows, null, 2))).toEqual(numbers);
    expect(close(JSON.stringify({ project: "x", runs: rows }))).toEqual(numbers);
    const columns = {
      n: rows.map(({ n }) => n),
      d: rows.map(({ d }) => d),
      loss: rows.map(({ val }) => val.loss),
    };
    expect(close(JSON.stringify(columns))).toEqual(numbers);
  });

  test("says which line of JSON is broken", () => {
    expect(refusal('{"n":1e8,"d":2e9,"loss":3}\n{"n":').found).toMatch(/runs\.csv, line 2 is not JSON/);
  });
});

describe("columns", () => {
  test.each([
    ["Model Size,Training FLOP,loss", [1e8, 1.2e18, 3.5]],
    ["non_embedding_params,tokens_seen,val/loss", [1e8, 2e9, 3.5]],
    ["numParams,Train Tokens,c4_val_loss", [1e8, 2e9, 3.5]],
    ["Params (M),num_tokens_b,eval loss", [100, 2, 3.5]],
    ["parameters,compute_budget,final_loss", [1e8, 1.2e18, 3.5]],
    ["params,total_flops (1e18),bits per byte", ["100M", 1.2, 3.5]],
    ["N,compute (PF-days),nll", [1e8, 1.2e18 / 8.64e19, 3.5]],
    ["flops_total,tokens,loss", [1.2e18, "2.0B", 3.5]],
    ["n_params,tokens_per_param,test_loss", [1e8, 20, 3.5]],
    ["params,steps,batch_tokens,loss", [1e8, 2000, 1e6, 3.5]],
    ["num_params,num_tokens_training,num_flops_training,tflops,val/.dclm_loss", [1e8, 2e9, 1.2e18, 400, 3.5]],
    ["N (params),D (tokens),C (FLOPs),Loss (nats)", [1e8, 2e9, 1.2e18, 3.5]],
    ["size,Tokens (x10^9),test loss", ["100M", 2, 3.5]],
    ["Model Size,params,pretraining tokens,loss", ["small", 1e8, 2e9, 3.5]],
    ["params,tokens,total EFLOPs,CrossEntropyLoss", [1e8, 2e9, 1.2, 3.5]],
  ])("%s", (heading, cells) => {
    const { n, d, c, loss } = readTable(`${heading}\n${cells.join(",")}`, "runs").runs[0]!;
    expect(n / 1e8).toBeCloseTo(1, 9);
    expect(d / 2e9).toBeCloseTo(1, 9);
    expect(c / 1.2e18).toBeCloseTo(1, 9);
    expect(loss).toBe(3.5);
  });

  test("takes the user's word, whatever the spelling of case and spaces", () => {
    const text = "a,b,train loss,val loss\n1e8,2e9,3.4,3.5";
    const columns = { n: "a", d: "b", loss: "Val_Loss" };
    expect(readTable(text, "runs", { columns }).runs[0]).toMatchObject({ n: 1e8, d: 2e9, loss: 3.5 });
  });

  test("refuses to choose between two losses", () => {
    const error = refusal("n,d,train_loss,val_loss\n1e8,2e9,3.4,3.5");
    expect(error.found).toContain("train_loss, val_loss");
    expect(error.remedy).toBe("say which: --columns loss=train_loss or --columns loss=val_loss");
  });

  test("does not take a number about the loss, or about tokens, for another", () => {
    const text = "n,d,loss,loss_std,tokens_per_second,embedding_params\n1e8,2e9,3.5,.01,1e5,1e6";
    expect(readTable(text, "runs").runs[0]).toMatchObject({ n: 1e8, d: 2e9, loss: 3.5 });
  });

  test("names the near name of one that is not there", () => {
    const columns = { n: "parms" };
    expect(refusal(`params,d,loss\n${ROWS}`, { columns }).found).toContain(
      'no column "parms", perhaps params',
    );
    const wrong = { lose: "loss" } as TableOptions["columns"] & object;
    expect(refusal(`n,d,loss\n${ROWS}`, { columns: wrong }).found).toBe("--columns lose=..., perhaps loss");
  });

  test("asks only for what the law needs", () => {
    const text = "compute,loss\n1e18,3.5\n4e18,3.2";
    expect(readTable(text, "runs", { needs: ["c"] }).runs[0]).toMatchObject({
      c: 1e18,
      n: Number.NaN,
      d: Number.NaN,
    });
    expect(refusal(text, { needs: ["n", "d"] }).expected).toBe(
      "a loss, and two of parameters (n), tokens (d) and FLOPs (c)",
    );
  });

  test("sends a learning curve to where it is read", () => {
    expect(refusal("step,lr,loss\n100,3e-4,4.2").remedy).toContain("longrun laws curve");
  });

  test("takes FLOPs and dense parameters of a routed model from its steps", () => {
    const text =
      "loss_validation,num_experts,step,dense_parameter_count,total_parameter_count,flops_per_step\n" +
      "2.6,64,250000,2.7e7,5.6e8,7.25e13";
    expect(readTable(text, "runs").runs[0]).toMatchObject({ n: 2.7e7, c: 7.25e13 * 250_000, experts: 64 });
  });
});

describe("rows", () => {
  test("sets aside what is missing or diverged, with the reason", () => {
    const { runs, setAside } = readTable(
      `n,d,loss\n${ROWS}\n8e8,16e9,NaN\n8e8,16e9,\n8e8,16e9,0\n8e8,16e9,400`,
      "runs",
    );
    expect(runs).toHaveLength(3);
    expect(setAside).toEqual([
      { run: "line 5", reason: "loss is NaN: unfinished or diverged" },
      { run: "line 6", reason: "loss is empty: unfinished or diverged" },
      { run: "line 7", reason: "loss is 0, and has to be positive" },
      { run: "line 8", reason: "diverged: a loss of 400" },
    ]);
  });

  test("counts the same run once, and two seeds twice", () => {
    const { runs, setAside } = readTable(
      `n,d,loss,seed\n1e8,2e9,3.5,0\n1e8,2e9,3.5,0\n1e8,2e9,3.51,1`,
      "runs",
    );
    expect(runs.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(setAside).toEqual([{ run: "line 3", reason: "repeats line 2: the same N, D, C and loss" }]);
  });

  test("sets aside what the table marks, unless told to keep it", () => {
    const text = `n,d,loss,outlier\n1e8,2e9,3.5,False\n2e8,4e9,3.2,True`;
    expect(readTable(text, "runs").setAside).toEqual([
      { run: "line 3", reason: "marked in column outlier; --keep-all keeps it" },
    ]);
    expect(readTable(text, "runs", { keepAll: true }).runs).toHaveLength(2);
  });

  test("takes an empty cell of what may be left out for left out", () => {
    const { runs } = readTable(
      "n,d,loss,unique,experts,seed\n1e8,2e9,3.5,,0,\n1e8,2e9,3.6,1e9,8,two",
      "runs",
    );
    expect(runs[0]).toEqual({ run: "line 2", n: 1e8, d: 2e9, c: 1.2e18, loss: 3.5, experts: 1 });
    expect(runs[1]).toMatchObject({ unique: 1e9, experts: 8, seed: expect.any(Number) });
  });

  test("carries further columns along, a row's own beside it, and leaves out what a row has not", () => {
    const text = "n,d,loss,score,score_sd\n1e8,2e9,3.5,0.4,\n2e8,4e9,,0.5,0.01\n4e8,8e9,3,0.6,0.02";
    const { runs } = readTable(text, "runs", {
      extra: { score: "needed", score_sd: "optional", score_chance: "optional" },
    });
    expect(runs.map(({ extra }) => extra)).toEqual([{ score: 0.4 }, { score: 0.6, score_sd: 0.02 }]);
    expect(readTable(text, "runs").runs[0]).not.toHaveProperty("extra");
    expect(() => readTable(text, "runs", { extra: { scores: "needed" } })).toThrow(
      /no column "scores", perhaps score\nexpected: one of n, d, loss, score, score_sd/,
    );
  });

  test("refuses what is no text, without its bytes", () => {
    for (const text of ["PAR1\u0015\u0004", "n,d,loss\n1,2,\0", "\u001f\ufffd\b\0"])
      expect(() => readTable(text, "runs")).toThrow(/^found: runs is not text\nexpected: [\x20-\x7e\n]+$/);
  });

  test("names a cell that is no number", () => {
    expect(refusal(`n,d,loss\n${ROWS}\n1e8,lots,3`).found).toBe('runs.csv, line 5: d is "lots"');
  });

  test("warns of checkpoints", () => {
    const { warnings } = readTable("run,n,d,loss\na,1e8,1e9,3.6\na,1e8,2e9,3.5\nb,2e8,4e9,3.2", "runs");
    expect(warnings).toEqual([expect.stringContaining("2 rows are checkpoints of 1 runs (a and so on)")]);
  });
});

describe("mixtures", () => {
  const text = "dataset,n,d,loss\nc4,1e8,2e9,3.5\nc4,2e8,4e9,3.2\npile,1e8,2e9,3.1";

  test("refuses two corpora, and says how to choose", () => {
    const error = refusal(text);
    expect(error.found).toBe("runs.csv mixes 2 training corpora, column dataset: c4 (2 rows), pile (1 rows)");
    expect(error.remedy).toContain('--where "dataset=c4"');
  });

  test("reads the ones chosen, or all on purpose", () => {
    expect(readTable(text, "runs", { where: ["dataset=pile"] }).runs).toHaveLength(1);
    expect(readTable(text, "runs", { where: ["dataset=*", "n>1e8"] }).runs).toHaveLength(1);
  });

  test.each([
    ["schedule", "learning-rate schedules"],
    ["eval_set", "evaluation sets"],
    ["Architecture", "architectures"],
    ["config", "configurations"],
  ])("refuses a mixture in column %s", (column, what) => {
    const rows = [1, 2, 3, 4].flatMap((k) => [`x,${k}e8,${k}e9,3.${9 - k}`, `y,${k}e8,${k}e9,3.${8 - k}`]);
    expect(refusal(`${column},n,d,loss\n${rows.join("\n")}`).found).toContain(`mixes 2 ${what}`);
  });

  test("does not take a label of size for a mixture", () => {
    const rows = ["d12,1e8,2e9,3.5", "d12,1e8,4e9,3.4", "d24,4e8,2e9,3.2", "d24,4e8,4e9,3.1"];
    expect(readTable(`config,n,d,loss\n${rows.join("\n")}`, "runs").runs).toHaveLength(4);
  });

  test("takes dense models for every router's, and refuses two routers", () => {
    const rows = [
      "Dense,1,1e8,3.5",
      "Dense,1,2e8,3.4",
      "S-Base,8,1e8,3.3",
      "S-Base,8,2e8,3.2",
      "S-Base,16,2e8,3.1",
    ];
    const heading = "router_type,num_experts,n,loss";
    const needs = ["n", "experts"] as const;
    expect(readTable([heading, ...rows].join("\n"), "runs", { needs }).runs).toHaveLength(5);
    const mixed = [heading, ...rows, "Hash,8,1e8,3.35", "Hash,16,1e8,3.3"].join("\n");
    expect(refusal(mixed, { needs }).found).toContain("S-Base (3 rows), Hash (2 rows)");
  });

  test("names the values of a condition that leaves nothing", () => {
    expect(refusal(text, { where: ["dataset=books"] }).expected).toBe("dataset to be one of c4, pile");
  });
});

describe("units", () => {
  test("refuses tokens in billions that do not say so", () => {
    expect(refusal("n,tokens,loss\n1e8,2,3.5\n2e8,4,3.2").remedy).toContain('"tokens (B)"');
    expect(refusal("params,tokens,loss\n.1,2,3.5\n.2,4,3.2").found).toContain("parameters such as 0.1");
  });

  test("refuses FLOPs that no such model could have used, and names the row", () => {
    const text = "n,d,c,loss\n1e8,2e9,1.2e18,3.5\n2e8,4e9,4.8e15,3.2";
    expect(refusal(text).found).toBe("runs.csv: C / (N D) is 0.006 at line 3");
    expect(readTable(text, "runs", { columns: { c: "c" } }).warnings[0]).toContain("0.006 at line 3");
  });

  test("warns of FLOPs that attention may explain", () => {
    const { warnings } = readTable("n,d,c,loss\n1e8,2e9,3e18,3.5\n2e8,4e9,4.8e18,3.2", "runs");
    expect(warnings).toEqual([
      expect.stringMatching(/C is outside 5 to 10 times N D in 1 of 2 runs: 15 at line 2/),
    ]);
  });

  test("refuses sizes that no run was ever near, and names the run", () => {
    const { found, remedy } = refusal(`n,d,loss\n${ROWS}\n1e300,2e10,2.9`);
    expect(found).toBe("runs.csv: line 5 has N 1.00e300");
    expect(remedy).toMatch(/correct the cell/);
  });

  test("refuses perplexities", () => {
    expect(refusal("n,d,val_ppl\n1e8,2e9,12\n2e8,4e9,11").remedy).toBe(
      "give the logarithms of val_ppl in a column named loss",
    );
    expect(refusal("n,d,loss\n1e8,2e9,33\n2e8,4e9,24").remedy).toContain("give their logarithms");
  });
});

describe("any text", () => {
  const sound = (text: string, options: TableOptions) => {
    try {
      const { runs } = readTable(text, "fuzz", options);
      for (const { n, d, c, loss } of runs)
        for (const value of [n, d, c, loss]) expect(value).toBeGreaterThan(0);
      return runs.length > 0;
    } catch (error) {
      return error instanceof UserError;
    }
  };

  test("is a table or a refusal", () => {
    const cell = fc.oneof(
      fc.constantFrom(
        "",
        "NaN",
        "1e8",
        "70B",
        "3.1",
        "-1",
        "1e400",
        '"',
        "a,b",
        "#",
        "\t",
        "[",
        "{",
        "__proto__",
        "0",
      ),
      fc.string({ maxLength: 6 }),
      fc.double().map(String),
    );
    const heading = fc.oneof(
      fc.constantFrom("n", "d", "c", "loss", "run", "seed", "config", "constructor", "(B)"),
      cell,
    );
    const table = fc
      .tuple(
        fc.array(heading, { maxLength: 6 }),
        fc.array(fc.array(cell, { maxLength: 6 }), { maxLength: 5 }),
        fc.constantFrom(",", "\t", ";"),
      )
      .map(([head, rows, separator]) => [head, ...rows].map((row) => row.join(separator)).join("\n"));
    const json = fc.json({ maxDepth: 3 });
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), table, json),
        fc.array(fc.string({ maxLength: 8 }), { maxLength: 1 }),
        (text, where) => sound(text, { where }),
      ),
      { numRuns: 600, seed: 4 },
    );
  });
});

TABLES.describe("public tables", () => {
  const read = (name: string, options?: TableOptions) =>
    readTable(readFileSync(new URL(name, TABLES.url), "utf8"), name, options);

  test("drops the five largest losses of Chinchilla's figure, as published, unless told to keep them", () => {
    const { runs, setAside } = read("chinchilla-epoch.csv");
    expect([runs.length, setAside.length]).toEqual([240, 5]);
    expect(setAside[0]!.reason).toContain("2404.10102");
    expect(runs[0]).toMatchObject({ n: 1730543416.124146, d: 9085789000489680000 / (6 * 1730543416.124146) });
    expect(read("chinchilla-epoch.csv", { keepAll: true }).runs).toHaveLength(245);
  });

  test("reads the others, and refuses what they mix", () => {
    expect(read("datablations_c4_all.csv").runs.filter(({ unique }) => unique !== undefined)).toHaveLength(
      296,
    );
    expect(() => read("gadre_losses.csv")).toThrow(/mixes 3 training corpora.*c4_original \(34 rows\)/);
    expect(read("gadre_losses.csv", { where: ["train_dataset=rpj"] }).runs).toHaveLength(35);
    expect(() => read("porian-isoflop_points.csv")).toThrow(/mixes 10 configurations/);
    expect(read("routing-sbase.csv").runs.filter(({ experts }) => experts === 1)).toHaveLength(13);
    expect(read("cs336-isoflops.json").runs[0]).toMatchObject({ n: 49999999, c: 6e18 });
  });
});

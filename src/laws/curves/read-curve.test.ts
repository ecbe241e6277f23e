/** @file One curve as trackers and spreadsheets write it: read alike, or refused with a remedy that works. */

import { describe, expect, test } from "vitest";
import { multiPowerLaw } from "./curve-laws.ts";
import { type NamedText, studyCurves } from "./curve-study.ts";
import { type CurveOptions, readCurve } from "./read-curve.ts";

const POINTS = Array.from({ length: 12 }, (_, i) => ({
  step: 100 + 20 * i,
  lr: (300 - 10 * i) / 1e6,
  loss: 5.123 - i / 8,
}));

const read = (text: string, options?: CurveOptions) => readCurve(text, "c", options);
const csv = (
  heading: string,
  cells: (point: (typeof POINTS)[number], i: number) => readonly unknown[],
  by = ",",
) => [heading, ...POINTS.map((point, i) => cells(point, i).join(by))].join("\n");
const PLAIN = read(csv("step,lr,loss", ({ step, lr, loss }) => [step, lr, loss]));
const comma = (value: number) => String(value).replace(".", ",");

describe("one curve, written in many ways", () => {
  test.each([
    [
      "semicolons and decimal commas",
      csv("step;lr;loss", ({ step, lr, loss }) => [step, comma(lr), comma(loss)], ";"),
    ],
    [
      "tabs, a mark, CRLF",
      `\uFEFF${csv("Step\tLR\tLoss", ({ step, lr, loss }) => [step, lr, loss], "\t")}`.replaceAll(
        "\n",
        "\r\n",
      ),
    ],
    ["quotes", csv('"step","lr","loss"', ({ step, lr, loss }) => [`"${step}"`, `"${lr}"`, `"${loss}"`])],
    ["a JSON array", JSON.stringify(POINTS)],
    ["JSON lines", POINTS.map((point) => JSON.stringify(point)).join("\n")],
    [
      "an array a column",
      JSON.stringify({
        step: POINTS.map(({ step }) => step),
        lr: POINTS.map(({ lr }) => lr),
        loss: POINTS.map(({ loss }) => loss),
      }),
    ],
    [
      "OLMo",
      csv("train/global_step,optim/learning_rate_group0,train/CrossEntropyLoss", ({ step, lr, loss }) => [
        step,
        lr,
        loss,
      ]),
    ],
    ["Lightning", csv("step,lr-AdamW,train_loss_epoch", ({ step, lr, loss }) => [step, lr, loss])],
    [
      "W&B's history, with its count of calls",
      csv("_step,trainer/global_step,lr,loss", ({ step, lr, loss }, i) => [i, step, lr, loss]),
    ],
    [
      "a panel of W&B",
      csv(
        "Step,run-a - train/lr,run-a - train/loss,run-a - train/loss__MIN,run-a - train/loss__MAX",
        ({ step, lr, loss }) => [step, lr, loss, loss - 1, loss + 1],
      ),
    ],
    [
      "trainer_state.json",
      JSON.stringify({
        epoch: 1,
        log_history: POINTS.map(({ step, lr, loss }) => ({
          epoch: step / 400,
          learning_rate: lr,
          loss,
          step,
        })),
      }),
    ],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual(PLAIN);
  });

  test("two losses of the Trainer, by the one that is named", () => {
    const history = POINTS.flatMap(({ step, lr, loss }) => [
      { step, learning_rate: lr, loss: loss + 1 },
      { step, eval_loss: loss },
    ]);
    const text = JSON.stringify({ log_history: history });
    expect(() => read(text)).toThrow(/that could be the loss: loss, eval_loss/);
    expect(read(text, { columns: { loss: "eval_loss" } })).toEqual(PLAIN);
  });
});

describe("passed over or put in order, and said", () => {
  test("what is no finite number", () => {
    const odd = ["Infinity", "-inf", "NaN", "nan", "", "#NUM!"];
    const { steps, warnings } = read(
      csv("step,lr,loss", ({ step, lr, loss }, i) => [step, lr, i % 2 === 0 ? loss : odd[(i - 1) / 2]]) +
        csv("", ({ step, lr, loss }) => [step + 1000, lr, loss]),
    );
    expect(steps).toHaveLength(18);
    expect(warnings).toEqual([
      "c: 5 cells without a finite number passed over (line 3: loss is Infinity, line 5: loss is -inf, line 7: loss is NaN, and 2 more)",
    ]);
  });

  test("NaN in JSON", () => {
    const text = JSON.stringify([...POINTS, { step: 400, lr: 1e-4, loss: 0 }]).replace(
      '"loss":0',
      '"loss":NaN',
    );
    expect(read(text).warnings).toEqual([
      "c: 1 cells without a finite number passed over (row 13: loss is NaN)",
    ]);
  });

  test("rows out of order and rows twice", () => {
    const rows = POINTS.map(({ step, lr, loss }) => [step, lr, loss].join());
    const { warnings, ...curve } = read(["step,lr,loss", ...rows.toReversed(), rows[3]].join("\n"));
    expect(curve).toEqual(PLAIN);
    expect(warnings).toEqual([
      "c: rows out of order, sorted by step",
      "c: 1 rows say again what another says",
    ]);
  });
});

describe("what stands in for the step is said", () => {
  test.each([
    ["tokens", 1e3, ["c: column tokens is taken as the step: tokens"]],
    ["tokens (k)", 1, ["c: column tokens (k) is taken as the step: tokens"]],
    ["_step", 1e3, ["c: column _step is taken as the step: calls of W&B's log"]],
  ])("%s", (heading, factor, told) => {
    const text = csv(`${heading},lr,loss`, ({ step, lr, loss }) => [factor * step, lr, loss]);
    const { warnings, steps } = read(text);
    expect(warnings).toEqual(told);
    expect(Array.from(steps)).toEqual(POINTS.map(({ step }) => 1e3 * step));
  });

  test("curves of tokens and of steps are refused together, a schedule too", () => {
    const inSteps = { name: "a", text: csv("step,lr,loss", ({ step, lr, loss }) => [step, lr, loss]) };
    const inTokens = { name: "b", text: inSteps.text.replace("step", "tokens") };
    const study = (curves: readonly NamedText[], scheduleTables: readonly NamedText[] = []) =>
      studyCurves({ law: multiPowerLaw, curves, schedules: [], scheduleTables, options: {} });
    const refusal = /a count of steps in a, of tokens in b[\s\S]*one unit/;
    expect(() => study([inSteps, inTokens])).toThrow(refusal);
    expect(() => study([inSteps], [inTokens])).toThrow(refusal);
  });
});

describe("refused, with what to do", () => {
  const row = ({ step, lr, loss }: (typeof POINTS)[number]) => [step, lr, loss, loss + 0.1];
  test.each([
    [
      "two losses",
      csv("step,lr,train/loss,val/loss", row),
      /say which: --columns loss=train\/loss or --columns loss=val\/loss/,
    ],
    ["two columns of one name", csv("step,lr,loss,loss", row), /--columns loss=#3 or --columns loss=#4/],
    [
      "two runs of a panel, named as a shell takes it",
      csv("Step,a - lr,b - lr,loss", ({ step, lr, loss }) => [step, lr, 2 * lr, loss]),
      /--columns 'lr=a - lr' or --columns 'lr=b - lr'/,
    ],
    [
      "an export of TensorBoard",
      csv("Wall time,Step,Value", ({ step, loss }) => [0, step, loss]),
      /holds one number: write step, lr and loss/,
    ],
    [
      "no rate",
      csv("step,loss", ({ step, loss }) => [step, loss]),
      /none of them the learning rate[\s\S]*--columns lr=/,
    ],
    [
      "a restart",
      `${csv("step,lr,loss", ({ step, lr, loss }) => [step, lr, loss])}\n120,0.00029,9`,
      /step 120 twice, with a loss of 4.998 and 9/,
    ],
    [
      "steps that no computer counts",
      csv("step,lr,loss", ({ step, lr, loss }) => [`${step}e298`, lr, loss]),
      /line 2: step is 1e\+300[\s\S]*from 1e-12 to 1e18/,
    ],
    [
      "words",
      csv("step,lr,loss", ({ step, lr }) => [step, lr, step === 100 ? "low" : 3]),
      /line 2: loss is "low"/,
    ],
  ])("%s", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("the remedy works", () => {
    expect(read(csv("step,lr,loss,loss", row), { columns: { loss: "#3" } })).toEqual(PLAIN);
  });
});

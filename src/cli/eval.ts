/** @file `longrun eval`: small downstream tasks on every model of a campaign, or on one model. */

import type { Command } from "commander";
import { UserError } from "../errors.ts";
import { taskFigure } from "../figures/task-figure.ts";
import { left, orDash, right } from "../report/markdown.ts";
import { type EvaluatedModel, type Evaluation, evaluateFolder } from "../tasks/evaluate.ts";
import type { ScoreEstimate } from "../tasks/interval.ts";
import type { TaskScore } from "../tasks/score.ts";
import { fixed, formatCount, formatFlops, formatInterval, formatPercent } from "../units/print.ts";
import { type CommonOptions, DEFAULT_FOLDER, finish, wholeNumber } from "./arguments.ts";
import { type FigureFlag, withFigureFlag, writeFigure } from "./figure-file.ts";
import { printAside, printResult } from "./output.ts";
import { outputOption, writeOutputFile } from "./output-file.ts";
import { table } from "./terminal/table.ts";

type EvalOptions = CommonOptions &
  FigureFlag & {
    readonly tasks: string;
    readonly items: number;
    readonly seed: number;
    readonly corpus?: string;
    readonly finished?: true;
    readonly csv?: string;
  };

export function defineEval(command: Command): void {
  command
    .argument(
      "[folder]",
      "a campaign's folder, or a model's (config.json, model.safetensors, tokenizer.json)",
      DEFAULT_FOLDER,
    )
    .option(
      "--tasks <names>",
      'comma-separated: cloze, agreement, copy, recall, or JSONL files of {"context", "choices", "answer"},' +
        ' {"query", "choices", "gold"} or {"text", "answer"}',
      "cloze,agreement,copy,recall",
    )
    .option("--items <n>", "items of each task that is made here", wholeNumber("--items", 6, 100_000), 400)
    .option("--seed <s>", "the same seed gives the same items", wholeNumber("--seed", 0), 1)
    .option("--corpus <folder>", "a prepared corpus, for a model that lies apart from its own")
    .option("--finished", "only models at the end of their runs, no checkpoints on the way")
    .addOption(
      outputOption(
        "--csv <file>",
        "write the ladder's finished models as a table of runs for `longrun laws`",
      ),
    );
  withFigureFlag(command);
  finish(command, "longrun eval runs/first-light --tasks cloze,agreement --csv tasks.csv").action(runEval);
}

async function runEval(folder: string, options: EvalOptions): Promise<void> {
  const evaluation = await evaluateFolder(folder, {
    tasks: options.tasks.split(",").map((name) => name.trim()),
    seed: options.seed,
    numItems: options.items,
    corpus: options.corpus,
    onlyFinished: options.finished ?? false,
    tell: printAside,
  });
  printResult(options, { folder, seed: options.seed, ...evaluation }, () => evalText(evaluation));
  if (options.csv !== undefined) writeOutputFile(options.csv, tableOf(evaluation));
  await writeFigure(options, () => figureOf(evaluation));
}

/** A checkpoint on the way has another learning rate, a feature another recipe: both would bend a law. */
const isPointOfLaw = ({ isFinished, role }: EvaluatedModel) => isFinished && role !== "feature";

function tableOf({ rows, tasks }: Evaluation): string {
  const names = tasks.flatMap(({ name }) =>
    ["", "_sd", "_chance", "_bits", "_bits_sd"].map((part) => name + part),
  );
  const lines = rows
    .filter(isPointOfLaw)
    .map(({ run, seed, n, d, c, heldOutBitsPerByte: loss, scores }) =>
      [
        run,
        seed,
        n,
        d,
        c,
        loss,
        ...scores.flatMap(({ accuracy, chance, bitsPerByte }) => [
          accuracy.median,
          accuracy.sd,
          chance,
          bitsPerByte.median,
          bitsPerByte.sd,
        ]),
      ].join(","),
    );
  return `${[["run", "seed", "n", "d", "c", "loss", ...names].join(","), ...lines].join("\n")}\n`;
}

async function figureOf({ rows, tasks }: Evaluation): Promise<string> {
  const points = rows
    .filter(isPointOfLaw)
    .flatMap(({ c, scores }) => (c === null ? [] : [{ flops: c, scores }]));
  if (points.length === 0)
    throw new UserError(
      "--svg, and no model whose training compute is known",
      "a campaign's folder with finished runs",
      "leave out --svg, or name the campaign's folder",
    );
  return taskFigure({
    tasks: tasks.map(({ name, chance }, i) => ({
      name,
      chance,
      points: points.map(({ flops, scores }) => {
        const { accuracy, bitsPerByte } = scores[i]!;
        return { flops, accuracy, bitsPerByte };
      }),
    })),
  });
}

function evalText({ tasks, rows, leftOut }: Evaluation): string {
  const width = process.stdout.columns ?? 150;
  const taskLines = tasks.map(({ name, question, chance, numItems, kind, notes }) => {
    const guessing = kind === "choice" ? `, guessing gives ${formatPercent(100 * chance)}` : "";
    return [`  ${name}: ${question}; ${numItems} items${guessing}`, ...notes].join("\n    ");
  });
  const last = rows.at(-1)!;
  const part = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [title, ...lines, ""]);
  return [
    ...part("tasks", taskLines),
    ...part("accuracy in percent, with 90 % intervals over items", [
      scoreTable(rows, ({ accuracy }) => cell(accuracy, 100, 0), width),
    ]),
    ...part("loss of the right answers in bits per byte, with 90 % intervals", [
      scoreTable(rows, ({ bitsPerByte }) => cell(bitsPerByte, 1, 2), width),
    ]),
    ...part(`kinds of item, for ${nameOf(last)}`, groupLines(last)),
    ...part("left out", leftOut),
  ]
    .join("\n")
    .trimEnd();
}

function scoreTable(
  rows: readonly EvaluatedModel[],
  scoreCell: (score: TaskScore) => string,
  width: number,
): string {
  return table(
    rows,
    [
      left("model", nameOf),
      right("N", ({ n }) => formatCount(n)),
      right("C", ({ c }) => orDash(c, formatFlops)),
      right("held-out", ({ heldOutBitsPerByte }) => orDash(heldOutBitsPerByte, (value) => fixed(value, 3))),
      ...rows[0]!.scores.map(({ task }, i) =>
        right(task, ({ scores }: EvaluatedModel) => scoreCell(scores[i]!)),
      ),
    ],
    width,
  );
}

const nameOf = ({ run, step, isFinished }: EvaluatedModel) => (isFinished ? run : `${run} step ${step}`);

const cell = (score: ScoreEstimate, factor: number, decimals: number) =>
  formatInterval(score, (value) => fixed(factor * value, decimals));

function groupLines({ scores }: EvaluatedModel): readonly string[] {
  return scores.flatMap(({ task, groups }) =>
    groups.map(
      ({ group, numItems, accuracy, bitsPerByte }) =>
        `  ${task}, ${group}: ${cell(accuracy, 100, 0)} %, ${cell(bitsPerByte, 1, 2)} bits per byte, ` +
        `${numItems} items`,
    ),
  );
}

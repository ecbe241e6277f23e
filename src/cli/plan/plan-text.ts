/** @file Layouts as a person reads them: the best, their time and memory, the just too big, runs nearby. */

import { SHARDINGS } from "../../plan/layout/layout.ts";
import type { LayoutPlan, LayoutRow, YourLayout } from "../../plan/search/plan-layouts.ts";
import type { SimilarRun } from "../../plan/search/similar-run.ts";
import { validityNotes } from "../../plan/step/interval.ts";
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatPercent,
  formatSeconds,
  formatSignedPercent,
  significant,
} from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";

const WIDTH = 150;

/** The whole answer. */
export function layoutAnswerText(answer: LayoutPlan, notes: readonly string[]): string {
  const rows = answer.cuts.map((row, index) => ({ row, number: index + 1 }));
  return [
    ...headLines(answer, notes),
    "",
    `The best layouts, one for each way to cut the model. In brackets: 90 % intervals.${answer.tokens === null ? "" : " Days are days without failures; `longrun plan time` adds them."}`,
    table(rows, speedColumns(answer), WIDTH),
    CONVENTION,
    ...wideTensorLines(answer),
    "",
    "Where the step goes, % of it. Exchanges: what computation does not hide.",
    table(rows, timeColumns(answer), WIDTH),
    "",
    `Memory of the fullest stage, GB of ${significant((rows[0]?.row.memory.capacityBytes ?? 0) / 1e9, 3)}. Overhead holds what the allocator keeps beyond use; tight: it has to give some of that back.`,
    table(rows, MEMORY_COLUMNS, WIDTH),
    "",
    ...choiceLines(answer),
    ...paretoLines(answer),
    ...rejectedLines(answer),
    ...(answer.yours ? yoursLines(answer.yours) : []),
    ...(answer.similar ? similarLines(answer.similar) : []),
  ].join("\n");
}

const CONVENTION =
  "MFU: FLOPs of the model (matrix products, head included, causal attention counted by half, forward and backward) over the dense peak of the precision. HFU: with what is computed again.";

/** What to beware of where tensor ranks lie on several fast domains. */
export function wideTensorLine(tensor: number, domainSize: number): string {
  return `tp=${tensor} over fast domains of ${domainSize}: nobody has published a run that crosses them with tp as fast as predicted here; measure it before you rely on it.`;
}

function wideTensorLines({ cuts, domainSize }: LayoutPlan): readonly string[] {
  const wide = new Set(cuts.map(({ sizes }) => sizes.tensor).filter((tensor) => tensor > domainSize));
  return [...wide].sort((a, b) => a - b).map((tensor) => wideTensorLine(tensor, domainSize));
}

function headLines(answer: LayoutPlan, notes: readonly string[]): readonly string[] {
  const { model, job, best } = answer;
  const size =
    model.activeParameters === model.parameters
      ? formatCount(model.parameters)
      : `${formatCount(model.parameters)}, of which a token uses ${formatCount(model.activeParameters)}`;
  const idle =
    answer.idleDevices > 0
      ? [
          `${grouped(answer.idleDevices)} devices stay idle: no layout divides over all ${grouped(answer.numDevices + answer.idleDevices)}. Devices below are the ${grouped(answer.numDevices)} used.`,
        ]
      : [];
  const median = significant(answer.medianStepSeconds, 3);
  return [
    `${model.name} (${size} parameters) on ${answer.numDevices.toLocaleString("en")} x ${answer.acceleratorLabel}, ${job.batchSequences.toLocaleString("en")} x ${job.sequence.toLocaleString("en")} = ${formatCount(answer.batchTokens)} tokens a step.`,
    ...notes,
    ...validityNotes(best[0]!),
    ...idle,
    `${answer.numValid.toLocaleString("en")} layouts divide, ${answer.numFitting.toLocaleString("en")} of them fit. The best takes ${significant(best[0]!.stepSeconds, 3)} s a step, the median one ${median} s.`,
  ];
}

type Numbered = {
  readonly number: number;
  readonly row: LayoutRow;
};

type Columns = readonly TableColumn<Numbered>[];

const right = (title: string, cell: (row: LayoutRow) => string): TableColumn<Numbered> => ({
  title,
  align: "right",
  cell: ({ row }) => cell(row),
});
const NUMBER: TableColumn<Numbered> = { title: "#", align: "right", cell: ({ number }) => String(number) };
const grouped = (count: number) => count.toLocaleString("en");
const deviceWord = (kind: LayoutPlan["kind"]) => (kind === "gpu" ? "GPU" : "device");
const three = (value: number) => significant(value, 3);
function speedColumns({ tokens, kind }: LayoutPlan): Columns {
  const whole: Columns =
    tokens === null
      ? []
      : [
          right(`days for ${formatCount(tokens)} tokens`, ({ run }) => formatInterval(run!.days, three)),
          right(`${deviceWord(kind)}-hours`, ({ run }) => formatCount(run!.deviceHours.median)),
        ];
  return [
    NUMBER,
    { title: "layout", align: "left", cell: ({ row }) => row.layout },
    right("step, s", ({ stepInterval }) => formatInterval(stepInterval, three)),
    right(`tokens/s/${deviceWord(kind)}`, ({ tokensPerSecondPerDevice }) => three(tokensPerSecondPerDevice)),
    right("MFU", ({ mfu }) => formatPercent(100 * mfu)),
    right("HFU", ({ hfu }) => formatPercent(100 * hfu)),
    ...whole,
  ];
}

function timeColumns(answer: LayoutPlan): Columns {
  const share = (title: string, seconds: (row: LayoutRow) => number) =>
    right(title, (row) => ((100 * seconds(row)) / row.stepSeconds).toFixed(1));
  const used = (
    title: string,
    axis: "tensor" | "context" | "expert" | "pipeline",
    seconds: (row: LayoutRow) => number,
  ) => (answer.cuts.some(({ sizes }) => sizes[axis] > 1) ? [share(title, seconds)] : []);
  return [
    NUMBER,
    share("products", ({ parts }) => parts.matrixProducts + parts.vocabulary),
    share("attention", ({ parts }) => parts.attention),
    share("memory-bound", ({ parts }) => parts.memoryBound),
    share("again", ({ parts }) => parts.recompute),
    share("bubble", ({ parts }) => parts.bubble),
    ...used("tp", "tensor", ({ parts }) => parts.tensorExposed),
    ...used("cp", "context", ({ parts }) => parts.contextExposed),
    ...used("ep", "expert", ({ parts }) => parts.expertExposed),
    ...used("pp", "pipeline", ({ parts }) => parts.pipelineExposed),
    share("dp", ({ parts }) => parts.dataExposed),
    share("optimiser", ({ parts }) => parts.optimiser),
    share("host", ({ parts }) => parts.host),
    right("micro batches", ({ microBatches }) => String(microBatches)),
  ];
}

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);

const MEMORY_COLUMNS: Columns = [
  NUMBER,
  right("stage", ({ memory, sizes }) => `${memory.stage + 1} of ${sizes.pipeline}`),
  right("weights", ({ memory }) => gigabytes(memory.weights)),
  right("gradients", ({ memory }) => gigabytes(memory.gradients)),
  right("optimiser", ({ memory }) => gigabytes(memory.optimiser)),
  right("activations", ({ memory }) => gigabytes(memory.activations)),
  right("workspace", ({ memory }) => gigabytes(memory.workspace)),
  right("overhead", ({ memory }) => gigabytes(memory.overhead)),
  right("total", ({ memory }) => gigabytes(memory.totalBytes)),
  right("free", ({ memory }) => freeText(memory)),
];

/** A layout can fit though all that the allocator would like to hold does not. */
function freeText({ capacityBytes, totalBytes }: LayoutRow["memory"]): string {
  return totalBytes > capacityBytes ? "tight" : gigabytes(capacityBytes - totalBytes);
}

/** The stage of ZeRO that each sharding is. */
const ZERO: Readonly<Record<string, string>> = Object.fromEntries(
  SHARDINGS.map((sharding, stage) => [sharding, `zero=${stage}`]),
);

function choiceLines({ choices, best }: LayoutPlan): readonly string[] {
  const fastest = best[0]!.stepSeconds;
  const byAxis = Map.groupBy(choices, ({ axis }) => axis);
  const lines = [...byAxis]
    .filter(([, rows]) => rows.length > 1)
    .map(
      ([axis, rows]) =>
        `  ${axis}: ${rows.map(({ choice, stepSeconds }) => `${axis === "sharding" ? ZERO[choice] : choice} ${formatSignedPercent(100 * (stepSeconds / fastest - 1))}`).join(", ")}`,
    );
  if (lines.length === 0) return [];
  const untried = choices.some(({ choice }) => choice === "zero-bubble" || choice === "dualpipe");
  return [
    "What a choice costs: the best layout with it against the best of all.",
    ...lines,
    ...(untried
      ? [
          "  No run of the published table uses zero-bubble or dualpipe: their bubbles are those of their papers.",
        ]
      : []),
    "",
  ];
}

const MOST_PARETO = 8;

/** The Pareto set, thinned: each line saves a tenth of memory, none takes twice as long as the best. */
function paretoLines({ pareto, best }: LayoutPlan): readonly string[] {
  const shown: LayoutRow[] = [];
  for (const row of pareto) {
    const last = shown.at(-1);
    if (row.stepSeconds > 2 * best[0]!.stepSeconds || shown.length === MOST_PARETO) break;
    if (!last || row.memory.totalBytes < 0.9 * last.memory.totalBytes) shown.push(row);
  }
  return [
    `Speed against memory: ${shown.length} of the ${pareto.length} layouts that no other beats in both.`,
    table(
      shown,
      [
        { title: "layout", align: "left", cell: ({ layout }) => layout },
        { title: "step, s", align: "right", cell: ({ stepSeconds }) => three(stepSeconds) },
        { title: "memory, GB", align: "right", cell: ({ memory }) => gigabytes(memory.totalBytes) },
      ],
      WIDTH,
    ),
    "",
  ];
}

function rejectedLines({ nearMisses, refusedSizes, best }: LayoutPlan): readonly string[] {
  const fastest = best[0]!.stepSeconds;
  return [
    nearMisses.length > 0
      ? "Faster but too big:"
      : "No layout that is too big by up to a quarter would be faster than the best.",
    ...nearMisses.map(
      ({ layout, stepSeconds, missingBytes }) =>
        `  ${layout}: ${formatSignedPercent(100 * (stepSeconds / fastest - 1))} time, ${formatBytes(missingBytes)} missing`,
    ),
    ...(refusedSizes.length > 0 ? ["Sizes that divide the devices but cannot be used:"] : []),
    ...refusedSizes.map(({ size, found, expected }) => `  ${size}: ${found}; needs ${expected}`),
  ];
}

function yoursLines(yours: YourLayout): readonly string[] {
  if (yours.kind === "refused")
    return [
      "",
      `Your layout ${yours.layout} cannot run: ${yours.problem.found}; needs ${yours.problem.expected}.`,
    ];
  const { row, rank, slowerPercent } = yours;
  const { memory } = row;
  const short = memory.totalBytes - memory.capacityBytes;
  return [
    "",
    `Your layout ${row.layout}: ${formatInterval(row.stepInterval, three)} s a step, MFU ${formatPercent(100 * row.mfu)}, ${formatSignedPercent(slowerPercent)} against the best.`,
    memory.fits
      ? `It fits with ${formatBytes(Math.max(0, -short))} to spare, and ranks ${rank.toLocaleString("en")}.`
      : `It does not fit: ${formatBytes(short)} are missing on stage ${memory.stage + 1}.`,
  ];
}

function similarLines(similar: SimilarRun): readonly string[] {
  return [
    "",
    `Most similar measured run: ${similar.model} on ${similar.numDevices.toLocaleString("en")} x ${similar.accelerator}, ${similar.layout}.`,
    `Measured ${formatSeconds(similar.measuredStepSeconds)} a step, ${three(similar.measuredTokensPerSecondPerDevice)} tokens/s/${deviceWord(similar.kind)}; predicted ${formatSeconds(similar.predictedStepSeconds)} (${formatSignedPercent(similar.errorPercent)}).`,
    `It differs in ${similar.differsIn.join(", ") || "nothing"}. Source: ${similar.source}.`,
  ];
}

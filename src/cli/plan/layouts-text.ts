/** @file Layouts as a person reads them: the best, their time and memory, the just too big, runs nearby. */

import { SHARDINGS } from "../../plan/layout/layout.ts";
import type { LayoutPlan, LayoutRow, YourLayout } from "../../plan/search/plan-layouts.ts";
import type { SimilarRun } from "../../plan/search/similar-run.ts";
import { validityNotes } from "../../plan/step/interval.ts";
import { left, right } from "../../report/markdown.ts";
import {
  fixed,
  formatBytes,
  formatCount,
  formatInterval,
  formatSeconds,
  formatShare,
  formatSignedPercent,
  formatWhole,
  significant,
} from "../../units/print.ts";
import { type TableColumn, table } from "../terminal/table.ts";

const WIDTH = 150;

const deviceWord = (kind: LayoutPlan["kind"]) => (kind === "gpu" ? "GPU" : "device");
const gigabytes = (bytes: number) => fixed(bytes / 1e9, 1);
const against = (seconds: number, best: number) => formatSignedPercent(100 * (seconds / best - 1));

/** The whole plan. */
export function layoutPlanText(plan: LayoutPlan, notes: readonly string[]): string {
  const rows = plan.cuts.map((row, index) => ({ ...row, number: index + 1 }));
  const days = plan.tokens === null ? "" : " Days are days without failures; `longrun plan time` adds them.";
  const capacity = significant((rows[0]?.memory.capacityBytes ?? 0) / 1e9);
  return [
    ...headLines(plan, notes),
    "",
    `The best layouts, one for each way to cut the model. In brackets: 90 % intervals.${days}`,
    table(rows, speedColumns(plan), WIDTH),
    CONVENTION,
    ...wideTensorLines(plan),
    "",
    "Where the step goes, % of it. Exchanges: what computation does not hide.",
    table(rows, timeColumns(plan), WIDTH),
    "",
    `Memory of the fullest stage, GB of ${capacity}. Overhead holds what the allocator keeps beyond use; ` +
      "tight: it has to give some of that back.",
    table(rows, MEMORY_COLUMNS, WIDTH),
    "",
    ...choiceLines(plan),
    ...paretoLines(plan),
    ...rejectedLines(plan),
    ...(plan.yours ? yoursLines(plan.yours) : []),
    ...(plan.similar ? similarLines(plan.similar) : []),
  ].join("\n");
}

const CONVENTION =
  "MFU: FLOPs of the model (matrix products, head included, causal attention counted by half, forward and " +
  "backward) over the dense peak of the precision. HFU: with what is computed again.";

/** What to beware of where tensor ranks lie on several fast domains. */
export function wideTensorLine(tensor: number, domainSize: number): string {
  return (
    `tp=${tensor} over fast domains of ${domainSize}: nobody has published a run that crosses them with ` +
    "tp as fast as predicted here; measure it before you rely on it."
  );
}

function wideTensorLines({ cuts, domainSize }: LayoutPlan): readonly string[] {
  const wide = new Set(cuts.map(({ sizes }) => sizes.tensor).filter((tensor) => tensor > domainSize));
  return [...wide].sort((a, b) => a - b).map((tensor) => wideTensorLine(tensor, domainSize));
}

function headLines(plan: LayoutPlan, notes: readonly string[]): readonly string[] {
  const { model, job, best, numDevices, idleDevices } = plan;
  const [all, active] = [formatCount(model.parameters), formatCount(model.activeParameters)];
  const size = model.activeParameters === model.parameters ? all : `${all}, of which a token uses ${active}`;
  const sequences = `${formatWhole(job.batchSequences)} x ${formatWhole(job.sequence)}`;
  const batch = `${sequences} = ${formatCount(plan.batchTokens)} tokens a step`;
  return [
    `${model.name} (${size} parameters) on ${formatWhole(numDevices)} x ${plan.acceleratorLabel}, ${batch}.`,
    ...notes,
    ...validityNotes(best[0]!),
    ...(idleDevices > 0
      ? [
          `${formatWhole(idleDevices)} devices stay idle: no layout divides over all ` +
            `${formatWhole(numDevices + idleDevices)}. Devices below are the ${formatWhole(numDevices)} used.`,
        ]
      : []),
    `${formatWhole(plan.numValid)} layouts divide, ${formatWhole(plan.numFitting)} of them fit. The best takes ` +
      `${significant(best[0]!.stepSeconds)} s a step, ` +
      `the median one ${significant(plan.medianStepSeconds)} s.`,
  ];
}

type Column = TableColumn<LayoutRow & { readonly number: number }>;

const NUMBER: Column = right("#", ({ number }) => String(number));

function speedColumns({ tokens, kind }: LayoutPlan): readonly Column[] {
  const device = deviceWord(kind);
  return [
    NUMBER,
    left("layout", ({ layout }) => layout),
    right("step, s", ({ stepInterval }) => formatInterval(stepInterval, significant)),
    right(`tokens/s/${device}`, ({ tokensPerSecondPerDevice }) => significant(tokensPerSecondPerDevice)),
    right("MFU", ({ mfu }) => formatShare(mfu)),
    right("HFU", ({ hfu }) => formatShare(hfu)),
    ...(tokens === null
      ? []
      : [
          right<LayoutRow>(`days for ${formatCount(tokens)} tokens`, ({ run }) =>
            formatInterval(run!.days, significant),
          ),
          right<LayoutRow>(`${device}-hours`, ({ run }) => formatCount(run!.deviceHours.median)),
        ]),
  ];
}

type Part = keyof LayoutRow["parts"];

function timeColumns({ cuts }: LayoutPlan): readonly Column[] {
  const share = (title: string, ...parts: readonly Part[]): Column =>
    right(title, (row) => {
      const seconds = parts.reduce((sum, part) => sum + row.parts[part], 0);
      return fixed((100 * seconds) / row.stepSeconds, 1);
    });
  const ifUsed = (axis: "tensor" | "context" | "expert" | "pipeline", column: Column) =>
    cuts.some(({ sizes }) => sizes[axis] > 1) ? [column] : [];
  return [
    NUMBER,
    share("products", "matrixProducts", "vocabulary"),
    share("attention", "attention"),
    share("memory-bound", "memoryBound"),
    share("again", "recompute"),
    share("bubble", "bubble"),
    ...ifUsed("tensor", share("tp", "tensorExposed")),
    ...ifUsed("context", share("cp", "contextExposed")),
    ...ifUsed("expert", share("ep", "expertExposed")),
    ...ifUsed("pipeline", share("pp", "pipelineExposed")),
    share("dp", "dataExposed"),
    share("optimiser", "optimiser"),
    share("host", "host"),
    right("micro batches", ({ microBatches }) => String(microBatches)),
  ];
}

const MEMORY_COLUMNS: readonly Column[] = [
  NUMBER,
  right("stage", ({ memory, sizes }) => `${memory.stage + 1} of ${sizes.pipeline}`),
  ...(["weights", "gradients", "optimiser", "activations", "workspace", "overhead"] as const).map((name) =>
    right<LayoutRow>(name, ({ memory }) => gigabytes(memory[name])),
  ),
  right("total", ({ memory }) => gigabytes(memory.totalBytes)),
  // A layout can fit though all that the allocator would like to hold does not.
  right("free", ({ memory: { capacityBytes, totalBytes } }) =>
    totalBytes > capacityBytes ? "tight" : gigabytes(capacityBytes - totalBytes),
  ),
];

/** The stage of ZeRO that each sharding is. */
const ZERO: Readonly<Record<string, string>> = Object.fromEntries(
  SHARDINGS.map((sharding, stage) => [sharding, `zero=${stage}`]),
);

function choiceLines({ choices, best }: LayoutPlan): readonly string[] {
  const fastest = best[0]!.stepSeconds;
  const lines = [...Map.groupBy(choices, ({ axis }) => axis)]
    .filter(([, rows]) => rows.length > 1)
    .map(([axis, rows]) => {
      const nameOf = (choice: string) => (axis === "sharding" ? ZERO[choice] : choice);
      const costs = rows.map((row) => `${nameOf(row.choice)} ${against(row.stepSeconds, fastest)}`);
      return `  ${axis}: ${costs.join(", ")}`;
    });
  if (lines.length === 0) return [];
  const untried = choices.some(({ choice }) => choice === "zero-bubble" || choice === "dualpipe")
    ? [
        "  No run of the published table uses zero-bubble or dualpipe: their bubbles are those of " +
          "their papers.",
      ]
    : [];
  const head = "What a choice costs: the best layout with it against the best of all.";
  return [head, ...lines, ...untried, ""];
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
    table(shown, [
      left("layout", ({ layout }) => layout),
      right("step, s", ({ stepSeconds }) => significant(stepSeconds)),
      right("memory, GB", ({ memory }) => gigabytes(memory.totalBytes)),
    ]),
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
        `  ${layout}: ${against(stepSeconds, fastest)} time, ${formatBytes(missingBytes)} missing`,
    ),
    ...(refusedSizes.length > 0 ? ["Sizes that divide the devices but cannot be used:"] : []),
    ...refusedSizes.map(({ size, found, expected }) => `  ${size}: ${found}; needs ${expected}`),
  ];
}

function yoursLines(yours: YourLayout): readonly string[] {
  if (yours.kind === "refused") {
    const { found, expected } = yours.problem;
    return ["", `Your layout ${yours.layout} cannot run: ${found}; needs ${expected}.`];
  }
  const { row, rank, slowerPercent } = yours;
  const { memory } = row;
  const left = memory.capacityBytes - memory.totalBytes;
  return [
    "",
    `Your layout ${row.layout}: ${formatInterval(row.stepInterval, significant)} s a step, ` +
      `MFU ${formatShare(row.mfu)}, ${formatSignedPercent(slowerPercent)} against the best.`,
    memory.fits
      ? `It fits with ${formatBytes(Math.max(0, left))} to spare, and ranks ${formatWhole(rank)}.`
      : `It does not fit: ${formatBytes(-left)} are missing on stage ${memory.stage + 1}.`,
  ];
}

function similarLines(similar: SimilarRun): readonly string[] {
  const { model, numDevices, accelerator, layout, kind, differsIn, source } = similar;
  const speed = `${significant(similar.measuredTokensPerSecondPerDevice)} tokens/s/${deviceWord(kind)}`;
  return [
    "",
    `Most similar measured run: ${model} on ${formatWhole(numDevices)} x ${accelerator}, ${layout}.`,
    `Measured ${formatSeconds(similar.measuredStepSeconds)} a step, ${speed}; predicted ` +
      `${formatSeconds(similar.predictedStepSeconds)} (${formatSignedPercent(similar.errorPercent)}).`,
    `It differs in ${differsIn.join(", ") || "nothing"}. Source: ${source}.`,
  ];
}

/** @file A co-design as a person reads it: choice, the cluster's part in it, round numbers, frontier. */

import type { Interval } from "../../math/interval.ts";
import type { Codesign } from "../../plan/codesign/codesign.ts";
import type { PlannedModel } from "../../plan/codesign/planned-model.ts";
import { layoutText } from "../../plan/layout/parse.ts";
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatInterval,
  formatScaled,
  formatSeconds,
  formatShare,
  scaleFor,
  significant,
} from "../../units/print.ts";
import { table } from "../terminal/table.ts";

const WIDTH = 140;

/** The whole answer. */
export function codesignText(answer: Codesign): string {
  return [
    ...headLines(answer),
    "",
    ...choiceLines(answer),
    "",
    "What the cluster does to the model:",
    clusterTable(answer),
    ...clusterLines(answer),
    "",
    "What round numbers cost:",
    roundedTable(answer),
    "",
    "Least loss of each size:",
    frontierTable(answer),
    "",
    "Assumed:",
    ...answer.assumptions.map((line) => `- ${line}`),
    ...answer.warnings.map((warning) => `\nWarning: ${warning}.`),
  ].join("\n");
}

function headLines({
  cluster,
  days,
  goodput,
  sequence,
  batchTokens,
  precision,
  law,
}: Codesign): readonly string[] {
  const draws = law.numDraws > 0 ? `${law.numDraws} draws` : "no draws";
  return [
    `${cluster.numDevices.toLocaleString("en")} x ${cluster.acceleratorLabel}, fast domains of ${cluster.domainSize}, ${significant(days, 3)} days of which ${formatInterval(goodput, formatShare)} trains, ${precision}, sequences of ${sequence}, ${formatCount(batchTokens)} tokens a step.`,
    `Law: ${law.formula} (${draws}). N: parameters in matrix products, head included, input embedding not; the law's table counts it "${law.counts}".`,
  ];
}

function choiceLines({ cluster, best, compute, reach, numTried }: Codesign): readonly string[] {
  const routing = best.routing
    ? `, ${best.routing.count} experts of which a token meets ${best.routing.topK}`
    : "";
  const all = best.routing ? ` (${formatCount(best.allParameters)} in all)` : "";
  const far = reach === null ? "" : `, ${significant(reach, 2)} times the law's largest run`;
  return [
    `Best of ${numTried} shapes: ${best.numLayers} layers of ${best.hidden}, ${best.numHeads} heads of ${best.headDim}, feed-forward ${best.feedForwardWidth}${routing}; hidden / layers ${best.aspect.toFixed(0)}.`,
    `${formatCount(best.activeParameters)} parameters a token${all} on ${countText(best.tokens)} tokens, ${significant(best.tokensPerParameter, 3)} a parameter: loss ${lossText(best.loss)}.`,
    ...(cluster.idleDevices > 0
      ? [`${cluster.idleDevices.toLocaleString("en")} devices stay idle: no layout divides over all of them.`]
      : []),
    `Layout ${layoutText(best.layout)}: step ${formatSeconds(best.stepSeconds.median)}, MFU ${formatShare(best.mfu)}, ${formatBytes(best.memoryBytes)} a device. ${formatFlops(compute)}${far}.`,
    "In brackets: 90 % intervals.",
  ];
}

const lossText = (loss: Interval) => formatScaled(loss, scaleFor("", loss.median));
const countText = (count: Interval) => formatInterval(count, formatCount);

const shapeText = ({ numLayers, hidden, routing }: PlannedModel) =>
  `${numLayers} x ${hidden}${routing ? `, ${routing.topK} of ${routing.count} experts` : ""}`;
const cutText = ({ layout }: PlannedModel) =>
  layoutText(layout).replace(/,(zero|precision|group)=[^,]*/g, "");

function clusterTable({ lawAlone, domains }: Codesign): string {
  const rows = [
    {
      name: "the law alone, dense",
      n: countText(lawAlone.params),
      d: countText(lawAlone.tokens),
      loss: lossText(lawAlone.loss),
      design: null,
    },
    ...domains.map(({ domainSize, isOwn, best }) => ({
      name: `fast domain of ${domainSize}${isOwn ? " (yours)" : ""}`,
      n: best ? formatCount(best.model.activeParameters) : "nothing fits",
      d: best ? countText(best.model.tokens) : "-",
      loss: best ? lossText(best.model.loss) : "-",
      design: best?.model ?? null,
    })),
  ];
  return table(
    rows,
    [
      { title: "", align: "left", cell: ({ name }) => name },
      { title: "N", align: "right", cell: ({ n }) => n },
      { title: "tokens", align: "right", cell: ({ d }) => d },
      { title: "loss", align: "right", cell: ({ loss }) => loss },
      { title: "shape", align: "left", cell: ({ design }) => (design ? shapeText(design) : "-") },
      { title: "MFU", align: "right", cell: ({ design }) => (design ? formatShare(design.mfu) : "-") },
      { title: "layout", align: "left", cell: ({ design }) => (design ? cutText(design) : "-") },
    ],
    WIDTH,
  );
}

function clusterLines({ best, lawAlone, domains, apart }: Codesign): readonly string[] {
  const others = domains.flatMap(({ domainSize, isOwn, best }) =>
    isOwn || !best
      ? []
      : [
          `With fast domains of ${domainSize}, against yours: loss ${percentText(best.price.lossPercent)}, days to the same loss ${daysText(best.price.extraDays)}.`,
        ],
  );
  const together = apart
    ? [
        `Chosen apart (the law's size as ${shapeText(apart.model)}, then its fastest layout, MFU ${formatShare(apart.model.mfu)}): loss ${percentText(apart.price.lossPercent)}, days ${daysText(apart.price.extraDays)} against choosing together.`,
      ]
    : [];
  return [sizeLine(best, lawAlone), ...fitLines(best), ...others, ...together];
}

function sizeLine({ activeParameters, routing }: PlannedModel, { params }: Codesign["lawAlone"]): string {
  if (routing) return "The law alone speaks of dense models; the choice has experts.";
  const ratio = activeParameters / params.median;
  if (Math.abs(ratio - 1) < 0.02) return "The cluster wants the size that the law wants.";
  const change = `${significant(100 * Math.abs(ratio - 1), 2)} % ${ratio > 1 ? "larger" : "smaller"}`;
  return `The choice is ${change} than the law alone would have it: loss is flat near its least, utilisation is not.`;
}

/** How depth and width follow the layout. */
function fitLines({ layout, numLayers, numHeads, headDim, hidden }: PlannedModel): readonly string[] {
  const { pipeline, virtualStages, tensor } = layout;
  const chunks = pipeline * virtualStages;
  const ends = numLayers % chunks === 0 ? "" : " with embedding and head";
  const depth =
    pipeline > 1 && (numLayers % chunks === 0 || (numLayers + 2) % chunks === 0)
      ? [
          `Depth: ${numLayers} layers${ends} fill ${pipeline} stages x ${virtualStages} chunks x ${Math.ceil(numLayers / chunks)} evenly.`,
        ]
      : [];
  const width =
    tensor > 1
      ? [
          `Width: ${hidden} is ${numHeads} heads of ${headDim}, ${numHeads / tensor} on each of ${tensor} tensor ranks.`,
        ]
      : [];
  return [...depth, ...width];
}

const percentText = (percent: Interval) => formatInterval(percent, (value) => `${signed(value)} %`);

const signed = (value: number) =>
  Math.abs(value) < 5e-4 ? "0" : `${value > 0 ? "+" : ""}${significant(value, 2)}`;

function daysText({ median, lo, hi }: Interval): string {
  const one = (value: number) => (Number.isFinite(value) ? signed(value) : "never");
  return `${one(median)} (${one(lo)} to ${one(hi)})`;
}

function roundedTable({ rounded, moderate }: Codesign): string {
  const rule = "hidden / layers from 80 to 140";
  return table(
    [...rounded, { grid: "moderate", rule, best: moderate }],
    [
      { title: "grid", align: "left", cell: ({ grid }) => grid },
      { title: "rule", align: "left", wrap: true, cell: ({ rule }) => rule },
      {
        title: "shape",
        align: "left",
        cell: ({ best }) => (best ? shapeText(best.model) : "nothing fits"),
      },
      {
        title: "feed-forward",
        align: "right",
        cell: ({ best }) => String(best?.model.feedForwardWidth ?? "-"),
      },
      {
        title: "N",
        align: "right",
        cell: ({ best }) => (best ? formatCount(best.model.activeParameters) : "-"),
      },
      {
        title: "loss",
        align: "right",
        cell: ({ best }) => (best ? best.model.loss.median.toFixed(4) : "-"),
      },
      {
        title: "more loss",
        align: "right",
        cell: ({ best }) => (best ? percentText(best.price.lossPercent) : "-"),
      },
      {
        title: "more days",
        align: "right",
        cell: ({ best }) => (best ? daysText(best.price.extraDays) : "-"),
      },
    ],
    WIDTH,
  );
}

function frontierTable({ frontier }: Codesign): string {
  return table(
    frontier,
    [
      { title: "N", align: "right", cell: ({ activeParameters }) => formatCount(activeParameters) },
      { title: "tokens", align: "right", cell: ({ tokens }) => formatCount(tokens.median) },
      { title: "loss", align: "right", cell: ({ loss }) => lossText(loss) },
      { title: "shape", align: "left", cell: shapeText },
      { title: "MFU", align: "right", cell: ({ mfu }) => formatShare(mfu) },
      { title: "layout", align: "left", cell: cutText },
    ],
    WIDTH,
  );
}

/** @file A co-design as a person reads it: choice, the cluster's part in it, round numbers, frontier. */

import { certain, type Interval } from "../../math/interval.ts";
import type { Codesign } from "../../plan/codesign/codesign.ts";
import type { PlannedModel } from "../../plan/codesign/planned-model.ts";
import { layoutText } from "../../plan/layout/parse.ts";
import { left, right } from "../../report/markdown.ts";
import {
  fixed,
  formatBytes,
  formatCount,
  formatFlops,
  formatInterval,
  formatLoss,
  formatSeconds,
  formatShare,
  formatWhole,
  significant,
} from "../../units/print.ts";
import { type TableColumn, table, wrapped } from "../terminal/table.ts";

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

function headLines(answer: Codesign): readonly string[] {
  const { cluster, days, goodput, sequence, batchTokens, precision, law } = answer;
  const draws = law.numDraws > 0 ? `${law.numDraws} draws` : "no draws";
  return [
    `${formatWhole(cluster.numDevices)} x ${cluster.acceleratorLabel}, fast domains of ${cluster.domainSize}, ` +
      `${significant(days, 3)} days of which ${formatInterval(goodput, formatShare)} trains, ${precision}, ` +
      `sequences of ${sequence}, ${formatCount(batchTokens)} tokens a step.`,
    `Law: ${law.formula} (${draws}). N: parameters in matrix products, head included, input embedding not; ` +
      `the law's table counts it "${law.counts}".`,
  ];
}

function choiceLines({ cluster, best, compute, reach, numTried }: Codesign): readonly string[] {
  const { numLayers, hidden, numHeads, headDim, feedForwardWidth, routing, activeParameters } = best;
  const experts = routing ? `, ${routing.count} experts of which a token meets ${routing.topK}` : "";
  const all = routing ? ` (${formatCount(best.allParameters)} in all)` : "";
  const far = reach === null ? "" : `, ${significant(reach, 2)} times the law's largest run`;
  return [
    `Best of ${numTried} shapes: ${numLayers} layers of ${hidden}, ${numHeads} heads of ${headDim}, ` +
      `feed-forward ${feedForwardWidth}${experts}; hidden / layers ${fixed(best.aspect, 0)}.`,
    `${formatCount(activeParameters)} parameters a token${all} on ${countText(best.tokens)} tokens, ` +
      `${significant(best.tokensPerParameter, 3)} a parameter: loss ${formatLoss(best.loss)}.`,
    ...(cluster.idleDevices > 0
      ? [`${formatWhole(cluster.idleDevices)} devices stay idle: no layout divides over all of them.`]
      : []),
    `Layout ${layoutText(best.layout)}: step ${formatSeconds(best.stepSeconds.median)}, ` +
      `MFU ${formatShare(best.mfu)}, ${formatBytes(best.memoryBytes)} a device. ` +
      `${formatFlops(compute)}${far}.`,
    "In brackets: 90 % intervals.",
  ];
}

const countText = (count: Interval) => formatInterval(count, formatCount);

const shapeText = ({ numLayers, hidden, routing }: PlannedModel) =>
  `${numLayers} x ${hidden}${routing ? `, ${routing.topK} of ${routing.count} experts` : ""}`;
const cutText = ({ layout }: PlannedModel) =>
  layoutText(layout).replace(/,(zero|precision|group)=[^,]*/g, "");

/** A column about the model of a row; `absent` where nothing fits. */
function ofModel(
  column: typeof left,
  title: string,
  show: (model: PlannedModel) => string,
  absent = "-",
): TableColumn<{ readonly model: PlannedModel | null }> {
  return column(title, ({ model }) => (model ? show(model) : absent));
}

function clusterTable({ lawAlone, domains }: Codesign): string {
  const law = { name: "the law alone, dense", ...lawAlone, model: null };
  const onDomains = domains.map(({ domainSize, isOwn, best }) => ({
    name: `fast domain of ${domainSize}${isOwn ? " (yours)" : ""}`,
    params: best && certain(best.model.activeParameters),
    tokens: best?.model.tokens ?? null,
    loss: best?.model.loss ?? null,
    model: best?.model ?? null,
  }));
  return table(
    [law, ...onDomains],
    [
      left("", ({ name }) => name),
      right("N", ({ params }) => (params ? countText(params) : "nothing fits")),
      right("tokens", ({ tokens }) => (tokens ? countText(tokens) : "-")),
      right("loss", ({ loss }) => (loss ? formatLoss(loss) : "-")),
      ofModel(left, "shape", shapeText),
      ofModel(right, "MFU", ({ mfu }) => formatShare(mfu)),
      ofModel(left, "layout", cutText),
    ],
    WIDTH,
  );
}

function clusterLines({ best, lawAlone, domains, apart }: Codesign): readonly string[] {
  const others = domains.flatMap(({ domainSize, isOwn, best: other }) => {
    if (isOwn || !other) return [];
    const { lossPercent, extraDays } = other.price;
    const price = `loss ${percentText(lossPercent)}, days to the same loss ${daysText(extraDays)}`;
    return [`With fast domains of ${domainSize}, against yours: ${price}.`];
  });
  return [sizeLine(best, lawAlone), ...fitLines(best), ...others, ...(apart ? [apartLine(apart)] : [])];
}

function apartLine({ model, price }: NonNullable<Codesign["apart"]>): string {
  return (
    `Chosen apart (the law's size as ${shapeText(model)}, then its fastest layout, ` +
    `MFU ${formatShare(model.mfu)}): loss ${percentText(price.lossPercent)}, ` +
    `days ${daysText(price.extraDays)} against choosing together.`
  );
}

function sizeLine({ activeParameters, routing }: PlannedModel, { params }: Codesign["lawAlone"]): string {
  if (routing) return "The law alone is of dense models; the choice has experts.";
  const ratio = activeParameters / params.median;
  if (Math.abs(ratio - 1) < 0.02) return "The cluster wants the size that the law wants.";
  const change = `${significant(100 * Math.abs(ratio - 1), 2)} % ${ratio > 1 ? "larger" : "smaller"}`;
  return (
    `The choice is ${change} than the law alone would have it: loss is flat near its least, utilisation ` +
    "is not."
  );
}

/** How depth and width follow the layout. */
function fitLines({ layout, numLayers, numHeads, headDim, hidden }: PlannedModel): readonly string[] {
  const { pipeline, virtualStages, tensor } = layout;
  const chunks = pipeline * virtualStages;
  const ends = numLayers % chunks === 0 ? "" : " with embedding and head";
  const isEven = pipeline > 1 && (numLayers % chunks === 0 || (numLayers + 2) % chunks === 0);
  const cut = `${pipeline} stages x ${virtualStages} chunks x ${Math.ceil(numLayers / chunks)}`;
  const heads = `${numHeads} heads of ${headDim}, ${numHeads / tensor} on each of ${tensor} tensor ranks`;
  return [
    ...(isEven ? [`Depth: ${numLayers} layers${ends} fill ${cut} evenly.`] : []),
    ...(tensor > 1 ? [`Width: ${hidden} is ${heads}.`] : []),
  ];
}

const percentText = (percent: Interval) => formatInterval(percent, (value) => `${signed(value)} %`);

const signed = (value: number) =>
  Math.abs(value) < 5e-4 ? "0" : `${value > 0 ? "+" : ""}${significant(value, 2)}`;

function daysText({ median, lo, hi }: Interval): string {
  const one = (value: number) => (Number.isFinite(value) ? signed(value) : "never");
  return `${one(median)} (${one(lo)} to ${one(hi)})`;
}

function roundedTable({ rounded }: Codesign): string {
  const rows = rounded.map(({ best, ...row }) => ({
    ...row,
    model: best?.model ?? null,
    price: best?.price ?? null,
  }));
  return table(
    rows,
    [
      left("grid", ({ name }) => name),
      wrapped("rule", ({ rule }) => rule),
      ofModel(left, "shape", shapeText, "nothing fits"),
      ofModel(right, "feed-forward", ({ feedForwardWidth }) => String(feedForwardWidth)),
      ofModel(right, "N", ({ activeParameters }) => formatCount(activeParameters)),
      ofModel(right, "loss", ({ loss }) => fixed(loss.median, 4)),
      right("more loss", ({ price }) => (price ? percentText(price.lossPercent) : "-")),
      right("more days", ({ price }) => (price ? daysText(price.extraDays) : "-")),
    ],
    WIDTH,
  );
}

function frontierTable({ frontier }: Codesign): string {
  return table(
    frontier,
    [
      right("N", ({ activeParameters }) => formatCount(activeParameters)),
      right("tokens", ({ tokens }) => formatCount(tokens.median)),
      right("loss", ({ loss }) => formatLoss(loss)),
      left("shape", shapeText),
      right("MFU", ({ mfu }) => formatShare(mfu)),
      left("layout", cutText),
    ],
    WIDTH,
  );
}

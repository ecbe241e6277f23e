/** @file The written account of a campaign: plain data in, Markdown and figures out, complete in itself. */

import type { Manifest } from "../corpus/manifest.ts";
import { curveFigure } from "../figures/curve-figure.ts";
import { dataFigure } from "../figures/data-figure.ts";
import { featureFigure } from "../figures/feature-figure.ts";
import { lawFigure } from "../figures/law-figure.ts";
import { predictedMeasuredFigure } from "../figures/predicted-figure.ts";
import { timeFigure } from "../figures/time-figure.ts";
import type { FeatureReport } from "../laws/decide/feature/feature.ts";
import type { FeatureScale } from "../laws/decide/feature/findings.ts";
import { intervalAlong } from "../math/interval.ts";
import { betSection, evidenceSection, verdictSection } from "./bet-sections.ts";
import type { FeatureFacts, ForecastFacts, ReportData, TargetFacts } from "./data.ts";
import { featureFigureName, featuresSection } from "./feature-section.ts";
import {
  checkSection,
  damagedLines,
  dataSection,
  decisionsSection,
  droppedFrom,
  environmentSection,
  incidentsSection,
  nextSection,
  sampleSection,
} from "./ground-sections.ts";
import { blocks } from "./markdown.ts";
import { curveSection, outcomeSection, timeSection, whySection } from "./outcome-sections.ts";
import { firstAndLater, hasGap } from "./verdict-row.ts";

/** One figure of a report. */
export type Figure = {
  /** File name; the Markdown expects it in the folder `figures` beside it. */
  readonly name: string;
  readonly svg: string;
};

/** The account in Markdown, and the figures that it shows. */
export type Report = {
  readonly markdown: string;
  readonly figures: readonly Figure[];
};

/** Writes the report. The same data gives the same bytes; what is not reached yet is said to be missing. */
export async function renderReport(data: ReportData): Promise<Report> {
  return { markdown: renderMarkdown(data), figures: await renderFigures(data) };
}

/** The text alone, without loading what draws. */
export function renderMarkdown(data: ReportData): string {
  const sections = [
    `# ${data.campaign.name}: prediction and outcome`,
    ...damagedLines(data),
    verdictSection(data),
    betSection(data),
    evidenceSection(data),
    featuresSection(data),
    outcomeSection(data),
    whySection(data),
    curveSection(data),
    timeSection(data),
    dataSection(data),
    decisionsSection(data),
    incidentsSection(data),
    sampleSection(data),
    nextSection(data),
    environmentSection(data),
    checkSection(data),
  ];
  return `${blocks(...sections)}\n`;
}

/** The figures for which there is something to draw. */
export async function renderFigures(data: ReportData): Promise<readonly Figure[]> {
  const scored = firstAndLater(data.verdict).first.flatMap((row) =>
    row.measured === null || !hasGap(row) ? [] : [{ ...row, measured: row.measured }],
  );
  const drawn: [string, Promise<string>][] = [];
  if (data.forecast !== null && data.ladder.length > 0) drawn.push(["law.svg", drawLaw(data, data.forecast)]);
  if (scored.length > 0) drawn.push(["predicted-measured.svg", predictedMeasuredFigure(scored)]);
  if (data.target !== null && data.target.points.length > 0)
    drawn.push(["curve.svg", drawCurve(data, data.target)]);
  if (data.operations.length > 0) drawn.push(["time.svg", timeFigure(data.operations)]);
  if (data.manifest !== null) drawn.push(["data.svg", drawData(data.manifest)]);
  for (const feature of data.features) drawn.push([featureFigureName(feature), drawFeature(feature)]);
  return Promise.all(drawn.map(async ([name, svg]) => ({ name, svg: await svg })));
}

function drawLaw(data: ReportData, forecast: ForecastFacts): Promise<string> {
  const places = forecast.line.map(({ flops }) => Math.log(flops));
  return lawFigure({
    points: data.ladder.map(({ summary: { flops, heldOut } }) => ({
      flops,
      bitsPerByte: heldOut.all.bitsPerByte,
      expected: intervalAlong(places, forecast.line, Math.log(flops)).median,
    })),
    line: forecast.line,
    target: {
      flops: data.bet.target.flops,
      predicted: forecast.predicted,
      measured: data.target?.summary?.heldOut.all.bitsPerByte ?? null,
    },
  });
}

function drawData({ sources }: Manifest): Promise<string> {
  return dataFigure(
    sources.map((source) => ({
      source: source.name,
      bytesTrained: source.train.bytes,
      bytesHeldOut: source.heldOut.bytes,
      trainTokens: source.train.tokens,
      dropped: droppedFrom(source),
    })),
  );
}

function drawFeature({ name, report, line }: FeatureFacts): Promise<string> {
  const shown = (
    { effectPercent, computeMultiplier }: FeatureScale | FeatureReport["atTarget"],
    flops: number,
  ) => ({
    flops,
    effectPercent,
    multiplier: computeMultiplier,
  });
  return featureFigure({
    title: `Does ${name} still help at the target?`,
    scales: report.scales.map((scale) => shown(scale, scale.c)),
    line,
    target: shown(report.atTarget, report.target.c),
  });
}

function drawCurve(data: ReportData, target: TargetFacts): Promise<string> {
  const loss = firstAndLater(data.verdict).first.find((row) => row.about === "loss");
  return curveFigure({
    ...target,
    totalTokens: data.bet.target.tokens,
    finalPredicted: loss?.predicted ?? null,
    finalMeasured: target.summary?.heldOut.all.bitsPerByte ?? null,
  });
}

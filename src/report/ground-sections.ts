/** @file What the campaign stood on: data, decisions, incidents, environment; and how to go on from it and check it. */

import { formatBytes, formatCount, formatPercent, formatSeconds, significant } from "../units/print.ts";
import type { Acceptance, DataFacts, ReportData } from "./data.ts";
import { blocks, codeBlock, factsTable, left, markdownTable, right, sentence } from "./markdown.ts";
import { nextMoves } from "./next-moves.ts";

/** What the text was, what became of it, and the tokenizer trained on it. */
export function dataSection({ data, bet }: ReportData): string {
  if (data === null) return blocks("## The data", "The corpus has not been prepared yet.");
  const passes = bet.tokens / data.uniqueTokens;
  return blocks(
    "## The data",
    "![The data, source by source](figures/data.svg)",
    sourcesTable(data),
    `The target needs ${formatCount(bet.tokens)} tokens; the training split has ${formatCount(data.uniqueTokens)}, which makes ${significant(passes, 2)} passes. Held out: ${data.splitRule}${data.splitRule.endsWith(".") ? "" : "."}`,
    droppedTable(data),
    tokenizerText(data),
  );
}

/** What the gates said, what was accepted, and what is still open. */
export function decisionsSection({ gates, issues }: ReportData): string {
  return blocks(
    "## Decisions",
    gates.length === 0
      ? "No gate has been reached yet."
      : markdownTable(gates, [
          left("gate", (gate) => gate.gate),
          left("decision", (gate) => `**${gate.decision}**`),
          left("reason", (gate) => gate.reason),
          left("accepted", (gate) => acceptanceText(gate.accepted)),
        ]),
    issues.length === 0
      ? "The campaign file names no open issue."
      : blocks(
          "Open issues that the campaign file named:",
          markdownTable(issues, [
            left("issue", (issue) => `${issue.title} (${issue.id})`),
            right("chance to bite", (issue) => formatPercent(100 * issue.chance, 0)),
            left("cost if it does", (issue) => issue.cost),
            left("fix due", (issue) => issue.fixDue ?? "-"),
            left("accepted", (issue) => acceptanceText(issue.accepted)),
          ]),
        ),
  );
}

/** What went wrong and what it cost. */
export function incidentsSection({ incidents, campaign }: ReportData): string {
  if (incidents.length === 0)
    return blocks("## Incidents and interruptions", "None: every run ended in its first attempt.");
  const lost = incidents.reduce((sum, incident) => sum + incident.lostSeconds, 0);
  return blocks(
    "## Incidents and interruptions",
    `${incidents.length} in all, at a cost of ${formatSeconds(lost)} out of ${formatSeconds(campaign.seconds)} of work.`,
    markdownTable(incidents, [
      left("time", (incident) => incident.at),
      left("run", (incident) => incident.run),
      left("what", (incident) => incident.kind),
      left("evidence", (incident) => incident.evidence),
      left("recovery", (incident) => incident.recovery),
      right("lost", (incident) => formatSeconds(incident.lostSeconds)),
    ]),
  );
}

/** A few lines written by the model. */
export function sampleSection({ sample }: ReportData): string {
  if (sample === null) return blocks("## A sample of text", "There is no trained model to sample from yet.");
  const { prompt, text, temperature, seed } = sample;
  return blocks(
    "## A sample of text",
    `Written by the target at temperature ${temperature}, seed ${seed}, after the prompt "${prompt.replace(/\s+/g, " ")}".`,
    codeBlock(prompt + text),
  );
}

/** The moves that the facts call for. */
export function nextSection(data: ReportData): string {
  const moves = nextMoves(data);
  return blocks(
    "## What to do next",
    moves.length === 0
      ? "The facts call for nothing."
      : moves.map(({ move, because }, index) => `${index + 1}. ${move} ${sentence(because)}`).join("\n"),
  );
}

/** All that is needed to run it again. */
export function environmentSection({ environment, campaign }: ReportData): string {
  return blocks(
    "## Environment",
    factsTable([
      { name: "command", value: `\`${environment.command}\`` },
      { name: "commit", value: environment.commit ?? "not in a repository" },
      { name: "seed", value: String(environment.seed) },
      { name: "started", value: campaign.startedAt },
      { name: "ended", value: campaign.endedAt ?? "not yet" },
      { name: "work", value: formatSeconds(campaign.seconds) },
      ...(campaign.peakBytes === null
        ? []
        : [{ name: "peak memory of the largest process", value: formatBytes(campaign.peakBytes) }]),
      ...environment.entries,
    ]),
  );
}

/** How a stranger checks that nothing was edited afterwards. */
export function checkSection({ record, lock, campaign }: ReportData): string {
  const command = `longrun record verify ${campaign.folder}`;
  const locked =
    lock === null
      ? ""
      : ` If the head hash of event ${lock.sequence} was published before the target ran (\`${lock.headHash}\`), nobody can have changed a prediction since: the chain leads through it.`;
  return blocks(
    "## How to check this",
    `Each event of \`${record.path}\` carries the hash of the one before. It holds ${record.events} events, and its head is \`${record.headHash}\`.${locked}`,
    codeBlock(command),
  );
}

function sourcesTable(data: DataFacts): string {
  return markdownTable(data.sources, [
    left("source", (source) => source.source),
    right("documents", (source) => formatCount(source.documents)),
    right("read", (source) => formatBytes(source.bytesRead)),
    right("trained on", (source) => formatBytes(source.bytesTrained)),
    right("held out", (source) => formatBytes(source.bytesHeldOut)),
    right("training tokens", (source) => formatCount(source.trainTokens)),
    right("held-out tokens", (source) => formatCount(source.heldOutTokens)),
    right("weight", (source) => significant(source.weight, 3)),
    left("licence", (source) => source.licence),
  ]);
}

function droppedTable(data: DataFacts): string {
  const rows = data.sources.flatMap(({ source, bytesRead, dropped }) =>
    dropped
      .filter(({ items, bytes }) => items > 0 || bytes > 0)
      .map((drop) => ({ source, bytesRead, ...drop })),
  );
  if (rows.length === 0) return "Nothing was dropped.";
  return blocks(
    "What was dropped, and why:",
    markdownTable(rows, [
      left("source", (row) => row.source),
      left("reason", (row) => row.reason),
      right("items", (row) => formatCount(row.items)),
      right("bytes", (row) => formatBytes(row.bytes)),
      right("of the source", (row) => formatPercent((100 * row.bytes) / row.bytesRead, 2)),
    ]),
  );
}

function tokenizerText({ tokenizer }: DataFacts): string {
  return `Tokenizer: byte-level BPE, ${formatCount(tokenizer.vocabulary)} tokens, ${significant(tokenizer.bytesPerToken)} bytes per token on the held-out text (${tokenizer.reason}). Its hash is \`${tokenizer.hash}\`.`;
}

function acceptanceText(acceptance: Acceptance | null): string {
  return acceptance === null ? "-" : `"${acceptance.because}" (${acceptance.at})`;
}

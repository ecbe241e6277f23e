/** @file What the campaign stood on: data, decisions, incidents, environment; how to go on and check it. */

import { type Manifest, uniqueTokensOf } from "../corpus/manifest.ts";
import { damageText } from "../record/custody.ts";
import { headText } from "../record/traces.ts";
import { formatBytes, formatCount, formatPercent, formatSeconds, significant } from "../units/print.ts";
import type { AcceptedHold, ReportData } from "./data.ts";
import { blocks, codeBlock, factsTable, left, markdownTable, right, sentence } from "./markdown.ts";
import { recommendationsOf } from "./recommendations.ts";

/** What the text was, what became of it, and the tokenizer trained on it. */
export function dataSection({ manifest, bet }: ReportData): string {
  if (manifest === null) return blocks("## The data", "The corpus has not been prepared yet.");
  const { splitRule, target } = bet;
  const unique = uniqueTokensOf(manifest);
  return blocks(
    "## The data",
    "![The data, source by source](figures/data.svg)",
    sourcesTable(manifest),
    `The target needs ${formatCount(target.tokens)} tokens; the training split has ${formatCount(unique)}, ` +
      `which makes ${significant(target.tokens / unique, 2)} passes. ${sentence(`Held out: ${splitRule}`)}`,
    notesTable(manifest),
    tokenizerText(manifest, bet.vocabularyReason),
  );
}

/** What was left out of a source, and why; items are documents or passages. */
export function droppedFrom({ notes }: Manifest["sources"][number]) {
  return notes
    .filter(({ kind }) => kind === "dropped")
    .map(({ unit, what, items, bytes }) => ({ reason: `${unit}: ${what}`, items, bytes }));
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
            left("issue", (issue) => `${issue.what} (${issue.id})`),
            right("chance", (issue) => formatPercent(100 * issue.chance, 0)),
            left("cost if it happens", (issue) => `${issue.costDays} days`),
            left("fix due", ({ fixDueDays }) => (fixDueDays === undefined ? "-" : `in ${fixDueDays} days`)),
            left("accepted", (issue) => acceptanceText(issue.accepted)),
          ]),
        ),
  );
}

/** Files that are no longer what the record says: nothing that follows is read from them, but it says so. */
export function damagedLines({ damaged }: ReportData): readonly string[] {
  if (damaged.length === 0) return [];
  const files = damaged.length === 1 ? "A file is" : `${damaged.length} files are`;
  return [
    `**${files} no longer what the record says:**`,
    damaged.map((file) => `- ${damageText(file)}`).join("\n"),
  ];
}

/** What went wrong and what it cost. */
export function incidentsSection({ incidents, campaign }: ReportData): string {
  if (incidents.length === 0)
    return blocks("## Incidents and interruptions", "None: every run ended in its first attempt.");
  const lost = incidents.reduce((sum, incident) => sum + incident.lostSeconds, 0);
  return blocks(
    "## Incidents and interruptions",
    `${incidents.length} in all, at a cost of ${formatSeconds(lost)} ` +
      `out of ${formatSeconds(campaign.seconds)} of work.`,
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
    `Written by the target at temperature ${temperature}, seed ${seed}, ` +
      `after the first words of a held-out passage, "${prompt.replace(/\s+/g, " ")}".`,
    codeBlock(prompt + text),
  );
}

/** What the facts call for. */
export function nextSection(data: ReportData): string {
  const recommendations = recommendationsOf(data);
  return blocks(
    "## What to do next",
    recommendations.length === 0
      ? "The facts call for nothing."
      : recommendations
          .map(({ action, because }, index) => `${index + 1}. ${action} ${sentence(because)}`)
          .join("\n"),
  );
}

/** All that is needed to run it again. */
export function environmentSection({ bet, environment, campaign }: ReportData): string {
  const { processor, instructionSet, cores, versions, commit } = environment ?? bet.machine;
  return blocks(
    "## Environment",
    factsTable([
      ["command", `\`${bet.command}\``],
      ["commit", commit ?? "not in a repository"],
      ["seed", String(bet.seed)],
      ["started", campaign.startedAt],
      ["ended", campaign.endedAt ?? "not yet"],
      ["work", formatSeconds(campaign.seconds)],
      ...(campaign.peakBytes === null
        ? []
        : ([["peak memory of the largest process", formatBytes(campaign.peakBytes)]] as const)),
      ["processor", `${processor}, ${instructionSet}`],
      ["cores", formatCount(cores)],
      ...Object.entries(versions),
    ]),
  );
}

/** How a stranger checks that nothing was edited afterwards. */
export function checkSection({ record, lock, campaign }: ReportData): string {
  const command = `longrun record verify ${campaign.folder} --all --head ${record.headHash}`;
  const locked =
    lock === null
      ? ""
      : ` If the head hash of event ${lock.sequence} was published before the target ran ` +
        `(\`${lock.headHash}\`), nobody can have changed a prediction since: the chain leads through it.`;
  return blocks(
    "## How to check this",
    `Each event of \`${record.path}\` carries its hash and that of the one before. ` +
      `It holds ${record.events} events, and ${headText(record.headHash)}.${locked}`,
    codeBlock(command),
  );
}

function sourcesTable({ sources }: Manifest): string {
  return markdownTable(sources, [
    left("source", ({ name }) => name),
    right("documents", ({ documents }) => formatCount(documents)),
    right("read", ({ bytesRead }) => formatBytes(bytesRead)),
    right("trained on", ({ train }) => formatBytes(train.bytes)),
    right("held out", ({ heldOut }) => formatBytes(heldOut.bytes)),
    right("training tokens", ({ train }) => formatCount(train.tokens)),
    right("held-out tokens", ({ heldOut }) => formatCount(heldOut.tokens)),
    right("weight", ({ weight }) => significant(weight, 3)),
    left("licence", ({ licence }) => licence ?? "not stated"),
  ]);
}

function notesTable({ sources }: Manifest): string {
  const rows = sources.flatMap(({ name, notes }) => notes.map((note) => ({ name, ...note })));
  if (rows.length === 0) return "Nothing was repaired, dropped or passed over.";
  return blocks(
    "What was repaired, dropped and passed over:",
    markdownTable(rows, [
      left("source", ({ name }) => name),
      left("what", ({ what }) => what),
      right(
        "how many",
        ({ items, of, unit }) =>
          `${formatCount(items)}${of === null ? "" : ` of ${formatCount(of)}`} ${unit}`,
      ),
      right("bytes", ({ bytes }) => (bytes === 0 ? "" : formatBytes(bytes))),
      left("first of them", ({ first }) => first.join(", ")),
    ]),
  );
}

function tokenizerText({ tokenizer }: Manifest, reason: string): string {
  return (
    `Tokenizer: byte-level BPE, ${formatCount(tokenizer.vocabularySize)} tokens, ` +
    `${significant(tokenizer.heldOutBytesPerToken)} bytes per token on the held-out text (${reason}). ` +
    `Its hash is \`${tokenizer.hash}\`.`
  );
}

function acceptanceText(acceptance: AcceptedHold | null): string {
  return acceptance === null ? "-" : `"${acceptance.because}" (${acceptance.at})`;
}

/** @file The model card: what the model is, its text with licences, and what it is not for. */

import type { Manifest } from "../corpus/manifest.ts";
import { architectureText } from "../model/shape.ts";
import { fixed, formatBytes, formatCount, formatFlops } from "../units/print.ts";
import type { RunSpec } from "./run-spec.ts";
import type { RunSummary } from "./summary.ts";

export function modelCard(
  name: string,
  { shape, sequenceLength, seed }: RunSpec,
  manifest: Manifest,
  summary: RunSummary,
): string {
  const sources = manifest.sources.map(
    ({ name: source, package: from, licence, train }) =>
      `| ${source} | ${from ?? "local files"} | ${licence ?? "not stated"} ` +
      `| ${formatBytes(train.bytes)} | ${formatCount(train.tokens)} |`,
  );
  const losses = Object.entries(summary.heldOut.sources).map(
    ([source, { bitsPerByte }]) => `${source} ${fixed(bitsPerByte, 4)}`,
  );
  return `---
library_name: transformers
pipeline_tag: text-generation
tags: [longrun]
---

# ${name}

A ${architectureText(shape)}. It has ${formatCount(summary.matrixParameters)} parameters
in matrix products (head included, input embedding not), and was trained from scratch by longrun
on ${formatCount(summary.tokens)} tokens with ${formatFlops(summary.flops)}. Seed ${seed}.

## Data
| source | from | licence | training text | tokens |
|---|---|---|---|---|
${sources.join("\n")}

Held-out loss: ${fixed(summary.heldOut.all.bitsPerByte, 4)} bits per byte (${losses.join(", ")}).
Tokenizer: byte-level BPE, vocabulary ${manifest.tokenizer.vocabularySize}.

## Use
\`AutoModelForCausalLM.from_pretrained("<this folder>")\`, or \`longrun sample <this folder>\`.
Context ${sequenceLength} tokens; start a text with the end-of-text token. It is a small model made
to test a forecast: it knows nothing reliably, and says what its sources say.
`;
}

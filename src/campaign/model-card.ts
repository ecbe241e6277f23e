/** @file The model card: what the model is, what it was trained on and under which licences, and what it is not for. */

import type { Manifest } from "../corpus/manifest.ts";
import { architectureText } from "../model/shape.ts";
import { formatBytes, formatCount, formatFlops } from "../units/print.ts";
import type { Plan } from "./plan.ts";
import type { Campaign } from "./spec.ts";
import type { TargetResult } from "./target.ts";

export function modelCard(
  { campaign }: { readonly campaign: Pick<Campaign, "name"> },
  { target }: Pick<Plan, "target">,
  manifest: Manifest,
  { summary }: Pick<TargetResult, "summary">,
): string {
  const sources = manifest.sources.map(
    ({ name, package: from, licence, train }) =>
      `| ${name} | ${from ?? "local files"} | ${licence ?? "not stated"} | ${formatBytes(train.bytes)} | ${formatCount(train.tokens)} |`,
  );
  const losses = Object.entries(summary.heldOut.sources).map(
    ([name, { bitsPerByte }]) => `${name} ${bitsPerByte.toFixed(4)}`,
  );
  return `---
library_name: transformers
pipeline_tag: text-generation
tags: [longrun]
---

# ${campaign.name}

A ${architectureText(target.spec.shape)}. It has ${formatCount(summary.matrixParameters)} parameters in matrix products (head included, input embedding not),
and was trained from scratch on ${formatCount(summary.tokens)} tokens with ${formatFlops(summary.flops)} by longrun. Seed ${target.spec.seed}.

## Data
| source | from | licence | training text | tokens |
|---|---|---|---|---|
${sources.join("\n")}

Held-out loss: ${summary.heldOut.all.bitsPerByte.toFixed(4)} bits per byte (${losses.join(", ")}).
Tokenizer: byte-level BPE, vocabulary ${manifest.tokenizer.vocabularySize}.

## Use
\`AutoModelForCausalLM.from_pretrained("<this folder>")\`, or \`longrun sample <this folder>\`. Context ${target.spec.sequenceLength} tokens; start a text with the
end-of-text token. It is a small model made to test a forecast: it knows nothing reliably, and says what its sources say.
`;
}

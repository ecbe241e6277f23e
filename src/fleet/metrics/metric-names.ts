/** @file What the keys of a metrics file mean: the names that tables of curves know, and a few more. */

import { isCalled, LOG_CALLS } from "../../laws/table/column-names.ts";
import { type Heading, headingOf } from "../../laws/table/heading.ts";
import type { MetricName, MetricRow } from "./layouts.ts";

/** A loss on held-out text is another number than the one that is trained on. */
const HELD_OUT = /\b(val|valid|validation|eval|evaluation|test|dev|held)\b/;
/** A maximum over ranks, or the loss of a part, stands beside the mean that is meant. */
const PART = /\b(max|min|mtp|moe|router|z|aux|balancing)\b/;

const MORE_NAMES: Readonly<Record<"gradientNorm" | "stepSeconds" | "tokensPerSecond", RegExp>> = {
  gradientNorm: /\bgrad(ient)?s? (norm|l2)\b/,
  stepSeconds: /\b(step (time|seconds)|time per step|seconds per step|dt|iteration time)\b/,
  tokensPerSecond: /\b(tokens per (second|sec)|tok sec|tokens sec|tps)\b/,
};

/** What a key holds; null: nothing of ours. */
export function metricNamed(key: string): MetricName | null {
  if (key === LOG_CALLS) return "step";
  const heading = headingOf(key);
  if (isCalled("step", heading)) return "step";
  if (HELD_OUT.test(heading.phrase) || PART.test(heading.phrase)) return null;
  if (isCalled("lr", heading)) return "learningRate";
  // Before the loss, of whose folder it may be.
  for (const [name, pattern] of Object.entries(MORE_NAMES))
    if (pattern.test(heading.phrase)) return name as MetricName;
  return isCalled("loss", heading) ? "loss" : null;
}

/** Numbers by key as a step; null where there is no step among them. Of several of a kind, the plainest. */
export function rowFrom(values: ReadonlyMap<string, number>): MetricRow | null {
  const plainest = new Map<MetricName, { readonly heading: Heading; readonly value: number }>();
  for (const [key, value] of values) {
    const name = metricNamed(key);
    const heading = headingOf(key);
    const before = name && plainest.get(name);
    if (name && (!before || heading.phrase.length < before.heading.phrase.length))
      plainest.set(name, { heading, value });
  }
  const step = plainest.get("step")?.value;
  if (step === undefined || !Number.isSafeInteger(step) || step < 0) return null;
  return { ...Object.fromEntries([...plainest].map(([name, { value }]) => [name, value])), step };
}

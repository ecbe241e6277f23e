/** @file Which attempt did each step that stands in the end: back from the last one, start by start. Pure. */

/** Steps `from` + 1 to `to` of one attempt. */
export type Stretch = { readonly attempt: number; readonly from: number; readonly to: number };

/**
 * Oldest first; the last one has no end. What an attempt went on from was done by the last one before it that
 * has that step: those in between were on branches that were left.
 * @returns null for `orphan` where every start has one; else the step to which none before had come
 */
export function lineageOf(
  starts: readonly { readonly attempt: number; readonly fromStep: number }[],
  hasStep: (attempt: number, step: number) => boolean,
): { readonly stretches: readonly Stretch[]; readonly orphan: number | null } {
  const stretches: Stretch[] = [];
  let at = starts.length - 1;
  let to = Number.POSITIVE_INFINITY;
  while (at >= 0) {
    const { attempt, fromStep: from } = starts[at]!;
    stretches.unshift({ attempt, from, to });
    if (from === 0) return { stretches, orphan: null };
    at = starts.findLastIndex((start, i) => i < at && start.fromStep < from && hasStep(start.attempt, from));
    to = from;
  }
  return { stretches, orphan: to };
}

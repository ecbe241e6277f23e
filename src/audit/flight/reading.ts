/** @file What the dumps of flight recorders come to, in words. Pure. */

import type { FlightVerdict, Slip } from "./divergence.ts";
import type { Call } from "./dump.ts";

/** In one sentence, without its full stop. */
export function verdictText(verdict: FlightVerdict): string {
  switch (verdict.kind) {
    case "differs": {
      const { group, number, sides, slip } = verdict;
      const told = sides.map(
        ({ ranks, call }) => `${ranksText(ranks)} ${verb(ranks, "call")} ${callText(call)}`,
      );
      return `call ${number} of group ${group} is not the same on all ranks: ${told.join("; ")}${slipText(slip)}`;
    }
    case "behind": {
      const { group, ranks, number, call, madeBy, slip } = verdict;
      const what = call === null ? "" : `, ${callText(call)}`;
      return (
        `${ranksText(ranks)} did not come to call ${number} of group ${group}${what}, for which ` +
        `${ranksText(madeBy)} ${verb(madeBy, "wait")}${slipText(slip)}`
      );
    }
    case "crossed": {
      const told = verdict.waits.map(
        ({ ranks, group, number, waitsFor }) =>
          `${ranksText(ranks)} ${verb(ranks, "wait")} in call ${number} of group ${group} for rank ${waitsFor}`,
      );
      return `calls of several groups are not in the same order on all ranks: ${told.join("; ")}`;
    }
    case "absent": {
      const { ranks, last } = verdict;
      const others = last
        ? `; the others were last in call ${last.call.number} of group ${last.call.group}, ${callText(last.call)}`
        : "";
      return `${ranksText(ranks)} left no dump, and nobody else is behind: look there first${others}`;
    }
    case "alike": {
      const { group, waiting } = verdict;
      const { call, ranks } = waiting;
      return (
        `all of ${ranksText(ranks)} are in call ${call.number} of group ${group}, ${callText(call)}, and none ` +
        "has come through: the network, or a slow call, rather than a rank"
      );
    }
    case "done":
      return "no rank waits for another in a collective";
  }
}

/** Its name, with sizes and type of its numbers. */
export function callText({ name, inputs, outputs, dtypes }: Call): string {
  const sizes = inputs.length > 0 ? inputs : outputs;
  return sizes.length === 0 ? name : `${name} of ${JSON.stringify(sizes)} ${dtypes[0] ?? ""}`.trimEnd();
}

const verb = ({ length }: readonly number[], plural: string) => (length === 1 ? `${plural}s` : plural);

function slipText(slip: Slip | null): string {
  if (slip === null) return "";
  const from = slip.call.site === null ? "" : `, from ${slip.call.site}`;
  const what = slip.how === "left out" ? "left out" : "made one call more:";
  return `; by the calls after it, it has ${what} ${callText(slip.call)}${from}`;
}

/** rank 2; ranks 0, 1 and 3. */
export function ranksText(ranks: readonly number[]): string {
  if (ranks.length === 1) return `rank ${ranks[0]}`;
  return `ranks ${ranks.slice(0, -1).join(", ")} and ${ranks.at(-1)}`;
}

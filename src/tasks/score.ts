/** @file A model's score on a task: accuracy two ways, and two continuous scores, which move long before. */

import type { Tokenizer } from "../corpus/tokenizer.ts";
import { UserError } from "../errors.ts";
import { type EncodedItem, encodeItem } from "./encode.ts";
import { ratioEstimate, type ScoreEstimate, shareEstimate } from "./interval.ts";
import type { RowScore, Scorer } from "./scorer.ts";
import { chanceOf, type Item, type Task } from "./task.ts";

/** What a score says of all items, or of one group of them. */
export type GroupScore = {
  /** Empty for all items. */
  readonly group: string;
  readonly numItems: number;
  /** Share of items whose right choice is the likeliest; in an open task, the likeliest of all texts. */
  readonly accuracy: ScoreEstimate;
  /** The same by log-probability per byte, which favours no short choices. Null where the answer is open. */
  readonly accuracyPerByte: ScoreEstimate | null;
  /** Of the right answers: their loss. Lower is better. */
  readonly bitsPerByte: ScoreEstimate;
  /** The right answer's lead on the likeliest wrong one, in bits per byte. Null where the answer is open. */
  readonly marginBitsPerByte: ScoreEstimate | null;
};

/** A model's score on a task, with its error by clusters of items. */
export type TaskScore = GroupScore & {
  readonly task: string;
  /** Accuracy of guessing. */
  readonly chance: number;
  readonly numClusters: number;
  /** Items whose context lost its beginning. */
  readonly numCut: number;
  /** Items left out, since a choice alone is longer than what the model sees. */
  readonly numTooLong: number;
  readonly groups: readonly GroupScore[];
};

/** A task in tokens, the same for every model with this tokenizer and sequence length. */
export type EncodedTask = {
  readonly task: Task;
  readonly items: readonly {
    readonly item: Item;
    readonly encoded: Exclude<EncodedItem, { kind: "too long" }>;
  }[];
  readonly numCut: number;
  readonly numTooLong: number;
};

/** Encodes a task. Throws a `UserError` where fewer than two items fit. */
export function encodeTask(task: Task, tokenizer: Tokenizer, sequenceLength: number): EncodedTask {
  const all = task.items.map((item) => ({ item, encoded: encodeItem(item, tokenizer, sequenceLength) }));
  const items = all.flatMap(({ item, encoded }) => (encoded.kind === "too long" ? [] : [{ item, encoded }]));
  if (items.length < 2)
    throw new UserError(
      `${items.length} of ${task.items.length} items of task ${task.name} fit into ${sequenceLength} tokens`,
      "at least two",
      "shorten the choices, or evaluate a model with a longer sequence",
    );
  return {
    task,
    items,
    numCut: items.filter(({ encoded }) => encoded.kind === "cut").length,
    numTooLong: all.length - items.length,
  };
}

/** Scores one model on one task. */
export async function scoreTask(scorer: Scorer, encodedTask: EncodedTask): Promise<TaskScore> {
  const { task, items, numCut, numTooLong } = encodedTask;
  const rows = items.flatMap(({ encoded }) => encoded.rows);
  const owners = items.flatMap(({ encoded }, i) => encoded.rows.map(() => i));
  const rowScores = await scorer.score(rows, { greedy: task.kind === "open" });
  const ofItem = Map.groupBy(rowScores.keys(), (row) => owners[row]!);
  const results = items.map(({ item, encoded }, i) =>
    resultOf(
      item,
      ofItem.get(i)!.map((row) => rowScores[row]!),
      encoded.choiceBytes,
    ),
  );
  const groups = [...new Set(results.map(({ group }) => group))].filter((group) => group !== "");
  return {
    task: task.name,
    chance: chanceOf({ ...task, items: items.map(({ item }) => item) }),
    numClusters: new Set(results.map(({ cluster }) => cluster)).size,
    numCut,
    numTooLong,
    ...groupScore("", results),
    groups: groups.map((group) =>
      groupScore(
        group,
        results.filter((result) => result.group === group),
      ),
    ),
  };
}

type ItemResult = {
  readonly cluster: string;
  readonly group: string;
  /** 1 where right; a share where choices tie. */
  readonly right: number;
  readonly rightPerByte: number | null;
  readonly bits: number;
  readonly bytes: number;
  readonly marginBits: number | null;
};

/** Log-probabilities this close are equal but for rounding in float32. */
const TIE_NATS = 1e-5;

function resultOf(
  { answer, cluster, group }: Item,
  scores: readonly RowScore[],
  bytes: readonly number[],
): ItemResult {
  const own = scores[answer]!;
  const common = { cluster, group, bits: own.nats / Math.LN2, bytes: bytes[answer]! };
  if (own.greedy !== null)
    return { ...common, right: own.greedy ? 1 : 0, rightPerByte: null, marginBits: null };
  const nats = scores.map((score) => score.nats);
  const bestWrong = Math.min(...nats.filter((_, i) => i !== answer));
  return {
    ...common,
    right: rightShare(nats, answer),
    rightPerByte: rightShare(
      nats.map((value, i) => value / bytes[i]!),
      answer,
    ),
    marginBits: (bestWrong - own.nats) / Math.LN2,
  };
}

/** 1 where the answer alone is smallest, 1 / k where it ties with k - 1 others, as by a fair draw. */
function rightShare(nats: readonly number[], answer: number): number {
  const least = Math.min(...nats);
  const tied = nats.filter((value) => value <= least + TIE_NATS).length;
  return nats[answer]! <= least + TIE_NATS ? 1 / tied : 0;
}

function groupScore(group: string, results: readonly ItemResult[]): GroupScore {
  const share = (value: (result: ItemResult) => number) =>
    shareEstimate(results.map((result) => ({ cluster: result.cluster, sum: value(result), weight: 1 })));
  const perByte = (value: (result: ItemResult) => number) =>
    ratioEstimate(
      results.map((result) => ({ cluster: result.cluster, sum: value(result), weight: result.bytes })),
    );
  const isChoice = results[0]!.marginBits !== null;
  return {
    group,
    numItems: results.length,
    accuracy: share(({ right }) => right),
    accuracyPerByte: isChoice ? share(({ rightPerByte }) => rightPerByte!) : null,
    bitsPerByte: perByte(({ bits }) => bits),
    marginBitsPerByte: isChoice ? perByte(({ marginBits }) => marginBits!) : null,
  };
}

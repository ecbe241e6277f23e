/** @file Where passages stand: the documents that hold them, found by reading the sources once more. */

import { readDocuments } from "./documents.ts";
import { Tally } from "./notes.ts";
import { collapseSpace } from "./passages.ts";
import { repairDocument } from "./repair-document.ts";
import { type FoundSource, totalBytesOf } from "./step-clean.ts";
import type { Breath } from "./steps.ts";
import { TextFields } from "./text-fields.ts";

/** Its own and the copy's: with two documents for each passage the search is over. */
const [ENOUGH_DOCUMENTS, MOST_DOCUMENTS] = [2, 3];

/**
 * For each passage, its white space collapsed, the first documents that hold it, with their sources. Clean
 * text does not know its documents, and they are asked for only where a corpus is refused.
 */
export async function placesOf(
  passages: readonly Buffer[],
  sources: readonly FoundSource[],
  breath: Breath,
): Promise<readonly (readonly string[])[]> {
  const places = passages.map((): string[] => []);
  const totalBytes = totalBytesOf(sources);
  let doneBytes = 0;
  for (const { spec, found } of sources) {
    const tally = new Tally();
    const { textKey, badLines } = spec;
    const reading = {
      textKey,
      tally,
      fields: new TextFields({ source: spec.name, textKey, badLines }, tally),
    };
    for (const file of found.files) {
      for await (const { name, utf8, numBytes } of readDocuments(file, reading)) {
        if (places.every((each) => each.length >= ENOUGH_DOCUMENTS)) return places;
        const text = collapseSpace(repairDocument(utf8 ?? Buffer.alloc(0), name, tally));
        for (const [index, passage] of passages.entries())
          if (places[index]!.length < MOST_DOCUMENTS && text.includes(passage))
            places[index]!.push(`${name} of ${spec.name}`);
        doneBytes += numBytes;
        await breath({ step: "name what holds it", doneBytes, totalBytes });
      }
    }
  }
  return places;
}

/** @file A finished model's folder as a GGUF file: its tensors and its tokenizer in one. */

import { statSync } from "node:fs";
import { GGUF_PRE_TOKENIZER } from "../corpus/pretokenizer.ts";
import { tokenNames } from "../corpus/tokenizer-json.ts";
import { END_OF_TEXT_ID, spellTokens } from "../corpus/vocabulary.ts";
import { writeGguf } from "./gguf.ts";
import { openModelFolder } from "./model-folder.ts";

/** Writes it; `name` is what the file says the model is called. Throws a `UserError` where it cannot be. */
export function exportGguf(folder: string, path: string, name: string) {
  const { model, finished, tokenizer, warnings } = openModelFolder(folder);
  const tokens = tokenNames(spellTokens(tokenizer.merges));
  const merges = tokenizer.merges.map(({ left, right }) => `${tokens[left]} ${tokens[right]}`);
  const vocabulary = { tokens, merges, endOfTextId: END_OF_TEXT_ID, preTokenizer: GGUF_PRE_TOKENIZER };
  writeGguf(path, finished, vocabulary, name);
  return { model, warnings, gguf: path, numBytes: statSync(path).size };
}

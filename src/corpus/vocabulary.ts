/** @file What token ids mean: 256 bytes, the end-of-text token, then one token for each merge. */

/** `left` and `right`, side by side in a word, become `id`. Earlier merges go first. */
export type Merge = {
  readonly left: number;
  readonly right: number;
  readonly id: number;
};

/** Ids 0..255 are the bytes, so that a vocabulary begins every larger one from the same text. */
export const END_OF_TEXT_ID = 256;
export const FIRST_MERGED_ID = 257;
export const END_OF_TEXT = "<|endoftext|>";

/** The bytes that each token stands for; none for the end-of-text token. */
export function spellTokens(merges: readonly Merge[]): Buffer[] {
  const spellings = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte]));
  spellings.push(Buffer.alloc(0));
  for (const { left, right, id } of merges) {
    if (id === spellings.length) spellings.push(Buffer.concat([spellings[left]!, spellings[right]!]));
  }
  return spellings;
}

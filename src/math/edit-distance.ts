/** @file How far one word is from another, to guess what a user meant by a name that is not known. */

/** The known word within two edits, or one for short words; null where none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.min(2, word.length / 4) ? best.candidate : null;
}

/** At most so many guesses are listed. */
const MOST_GUESSES = 4;

/**
 * What a short name that is not known may stand for, "perhaps b200 or b300": names that begin with it, and
 * the nearest within one edit (two from eight letters on), of which those with its first letter come alone.
 * Null where nothing is near.
 */
export function perhaps(word: string, known: readonly string[]): string | null {
  const distances = known.map((name) => editDistance(word, name));
  const least = Math.min(...distances);
  const isNear = least <= (word.length < 3 ? 0 : word.length < 8 ? 1 : 2);
  const longer = known.filter((name) => word.length >= 2 && name.startsWith(word));
  const edited = isNear ? known.filter((_, i) => distances[i] === least) : [];
  const close = edited.filter((name) => name[0] === word[0]);
  const guesses = [...new Set([...(close.length > 0 ? close : edited), ...longer])].slice(0, MOST_GUESSES);
  const last = guesses.pop();
  if (last === undefined) return null;
  return guesses.length > 0 ? `perhaps ${guesses.join(", ")} or ${last}` : `perhaps ${last}`;
}

/** Insertions, deletions and replacements from one word to another (Levenshtein), row by row. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** @file A command line's words, as a shell would part them, without a shell: nothing is expanded or run. */

const WORD = /\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+)/y;
const PART = /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g;

/** Parted by blanks, kept together by quotes or a backslash. Null: a quote is left open. */
export function shellWords(text: string): readonly string[] | null {
  const words: string[] = [];
  let at = 0;
  WORD.lastIndex = 0;
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    at = WORD.lastIndex;
    words.push(
      match[1]!.replace(
        PART,
        (_, double?: string, single?: string, escaped?: string) =>
          double?.replace(/\\(.)/g, "$1") ?? single ?? escaped ?? "",
      ),
    );
  }
  return text.slice(at).trim() === "" ? words : null;
}

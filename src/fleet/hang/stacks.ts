/** @file The stacks that Python's faulthandler writes. */

/** `file.py:12 function`, the most recent call first. */
export type PythonStack = readonly string[];

const FRAME = /^ {2}File "(.*)", line (\d+) in (.*)$/;

/** The main thread in the last dump of several; null where there is none, or it was cut off. */
export function mainStack(text: string): PythonStack | null {
  const threads = text.split(/^(?:Current thread|Thread) 0x.*$/m).slice(1);
  const stacks = threads.map((thread) =>
    thread.split("\n").flatMap((line) => {
      const [, path, number, name] = FRAME.exec(line) ?? [];
      return path === undefined ? [] : [`${path.split("/").at(-1)}:${number} ${name}`];
    }),
  );
  return stacks.findLast((stack) => stack.at(-1)?.endsWith(" <module>")) ?? null;
}

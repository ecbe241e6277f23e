/** @file The ways to end early: the user's mistake (three parts; exit 2), a wish to stop, a bug. */

/** What the user can put right. The message has three parts so that nobody has to guess what to do next. */
export class UserError extends Error {
  override readonly name = "UserError";

  readonly found: string;
  readonly expected: string;
  readonly remedy: string;

  /**
   * @param found what was seen, with names and numbers
   * @param expected what the rule is
   * @param remedy what to do now
   */
  constructor(found: string, expected: string, remedy: string, options?: ErrorOptions) {
    super(`found: ${found}\nexpected: ${expected}\nremedy: ${remedy}`, options);
    this.found = found;
    this.expected = expected;
    this.remedy = remedy;
  }
}

/** Ends work that was asked to stop; everything earned is on disk. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** States an invariant of our own code; a failure is a bug, never the user's mistake. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

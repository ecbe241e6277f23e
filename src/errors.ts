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
    const [is, shouldBe, toDo] = [found, expected, remedy].map(shortened) as [string, string, string];
    super(`found: ${is}\nexpected: ${shouldBe}\nremedy: ${toDo}`, options);
    this.found = is;
    this.expected = shouldBe;
    this.remedy = toDo;
  }
}

/** A file may hold a name of a megabyte, which no message should. */
function shortened(text: string): string {
  return text.length > 3000 ? `${text.slice(0, 2000)} ... ${text.slice(-500)}` : text;
}

/** What the system says of a path, in words, and what helps where the caller's remedy does not. */
const OF_PATHS: Readonly<Record<string, readonly [found: string, remedy?: string]>> = {
  EISDIR: ["is a folder"],
  ENOTDIR: ["leads through a file as through a folder"],
  EEXIST: ["is there already"],
  ELOOP: ["is a link that leads back to itself"],
  ENAMETOOLONG: ["is longer than a path can be"],
  EACCES: ["may not be opened", "have its owner allow it (chmod), or choose another path"],
  EPERM: ["may not be opened", "have its owner allow it (chmod), or choose another path"],
  EROFS: ["is on a disk that can only be read", "choose a path on another disk"],
  ENOSPC: ["has no room: the disk is full", "free some space, or choose a path on another disk"],
  EDQUOT: ["has no room: the quota is used up", "free some space, or choose a path on another disk"],
  EFBIG: ["is larger than a file may be here", "choose a path on another disk, or raise ulimit -f"],
  EIO: ["fails: the disk reports an error (EIO)", "look after the disk, or choose a path on another one"],
  EMFILE: ["cannot be opened: too many files are", "raise the limit: ulimit -n 4096"],
  ENFILE: ["cannot be opened: too many files are", "close other programs, and try again"],
  ERR_FS_FILE_TOO_LARGE: ["is too large to be read at once"],
  ERR_STRING_TOO_LONG: ["is too large to be read at once"],
};

/** Where no path is at fault; `native/javascript.cpp` gives its errors these codes too. */
const OF_THE_MACHINE: Readonly<Record<string, readonly [found: string, remedy: string]>> = {
  ENOMEM: ["not enough memory", "close other programs, raise ulimit -v, or make batch or model smaller"],
  EAGAIN: ["no further thread or process starts", "close other programs, or raise ulimit -u"],
};

/** The system's error about a path that the user named, as the user's; a bug is returned as it is. */
export function pathError(cause: unknown, path: string, expected: string, remedy: string): unknown {
  const { code = "" } = (cause ?? {}) as NodeJS.ErrnoException;
  // Node's own codes begin with ERR_: all but two are about a call that is wrong, which is a bug.
  if (cause instanceof UserError || !(code in OF_PATHS || /^E(?!RR_)[A-Z0-9]+$/.test(code))) return cause;
  const [found, better] = OF_PATHS[code] ?? [`cannot be opened (${code})`];
  return new UserError(
    code === "ENOENT" ? `no file ${path}` : `${path} ${found}`,
    expected,
    better ?? remedy,
    { cause },
  );
}

/** The last net: a system's error that nothing on its way has put in words; a bug is returned as it is. */
export function systemError(cause: unknown): unknown {
  const { code, path, syscall, message } = (cause ?? {}) as NodeJS.ErrnoException;
  const isMemory = cause instanceof RangeError && /allocation failed|Invalid \w+ length/.test(message);
  const [found, remedy] = OF_THE_MACHINE[isMemory ? "ENOMEM" : (code ?? "")] ?? [];
  if (found && remedy)
    return new UserError(`${found} (${message})`, "a machine that has room for the work", remedy, { cause });
  return pathError(
    cause,
    path ?? `a file (${syscall ?? code})`,
    "files and folders that can be read and written",
    "check the path, and give the same command again",
  );
}

/** The reason of an aborted signal where a signal of the system asked for it. */
export class StopAsked extends Error {
  override readonly name = "AbortError";
  readonly by: NodeJS.Signals;

  constructor(by: NodeJS.Signals) {
    super(`asked to stop by ${by}`);
    this.by = by;
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

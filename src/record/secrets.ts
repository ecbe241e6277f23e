/** @file What looks like a secret is masked before a command line or a message goes into the record. */

/** What stands in a secret's place. */
export const MASK = "***";

/**
 * What the name of an option, a variable or a header ends with whose value nobody should read: not
 * `--tokens`, nor PWD.
 */
const SECRET_NAME =
  /(token|secret|password|passwd|passphrase|key|credentials?|auth|authorization|\w[_-](pass|pwd|pat))([_-]?\d+)?$/i;

/** Known by how they begin: Hugging Face, OpenAI, GitHub, GitLab, Slack, AWS, Google, npm, JWT. */
const SECRET_VALUE =
  /(hf_|sk-|gh[opsu]_|github_pat_|glpat-|xox[abeprs]-|AKIA|ASIA|AIza|npm_|ya29\.|eyJ|Bearer )[\w.+/=-]{8,}/g;

/** An argument as it may be read, and the values in it that may not. */
type Looked = { readonly shown: string; readonly secrets: readonly string[] };

/** What parts the words of an argument that is itself a command line: a script, `--notify`, a header. */
const BETWEEN_WORDS = /([\s"'`;&|()]+)/;

function look(args: readonly string[]): readonly Looked[] {
  return args.map((arg, i) => {
    const [, name, value] = /^([^=\s]+)=(.+)/s.exec(arg) ?? [];
    if (name !== undefined && SECRET_NAME.test(name)) return lookAtValue(name, value!);
    if (isSecretValue(args, i)) return { shown: MASK, secrets: [arg] };
    const pieces = arg.split(BETWEEN_WORDS);
    if (pieces.length === 1) return { shown: masked(arg), secrets: secretsByForm(arg) };
    const words = look(pieces.filter((_, k) => k % 2 === 0));
    const shown = pieces.map((piece, k) => (k % 2 === 0 ? words[k / 2]!.shown : piece)).join("");
    return { shown: masked(shown), secrets: words.flatMap(({ secrets }) => secrets) };
  });
}

/** All of it is masked: with blanks it is a secret with blanks, or one and what a script goes on with. */
function lookAtValue(name: string, value: string): Looked {
  const [first = "", , ...rest] = value.split(BETWEEN_WORDS);
  const others = look(rest.filter((_, k) => k % 2 === 0)).flatMap(({ secrets }) => secrets);
  return { shown: `${name}=${MASK}`, secrets: [value, first, ...others] };
}

/** After `--api-key` and `X-Api-Key:`; `Authorization:` has a scheme between. */
function isSecretValue(args: readonly string[], i: number): boolean {
  const [scheme = "", before = ""] = [args[i - 2], args[i - 1]];
  if (/authorization:$/i.test(scheme)) return true;
  const [, name] = /^(-.*|.+(?=:$))/.exec(before) ?? [];
  if (name === undefined || /authorization$/i.test(name)) return false;
  return SECRET_NAME.test(name) && !args[i]!.startsWith("-");
}

const PASSWORD_IN_ADDRESS = /(\/\/[^\s/:@]*):([^\s/@]+)@/g;

/** Those that are known by themselves, whatever their name. */
const secretsByForm = (text: string): readonly string[] => [
  ...(text.match(SECRET_VALUE) ?? []),
  ...Array.from(text.matchAll(PASSWORD_IN_ADDRESS), ([, , password]) => password!),
];

/** The arguments of a command as one line, without the values of what looks like a secret. */
export function maskedCommand(args: readonly string[]): string {
  return look(args)
    .map(({ shown }) => shown)
    .join(" ");
}

/** Shorter ones would mask words of every text. */
const LEAST_SECRET = 8;

/** Values of this process's arguments that are secret by their names; its environment is looked at anyway. */
const ofArguments = new Set<string>();

/** From here on the values that `maskedCommand` leaves out are masked in every text. */
export function hideArguments(args: readonly string[]): void {
  for (const { secrets } of look(args)) for (const secret of secrets) ofArguments.add(secret);
}

/** Of this process's arguments and environment, those long enough to be told from words; longest first. */
export function knownSecrets(): readonly string[] {
  const ofEnvironment = Object.entries(process.env).flatMap(([name, value = ""]) => [
    ...(SECRET_NAME.test(name) ? [value] : []),
    ...secretsByForm(value),
  ]);
  return [...ofArguments, ...ofEnvironment]
    .filter((value) => value.length >= LEAST_SECRET)
    .sort((a, b) => b.length - a.length);
}

/**
 * A text without the secrets of this process's environment and arguments, tokens of known forms, passwords in
 * addresses, and secrets in their queries.
 */
export function masked(text: string): string {
  return knownSecrets()
    .reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
    .replace(SECRET_VALUE, `$1${MASK}`)
    .replace(PASSWORD_IN_ADDRESS, `$1:${MASK}@`)
    .replace(/([?&][^=&\s]*(?:token|secret|password|key|signature|sig)=)[^&\s]+/gi, `$1${MASK}`);
}

/** The same for every text in a value that JSON can hold. */
export function maskedWithin<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === "string" ? masked(item) : item,
  ) as T;
}

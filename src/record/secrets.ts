/** @file What looks like a secret is masked before a command line or a message goes into the record. */

const MASK = "***";

/** What the name of an option or a variable ends with whose value nobody should read: not `--tokens`. */
const SECRET_NAME = /(token|secret|password|passwd|key|credentials?|auth|authorization)$/i;

/** Known by how they begin: Hugging Face, OpenAI, GitHub, GitLab, Slack, AWS, Google, npm, JWT. */
const SECRET_VALUE =
  /(hf_|sk-|gh[opsu]_|github_pat_|glpat-|xox[abeprs]-|AKIA|ASIA|AIza|npm_|ya29\.|eyJ|Bearer )[\w.+/=-]{8,}/g;

/** The arguments of a command as one line, without the values of what looks like a secret. */
export function maskedCommand(args: readonly string[]): string {
  return args
    .map((arg, i) => {
      const [, name] = /^([^=]+)=./s.exec(arg) ?? [];
      if (name !== undefined && SECRET_NAME.test(name)) return `${name}=${MASK}`;
      return isSecretValue(args, i) ? MASK : masked(arg);
    })
    .join(" ");
}

/** Shorter ones would mask words of every text. */
const LEAST_SECRET = 8;

/** Values of this process's arguments that are secret by their names; its environment is looked at anyway. */
const ofArguments = new Set<string>();

/** From here on the values that `maskedCommand` leaves out are masked in every text. */
export function hideArguments(args: readonly string[]): void {
  args.forEach((arg, i) => {
    const [, name, value] = /^([^=]+)=(.+)/s.exec(arg) ?? [];
    if (name !== undefined && SECRET_NAME.test(name)) ofArguments.add(value!);
    else if (isSecretValue(args, i)) ofArguments.add(arg);
  });
}

const isSecretValue = (args: readonly string[], i: number) => {
  const before = args[i - 1] ?? "";
  return before.startsWith("-") && SECRET_NAME.test(before) && !args[i]!.startsWith("-");
};

function knownSecrets(): readonly string[] {
  const ofEnvironment = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) ? [value] : [],
  );
  return [...ofArguments, ...ofEnvironment].filter((value) => value.length >= LEAST_SECRET);
}

/**
 * A text without the secrets of this process's environment and arguments, tokens of known forms, passwords in
 * addresses, and secrets in their queries.
 */
export function masked(text: string): string {
  return knownSecrets()
    .reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
    .replace(SECRET_VALUE, `$1${MASK}`)
    .replace(/(\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${MASK}@`)
    .replace(/([?&][^=&\s]*(?:token|secret|password|key|signature|sig)=)[^&\s]+/gi, `$1${MASK}`);
}

/** The same for every text in a value that JSON can hold. */
export function maskedWithin<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === "string" ? masked(item) : item,
  ) as T;
}

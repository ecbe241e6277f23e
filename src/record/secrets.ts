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
      const before = args[i - 1] ?? "";
      const isValue = before.startsWith("-") && SECRET_NAME.test(before) && !arg.startsWith("-");
      return isValue ? MASK : masked(arg);
    })
    .join(" ");
}

/** A text without tokens of known forms, passwords in addresses, and secrets in their queries. */
export function masked(text: string): string {
  return text
    .replace(SECRET_VALUE, `$1${MASK}`)
    .replace(/(\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${MASK}@`)
    .replace(/([?&][^=&\s]*(?:token|secret|password|key|signature|sig)=)[^&\s]+/gi, `$1${MASK}`);
}

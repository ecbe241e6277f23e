/** @file What a command prints, without the secrets of its environment and arguments, before it is kept. */

import { MASK } from "../../record/secrets.ts";

/** Masks pieces of output as they come; a secret may be parted between two of them. */
export class OutputMask {
  /** As bytes, each written as a character: what a command prints need not be text. */
  readonly #secrets: readonly string[];
  #held = Buffer.alloc(0);

  /** @param secrets those that hold others first */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => Buffer.from(secret).toString("latin1"));
  }

  /** What may be kept now: all but an end that a secret could begin with. */
  push(bytes: Buffer): Buffer {
    if (this.#secrets.length === 0) return bytes;
    const text = this.#masked(Buffer.concat([this.#held, bytes]));
    const numHeld = Math.max(...this.#secrets.map((secret) => numBegun(text, secret)));
    this.#held = Buffer.from(text.subarray(text.length - numHeld));
    return text.subarray(0, text.length - numHeld);
  }

  /** The rest. */
  end(): Buffer {
    return this.#held;
  }

  #masked(bytes: Buffer): Buffer {
    const found = this.#secrets.filter((secret) => bytes.includes(secret, 0, "latin1"));
    if (found.length === 0) return bytes;
    const text = found.reduce((rest, secret) => rest.replaceAll(secret, MASK), bytes.toString("latin1"));
    return Buffer.from(text, "latin1");
  }
}

/** How many of the last bytes a secret begins with. */
function numBegun(bytes: Buffer, secret: string): number {
  const end = bytes.toString("latin1", Math.max(0, bytes.length - secret.length + 1));
  for (let length = end.length; length > 0; length--)
    if (secret.startsWith(end.slice(end.length - length))) return length;
  return 0;
}

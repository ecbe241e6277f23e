/** @file A binary heap: what is first in an order of one's own comes out first. */

export class Heap<T> {
  readonly #held: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  /** `isBefore`: a strict order. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  push(value: T): void {
    const held = this.#held;
    let i = held.length;
    held.push(value);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(value, held[parent]!)) break;
      held[i] = held[parent]!;
      i = parent;
    }
    held[i] = value;
  }

  pop(): T | undefined {
    const held = this.#held;
    const top = held[0];
    const last = held.pop();
    if (last === undefined || held.length === 0) return top;
    let i = 0;
    for (let child = 1; child < held.length; child = 2 * i + 1) {
      if (child + 1 < held.length && this.#isBefore(held[child + 1]!, held[child]!)) child += 1;
      if (this.#isBefore(last, held[child]!)) break;
      held[i] = held[child]!;
      i = child;
    }
    held[i] = last;
    return top;
  }
}

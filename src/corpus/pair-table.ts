/** @file A hash table from pairs of token ids to 0, 1, 2 ...: four times as fast as a Map here. */

const INITIAL_SLOTS = 1024;

/** Open addressing, linear probing, at most half full. */
export class PairTable {
  size = 0;
  #keys = new Uint32Array(INITIAL_SLOTS);
  #numbers = new Int32Array(INITIAL_SLOTS).fill(-1);

  /** The number of a pair; -1 where it has none. */
  find(left: number, right: number): number {
    return this.#numbers[this.#slot(left, right)]!;
  }

  /** The number of a pair; a new one gets the number `size` had before the call. */
  indexOf(left: number, right: number): number {
    const slot = this.#slot(left, right);
    if (this.#numbers[slot]! >= 0) return this.#numbers[slot]!;
    const number = this.size++;
    this.#keys[slot] = left * 65536 + right;
    this.#numbers[slot] = number;
    if (this.size * 2 > this.#keys.length) this.#grow();
    return number;
  }

  #slot(left: number, right: number): number {
    const key = left * 65536 + right;
    const mask = this.#keys.length - 1;
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 7;
    for (slot &= mask; this.#numbers[slot]! >= 0 && this.#keys[slot] !== key; ) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, numbers] = [this.#keys, this.#numbers];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#numbers = new Int32Array(keys.length * 2).fill(-1);
    for (const [from, number] of numbers.entries()) {
      if (number < 0) continue;
      const key = keys[from]!;
      const slot = this.#slot(key >>> 16, key & 0xffff);
      this.#keys[slot] = key;
      this.#numbers[slot] = number;
    }
  }
}

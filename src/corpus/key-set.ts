/** @file A set of 64-bit keys in flat memory: a few million passages are remembered in some 20 bytes each. */

const INITIAL_SLOTS = 1 << 12;

/** Keys are hashes already. Open addressing, linear probing, at most half full; in the order of adding. */
export class KeySet {
  size = 0;
  #keys = new BigUint64Array(INITIAL_SLOTS / 2);
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1);

  /** Whether the key was new. */
  add(key: bigint): boolean {
    const mask = this.#slots.length - 1;
    let slot = Number(key & 0xffff_ffffn) & mask;
    for (; this.#slots[slot]! >= 0; slot = (slot + 1) & mask)
      if (this.#keys[this.#slots[slot]!] === key) return false;
    this.#slots[slot] = this.size;
    this.#keys[this.size++] = key;
    if (this.size * 2 === this.#slots.length) this.#grow();
    return true;
  }

  /** The keys from the `first`-th on, as bytes. */
  bytesFrom(first: number): Uint8Array {
    return new Uint8Array(this.#keys.buffer, first * 8, (this.size - first) * 8);
  }

  /** Adds what `bytesFrom` gave. */
  addBytes(bytes: Uint8Array): void {
    for (const key of new BigUint64Array(new Uint8Array(bytes).buffer)) this.add(key);
  }

  #grow(): void {
    const keys = new BigUint64Array(this.size * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#slots = new Int32Array(this.size * 4).fill(-1);
    const mask = this.#slots.length - 1;
    for (let i = 0; i < this.size; i++) {
      let slot = Number(keys[i]! & 0xffff_ffffn) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = i;
    }
  }
}

/** @file A hash table from words, places in a byte array, to 0, 1, 2 ... No strings are made. */

const INITIAL_SLOTS = 1 << 12;
const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;

/** Open addressing, linear probing, at most half full; words lie one after the other in one byte array. */
export class WordTable {
  size = 0;
  /** The bytes of all words. Word `i` is `bytes[starts[i]] .. bytes[starts[i + 1]]`. */
  bytes = new Uint8Array(1 << 16);
  starts = new Uint32Array(INITIAL_SLOTS / 2 + 1);
  #slots = new Int32Array(INITIAL_SLOTS).fill(-1);
  #hashes = new Int32Array(INITIAL_SLOTS / 2);

  get numBytes(): number {
    return this.starts[this.size]!;
  }

  /** The number of the word `text[start..end)`; a new word gets the number `size` had before the call. */
  indexOf(text: Uint8Array, start: number, end: number): number {
    let hash = FNV_OFFSET;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text[i]!, FNV_PRIME);
    hash ^= hash >>> 15;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let word = this.#slots[slot]!; word >= 0; word = this.#slots[slot]!) {
      if (this.#hashes[word] === hash && this.#equals(word, text, start, end)) return word;
      slot = (slot + 1) & mask;
    }
    return this.#add(text, start, end, hash, slot);
  }

  word(index: number): Uint8Array {
    return this.bytes.subarray(this.starts[index], this.starts[index + 1]);
  }

  clear(): void {
    this.size = 0;
    this.#slots.fill(-1);
  }

  #equals(word: number, text: Uint8Array, start: number, end: number): boolean {
    const at = this.starts[word]!;
    const length = end - start;
    if (this.starts[word + 1]! - at !== length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[at + i] !== text[start + i]) return false;
    return true;
  }

  #add(text: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const index = this.size;
    const at = this.starts[index]!;
    if (at + end - start > this.bytes.length) this.#growBytes(at + end - start);
    for (let i = start; i < end; i++) this.bytes[at + i - start] = text[i]!;
    this.starts[index + 1] = at + end - start;
    this.#hashes[index] = hash;
    this.#slots[slot] = index;
    this.size += 1;
    if (this.size * 2 >= this.#slots.length) this.#growSlots();
    return index;
  }

  #growBytes(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let word = 0; word < this.size; word++) {
      let slot = this.#hashes[word]! & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = word;
    }
    this.#slots = slots;
    const hashes = new Int32Array(slots.length / 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Uint32Array(slots.length / 2 + 1);
    starts.set(this.starts);
    this.starts = starts;
  }
}

/**
 * @file Python's pickle as plain data: numbers, texts, lists, tuples, dictionaries. A pickle is a program,
 * and unpickling runs it; here whatever would name a class or call one is refused, and nothing is run.
 */

import { UserError } from "../../errors.ts";

/** Each value takes a byte of the file at least, and a reference to one does, too. */
const MOST_STEPS = 1e7;

/**
 * Reads one. Integers beyond 2^53 lose their last digits. Throws a UserError on anything but data, with the
 * class that was named, and where the file is cut or malformed.
 * @param name of the file, for errors
 */
export function readPickle(bytes: Uint8Array, name: string): unknown {
  const machine = new PickleMachine(bytes, name);
  for (let step = 0; step < MOST_STEPS; step++) {
    const opcode = machine.unsigned(1);
    if (opcode === STOP) return machine.pop(1)[0];
    const operation = OPERATIONS[opcode];
    if (operation === undefined) throw machine.malformed(`opcode ${opcode}`);
    operation(machine);
  }
  throw machine.malformed(`more than ${MOST_STEPS} steps`);
}

const STOP = 0x2e;

type Operation = (machine: PickleMachine) => void;

/** Those of protocols 2 to 5 that make data, and those that make anything else (CPython's pickletools). */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  128: (machine) => void machine.unsigned(1), // PROTO
  149: (machine) => void machine.unsigned(8), // FRAME
  78: (machine) => machine.push(null), // NONE
  136: (machine) => machine.push(true), // NEWTRUE
  137: (machine) => machine.push(false), // NEWFALSE
  75: (machine) => machine.push(machine.unsigned(1)), // BININT1
  77: (machine) => machine.push(machine.unsigned(2)), // BININT2
  74: (machine) => machine.push(machine.signed(4)), // BININT
  138: (machine) => machine.push(machine.signed(machine.unsigned(1))), // LONG1
  71: (machine) => machine.push(machine.float()), // BINFLOAT
  140: (machine) => machine.push(machine.text(machine.unsigned(1))), // SHORT_BINUNICODE
  88: (machine) => machine.push(machine.text(machine.unsigned(4))), // BINUNICODE
  93: (machine) => machine.push([]), // EMPTY_LIST
  41: (machine) => machine.push([]), // EMPTY_TUPLE
  125: (machine) => machine.push({}), // EMPTY_DICT
  40: (machine) => machine.mark(), // MARK
  116: (machine) => machine.push(machine.sinceMark()), // TUPLE
  133: (machine) => machine.push(machine.pop(1)), // TUPLE1
  134: (machine) => machine.push(machine.pop(2)), // TUPLE2
  135: (machine) => machine.push(machine.pop(3)), // TUPLE3
  97: (machine) => machine.append(machine.pop(1)), // APPEND
  101: (machine) => machine.append(machine.sinceMark()), // APPENDS
  115: (machine) => machine.setItems(machine.pop(2)), // SETITEM
  117: (machine) => machine.setItems(machine.sinceMark()), // SETITEMS
  113: (machine) => machine.remember(machine.unsigned(1)), // BINPUT
  114: (machine) => machine.remember(machine.unsigned(4)), // LONG_BINPUT
  148: (machine) => machine.remember(), // MEMOIZE
  104: (machine) => machine.recall(machine.unsigned(1)), // BINGET
  106: (machine) => machine.recall(machine.unsigned(4)), // LONG_BINGET
  99: (machine) => machine.refuse(`${machine.line()}.${machine.line()}`), // GLOBAL
  105: (machine) => machine.refuse(`${machine.line()}.${machine.line()}`), // INST
  147: (machine) => machine.refuse(machine.pop(2).map(String).join(".")), // STACK_GLOBAL
};

/** The stack, the marks on it and the memory that opcodes work on. */
class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #memory = new Map<number, unknown>();
  readonly #marks: number[] = [];
  readonly #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(count: number): unknown[] {
    if (count > this.#stack.length - (this.#marks.at(-1) ?? 0)) throw this.malformed("an empty stack");
    return this.#stack.splice(-count);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  sinceMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.malformed("a mark that is not there");
    return this.#stack.splice(mark);
  }

  append(values: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.malformed("an element of what is no list");
    for (const value of values) list.push(value);
  }

  setItems(values: readonly unknown[]): void {
    const target = this.#top();
    if (typeof target !== "object" || target === null || Array.isArray(target) || values.length % 2 !== 0)
      throw this.malformed("an entry of what is no dictionary");
    for (let i = 0; i < values.length; i += 2) {
      // An assignment to __proto__ would be none.
      const field = { value: values[i + 1], enumerable: true, configurable: true, writable: true };
      Object.defineProperty(target, String(values[i]), field);
    }
  }

  remember(at = this.#memory.size): void {
    this.#memory.set(at, this.#top());
  }

  recall(at: number): void {
    if (!this.#memory.has(at)) throw this.malformed(`a reference to ${at}, which is not there`);
    this.push(this.#memory.get(at));
  }

  /** Little-endian. */
  unsigned(numBytes: number): number {
    return this.#take(numBytes).reduceRight((before, byte) => before * 256 + byte, 0);
  }

  /** In two's complement. */
  signed(numBytes: number): number {
    const magnitude = this.#take(numBytes).reduceRight((before, byte) => before * 256n + BigInt(byte), 0n);
    return Number(BigInt.asIntN(8 * numBytes, magnitude));
  }

  float(): number {
    const { buffer, byteOffset } = this.#take(8);
    return new DataView(buffer, byteOffset, 8).getFloat64(0);
  }

  text(numBytes: number): string {
    return new TextDecoder().decode(this.#take(numBytes));
  }

  /** To the end of the line, which is left behind. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    const text = this.text((end < 0 ? this.#bytes.length : end) - this.#at);
    this.#at++;
    return text;
  }

  refuse(named: string): never {
    throw new UserError(
      `${this.#name} is a pickle with code: it names ${named}`,
      "data alone, as a flight recorder writes it",
      "do not unpickle it in Python either, unless you know who wrote it",
    );
  }

  malformed(what: string): UserError {
    return new UserError(
      `${this.#name} is a damaged pickle: ${what}, before byte ${this.#at}`,
      "a dump of PyTorch's flight recorder",
      "have the rank write it again, or leave the file out",
    );
  }

  #take(numBytes: number): Uint8Array {
    if (numBytes > this.#bytes.length - this.#at) throw this.malformed("it ends in the middle of a value");
    this.#at += numBytes;
    return this.#bytes.subarray(this.#at - numBytes, this.#at);
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.malformed("an empty stack");
    return this.#stack.at(-1);
  }
}

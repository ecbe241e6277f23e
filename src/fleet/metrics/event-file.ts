/**
 * @file TensorBoard's event files: records of length, masked CRC-32C of the length, an Event as a protocol
 * buffer, masked CRC-32C of it (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto).
 */

/** A number of an event file. */
export type Scalar = { readonly step: number; readonly tag: string; readonly value: number };

/** What whole records lie in the bytes, and how many bytes they take; a torn one at the end is left. */
export type EventRecords = {
  readonly scalars: readonly Scalar[];
  readonly numBytes: number;
  /** Where a record is not what its checksum says: nothing after it can be found. */
  readonly damagedAt: number | null;
};

const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

/** Reads from the start of a record on. */
export function readEventRecords(bytes: Buffer): EventRecords {
  const scalars: Scalar[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = Number(bytes.readBigUInt64LE(at));
    if (maskedCrc(bytes.subarray(at, at + 8)) !== bytes.readUInt32LE(at + 8))
      return { scalars, numBytes: at, damagedAt: at };
    const end = at + HEADER_BYTES + length;
    if (end + FOOTER_BYTES > bytes.length) break;
    const event = bytes.subarray(at + HEADER_BYTES, end);
    if (maskedCrc(event) !== bytes.readUInt32LE(end)) return { scalars, numBytes: at, damagedAt: at };
    scalars.push(...scalarsOf(event));
    at = end + FOOTER_BYTES;
  }
  return { scalars, numBytes: at, damagedAt: null };
}

/** Event: 2 step, 5 summary. Summary: 1 value, many. Value: 1 tag, 2 simple_value, 8 tensor. */
function scalarsOf(event: Buffer): readonly Scalar[] {
  const fields = fieldsOf(event);
  const step = Number(fields.find(({ number }) => number === 2)?.varint ?? 0n);
  return fields
    .filter(({ number }) => number === 5)
    .flatMap(({ bytes }) => fieldsOf(bytes).filter(({ number }) => number === 1))
    .flatMap(({ bytes }) => {
      const value = fieldsOf(bytes);
      const tag = value.find(({ number }) => number === 1)?.bytes.toString("utf8");
      const simple = value.find(({ number, wire }) => number === 2 && wire === 5)?.bytes.readFloatLE(0);
      const number = simple ?? scalarTensor(value.find((field) => field.number === 8)?.bytes);
      return tag === undefined || number === undefined ? [] : [{ step, tag, value: number }];
    });
}

/** TensorProto as TensorBoard's own writers use it: 1 dtype (1 float, 2 double), 4 content, 5, 6 values. */
function scalarTensor(tensor: Buffer | undefined): number | undefined {
  if (tensor === undefined) return undefined;
  const fields = fieldsOf(tensor);
  const isDouble = fields.some(({ number, varint }) => number === 1 && varint === 2n);
  const numBytes = isDouble ? 8 : 4;
  const bytes = fields.find(({ number, bytes }) => number >= 4 && number <= 6 && bytes.length === numBytes);
  return bytes && (isDouble ? bytes.bytes.readDoubleLE(0) : bytes.bytes.readFloatLE(0));
}

type Field = {
  readonly number: number;
  readonly wire: number;
  readonly varint: bigint;
  readonly bytes: Buffer;
};

/** The fields of a protocol buffer; what is not one ends it. */
function fieldsOf(bytes: Buffer): readonly Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const key = varintAt(bytes, at);
    const [number, wire] = [Number(key.value >> 3n), Number(key.value & 7n)];
    const length = wire === 2 ? varintAt(bytes, key.end) : null;
    const start = length?.end ?? key.end;
    const varint = wire === 0 ? varintAt(bytes, start) : null;
    const sizes: Readonly<Record<number, number>> = { 1: 8, 2: Number(length?.value ?? 0n), 5: 4 };
    const end = varint?.end ?? start + (sizes[wire] ?? Number.NaN);
    if (!(end <= bytes.length)) return fields;
    fields.push({ number, wire, varint: varint?.value ?? 0n, bytes: bytes.subarray(start, end) });
    at = end;
  }
  return fields;
}

function varintAt(bytes: Buffer, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = start; at < Math.min(bytes.length, start + 10); at++) {
    value |= BigInt(bytes[at]! & 127) << BigInt(7 * (at - start));
    if (bytes[at]! < 128) return { value: BigInt.asIntN(64, value), end: at + 1 };
  }
  return { value, end: bytes.length + 1 };
}

/** CRC-32C (Castagnoli), reflected polynomial 0x82f63b78. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Rotated and offset, as the format has it, so that a checksum of checksums says something. */
export function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  const whole = ~crc >>> 0;
  return (((whole >>> 15) | (whole << 17)) + 0xa282ead8) >>> 0;
}

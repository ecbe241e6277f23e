/** @file The unit of losses that compares tokenizers: bits for each byte of text. */

/** Bits per byte of a loss in nats over so many bytes: the nats a token over the bytes a token, say. */
export function bitsPerByte(nats: number, bytes: number): number {
  return nats / Math.LN2 / bytes;
}

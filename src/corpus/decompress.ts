/** @file Streams of bytes out of plain, gzip and Zstandard files of any number of frames. */

import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import type { Compression } from "./format.ts";

type Chunks = AsyncIterable<Buffer>;

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_SKIPPABLE_MAGIC = 0x184d2a50;

/**
 * `zstd --long=31`, the format's own bound on 64-bit machines. Of the window of 2 GiB only as much is touched
 * as the file has text.
 */
const ZSTD_WINDOW_LOG = 31;

/** The bytes of a file as they lie on disk, in chunks. */
export function readRaw(path: string): Readable {
  return createReadStream(path, { highWaterMark: 1 << 20 });
}

export function decompress(raw: Chunks, compression: Compression): Chunks {
  if (compression === "gzip") return decompressed(Readable.from(raw), createGunzip());
  return compression === "zstd" ? zstdFrames(raw) : raw;
}

function decompressed(source: Readable, engine: NodeJS.ReadWriteStream): Chunks {
  // The callback is required; an error also destroys the engine, and its reader sees it there.
  pipeline(source, engine, () => {});
  return engine as unknown as Chunks;
}

/**
 * Node 24 stops without a word after the first Zstandard frame of a chunk, and files made by `cat` or by
 * parallel compressors have many. So the frames are walked here (RFC 8878, section 3.1) and each gets its own
 * decompressor.
 */
async function* zstdFrames(source: Chunks): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  for (;;) {
    const magic = await reader.take(4, true);
    if (magic.length === 0) return;
    const number = magic.length < 4 ? 0 : magic.readUInt32LE(0);
    if ((number & 0xfffffff0) >>> 0 === ZSTD_SKIPPABLE_MAGIC) {
      let left = (await reader.take(4)).readUInt32LE(0);
      for (; left > 0; left -= Math.min(left, 1 << 20)) await reader.take(Math.min(left, 1 << 20));
    } else if (number === ZSTD_MAGIC) {
      yield* decompressed(Readable.from(frameBytes(reader, magic)), zstdEngine());
    } else {
      throw new Error("not a Zstandard frame");
    }
  }
}

const zstdEngine = () =>
  createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } });

async function* frameBytes(reader: ByteReader, magic: Buffer): AsyncGenerator<Buffer> {
  yield magic;
  const descriptor = await reader.take(1);
  yield descriptor;
  const flags = descriptor[0] ?? 0;
  const isSingleSegment = (flags & 0x20) !== 0;
  const contentSizeFlag = flags >> 6;
  const contentSizeBytes = contentSizeFlag === 0 ? Number(isSingleSegment) : 1 << contentSizeFlag;
  const dictionaryIdBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  yield await reader.take(Number(!isSingleSegment) + dictionaryIdBytes + contentSizeBytes);
  for (let isLast = false; !isLast; ) {
    const header = await reader.take(3);
    yield header;
    const bits = header.readUIntLE(0, 3);
    isLast = (bits & 1) === 1;
    const isRunLength = ((bits >> 1) & 3) === 1;
    yield await reader.take(isRunLength ? 1 : bits >> 3);
  }
  if ((flags & 4) !== 0) yield await reader.take(4);
}

/** Takes exact numbers of bytes from a stream of chunks. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: Chunks) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  async take(numBytes: number, mayEnd = false): Promise<Buffer> {
    while (this.#held.length < numBytes) {
      const next = await this.#chunks.next();
      if (next.done) {
        if (mayEnd && this.#held.length === 0) return this.#held;
        throw new Error("the file ends in the middle of a Zstandard frame");
      }
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    }
    const taken = this.#held.subarray(0, numBytes);
    this.#held = this.#held.subarray(numBytes);
    return taken;
  }
}

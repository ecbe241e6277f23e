import { appendFileSync, mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PieceReader, PieceWriter } from "./pieces.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-pieces-"));
const long = ["One  line,\n\n", "\n", "ends in a word", " split\there \n", "ümlaut"];

function write(texts: readonly string[]) {
  const writer = new PieceWriter(folder, `texts${texts.length}`, "train");
  for (const text of texts) writer.add(Buffer.from(text));
  writer.flush();
  return writer.pieces[0]!;
}

test("pieces are read one after the other, whole or with each run of white space one blank", () => {
  const [longPiece, shortPiece] = [write(long), write([" a ", "b"])];
  const reader = new PieceReader(folder);
  const passages = (piece: typeof longPiece) => reader.passages(piece).map(String);
  expect(passages(longPiece)).toEqual(long);
  expect(passages(shortPiece)).toEqual([" a ", "b"]);
  expect(reader.collapsed(longPiece).toString()).toBe("One line, ends in a word split here ümlaut");
  expect(reader.collapsed(shortPiece).toString()).toBe("a b");
  expect(passages(longPiece)).toEqual(long);
});

test("a piece that is shorter, longer or other than it was written is refused", () => {
  const piece = write(["one", "two", "three"]);
  const path = join(folder, piece.file);
  const read = () => new PieceReader(folder).passages(piece);
  appendFileSync(path, "x");
  expect(read).toThrow(/is not what was written: its checksum differs/);
  truncateSync(path, piece.textBytes + piece.passages - 1);
  expect(read).toThrow(/is not what was written/);
  writeFileSync(path, "other text ....");
  expect(read).toThrow(/is not what was written/);
});

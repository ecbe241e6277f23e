import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pathError } from "./errors.ts";
import { readText } from "./input-file.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a path that cannot be read is refused in words", () => {
  const [file, link] = [join(folder, "file"), join(folder, "link")];
  writeFileSync(file, "text");
  symlinkSync(link, link);
  expect(readText(file, "a text")).toBe("text");
  for (const [path, found] of [
    [join(folder, "none"), `no file ${folder}/none`],
    [folder, `${folder} is a folder`],
    [join(file, "in"), `${file}/in leads through a file as through a folder`],
    [link, `${link} is a link that leads back to itself`],
    [join(folder, "x".repeat(300)), `${folder}/${"x".repeat(300)} is longer than a path can be`],
  ] as const)
    expect(() => readText(path, "a text")).toThrow(
      `found: ${found}\nexpected: a text\nremedy: check the path`,
    );
});

test("where the caller's remedy would not help there is a better one; what is no system error is a bug", () => {
  const of = (code: string) =>
    pathError(Object.assign(new Error(), { code }), "a.csv", "a table", "check the path");
  expect(of("EACCES")).toMatchObject({
    found: "a.csv may not be opened",
    remedy: expect.stringContaining("chmod"),
  });
  expect(of("ENOSPC")).toMatchObject({ found: "a.csv has no room: the disk is full" });
  expect(of("EBUSY")).toMatchObject({ found: "a.csv cannot be opened (EBUSY)", remedy: "check the path" });
  const bug = new TypeError("no function");
  expect(pathError(bug, "a.csv", "a table", "check the path")).toBe(bug);
});

test("UTF-16 with its mark is read, in both orders of bytes; what is half of it is refused", () => {
  const path = join(folder, "runs.txt");
  const text = "Größe\tloss 🙂\r\n1\t2\r\n";
  const little = Buffer.from(`\uFEFF${text}`, "utf16le");
  for (const bytes of [little, Buffer.from(little).swap16(), Buffer.from(`\uFEFF${text}`)]) {
    writeFileSync(path, bytes);
    expect(readText(path, "a table")).toBe(text);
  }
  writeFileSync(path, little.subarray(0, -1));
  expect(() => readText(path, "a table")).toThrow(/begins as UTF-16 and goes on otherwise[\s\S]*as UTF-8/);
});

test("bytes that are no UTF-8 are refused, not replaced", () => {
  const path = join(folder, "latin1.csv");
  writeFileSync(path, Buffer.from("name,loss\ncaf\u00e9,3\n", "latin1"));
  expect(() => readText(path, "a table")).toThrow(
    /has bytes that are no UTF-8[\s\S]*save it again, as UTF-8/,
  );
});

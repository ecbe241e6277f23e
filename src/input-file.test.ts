import { execFileSync } from "node:child_process";
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

test("a pipe is read while somebody writes to it, and not waited for where nobody does", () => {
  const path = join(folder, "config.json");
  execFileSync("mkfifo", [path]);
  expect(() => readText(path, "a model")).toThrow(
    `found: ${path} is a pipe, and nobody writes to it\nexpected: a model\nremedy: put the file there`,
  );
  // The writer holds it open for both, so that it is there before anybody reads, until somebody does.
  const numOpen = `ls -l /proc/[0-9]*/fd 2>/dev/null 3>&- | grep -cF "${path}" 3>&-`;
  const reader = [
    `exec 3<>"${path}"; (until [ "$(exec 3>&-; ${numOpen})" -gt 1 ]; do sleep 0.05; done; echo '{"a":1}' >&3) &`,
    `exec 4>"${path}" 3>&-; ${process.execPath} -e '`,
    `import("${join(import.meta.dirname, "input-file.ts")}").then(({ readText }) =>`,
    `console.log(readText("${path}", "a model").length))' 4>&- & exec 4>&-; wait`,
  ].join(" ");
  expect(execFileSync("bash", ["-c", reader], { encoding: "utf8" })).toBe("8\n");
});

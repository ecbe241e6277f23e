import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { outputOption, writeOutputFile } from "./output-file.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-output-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a folder that is missing is told when the option is read, and is not made", () => {
  const { parseArg } = outputOption("--save <file>", "");
  const path = join(folder, "new", "law.json");
  expect(() => parseArg!(path, undefined)).toThrow(`found: --save ${path}: no folder ${join(folder, "new")}`);
  expect(parseArg!(join(folder, "law.json"), undefined)).toBe(join(folder, "law.json"));
  expect(readdirSync(folder)).toEqual([]);
});

test("leaves nothing but the file", () => {
  const path = join(folder, "figure.svg");
  writeOutputFile(path, "<svg/>");
  writeOutputFile(path, "<svg></svg>");
  expect(readFileSync(path, "utf8")).toBe("<svg></svg>");
  expect(readdirSync(folder)).toEqual(["figure.svg"]);
});

test("writes through a link, as to /dev/stdout", () => {
  const [target, link] = [join(folder, "target.svg"), join(folder, "link.svg")];
  writeFileSync(target, "old");
  symlinkSync(target, link);
  writeOutputFile(link, "new");
  expect(readFileSync(target, "utf8")).toBe("new");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});

test("a folder, and a path through a file, are the user's mistakes", () => {
  const file = join(folder, "file");
  writeFileSync(file, "kept");
  const within = join(file, "figure.svg");
  for (const path of [folder, within]) expect(() => writeOutputFile(path, "<svg/>")).toThrow(UserError);
  expect(() => writeOutputFile(folder, "<svg/>")).toThrow(`found: ${folder} is a folder`);
  expect(readFileSync(file, "utf8")).toBe("kept");
  expect(existsSync(within)).toBe(false);
});

/**
 * @file The package as somebody installs it: packed from a copy of the tree, installed in an empty folder,
 * its command run under whatever Node there is, its rooms imported by the examples of docs/library.md.
 * `npm run test:package`: a minute or two.
 */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "longrun-package-"));
const tree = join(folder, "tree");
const home = join(folder, "home");
const LONGRUN = join(home, "node_modules", ".bin", "longrun");

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly devDependencies: { readonly "@types/node": string };
};

/** The shell's own path: what npm puts before it would hide an older Node. */
const PATH = process.env
  .PATH!.split(delimiter)
  .filter((part) => !part.includes("node_modules"))
  .join(delimiter);

let packed: readonly string[];

beforeAll(() => {
  cpSync(ROOT, tree, {
    recursive: true,
    filter: (path) => ![".git", "node_modules", "runs", "test"].some((name) => path === join(ROOT, name)),
  });
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module" }));
  npm(tree, "pack", "--silent", "--pack-destination", home);
  const tarball = join(home, `longrun-${manifest.version}.tgz`);
  packed = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  // The types of Node are what a user of TypeScript has beside it.
  const types = `@types/node@${manifest.devDependencies["@types/node"]}`;
  npm(home, "install", tarball, types, "--prefer-offline", "--silent");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(cwd: string, ...args: readonly string[]): void {
  execFileSync("npm", args, { cwd, env: { ...process.env, PATH }, stdio: "pipe" });
}

/** As typed into a shell in the folder with the package. */
function longrun(...args: readonly string[]) {
  return spawnSync(LONGRUN, args, { cwd: home, env: { ...process.env, PATH }, encoding: "utf8" });
}

describe("the tarball", () => {
  test("holds compiled code with declarations, the kernels and their sources, and no tests", () => {
    const sources = packed.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
    expect(sources).toEqual([]);
    expect(packed.filter((path) => /\.test\.|fixture|\/test\//.test(path))).toEqual([]);
    for (const path of [
      "bin/longrun.js",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/fleet/worker.js",
      `dist/${process.platform}-${process.arch}/longrun.node`,
      "native/kernels/kernels.cpp",
      "campaigns/first-light.yaml",
      "trainers/torch/train.py",
      "docs/laws.md",
    ])
      expect(packed).toContain(`package/${path}`);
  });
});

describe("the installed command", () => {
  test("answers on the Node that it brings", () => {
    expect(longrun("--version").stdout).toBe(`${manifest.version}\n`);
    const { checks } = JSON.parse(longrun("doctor", "--json").stdout) as {
      readonly checks: readonly { readonly name: string; readonly status: string }[];
    };
    expect(checks.filter(({ status }) => status === "missing")).toEqual([]);
  });

  test("passes on what the user did wrong: three lines, exit code 2, no stack", () => {
    const { status, stdout, stderr } = longrun("launch", "--bugdet", "2m");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n").map((line) => line.split(":")[0])).toEqual(["found", "expected", "remedy", ""]);
  });
});

describe("docs/library.md", () => {
  const text = readFileSync(join(ROOT, "docs", "library.md"), "utf8");
  const examples = [...text.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, file, code]) => ({
    file: file!,
    code: code!,
  }));

  test("compiles against the declarations", () => {
    for (const { file, code } of examples) writeFileSync(join(home, file), code);
    const compilerOptions = {
      module: "nodenext",
      target: "esnext",
      types: ["node"],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    };
    const config = { compilerOptions, files: examples.map(({ file }) => file) };
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(join(ROOT, "node_modules", ".bin", "tsc"), { cwd: home, encoding: "utf8" });
    expect(stdout).toBe("");
  });

  // In order: some read what an earlier one has left.
  test.each(examples)("$file runs", ({ file }) => {
    const node = join(home, "node_modules", ".bin", "node");
    const { status, stderr } = spawnSync(node, [file], { cwd: home, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test("has an example of every room", () => {
    const rooms = globSync("*/index.ts", { cwd: join(ROOT, "src") }).map(dirname);
    expect(rooms.filter((room) => !text.includes(`"longrun/${room}"`))).toEqual([]);
  });
});

describe("Ctrl-C", () => {
  // A terminal sends it to the launcher and what that has started, `kill` to the launcher alone. The
  // campaign is that of docs/library.md.
  test.each([true, false])("stops a campaign once, sent to the whole group: %s", async (toGroup) => {
    const child = spawn(LONGRUN, ["launch", "mine.yaml", "--folder", `stopped-${toGroup}`], {
      cwd: home,
      env: { ...process.env, PATH },
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.on("data", (chunk: Buffer) => {
      const hadStarted = /rung-\S+: \d+ %/.test(told);
      told += chunk.toString();
      if (!hadStarted && /rung-\S+: \d+ %/.test(told))
        process.kill(toGroup ? -child.pid! : child.pid!, "SIGINT");
    });
    const [code] = (await once(child, "close")) as [number | null];
    expect([code, told.match(/stopping after this step/g)?.length]).toEqual([130, 1]);
  });
});

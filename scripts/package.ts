/**
 * @file The tree as a package, around `npm pack`: `make` compiles it into dist/ and turns package.json into
 * that of a package of compiled JavaScript; `unmake` puts all back. In between nothing else should run here.
 */

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join, matchesGlob } from "node:path";
import { codeCommit } from "../src/machine/own-code.ts";

process.chdir(join(import.meta.dirname, ".."));
const PLATFORM = `${process.platform}-${process.arch}`;
/** The clone's own manifest, while that of the package stands in its place. */
const KEPT_MANIFEST = join("build", "package.json");
/** What code reads beside itself. */
const DATA = "src/**/*.{csv,json}";
const TEST_DATA = "src/**/fixtures/**";

function make(): void {
  unmake();
  execFileSync(join("node_modules", ".bin", "tsc"), ["-p", "tsconfig.build.json"], { stdio: "inherit" });
  for (const file of globSync(DATA)) {
    if (!matchesGlob(file, TEST_DATA)) cpSync(file, file.replace(/^src/, "dist"));
  }
  execFileSync(process.execPath, [join("scripts", "build-native.ts")], { stdio: "inherit" });
  cpSync(join("build", PLATFORM, "longrun.node"), join("dist", PLATFORM, "longrun.node"));
  const buildNative = readFileSync(join("scripts", "build-native.ts"), "utf8");
  writeFileSync(join("dist", "build-native.js"), stripTypeScriptTypes(buildNative));
  copyFileSync("package.json", KEPT_MANIFEST);
  writeFileSync("package.json", packageManifest(readFileSync("package.json", "utf8")));
}

function unmake(): void {
  if (existsSync(KEPT_MANIFEST)) renameSync(KEPT_MANIFEST, "package.json");
  rmSync("dist", { recursive: true, force: true });
}

/** What is TypeScript under src/ is compiled under dist/; who installs it neither tests nor packs. */
function packageManifest(text: string): string {
  const compiled = text.replace(/"\.\/src\/(.+)\.ts"/g, '"./dist/$1.js"');
  const { devDependencies: _, ...manifest } = JSON.parse(compiled) as Record<string, unknown>;
  const scripts = { install: "node dist/build-native.js" };
  return `${JSON.stringify({ ...manifest, scripts, gitHead: codeCommit() ?? undefined }, null, 2)}\n`;
}

if (process.argv[2] === "make") make();
else unmake();

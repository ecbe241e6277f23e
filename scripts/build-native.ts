/** @file Compiles native/ into one Node-API addon by calling the C++ compiler, where something changed. */

import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..");
const sourceFolder = join(root, "native");
const buildFolder = join(root, "build", `${process.platform}-${process.arch}`);
const addonFile = join(buildFolder, "longrun.node");
/** A compiled package brings one beside this file; it may not load here (another C library). */
const prebuiltFile = join(import.meta.dirname, `${process.platform}-${process.arch}`, "longrun.node");
const stampFile = join(buildFolder, "longrun.stamp");

/** A compiler as it is called: a program, and arguments that come before ours (`CXX="ccache g++"`). */
type Compiler = {
  readonly program: string;
  readonly leading: readonly string[];
  readonly version: string;
};

type Unit = {
  readonly source: string;
  readonly object: string;
  readonly flags: readonly string[];
};

/**
 * No -ffast-math: it would let sums be regrouped, and results must be exact to the bit. Multiplications and
 * additions may be contracted (the same way each time), and nothing reads errno or floating-point traps.
 */
const commonFlags = [
  "-std=c++17",
  "-O3",
  "-fPIC",
  "-pthread",
  "-fvisibility=hidden",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-ffp-contract=fast",
  "-Wall",
  "-Wextra",
  "-Wno-unknown-pragmas",
  // Wide vectors stay within one unit, so it does not matter that their calling convention varies.
  "-Wno-psabi",
];

/** The kernels are compiled once for each of these. */
const instructionSetFlags: Readonly<Record<string, readonly string[]>> =
  process.arch === "x64"
    ? {
        avx512: ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"],
        avx2: ["-mavx2", "-mfma"],
        baseline: [],
      }
    : process.arch === "arm64"
      ? { neon: [] }
      : { baseline: [] };

const linkFlags =
  process.platform === "darwin"
    ? ["-bundle", "-undefined", "dynamic_lookup"]
    : ["-shared", "-pthread", "-static-libstdc++", "-Wl,-O1"];

function findCompiler(): Compiler | undefined {
  const candidates = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  for (const candidate of candidates) {
    const [program, ...leading] = candidate.trim().split(/\s+/);
    try {
      const version = execFileSync(program!, [...leading, "--version"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      return { program: program!, leading, version };
    } catch {
      // Not there, or does not run: the next one may.
    }
  }
  return undefined;
}

function sourceFiles(): string[] {
  return readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(cpp|h)$/.test(file))
    .sort();
}

/** Everything that the addon depends on, in one hash. */
function stampOf(compiler: Compiler, files: readonly string[], includeFolder: string): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([compiler, commonFlags, instructionSetFlags, linkFlags, includeFolder]));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(sourceFolder, file)));
  return hash.digest("hex");
}

function unitsOf(files: readonly string[], objectFolder: string): Unit[] {
  const kernels = join("kernels", "kernels.cpp");
  const others = files.filter((file) => file.endsWith(".cpp") && file !== kernels);
  return [
    // Longest first, so that the cores finish together.
    ...Object.entries(instructionSetFlags).map(([name, flags]) => ({
      source: join(sourceFolder, kernels),
      object: join(objectFolder, `kernels-${name}.o`),
      flags: [...flags, `-DLONGRUN_INSTRUCTION_SET=${name}`],
    })),
    ...others.map((file) => ({
      source: join(sourceFolder, file),
      object: join(objectFolder, `${basename(file, ".cpp")}.o`),
      flags: [],
    })),
  ];
}

async function call(compiler: Compiler, flags: readonly string[]): Promise<void> {
  const { stderr } = await promisify(execFile)(compiler.program, [...compiler.leading, ...flags], {
    maxBuffer: 1 << 26,
  });
  if (stderr) process.stderr.write(stderr);
}

/** Compiles on all cores, links, and puts the finished addon in place with one rename. */
async function build(compiler: Compiler, files: readonly string[], includeFolder: string): Promise<void> {
  mkdirSync(buildFolder, { recursive: true });
  const objectFolder = mkdtempSync(join(buildFolder, "objects-"));
  try {
    const units = unitsOf(files, objectFolder);
    const waiting = [...units];
    const compileSome = async (): Promise<void> => {
      for (let unit = waiting.shift(); unit; unit = waiting.shift()) {
        const { source, object, flags } = unit;
        await call(compiler, [...commonFlags, ...flags, `-I${includeFolder}`, "-c", source, "-o", object]);
      }
    };
    await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, compileSome));
    const linked = join(objectFolder, "longrun.node");
    await call(compiler, [...linkFlags, ...units.map(({ object }) => object), "-o", linked]);
    renameSync(linked, addonFile);
  } finally {
    rmSync(objectFolder, { recursive: true, force: true });
  }
}

function complain(found: string, expected: string, remedy: string): void {
  process.stderr.write(
    `longrun's native kernels were not built\nfound: ${found}\nexpected: ${expected}\nremedy: ${remedy}\n`,
  );
  process.exitCode = 1;
}

const compilerRemedy =
  "install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install), " +
  "or name one in CXX; then install again";

async function main(): Promise<void> {
  const started = performance.now();
  if (loads(prebuiltFile)) return;
  if (process.platform === "win32") {
    return complain("Windows", "Linux or macOS", "use the Windows Subsystem for Linux");
  }
  const compiler = findCompiler();
  if (!compiler) {
    const tried = process.env.CXX ? `CXX=${process.env.CXX} does not run` : "none of c++, g++, clang++ runs";
    return complain(tried, "a C++17 compiler (GCC 12 or newer, or Clang 14 or newer)", compilerRemedy);
  }
  const headers = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };
  const files = sourceFiles();
  const stamp = stampOf(compiler, files, headers.include_dir);
  if (readIfThere(stampFile) === stamp && readIfThere(addonFile) !== undefined) return;
  rmSync(stampFile, { force: true });
  try {
    await build(compiler, files, headers.include_dir);
  } catch (error) {
    const output = (error as { stderr?: string }).stderr || String(error);
    const name = compiler.version.split("\n")[0]!;
    return complain(
      `${name} failed:\n${output.trimEnd()}`,
      "a C++17 compiler (GCC 12 or newer, or Clang 14 or newer)",
      compilerRemedy,
    );
  }
  writeFileSync(stampFile, stamp);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`built ${Object.keys(instructionSetFlags).join(", ")} kernels in ${seconds} s\n`);
}

function loads(addon: string): boolean {
  try {
    createRequire(import.meta.url)(addon);
    return true;
  } catch {
    return false;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}

await main();

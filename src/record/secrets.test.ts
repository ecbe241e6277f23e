/** @file Command lines with secrets in them, and such as only look like it. */

import { expect, test } from "vitest";
import { masked, maskedCommand } from "./secrets.ts";

test.each([
  ["launch mine.yaml --token abc123", "launch mine.yaml --token ***"],
  ["launch --hf-token=abc123 mine.yaml", "launch --hf-token=*** mine.yaml"],
  ["run one.yaml api_key=abc WANDB_API_KEY=def", "run one.yaml api_key=*** WANDB_API_KEY=***"],
  ["launch hf_AbCdEfGhIjKl0123", "launch hf_***"],
  ["launch --name=sk-proj-0123456789abcdef", "launch --name=sk-***"],
  ["launch AKIAIOSFODNN7EXAMPLE.yaml", "launch AKIA***"],
  [
    "launch --folder https://me:pass@host/x?a=1&token=abc&b=2",
    "launch --folder https://me:***@host/x?a=1&token=***&b=2",
  ],
])("%s is recorded as %s", (line, recorded) => {
  expect(maskedCommand(line.split(" "))).toBe(recorded);
});

test("what is no secret stays as it is", () => {
  const line =
    "launch campaigns/first-light.yaml --tokens 15.6T --budget 2m --folder runs/key --token --json";
  expect(maskedCommand(line.split(" "))).toBe(line);
  expect(masked("error: cannot open https://host/path?page=2")).toBe(
    "error: cannot open https://host/path?page=2",
  );
});

/** @file Command lines with secrets in them, and such as only look like it. */

import { expect, test } from "vitest";
import { hideArguments, masked, maskedCommand } from "./secrets.ts";

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
  [
    "run --db-pass abc DB_PWD=def API_KEY_2=ghi PASSPHRASE=j",
    "run --db-pass *** DB_PWD=*** API_KEY_2=*** PASSPHRASE=***",
  ],
])("%s is recorded as %s", (line, recorded) => {
  expect(maskedCommand(line.split(" "))).toBe(recorded);
});

test("an argument that is a command line of its own is looked through", () => {
  expect(maskedCommand(["launch", "--notify", "note --token abc 'https://u:pass@h'"])).toBe(
    "launch --notify note --token *** 'https://u:***@h'",
  );
  expect(maskedCommand(["sh", "-c", "A=1 HF_TOKEN=1 python train.py --steps 1000; B_KEY=x true"])).toBe(
    "sh -c A=1 HF_TOKEN=*** python train.py --steps 1000; B_KEY=*** true",
  );
  expect(maskedCommand(["curl", "-H", "Authorization: Basic abc", "-H", "X-Api-Key: def"])).toBe(
    "curl -H Authorization: Basic *** -H X-Api-Key: ***",
  );
});

test("a hidden argument and a password in the environment are masked wherever they stand", () => {
  hideArguments(["sh", "-c", "HF_TOKEN=correct-horse python train.py http://me:of-an-address@h"]);
  process.env.DATABASE_URL = "postgres://me:battery-staple@host/db";
  try {
    expect(masked("login with correct-horse and battery-staple fails")).toBe("login with *** and *** fails");
    expect(masked("of-an-address")).toBe("***");
  } finally {
    delete process.env.DATABASE_URL;
  }
});

test("what is no secret stays as it is", () => {
  const line =
    "launch campaigns/first-light.yaml --tokens 15.6T --budget 2m --folder runs/key --token --json";
  expect(maskedCommand(line.split(" "))).toBe(line);
  expect(masked("error: cannot open https://host/path?page=2")).toBe(
    "error: cannot open https://host/path?page=2",
  );
});

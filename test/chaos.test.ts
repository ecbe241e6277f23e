/** @file `longrun chaos`: faults against a real run, and the bits that it ends with. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { differencesOf } from "../src/fleet/chaos/chaos.ts";
import { KINDS, randomFaults } from "../src/fleet/chaos/fault.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { expectRefusal, longrun } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-chaos-"));
let file: string;

beforeAll(() => {
  writeTexts(base);
  file = writeRun(base);
});
afterAll(() => rmSync(base, { recursive: true }));

test("a run that is killed, whose command is killed and whose record is torn ends with the same bits", async () => {
  const faults = join(base, "faults.yaml");
  writeFileSync(
    faults,
    `faults:
  - { kind: kill, at: { step: 80 } }
  - { kind: checkpoint-bits, at: { step: 120 } }
  - { kind: supervisor-killed, at: { step: 180 } }
  - { kind: record-torn, at: { step: 240 } }
  - { kind: all-killed, at: { step: 300 } }
  - { kind: kill, at: { stage: never } }
`,
  );
  const folder = join(base, "killed");
  const { code, stdout, stderr } = await longrun(
    "chaos",
    file,
    "--faults",
    faults,
    "--folder",
    folder,
    "--json",
  );
  expect(stderr).not.toContain("found:");
  expect(stdout, stderr).not.toBe("");
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({
    identical: true,
    differences: [],
    faults: [
      { kind: "kill", what: expect.stringMatching(/^SIGKILL to process \d+$/) },
      {
        kind: "checkpoint-bits",
        what: expect.stringMatching(/a bit of byte \d+ of .*safetensors, and SIGKILL/),
      },
      { kind: "supervisor-killed" },
      { kind: "record-torn", what: expect.stringMatching(/the record ends with \d+ bytes of a line of \d+/) },
      { kind: "all-killed" },
      { kind: "kill", step: null, what: "too late: the command had ended" },
    ],
  });
  // A run of a second may have ended by itself before the command was started again.
  expect(result.relaunches).toBeGreaterThanOrEqual(1);
  expect(result.relaunches).toBeLessThanOrEqual(3);
  expect(result.faults[0].step).toBeGreaterThanOrEqual(80);
  expect(result.incidents).toContainEqual({
    run: expect.stringMatching(/^one\./),
    what: "damaged checkpoint passed over",
    action: null,
  });
  expect(result.goodput).toBeGreaterThan(0);
  expect(result.goodput).toBeLessThan(1);
  expect(code).toBe(0);
});

test("the same seed plans the same faults, ten of different kinds in order", () => {
  const plan = randomFaults(3, 1000, KINDS);
  expect(plan).toEqual(randomFaults(3, 1000, KINDS));
  expect(plan).not.toEqual(randomFaults(4, 1000, KINDS));
  expect(new Set(plan.map(({ kind }) => kind)).size).toBe(10);
  const steps = plan.map(({ at }) => ("step" in at ? at.step : Number.NaN));
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(steps.every((step) => step >= 50 && step < 900)).toBe(true);
});

test("what differs is named", () => {
  const run = { bitsPerByte: 2, numSteps: 10, trace: "a" };
  const one = { runs: { a: run, b: run }, weights: "w" };
  expect(differencesOf(one, one)).toEqual([]);
  const other = { runs: { a: { bitsPerByte: 3, numSteps: 9, trace: "b" } }, weights: "v" };
  expect(differencesOf(one, other)).toEqual([
    "a has 9 steps, not 10",
    "a has other losses per step",
    "a scores 3 bits per byte, not 2",
    "b was finished by one of the two alone",
    "the model has other weights",
  ]);
});

test("the kinds are listed, with those that are impossible here", async () => {
  const { code, stdout } = await longrun("chaos", "--list", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).map(({ kind }: { kind: string }) => kind)).toEqual(KINDS);
});

test("a folder of somebody else's is not deleted, and a fault of no kind is refused", async () => {
  const foreign = join(base, "foreign");
  mkdirSync(foreign);
  expectRefusal(
    await longrun("chaos", file, "--folder", foreign),
    /no experiment of `longrun chaos`/,
    /--folder/,
  );
  const faults = join(base, "unknown.yaml");
  writeFileSync(faults, "faults: [{ kind: earthquake, at: { step: 1 } }]");
  expectRefusal(await longrun("chaos", file, "--faults", faults), /faults.0.kind/, /correct unknown.yaml/);
  expect(existsSync(join(foreign, "undisturbed"))).toBe(false);
});

test("a command that fails when it is left alone is not disturbed", async () => {
  const broken = join(base, "broken.yaml");
  writeFileSync(broken, "name: broken\nrun: { shape: { width: 48 } }\n");
  const outcome = await longrun("chaos", broken, "--folder", join(base, "broken"));
  expectRefusal(outcome, /left alone, the command ends with exit code 2: .*corpus/s, /put that right first/);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Decision } from "../decide/decide.ts";
import { DEFAULT_POLICY, type Policy, policySchema } from "../decide/policy.ts";
import type { Sighting } from "../decide/sighting.ts";
import { LocalBackend } from "../process/local-backend.ts";
import { type RunJob, supervise } from "../supervise.ts";

const command = [process.execPath, join(import.meta.dirname, "spiking.child.ts")];

/** What was seen and decided until the run ended. */
async function supervised(isPassing: boolean, policy: Policy = DEFAULT_POLICY, places = ["here"]) {
  const folder = mkdtempSync(join(tmpdir(), "longrun-rewind-"));
  const told: { readonly sighting: Sighting; readonly decision: Decision }[] = [];
  const startedOn: string[] = [];
  const start = () => {
    const last = told.at(-1)?.decision;
    return {
      fromStep: last && "toStep" in last ? last.toStep : null,
      skip: last && "skip" in last ? last.skip : [],
    };
  };
  const job: RunJob = {
    folder,
    run: "one",
    task: (attempt) => ({ folder, attempt, isPassing, ...start() }),
    processes: (_, [place = ""]) => {
      startedOn.push(place);
      return [{ rank: 0, place, program: { kind: "warm", command }, environment: {} }];
    },
    checkpoints: () => [0, 150, 240].map((step) => ({ step, isCertified: false })),
    policy,
    numPlaces: 1,
  };
  const watcher = {
    onEvent() {},
    onFailure: ({ sighting }: { readonly sighting: Sighting }, decision: Decision) =>
      told.push({ sighting, decision }),
  };
  try {
    using backend = new LocalBackend(folder, places);
    const outcome = await supervise(job, backend, watcher, new AbortController().signal);
    return { outcome, told, startedOn };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a spike is replayed from before it; where it recurs, it goes on without those batches", async () => {
  const { outcome, told } = await supervised(false);
  expect(outcome.kind).toBe("finished");
  const spike = { kind: "spike", step: 220, lastedSteps: 3 };
  expect(told).toMatchObject([
    { sighting: spike, decision: { action: "replay", toStep: 150 } },
    {
      sighting: spike,
      decision: { action: "rewind", toStep: 150, skip: [216, 217, 218, 219, 220, 221, 222, 223, 224] },
    },
  ]);
});

test("with a spare it is replayed there, and where it recurs the first place is a spare again", async () => {
  const { outcome, told, startedOn } = await supervised(false, DEFAULT_POLICY, ["here", "there"]);
  expect(outcome.kind).toBe("finished");
  expect(told).toMatchObject([
    { decision: { action: "replay", without: ["here"] } },
    { decision: { action: "rewind" } },
  ]);
  expect(startedOn).toEqual(["here", "there", "there"]);
});

test("one that does not recur was the machine's: the run goes on unaltered", async () => {
  const { outcome, told } = await supervised(true);
  expect(outcome.kind).toBe("finished");
  expect(told).toMatchObject([{ decision: { action: "replay", toStep: 150 } }]);
});

test("one that recurs is a person's where the policy skips none; a small one only noted", async () => {
  const { outcome } = await supervised(false, policySchema.parse({ spike: { mostSkips: 0 } }));
  expect(outcome).toMatchObject({
    kind: "held",
    reason: "it recurs at step 220, and 0 spikes may be skipped in a run",
  });
  const { outcome: end, told } = await supervised(false, policySchema.parse({ spike: { leastRise: 3 } }));
  expect(end.kind).toBe("finished");
  expect(told).toMatchObject([{ sighting: { kind: "spike", step: 220 }, decision: { action: "nothing" } }]);
});

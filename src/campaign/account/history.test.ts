import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { runName } from "../../fleet/recorded-run.ts";
import type { EventDraft, EventKind, RecordEvent, Stage } from "../../record/events.ts";
import { NO_PREVIOUS } from "../../record/events.ts";
import { sha256 } from "../../record/files.ts";
import { inputsHashOf } from "../context.ts";
import { fitWith, ladderRunWith, manifestWith, summaryWith } from "../fixture.ts";
import type { Plan } from "../planning/plan.ts";
import { planCampaign } from "../planning/plan.ts";
import { campaignSchema } from "../spec.ts";
import { fitInputs } from "../stages/fit.ts";
import type { LadderRun } from "../stages/ladder.ts";
import { targetName } from "../stages/ladder.ts";
import { verdictInputs } from "../stages/verdict.ts";
import { historyOf } from "./history.ts";

type Draft = { readonly [K in EventKind]: EventDraft<K> }[EventKind];

function recordOf(drafts: readonly Draft[]): readonly RecordEvent[] {
  return drafts.map((draft, sequence) => {
    const time = new Date(Date.UTC(2026, 0, 1) + 1000 * sequence).toISOString();
    return { v: 1, sequence, time, previous: NO_PREVIOUS, ...draft } as RecordEvent;
  });
}

const campaign = campaignSchema.parse({
  name: "one",
  budget: "2TFLOP",
  corpus: { sources: [{ name: "tales", path: "tales" }] },
  vocabularySize: 512,
});
const plan = planCampaign(campaign, 2e12);
/** The same ladder under a longer target, as a change of the reach may give. */
const longer: Plan = {
  ...plan,
  target: { ...plan.target, spec: { ...plan.target.spec, numSteps: plan.target.spec.numSteps + 1 } },
};
const manifest = manifestWith("corpus", 512);

function planned(own: Plan): EventDraft<"campaign-planned"> {
  const stored = {
    campaign: "one",
    budget: campaign.budget,
    seed: 1,
    splitRule: "by passage",
    issues: [],
    plan: own,
    expectedSeconds: 60,
    targetStepSeconds: 0.01,
    command: "longrun launch",
    machine: {
      processor: "a test's",
      numThreads: 2,
      instructionSet: "baseline",
      memoryBytes: 1e9,
      freeDiskBytes: 1e9,
    },
  };
  return { run: null, kind: "campaign-planned", data: { specHash: sha256("spec"), plan: stored } };
}

const finished = (stage: Stage, result: unknown, inputs: unknown = null): EventDraft<"stage-finished"> => ({
  run: null,
  kind: "stage-finished",
  data: { stage, inputsHash: inputsHashOf(inputs), result, seconds: 1 },
});

const runs: readonly LadderRun[] = plan.rungs.flatMap((rung) =>
  rung.runs.map((run) => ({
    ...ladderRunWith({}, runName(run, manifest.hash)),
    rung: rung.index,
    seed: run.spec.seed,
  })),
);

/** Everything that a campaign under this plan leaves, and the results to be found again. */
function wholeCampaign(own: Plan) {
  const name = targetName(own, manifest, runs);
  const target = { name, summary: summaryWith({}) };
  const fit = fitWith({ runs: runs.map((run) => run.name), reach: own.target.spec.numSteps });
  const sample = { prompt: "The ", text: name, temperature: 0.8, topTokens: 40, seed: 1 };
  const verdict = { sample, curveInside: 1 };
  const drafts = {
    planned: planned(own),
    prepare: finished("prepare", manifest),
    ladder: finished("ladder", runs),
    fit: finished("fit", fit, fitInputs(runs, name)),
    target: finished("target", target),
    verdict: finished("verdict", verdict, verdictInputs(target, fit)),
  };
  return { name, target, fit, verdict, drafts };
}

const first = wholeCampaign(plan);
const second = wholeCampaign(longer);

describe("the history of a campaign", () => {
  test("needs a plan", () => {
    expect(() => historyOf(recordOf([]))).toThrow(UserError);
    expect(() => historyOf(recordOf([]))).toThrow("found: a record without a plan");
  });

  test("holds what there is, stage by stage", () => {
    const drafts = Object.values(first.drafts);
    const reached = drafts.map((_, i) => {
      const { planned: stored, plannedAt, ...stages } = historyOf(recordOf(drafts.slice(0, i + 1)));
      expect(stored.plan).toEqual(plan);
      expect(plannedAt).toBe("2026-01-01T00:00:00.000Z");
      return Object.entries(stages).flatMap(([stage, result]) => (result === null ? [] : [stage]));
    });
    expect(reached).toEqual([
      [],
      ["manifest"],
      ["manifest", "ladder", "targetName"],
      ["manifest", "ladder", "targetName", "fit"],
      ["manifest", "ladder", "targetName", "fit", "target"],
      ["manifest", "ladder", "targetName", "fit", "target", "verdict"],
    ]);
  });

  test("gives the results themselves", () => {
    const {
      targetName: name,
      fit,
      target,
      verdict,
      ladder,
    } = historyOf(recordOf(Object.values(first.drafts)));
    expect({ name, fit, target, verdict }).toEqual({
      name: first.name,
      fit: first.fit,
      target: first.target,
      verdict: first.verdict,
    });
    expect(ladder).toEqual(runs);
  });

  test("takes the last of several results of a stage", () => {
    const again = { ...manifest, passageBytes: 4000 };
    const { prepare, planned: start } = first.drafts;
    const history = historyOf(recordOf([start, prepare, finished("prepare", again)]));
    expect(history.manifest?.passageBytes).toBe(4000);
  });

  test("forgets what belongs to an earlier plan: of a new target on the same ladder, the ladder is all there is", () => {
    const history = historyOf(recordOf([...Object.values(first.drafts), planned(longer)]));
    expect(second.name).not.toBe(first.name);
    expect(history).toMatchObject({ targetName: second.name, fit: null, target: null, verdict: null });
    expect(history.ladder).toEqual(runs);
  });

  test("does not take one target's verdict for another's", () => {
    const { fit, target, verdict } = second.drafts;
    const upToTarget = [...Object.values(first.drafts), planned(longer), fit, target];
    expect(historyOf(recordOf(upToTarget))).toMatchObject({ target: second.target, verdict: null });
    expect(historyOf(recordOf([...upToTarget, verdict])).verdict).toEqual(second.verdict);
    // Back to the first plan: its own results are all there.
    expect(historyOf(recordOf([...upToTarget, verdict, planned(plan)]))).toMatchObject({
      fit: first.fit,
      target: first.target,
      verdict: first.verdict,
    });
  });

  test("forgets a ladder of another corpus or vocabulary", () => {
    const { planned: start, prepare, ladder } = first.drafts;
    const other = finished("prepare", manifestWith("another", 512));
    expect(historyOf(recordOf([start, prepare, ladder, other]))).toMatchObject({
      ladder: null,
      targetName: null,
    });
    const small = finished("prepare", manifestWith("small", 300));
    expect(historyOf(recordOf([start, small])).manifest).toBeNull();
    expect(historyOf(recordOf([start, prepare, small])).manifest?.hash).toBe("corpus");
  });
});

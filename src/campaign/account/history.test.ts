import { describe, expect, test } from "vitest";
import { manifestWith } from "../../corpus/fixture.ts";
import { UserError } from "../../errors.ts";
import { runName } from "../../fleet/recorded-run.ts";
import type { EventDraft, Stage } from "../../record/events.ts";
import { sha256 } from "../../record/files.ts";
import { type Draft, recordOf } from "../../record/fixture.ts";
import { summaryWith } from "../../train/fixture.ts";
import { inputsHashOf } from "../context.ts";
import { environment, ladderRunWith, storedFit, targetForecast } from "../fixture.ts";
import { type Plan, planCampaign } from "../planning/plan.ts";
import { targetQuantities } from "../quantities.ts";
import { campaignSchema } from "../spec.ts";
import { fitInputs } from "../stages/fit.ts";
import { type LadderRun, targetName } from "../stages/ladder.ts";
import { historyOf } from "./history.ts";

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
    plan: own,
    expectedSeconds: 60,
    targetStepSeconds: 0.01,
    command: "longrun launch",
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

/** What the record says of a finished run. */
const trained = (run: string): readonly Draft[] => [
  {
    run,
    kind: "run-started",
    data: { attempt: 1, fromStep: 0, exact: true, numThreads: 2, spec: {} },
  },
  { run, kind: "run-finished", data: { summary: summaryWith({}) } },
];

/** Everything that a campaign under this plan leaves, and the results to be found again. */
function wholeCampaign(own: Plan) {
  const name = targetName(own, manifest, runs);
  const fit = { ...storedFit, reach: own.target.spec.numSteps };
  const rows = targetQuantities(manifest);
  const locked = rows.map(
    ({ name: quantity, unit, predict }): Draft => ({
      run: name,
      kind: "prediction",
      data: { quantity, unit, ...predict(targetForecast) },
    }),
  );
  const verdict = { sample: { prompt: "The ", text: name, temperature: 0.8, topTokens: 40, seed: 1 } };
  const drafts = {
    planned: [environment, planned(own)],
    prepare: [finished("prepare", manifest)],
    ladder: runs.flatMap((run) => trained(run.name)),
    fit: [...locked, finished("fit", fit, fitInputs(runs, name))],
    target: trained(name),
    verdict: [finished("verdict", verdict, { target: name })],
  };
  const predictions = new Map(rows.map((row) => [row.name, row.predict(targetForecast)]));
  return { name, fit: { ...fit, predictions }, verdict, drafts };
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
      const history = historyOf(recordOf(drafts.slice(0, i + 1).flat()));
      const { planned: stored, plannedAt, plannedOn, ...stages } = history;
      expect(stored.plan).toEqual(plan);
      expect(plannedAt).toBe("2026-01-01T00:00:01.000Z");
      expect(plannedOn).toEqual(environment.data);
      return Object.entries(stages).flatMap(([stage, result]) => (result === null ? [] : [stage]));
    });
    const names = ["manifest", "ladder", "targetName", "fit", "target", "verdict"];
    expect(reached).toEqual([0, 1, 3, 4, 5, 6].map((n) => names.slice(0, n)));
  });

  test("gives the results themselves, read from the events of stages, runs and predictions", () => {
    const history = historyOf(recordOf(Object.values(first.drafts).flat()));
    const { targetName: name, fit, verdict } = history;
    expect({ name, fit, verdict }).toEqual({ name: first.name, fit: first.fit, verdict: first.verdict });
    expect(history.target).toEqual(summaryWith({}));
    expect(history.ladder).toEqual(runs);
  });

  test("knows no ladder until all its runs are finished", () => {
    const { planned: start, prepare, ladder } = first.drafts;
    expect(historyOf(recordOf([...start, ...prepare, ...ladder.slice(0, -1)])).ladder).toBeNull();
  });

  test("takes the last of several results of a stage", () => {
    const again = { ...manifest, passageBytes: 4000 };
    const { prepare, planned: start } = first.drafts;
    const history = historyOf(recordOf([...start, ...prepare, finished("prepare", again)]));
    expect(history.manifest?.passageBytes).toBe(4000);
  });

  test("forgets what belongs to an earlier plan: a new target keeps the ladder and nothing else", () => {
    const history = historyOf(recordOf([...Object.values(first.drafts).flat(), planned(longer)]));
    expect(second.name).not.toBe(first.name);
    expect(history).toMatchObject({ targetName: second.name, fit: null, target: null, verdict: null });
    expect(history.ladder).toEqual(runs);
  });

  test("does not take one target's verdict for another's", () => {
    const { fit, target, verdict } = second.drafts;
    const upToTarget = [...Object.values(first.drafts).flat(), planned(longer), ...fit, ...target];
    expect(historyOf(recordOf(upToTarget))).toMatchObject({ target: summaryWith({}), verdict: null });
    expect(historyOf(recordOf([...upToTarget, ...verdict])).verdict).toEqual(second.verdict);
    // Back to the first plan: its own results are all there.
    const back = historyOf(recordOf([...upToTarget, ...verdict, planned(plan)]));
    expect(back).toMatchObject({ targetName: first.name, verdict: first.verdict });
    expect(back.fit).toEqual(first.fit);
  });

  test("forgets a ladder of another corpus or vocabulary", () => {
    const { planned: start, prepare, ladder } = first.drafts;
    const other = finished("prepare", manifestWith("another", 512));
    expect(historyOf(recordOf([...start, ...prepare, ...ladder, other]))).toMatchObject({
      ladder: null,
      targetName: null,
    });
    const small = finished("prepare", manifestWith("small", 300));
    expect(historyOf(recordOf([...start, small])).manifest).toBeNull();
    expect(historyOf(recordOf([...start, ...prepare, small])).manifest?.hash).toBe("corpus");
  });
});

import { describe, expect, test } from "vitest";
import { manifestWith, sourceWith } from "../corpus/fixture.ts";
import type { ReportData, ScoredRow } from "./data.ts";
import { featureOnTrial } from "./feature-fixture.ts";
import { finishedCampaign } from "./fixture.ts";
import { recommendationsOf } from "./recommendations.ts";

const base: ReportData = { ...finishedCampaign, issues: [], incidents: [] };
const forecast = base.forecast!;

/** The base with one row of the verdict changed. */
function withRow(about: ScoredRow["about"], change: Partial<ScoredRow>): ReportData {
  return { ...base, verdict: base.verdict.map((row) => (row.about === about ? { ...row, ...change } : row)) };
}

const recommended = (data: ReportData, start: string) =>
  recommendationsOf(data).find(({ action }) => action.startsWith(start));

describe("recommendationsOf", () => {
  test("bets again when the forecast held, with what the law says of the next target", () => {
    expect(recommended(base, "Bet again")).toEqual({
      action: "Bet again, larger: at 180 TFLOP the forecast is 1.911 (1.852 to 1.972) bits per byte.",
      because:
        "This forecast held: +0.6 % at 9.1 times the largest rung, and the back-test's mean gap is -0.06 %.",
    });
  });

  test("does not bet again on a curve that left its band, or on a back-test that leans to one side", () => {
    const strayed = { ...base.target!, inside: 50 };
    expect(recommended({ ...base, target: strayed }, "Bet again")).toBeUndefined();
    const leaning = (percents: readonly number[]) => {
      const backtests = forecast.backtests.map((test, index) => ({
        ...test,
        measured: test.predicted.median * (1 + percents[index]! / 100),
      }));
      return { ...base, forecast: { ...forecast, backtests } };
    };
    expect(recommended(leaning([-0.6, -0.3, 0.06]), "Bet again")).toBeUndefined();
    expect(recommended(leaning([-0.6, -0.3, 0.06]), "Expect the next loss below")?.because).toBe(
      "The mean gap of the left-out runs is -0.28 %, without its sign 0.32 %.",
    );
    expect(recommended(leaning([-0.6, -0.3, 0.6]), "Bet again")?.because).toContain("mean gap is -0.10 %");
    expect(recommended(leaning([-0.2, -0.2, -0.2]), "Bet again")?.because).toContain("mean gap is -0.20 %");
    expect(recommended(base, "Expect the next")).toBeUndefined();
  });

  test("looks for the cause when the target is worse than its forecast, and does not bet again", () => {
    const data = withRow("loss", {
      measured: 2.2,
      gapPercent: 7.4,
      inside: false,
      causes: [
        { name: "law", percent: 6 },
        { name: "data", percent: 1.4 },
      ],
    });
    expect(recommended(data, "Find out")).toEqual({
      action: "Find out what made the target worse than its forecast before spending more; begin with law.",
      because: "The loss lies +7.4 % from the forecast, outside its interval; law accounts for +6.0 %.",
    });
    expect(recommended(data, "Bet again")).toBeUndefined();
    expect(recommended(base, "Find out")).toBeUndefined();
  });

  test("refits when the law was too gloomy", () => {
    const data = withRow("loss", {
      measured: 1.9,
      gapPercent: -7.2,
      inside: false,
      causes: [{ name: "law", percent: -7.2 }],
    });
    expect(recommended(data, "Refit")?.because).toContain("-7.2 %");
  });

  test("narrows an interval wider than 5 %", () => {
    const data = withRow("loss", { predicted: { median: 2, lo: 1.9, hi: 2.1 } });
    expect(recommended(data, "Narrow")?.because).toContain("10.0 % wide");
    expect(recommended(base, "Narrow")).toBeUndefined();
  });

  test("asks for more seeds when noise makes up half of the interval", () => {
    const noisy = { ...base, target: { ...base.target!, seedDeviation: 0.015 } };
    expect(recommended(noisy, "Repeat the small rungs")?.because).toContain("0.015 bits per byte");
    expect(recommended(base, "Repeat the small rungs")).toBeUndefined();
    const unknown = { ...base, target: { ...base.target!, seedDeviation: null } };
    expect(recommended(unknown, "Read nothing")).toBeUndefined();
  });

  test("reads nothing into a gap within two deviations of seed noise", () => {
    expect(recommended(base, "Read nothing")?.because).toBe("It is 1.8 standard deviations of seed noise.");
    const quiet = { ...base, target: { ...base.target!, seedDeviation: 0.001 } };
    expect(recommended(quiet, "Read nothing")).toBeUndefined();
  });

  test("distrusts a forecast whose back-test missed", () => {
    const missed = forecast.backtests.map((test, index) =>
      index < 2 ? { ...test, measured: test.predicted.hi * 1.1 } : test,
    );
    const data = { ...base, forecast: { ...forecast, backtests: missed } };
    expect(recommended(data, "Trust this forecast's interval less")?.because).toContain("only 1 of 3");
    expect(recommended(base, "Trust")).toBeUndefined();
  });

  test("adds a rung when the reach is long", () => {
    const data = { ...base, forecast: { ...forecast, reach: 40 } };
    expect(recommended(data, "Add a rung of 2.3 TFLOP")?.because).toContain("40 times beyond");
    expect(recommended(base, "Add a rung")).toBeUndefined();
  });

  test("asks for text when the corpus is repeated, more firmly after four passes", () => {
    const passes = (tokens: number) => {
      const train = { passages: 1, bytes: 1, tokens, shards: [] };
      return { ...base, manifest: manifestWith("corpus", 1024, [sourceWith({ train })]) };
    };
    expect(recommended(passes(1_525_248), "Add text")?.because).toContain("2.0 passes");
    expect(recommended(passes(305_049), "Get more text")?.because).toContain("10 passes");
    expect(recommended(base, "Add text")).toBeUndefined();
  });

  test("points at the operation that cost most when time missed", () => {
    expect(recommended(base, "Mend the cost")?.action).toContain('"matrix products, backward"');
    const punctual = withRow("step-time", { inside: true });
    expect(recommended(punctual, "Mend the cost")).toBeUndefined();
  });

  test("corrects the memory model, the band and the checkpoints where they failed", () => {
    expect(recommended(withRow("memory", { inside: false }), "Correct the memory model")?.because).toContain(
      "-2.2 %",
    );
    const strayed = { ...base, target: { ...base.target!, inside: 50 } };
    expect(recommended(strayed, "Refit the shape")?.because).toContain("Only 50 of 114 points");
    const lossy = {
      ...base,
      incidents: finishedCampaign.incidents.map((incident) => ({ ...incident, lostSeconds: 60 })),
    };
    expect(recommended(lossy, "Write checkpoints")?.because).toBe(
      "Incidents: 1, at a cost of 1 min 00 s, 20.9 % of all work.",
    );
    expect(
      recommended({ ...base, incidents: finishedCampaign.incidents }, "Write checkpoints"),
    ).toBeUndefined();
  });

  test("closes open issues, with chance and cost", () => {
    expect(recommended(finishedCampaign, "Close")).toEqual({
      action: 'Close "rotary base untested at this context" (rope-base), due in 9 days.',
      because: "It had a 10 % chance to happen, at a cost of 0.5 days.",
    });
  });

  test("says of a feature what its verdict calls for, and nothing where it has what it should", () => {
    const actionOn = (decision: "adopt" | "drop" | "undecided", adopted: boolean, changes: object = {}) => {
      const verdict = { decision, reason: "the reason" };
      const report = { ...featureOnTrial.report, verdict, ...changes };
      const all = recommendationsOf({ ...base, features: [{ ...featureOnTrial, adopted, report }] });
      return all.find(({ because }) => because === "the reason")?.action;
    };
    expect(actionOn("adopt", false)).toBe(
      "Give the next target swiglu: set adopt on it in the campaign file.",
    );
    expect(actionOn("adopt", true)).toBeUndefined();
    expect(actionOn("drop", true)).toBe("Take swiglu out of the next target.");
    expect(actionOn("drop", false)).toBeUndefined();
    expect(actionOn("undecided", true)).toBe(
      "Do not decide on swiglu yet: run 2 more pairs at 4.00 TFLOP first.",
    );
    expect(actionOn("undecided", true, { furtherRung: null })).toBeUndefined();
  });

  test("puts what blocks the campaign first", () => {
    const status = { kind: "stopped", reason: "It needs 9 GB and there are 2." } as const;
    const data = { ...base, campaign: { ...base.campaign, status } };
    expect(recommendationsOf(data)[0]).toEqual({
      action: "Change the plan: this bet is not worth placing as it stands.",
      because: "It needs 9 GB and there are 2.",
    });
  });
});

import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { parseBudget } from "../budget.ts";
import { type Campaign, campaignSchema } from "../spec.ts";
import { planCampaign } from "./plan.ts";
import { refuseTooSmallFiles, tooLittleText } from "./text-budget.ts";

const campaign = campaignSchema.parse({
  name: "small",
  budget: "30TFLOP",
  corpus: {
    sources: [
      { name: "a", path: "a" },
      { name: "b", path: "b", weight: 3 },
    ],
  },
});
const plan = planCampaign(campaign, 30e12);

function refusalOf(files: readonly number[], of: Campaign = campaign): UserError | null {
  try {
    refuseTooSmallFiles(of, plan, files);
    return null;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** The plan of the budget that a remedy names. */
function planIn(remedy: string) {
  const budget = parseBudget(/^--budget (\S+) is the largest/.exec(remedy)![1]!);
  return planCampaign(campaign, budget.kind === "flops" ? budget.flops : Number.NaN);
}

test("files are enough where a byte a token would do, by weights and epochs", () => {
  // Read to the full: 4 epochs of 95 % of b, and of a a third of that.
  const enough = plan.target.tokens / 4 / 0.95 / (1 + 1 / 3);
  expect(refusalOf([1.01 * enough, 1.01 * enough])).toBeNull();
  expect(refusalOf([0.99 * enough, 0.99 * enough])!.found).toMatch(
    /^too little text for \d+ tokens: .*in 4 epochs$/,
  );
  const twice = { ...campaign, gate: { ...campaign.gate, maxEpochs: 8 } };
  expect(refusalOf([0.51 * enough, 0.51 * enough], twice)).toBeNull();
});

test("the remedy names a budget that fits, or what the least of text is", () => {
  expect(planIn(refusalOf([4e5, 5e5])!.remedy).target.tokens).toBeLessThan(
    (4 * 0.95 * (4e5 / 3 + 5e5)) / 2.2,
  );
  expect(refusalOf([1e4, 4e4])!.remedy).toMatch(/^no budget is small enough: .* at least \d+ kB of text/);
});

test("of a counted text it is the largest, to two digits", () => {
  const most = plan.target.tokens / 2;
  const { remedy } = tooLittleText(campaign, plan, "", {
    mostTokens: () => most,
    bytesFor: (tokens) => tokens,
    fits: "fits",
  });
  const { tokens } = planIn(remedy).target;
  expect(tokens).toBeLessThanOrEqual(most);
  expect(tokens).toBeGreaterThan(0.9 * most);
});

import { describe, expect, test } from "vitest";
import type { ReportData } from "./data.ts";
import { finishedCampaign } from "./fixture.ts";
import { renderMarkdown, renderReport } from "./report.ts";

/** A campaign that has planned and done nothing else. */
const planned: ReportData = {
  ...finishedCampaign,
  campaign: {
    ...finishedCampaign.campaign,
    status: { kind: "running", stage: "prepare" },
    endedAt: null,
    peakBytes: null,
  },
  manifest: null,
  ladder: [],
  forecast: null,
  lock: null,
  gates: [],
  issues: [],
  target: null,
  verdict: [],
  operations: [],
  incidents: [],
  sample: null,
};
const held: ReportData = {
  ...finishedCampaign,
  campaign: {
    ...finishedCampaign.campaign,
    status: { kind: "held", reason: "reach is 40, above 16" },
    endedAt: null,
  },
  gates: [{ gate: "forecast", decision: "hold", reason: "Reach is 40, above 16.", accepted: null }],
  target: null,
  verdict: finishedCampaign.verdict.map((row) => ({
    ...row,
    measured: null,
    gapPercent: null,
    inside: null,
    causes: [],
  })),
  operations: [],
  sample: null,
};

const section = (markdown: string, title: string) =>
  markdown.split(/^## /m).find((part) => part.startsWith(title))!;
const figuresNamed = (markdown: string) =>
  [...markdown.matchAll(/\]\(figures\/([^)]+)\)/g)].map((match) => match[1]).sort();

describe("the report of a finished campaign", () => {
  const markdown = renderMarkdown(finishedCampaign);

  test("has every section, in the order in which a reader asks", () => {
    expect([...markdown.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual([
      "The verdict",
      "The bet",
      "The evidence",
      "What came out",
      "Why it differed",
      "The loss curve against its band",
      "Where the time went",
      "The data",
      "Decisions",
      "Incidents and interruptions",
      "A sample of text",
      "What to do next",
      "Environment",
      "How to check this",
    ]);
  });

  test("gives the verdict in three sentences with numbers", () => {
    const verdict = section(markdown, "The verdict")
      .replace(/^The verdict\s+/, "")
      .trim();
    expect(verdict.split(/\.\s+(?=[A-Z0-9])/)).toHaveLength(3);
    expect(verdict).toContain("reached **2.060 bits per byte**");
    expect(verdict).toContain(
      "2.048 bits per byte (90 % interval 2.011 to 2.085), so the gap is +0.6 %, **inside**",
    );
    expect(verdict).toContain(
      "It took 2 min 55 s (predicted 2 min 46 s; +5.2 %, inside) and 403 MB of memory",
    );
    expect(verdict).toContain("3 of 4 predictions held; the largest gap is that of the step time, +6.5 %");
  });

  test("says what N counts wherever it is told, and calls C counted", () => {
    expect(section(markdown, "The bet")).toContain("the head included, the input embedding not");
    expect(section(markdown, "The evidence")).toContain("the head included, the input embedding not");
    expect(section(markdown, "The bet")).toContain("18.3 TFLOP, counted forward and backward");
  });

  test("lists every run with its losses, the forecast once with its laws, the back-test and the lock", () => {
    const evidence = section(markdown, "The evidence");
    expect(evidence.match(/^\| rung-1-seed-\d /gm)).toHaveLength(2);
    expect(evidence).toContain("| gutenberg | union |");
    expect(evidence.match(/The forecast of the target's loss is 2\.048 bits per byte/g)).toHaveLength(1);
    expect(evidence).toContain("2.40 times as wide as the laws give");
    expect(evidence).toContain(
      "| chinchilla | L(N, D) = E + A N^-alpha + B D^-alpha | 39.0 % | 2.051 (2.009 to 2.090) |",
    );
    expect(evidence).toContain("3 of 3 fell inside; the mean gap is -0.06 %, without its sign 0.19 %");
    expect(evidence).toContain("| rung-6 | 5 | 1.7 |");
    expect(evidence).toContain(`by event 61, at 2026-11-22T08:01:34.000Z`);
  });

  test("shows the free fits for orientation, a parameter at its bound as such", () => {
    const [, free] = section(markdown, "The evidence").split("For orientation, the free fits");
    expect(free).toContain("| L(C) = E + a C^-b | b | 1 | 0.1320 | 0.1140 to 0.1550 |");
    expect(free).toContain("| E | bits per byte | 0, at its bound | 0 to 1.310 |");
    expect(free).toContain("B D^-beta | A | bits per byte | 31.00 | 2.500 to unbounded |");
    expect(free).toContain("B D^-beta | E | bits per byte | 0, at its bound | - |");
    expect(markdown).not.toContain("e-15");
  });

  test("says which share of a budget in FLOPs the plan takes, and what one in time was planned as", () => {
    expect(section(markdown, "The bet")).toContain("| budget | 30.0 TFLOP; the plan takes 88 % of it |");
    const timed: ReportData = {
      ...finishedCampaign,
      bet: { ...finishedCampaign.bet, budget: { kind: "seconds", seconds: 60 } },
    };
    expect(section(renderMarkdown(timed), "The bet")).toContain(
      "| budget | 1 min 00 s, planned as 26.4 TFLOP |",
    );
  });

  test("counts a share of points among the predictions, but takes no gap apart and draws none", async () => {
    const share = {
      ...finishedCampaign.verdict[0]!,
      about: "other" as const,
      quantity: "loss curve inside its band",
      unit: "share",
      lockedSequence: 61,
      predicted: { median: 0.9, lo: 0.8, hi: 1 },
      measured: 0.44,
      gapPercent: -51,
      inside: false,
      causes: [{ name: "points outside", percent: -51 }],
    };
    const data = { ...finishedCampaign, verdict: [...finishedCampaign.verdict, share] };
    const { markdown: text, figures } = await renderReport(data);
    expect(section(text, "The verdict")).toContain(
      "3 of 5 predictions held; the largest gap is that of the step time",
    );
    expect(section(text, "What came out")).toMatch(
      /loss curve inside its band \| share \|.* \| - \| outside \| {2}\|/,
    );
    expect(section(text, "Why it differed")).not.toContain("loss curve inside its band");
    expect(figures.find(({ name }) => name === "predicted-measured.svg")!.svg).not.toContain("loss curve");
  });

  test("hides what was dropped nowhere, and writes clauses out as sentences", () => {
    const text = section(markdown, "The data");
    expect(text).toContain("| union | equal to an earlier one | 2 documents |");
    expect(text).toContain(
      "Held out: 5 % of the passages of about 4000 bytes of each source, by a hash of their content.",
    );
    expect(text).toContain(
      "(the power of two that gives the head about 20 % of the target's parameters). Its hash",
    );
    expect(section(markdown, "Environment")).toContain("| peak memory of the largest process | 1.12 GB |");
  });

  test("scores first predictions and later ones apart", () => {
    const [first, later] = section(markdown, "What came out").split("Predictions made later");
    expect(first!.match(/^\| target \| held-out loss /gm)).toHaveLength(1);
    expect(later).toContain("re-forecast at 60 %");
  });

  test("names what the causes leave over, and takes loss apart against seed noise", () => {
    const why = section(markdown, "Why it differed");
    expect(why).toContain("| not explained | -0.71 % | -1.18 s |");
    expect(why).toContain("standard deviation of 0.0067 bits per byte; this gap is 0.012, 1.8 of them");
  });

  test("adds the operations up to the whole", () => {
    expect(section(markdown, "Where the time went")).toContain(
      "| in all | 166.10 | 174.80 | 100.0 % | 8.70 | +5.2 % |",
    );
  });

  test("tells how to check it", () => {
    expect(section(markdown, "How to check this")).toContain("longrun record verify runs/first-light");
    expect(section(markdown, "How to check this")).toContain(finishedCampaign.record.headHash);
  });

  test("is pure: the same bytes again, and each figure it shows comes with it", async () => {
    const [first, second] = [await renderReport(finishedCampaign), await renderReport(finishedCampaign)];
    expect(second).toEqual(first);
    expect(first.figures.map((figure) => figure.name).sort()).toEqual(figuresNamed(first.markdown));
    expect(first.figures).toHaveLength(5);
  });
});

describe("the report of an unfinished campaign", () => {
  test.each([
    ["planned", planned],
    ["held", held],
  ])(
    "%s: says what is missing, shows only figures that there are, and prints no hole",
    async (_name, data) => {
      const { markdown, figures } = await renderReport(data);
      expect(figures.map((figure) => figure.name).sort()).toEqual(figuresNamed(markdown));
      expect(markdown).not.toMatch(/NaN|undefined|null|Infinity/);
    },
  );

  test("says where a running campaign stands and how to go on", () => {
    const markdown = renderMarkdown(planned);
    expect(section(markdown, "The verdict")).toContain('the campaign is in its stage "prepare"');
    expect(section(markdown, "The evidence")).toContain("The ladder has not been climbed yet.");
    expect(section(markdown, "What to do next")).toContain("Give the same command again (`longrun launch");
  });

  test("gives a hold its reason, its forecast and the way out", () => {
    const markdown = renderMarkdown(held);
    expect(section(markdown, "The verdict")).toContain("is **held**");
    expect(section(markdown, "The verdict")).toContain(
      "Reach is 40, above 16. The forecast of the loss is 2.048 bits per byte",
    );
    expect(section(markdown, "What to do next")).toContain("--accept ID --because TEXT");
  });
});

describe("text from outside", () => {
  test("cannot add a column to a table or break out of the sample", () => {
    const data: ReportData = {
      ...finishedCampaign,
      gates: [{ gate: "forecast", decision: "go", reason: "a | b\nc", accepted: null }],
      sample: { prompt: "", text: "```\n## Not a section", temperature: 1, seed: 1 },
    };
    const markdown = renderMarkdown(data);
    expect(markdown).toContain("| a \\| b c |");
    expect(section(markdown, "A sample of text")).toContain("````text\n```\n");
  });
});

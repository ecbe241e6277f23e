/** @file A campaign whose runs are trained in PyTorch: the same ladder, forecasts, verdict and record. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventsOf } from "../src/record/events.ts";
import { readRecord, verifyRecord } from "../src/record/record.ts";
import { writeCampaign, writeTexts } from "./support/campaigns.ts";
import { expectRefusal, longrun } from "./support/processes.ts";
import { describeTorch } from "./support/torch.ts";

describeTorch("a campaign in PyTorch", (python) => {
  const base = mkdtempSync(join(tmpdir(), "longrun-torch-campaign-"));
  afterAll(() => rmSync(base, { recursive: true }));
  writeTexts(base);
  const options = ["--folder", join(base, "campaign"), "--python", python, "--ranks", "2", "--json"];

  test("goes from text to verdict, and is not trained again", async () => {
    const file = writeCampaign(base, { trainer: "torch" });
    const { code, stdout, stderr } = await longrun("launch", file, ...options);
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
    const { verdict } = JSON.parse(stdout) as { readonly verdict: readonly { readonly basis: string }[] };
    const steps = verdict.find(({ basis }) => basis.includes("timed alone"));
    expect(steps?.basis).toContain("the ratio of PyTorch's step time to that estimate");
    const { events } = readRecord(join(base, "campaign"));
    const specs = eventsOf(events, "run-started").map(({ data }) => data.spec);
    expect(specs.length).toBeGreaterThan(6);
    for (const spec of specs)
      expect(spec).toMatchObject({ torch: { parallel: "ddp", precision: "fp32", compile: false } });
    expect(verifyRecord(join(base, "campaign"))).toMatchObject({ ok: true });
    expect((await longrun("launch", file, ...options)).code).toBe(0);
    expect(
      readRecord(join(base, "campaign")).events.filter(({ kind }) => kind === "run-started"),
    ).toHaveLength(specs.length);
  }, 600_000);

  test("is refused a budget of time: what a second buys is known of the builtin engine alone", async () => {
    const file = writeCampaign(base, { trainer: "torch", budget: "2m" });
    const refused = await longrun("launch", file, ...options);
    expectRefusal(refused, /a budget of 2 min .*PyTorch/, /--budget/);
  }, 60_000);
});

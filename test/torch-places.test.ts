/** @file A place on which every rank in PyTorch dies, or is slow: a spare takes over, or the run shrinks. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { placesFile } from "../src/fleet/places/place-history.ts";
import { eventsOf } from "../src/record/events.ts";
import { readRecord } from "../src/record/record.ts";
import { readWholeRunSeries } from "../src/record/run-series.ts";
import { columnOf } from "../src/record/series.ts";
import { badPlace } from "./support/bad-place.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { Command } from "./support/processes.ts";
import { describeTorch } from "./support/torch.ts";

const NUM_STEPS = 100;
const [first, second, third, fourth] = [0, 1, 2, 3].map((slot) => `${hostname()}/${slot}`);

describeTorch("a run in PyTorch of two ranks", (python) => {
  const base = mkdtempSync(join(tmpdir(), "longrun-torch-places-"));
  const whole = join(base, "whole");
  let file: string;

  beforeAll(async () => {
    writeTexts(base);
    file = writeRun(base);
    const written = parse(readFileSync(file, "utf8"));
    writeFileSync(file, stringify({ ...written, run: { ...written.run, numSteps: NUM_STEPS } }));
    writeFileSync(join(base, "shrink.yaml"), stringify({ shrink: true }));
    await train(whole, null);
  });
  beforeEach(() => rmSync(placesFile(), { force: true }));
  afterAll(() => rmSync(base, { recursive: true }));

  /**
   * @param bad the place where every rank dies
   * @param options the last one of a kind holds
   */
  async function train(folder: string, bad: string | null, ...options: readonly string[]) {
    const how = ["--trainer", "torch", "--python", python, "--ranks", "2", "--threads", "1", ...options];
    using command = new Command(["run", file, "--folder", folder, ...how]);
    if (bad !== null) await badPlace(folder, bad, command);
    const { code, stderr } = await command.ended;
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
    const { events } = readRecord(folder);
    const [run] = readdirSync(join(folder, "series"));
    const series = readWholeRunSeries(join(folder, "series", run!), NUM_STEPS);
    return {
      places: eventsOf(events, "run-started").map(({ data }) => data.places),
      decided: eventsOf(events, "incident").flatMap(({ data: { response } }) =>
        response && response.action !== "nothing" ? [[response.action, response.place]] : [],
      ),
      losses: columnOf(series, "loss"),
      data: (["step", "tokens", "batch"] as const).map((name) => columnOf(series, name)),
    };
  }

  const folderOf = (name: string) => {
    cpSync(join(whole, "corpus"), join(base, name, "corpus"), { recursive: true });
    return join(base, name);
  };

  test("leaves a place for good that fails twice, and ends with the same bits on the spare", async () => {
    const undisturbed = await train(whole, null);
    expect(undisturbed).toMatchObject({ places: [[first, second]], decided: [] });
    const found = await train(folderOf("spare"), second!, "--spares", "1");
    expect(found.places).toEqual([
      [first, second],
      [first, second],
      [first, third],
    ]);
    expect(found.decided).toEqual([
      ["restart", undefined],
      ["exclude", second],
    ]);
    expect(found.data).toEqual(undisturbed.data);
    expect(found.losses).toEqual(undisturbed.losses);
  });

  test("goes on with one where no spare is left and the policy lets it shrink", async () => {
    const undisturbed = await train(whole, null);
    const found = await train(folderOf("shrunk"), first!, "--policy", join(base, "shrink.yaml"));
    expect(found.places).toEqual([[first, second], [first, second], [second]]);
    expect(found.decided).toEqual([
      ["restart", undefined],
      ["shrink", first],
    ]);
    expect(found.data).toEqual(undisturbed.data);
    for (const [i, loss] of undisturbed.losses.entries())
      expect(Math.abs(found.losses[i]! / loss - 1), `step ${i + 1}`).toBeLessThan(0.005);
  });

  test("leaves a place where a rank is far slower than its peers, and holds no failure against it", async () => {
    const undisturbed = await train(whole, null);
    const folder = folderOf("slow");
    vi.stubEnv("PYTHONPATH", join(import.meta.dirname, "fixtures", "torch-faults"));
    vi.stubEnv("FAULTS", folder);
    vi.stubEnv("SLOW_PLACE", second);
    try {
      const found = await train(folder, null, "--ranks", "3", "--spares", "1");
      expect(found.places).toEqual([
        [first, second, third],
        [first, fourth, third],
      ]);
      expect(found.decided).toEqual([["spare", second]]);
      expect(found.data).toEqual(undisturbed.data);
      expect(existsSync(placesFile())).toBe(false);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

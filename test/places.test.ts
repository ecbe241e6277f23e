/** @file A place on which every worker dies: a spare takes over, and nobody begins there again. */

import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { numbersOf } from "../src/fleet/chaos/numbers.ts";
import { placesFile, readPlaceHistory, rememberFailure } from "../src/fleet/places/place-history.ts";
import { livingProcesses } from "../src/fleet/process/living.ts";
import { eventsOf } from "../src/record/events.ts";
import { readRecord, recordPath, verifyRecord } from "../src/record/record.ts";
import { badPlace } from "./support/bad-place.ts";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, killAll, longrun } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-places-"));
const [first, second] = [`${hostname()}/0`, `${hostname()}/1`];

beforeAll(() => writeTexts(base));
afterAll(() => rmSync(base, { recursive: true }));

describe("a run with a spare place", () => {
  const whole = join(base, "whole");
  let file: string;
  const train = (folder: string, ...more: readonly string[]) => [
    ...["run", file, "--folder", folder, "--threads", "1", "--json"],
    ...more,
  ];
  /** With the same text, prepared. */
  const folderOf = (name: string) => {
    cpSync(join(whole, "corpus"), join(base, name, "corpus"), { recursive: true });
    return join(base, name);
  };
  const placesOf = (folder: string) =>
    existsSync(recordPath(folder))
      ? eventsOf(readRecord(folder).events, "run-started").map(({ data }) => data.places)
      : [];
  const decisionsOf = (folder: string) =>
    eventsOf(readRecord(folder).events, "incident").map(({ data }) => [
      data.what,
      data.response!.action,
      data.response!.place,
    ]);
  const died = "the run's process died";
  const daysAgo = (days: number) => new Date(Date.now() - 86_400_000 * days).toISOString();

  beforeAll(async () => {
    file = writeRun(base);
    expect((await longrun(...train(whole))).code).toBe(0);
  });
  beforeEach(() => rmSync(placesFile(), { force: true }));

  test("leaves a place for good that fails twice, and ends with the same bits on the spare", async () => {
    const folder = folderOf("lemon");
    using command = new Command(train(folder, "--spares", "1"));
    await badPlace(folder, first, command);
    const { code, stderr } = await command.ended;
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
    expect(placesOf(folder)).toEqual([[first], [first], [second]]);
    expect(decisionsOf(folder)).toEqual([
      [died, "restart", undefined],
      [died, "exclude", first],
    ]);
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
    expect(verifyRecord(folder)).toMatchObject({ ok: true });

    const list = await longrun("incidents", folder, "--json");
    expect(JSON.parse(list.stdout)).toMatchObject({
      incidents: [
        { rank: 0, place: first, response: { action: "restart" } },
        {
          place: first,
          response: {
            action: "exclude",
            reason: `${first}: 2 failures within 7.00 days; a spare takes over, 0 left`,
          },
        },
      ],
    });
    const replay = await longrun("fleet", "replay", folder);
    expect(replay.stdout).toContain("nothing would be decided otherwise");
    expect(readPlaceHistory().failures).toMatchObject(
      [1, 2].map(() => ({ place: first, what: died, folder, run: expect.stringMatching(/^one\./) })),
    );
  });

  test("is not begun on a place that has failed earlier runs, until that is forgiven", async () => {
    for (const time of [daysAgo(2), daysAgo(1)])
      rememberFailure({ time, place: first, what: died, folder: join(base, "earlier"), run: "earlier" });
    const folder = folderOf("later");
    using later = new Command(train(folder, "--spares", "1"));
    await badPlace(folder, first, later);
    const { code, stderr } = await later.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`${first}: 2 failures within 7.00 days, all before this launch`);
    expect(placesOf(folder)).toEqual([[second]]);
    expect(decisionsOf(folder)).toEqual([["a place left out from the start", "exclude", first]]);
    expect(numbersOf(folder)).toEqual(numbersOf(whole));

    const listed = JSON.parse((await longrun("fleet", "places", "--json")).stdout) as {
      readonly places: readonly { readonly excludedUntilSeconds: number }[];
    };
    expect(listed).toMatchObject({ file: placesFile(), places: [{ place: first, numCounted: 2 }] });
    const daysLeft = (listed.places[0]!.excludedUntilSeconds - Date.now() / 1000) / 86_400;
    expect(daysLeft).toBeCloseTo(5, 1);
    expect(await longrun("fleet", "places", "--forgive", second)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(first),
      stderr: expect.stringContaining(`no failure of ${second} is remembered`),
    });
    expect(await longrun("fleet", "places", "--forgive", first)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("no place has failed"),
    });
    const forgiven = folderOf("forgiven");
    using command = new Command(train(forgiven, "--spares", "1"));
    while (placesOf(forgiven).length === 0 && !command.hasEnded) await sleep(10);
    await killAll(command, forgiven);
    expect(placesOf(forgiven)).toEqual([[first]]);
    expect(decisionsOf(forgiven)).toEqual([]);
  });

  test("knows after its supervisor was killed which places have failed, and which it has left", async () => {
    const folder = folderOf("supervisor-killed");
    const numFailures = () => readPlaceHistory().failures.length;
    const start = () => new Command(train(folder, "--spares", "1"));
    const killSupervisor = async (command: Command) => {
      process.kill(command.pid, "SIGKILL");
      await command.ended;
    };
    const isOn = (place: string) => placesOf(folder).at(-1)?.[0] === place;

    using before = start();
    await badPlace(folder, first, before, () => numFailures() === 1);
    while (placesOf(folder).length < 2) await sleep(10);
    await killSupervisor(before);
    // What dies before it is adopted has failed unseen.
    using adopting = start();
    await badPlace(folder, first, adopting, () => isOn(second));
    await killSupervisor(adopting);
    process.kill(livingProcesses(folder)[0]!.pid, "SIGKILL");
    expect((await longrun(...train(folder, "--spares", "1"))).code).toBe(0);
    const [one, two, ...later] = placesOf(folder);
    expect([one, two, ...later.slice(-2)]).toEqual([[first], [first], [second], [second]]);
    expect(decisionsOf(folder)).toEqual([
      [died, "restart", undefined],
      [died, "exclude", first],
    ]);
    const incidents = eventsOf(readRecord(folder).events, "incident");
    expect(incidents[1]!.data.response!.reason).toBe(
      `${first}: 2 failures within 7.00 days, 1 of them before this launch; a spare takes over, 0 left`,
    );
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
  });

  test("cannot be a command, which finds its devices by itself", async () => {
    expectRefusal(
      await longrun("run", "--spares", "1", "--folder", join(base, "command"), "--", "true"),
      /--spares 1 with a command/,
      /leave it out/,
    );
  });
});

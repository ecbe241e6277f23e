/** @file What goes wrong, and what comes of it: a clear error, or an incident and the same numbers. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRecord, readRecord, recordPath, verifyRecord } from "../src/record/record.ts";
import { writeCampaign, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, incidentsOf, killAll, longrun, ranksOf } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-faults-"));

beforeAll(() => {
  writeTexts(base);
  place("empty");
});

afterAll(() => rmSync(base, { recursive: true }));

/** A folder of its own for a case, which may hold its own text. */
function place(name: string): string {
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const launch = (file: string, folder: string, ...more: readonly string[]) =>
  longrun("launch", file, "--folder", folder, ...more);

describe("a campaign file", () => {
  const cases = [
    ["with an unknown key", { ladder: { rungz: 6 } }, /ladder: Unrecognized key: "rungz"/, /correct/],
    ["with a wrong type", { seed: "one" }, /seed: "one" is not a whole number from 0 to/, /correct/],
    [
      "with too few rungs",
      { ladder: { rungs: 3 } },
      /ladder\.rungs: 3 is not a whole number from 6 to 24/,
      /correct/,
    ],
    ["with a budget that is none", { budget: "12 parsecs" }, /budget: .*12 parsecs/, /correct/],
    [
      "with a missing corpus",
      { corpus: { sources: [{ name: "a", path: "nowhere" }] } },
      /nowhere does not exist/,
      /put the text there/,
    ],
    [
      "with an empty corpus",
      { corpus: { sources: [{ name: "a", path: "empty" }] } },
      /no text file for source "a"/,
      /check the source's path/,
    ],
    [
      "with too small a budget",
      { budget: "1MFLOP" },
      /a budget of 1.00 MFLOP is less than/,
      /raise --budget/,
    ],
    [
      "with a target above this machine's memory",
      { budget: "100EFLOP", recipe: { tokensPerParameter: 0.1 }, gate: { maxEpochs: 1e4 } },
      /the target needs [\d.]+ GB of memory .* the machine has/,
      /lower --budget/,
    ],
  ] as const;

  test.each(cases)("%s is refused before anything is spent", async (name, changes, found, remedy) => {
    const out = join(base, name);
    expectRefusal(await launch(writeCampaign(base, changes), out), found, remedy);
    expect(existsSync(recordPath(out)) ? readRecord(out).events : []).toEqual([]);
  });

  test("that is not YAML is refused with its line", async () => {
    const file = join(place("not-yaml"), "campaign.yaml");
    writeFileSync(file, "name: tiny\nbudget: [1\n");
    expectRefusal(
      await launch(file, join(base, "never")),
      /campaign.yaml is not YAML: .*line [23]/,
      /correct the line/,
    );
    expect(existsSync(join(base, "never"))).toBe(false);
  });

  test("whose vocabulary is more than the text supports is refused, with the size that is", async () => {
    const folder = place("vocabulary");
    writeFileSync(join(folder, "small.txt"), "the sea the ship the wind ".repeat(2000));
    const corpus = { sources: [{ name: "small", path: "small.txt" }], passageBytes: 1000 };
    const file = writeCampaign(folder, { corpus, vocabularySize: 400, budget: "80GFLOP" });
    expectRefusal(
      await launch(file, join(folder, "out")),
      /supports a vocabulary of \d+: no further pair/,
      /set vocabularySize to at most \d+|add text/,
    );
  });

  test("whose target needs more tokens than there are is refused", async () => {
    const file = writeCampaign(place("tokens"), {
      corpus: { sources: [{ name: "notes", path: join(base, "notes/0/note-2.md") }], passageBytes: 1000 },
      vocabularySize: 270,
      gate: { maxEpochs: 1 },
    });
    expectRefusal(
      await launch(file, join(base, "tokens", "out")),
      /too little text for \d+ tokens: [\d.]+ kB of files hold no more than [\d.]+ k in 1 epochs/,
      /no budget is small enough: the smallest campaign needs at least [\d.]+ kB of text; add text/,
    );
  });
});

describe("a ladder", () => {
  test("one of whose runs diverges stops the others, and says what to change", async () => {
    const recipe = { sequenceLength: 32, tokensPerParameter: 4, learningRate: 1e30 };
    const folder = join(base, "diverged");
    const outcome = await launch(writeCampaign(base, { recipe }), folder);
    expectRefusal(
      outcome,
      /run rung-\d-seed-1 diverged at step \d+/,
      /lower recipe.learningRate \(now 1e\+30\)/,
    );
    expect(incidentsOf(folder)).toContain("diverged");
    const started = readRecord(folder).events.filter((event) => event.kind === "run-started");
    expect(new Set(started.map(({ run }) => run)).size).toBeLessThanOrEqual(availableParallelism());
    // Replayed once, for it might have been the machine.
    expect(incidentsOf(folder).filter((what) => what === "diverged").length).toBeGreaterThanOrEqual(2);
    expect(verifyRecord(folder)).toMatchObject({ ok: true });
  });
});

describe("a campaign with a policy of its own", () => {
  test("decides by it about the runs of its ladder", async () => {
    const policy = join(base, "policy.yaml");
    writeFileSync(policy, "withoutProgress: { sameFailure: 1 }\n");
    const folder = join(base, "policy");
    using command = new Command([
      "launch",
      writeCampaign(base, { budget: "1TFLOP" }),
      ...["--folder", folder, "--policy", policy],
    ]);
    await command.saw(/rung-0-seed-1: +\d+ %/);
    for (const pid of ranksOf(folder)) process.kill(pid, "SIGKILL");
    expectRefusal(await command.ended, /killed by SIGKILL/, /failed 1 times in the same way/);
  });
});

describe("the gate", () => {
  const folder = join(base, "held");
  const issue = {
    id: "odd-batches",
    what: "a batch may be read twice",
    chance: 0.5,
    costDays: 10,
    fixDueDays: 1,
  };
  let file: string;
  const decisions = () => readRecord(folder).events.filter((event) => event.kind === "decision");
  const targetSteps = () =>
    readRecord(folder).events.filter(
      (event) => event.kind === "run-started" && event.run.startsWith("target"),
    );

  beforeAll(() => {
    file = writeCampaign(base, { issues: [issue] });
  });

  test("holds while waiting for a fix pays; and one launch at a time works in a folder", async () => {
    const early = await launch(file, folder, "--accept", "issue-odd-batches", "--because", "a test");
    expectRefusal(early, /nothing is held: the gate has not decided yet/, /launch without --accept/);
    using first = new Command(["launch", file, "--folder", folder, "--json"]);
    await first.saw(/stage ladder: started/);
    const second = await launch(file, folder);
    expectRefusal(second, new RegExp(`is held by process ${first.pid}`), /wait until it is done/);

    const { code, stdout } = await first.ended;
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      held: {
        decision: "hold",
        id: "issue-odd-batches",
        reason: expect.stringContaining("5.00 days expected"),
      },
    });
    expect(targetSteps()).toEqual([]);
    expect(readFileSync(join(folder, "report.md"), "utf8")).toContain("a batch may be read twice");
  });

  test("refuses to lift what does not hold", async () => {
    const because = ["--because", "a test"];
    const unknown = await launch(file, folder, "--accept", "issue-none", ...because);
    expectRefusal(unknown, /there is no check issue-none/, /launch without --accept/);
    const going = await launch(file, folder, "--accept", "reach", ...because);
    expectRefusal(going, /the check reach says go/, /launch without --accept/);
    const silent = await launch(file, folder, "--accept", "issue-odd-batches");
    expectRefusal(silent, /--accept issue-odd-batches without a reason/, /--because/);
    writeCampaign(base, { issues: [issue, { ...issue, id: "new" }] });
    const { code, stderr } = await launch(file, folder, "--accept", "issue-new", ...because);
    writeCampaign(base, { issues: [issue] });
    expect(stderr).toContain("--accept issue-new lifts nothing: it did not hold before this launch");
    expect(code).toBe(3);
    expect(readRecord(folder).events.filter((event) => event.kind === "acceptance")).toEqual([]);
    expect(decisions().map(({ data }) => data.decision)).toEqual(["hold", "hold"]);
  });

  test("lets the target through once the hold is lifted, and keeps who said why", async () => {
    const because = "a rehearsal: nothing hangs on it";
    const { code } = await launch(file, folder, "--accept", "issue-odd-batches", "--because", because);
    expect(code).toBe(0);
    expect(decisions().map(({ data }) => data.decision)).toEqual(["hold", "hold", "hold", "go"]);
    const accepted = readRecord(folder).events.filter((event) => event.kind === "acceptance");
    expect(accepted.map(({ data }) => data)).toEqual([{ id: "issue-odd-batches", because }]);
    expect(targetSteps()).toHaveLength(1);
    expect(readFileSync(join(folder, "report.md"), "utf8")).toContain(because);

    const { head } = readRecord(folder);
    const again = await launch(file, folder, "--accept", "issue-odd-batches", "--because", because);
    const stderr = expect.stringMatching(/nothing is held: target\S* has been trained, the verdict stands/);
    expect(again).toMatchObject({ code: 0, stderr });
    expect(readRecord(folder).head).toBe(head);
  });

  test("takes in a change of the issues without planning or training anew", async () => {
    const eventsBefore = readRecord(folder).events;
    const { code } = await launch(writeCampaign(base, { issues: [] }), folder);
    expect(code).toBe(0);
    const added = readRecord(folder).events.slice(eventsBefore.length);
    expect(added).toMatchObject([{ kind: "issues-stated", data: { issues: [] } }]);
    // The gate's decision stays as it was made.
    expect(readFileSync(join(folder, "report.md"), "utf8")).toContain("a batch may be read twice");
  });

  test("says what has changed, what it costs and that a verdict stands, before anything is trained anew", async () => {
    const said = async (changes: Readonly<Record<string, unknown>>) => {
      using command = new Command(["launch", writeCampaign(base, changes), "--folder", folder]);
      await command.saw(/stage ladder: started/);
      return (await killAll(command, folder)).stderr;
    };
    const cost =
      /what it does not share is trained anew, all of it about [\d.]+ \w+; the verdict of event \d+ stays/;
    const text = join(base, "notes/0/note-2.md");
    const before = readFileSync(text);
    try {
      writeFileSync(text, Buffer.concat([before, Buffer.from("And they sailed.\n")]));
      const ofText = await said({ issues: [] });
      expect(ofText).toMatch(
        /the corpus is another than that of event \d+ \(notes: 120,018 bytes read, now 120,035\)/,
      );
      expect(ofText).toMatch(cost);
    } finally {
      writeFileSync(text, before);
    }
    const ofBudget = await said({ issues: [], budget: "80GFLOP" });
    expect(ofBudget).toMatch(/for the plan of event \d+ \(budget 70.0 GFLOP, now 80.0 GFLOP\)/);
    expect(ofBudget).toMatch(cost);
    writeCampaign(base, { issues: [] });
  });

  test("of another version of longrun is not misread", async () => {
    const folder = place("other-version");
    const { specHash } = readRecord(join(base, "held")).events.find(
      ({ kind }) => kind === "campaign-planned",
    )!.data as { specHash: string };
    const record = openRecord(folder);
    record.append({ run: null, kind: "campaign-planned", data: { specHash, plan: { rungs: 6 } } });
    record[Symbol.dispose]();
    expectRefusal(
      await launch(file, folder),
      /the plan in the record is not in this version's form/,
      /new folder/,
    );
  });

  test("is no way around an edited record: the error names the event", async () => {
    const edited = place("edited");
    cpSync(recordPath(folder), recordPath(edited));
    const text = readFileSync(recordPath(edited), "utf8");
    const { sequence } = readRecord(folder).events.find((event) => event.kind === "prediction")!;
    const lines = text.split("\n");
    lines[sequence] = lines[sequence]!.replace(/"median":/, '"median":1');
    writeFileSync(recordPath(edited), lines.join("\n"));
    expectRefusal(await launch(file, edited), new RegExp(`at sequence ${sequence}`), /unchanged copy/);
    expect(verifyRecord(edited)).toMatchObject({ ok: false, sequence });
  });
});

/** @file A run that is killed, hung or left alone: it ends with the bits of an undisturbed one. */

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCorpus } from "../src/corpus/corpus.ts";
import { numbersOf } from "../src/fleet/chaos/numbers.ts";
import { processStart } from "../src/record/lock.ts";
import { readRecord, recordPath, verifyRecord } from "../src/record/record.ts";
import { writeCampaign, writeRun, writeTexts } from "./support/campaigns.ts";
import { Command, expectRefusal, incidentsOf, killAll, longrun, ranksOf } from "./support/processes.ts";

const base = mkdtempSync(join(tmpdir(), "longrun-fleet-"));

beforeAll(() => writeTexts(base));
afterAll(() => rmSync(base, { recursive: true }));

describe("a run", () => {
  const whole = join(base, "one-thread");
  let file: string;
  const train = (folder: string, threads: number) => [
    "run",
    file,
    "--folder",
    folder,
    "--threads",
    String(threads),
    "--json",
  ];
  const checkpointsOf = (folder: string) => {
    const [run] = existsSync(join(folder, "runs")) ? readdirSync(join(folder, "runs")) : [];
    const path = join(folder, "runs", run ?? "", "checkpoints");
    return run && existsSync(path)
      ? readdirSync(path)
          .filter((name) => name.startsWith("step-"))
          .sort()
          .map((name) => join(path, name))
      : [];
  };
  const numCheckpoints = (folder: string) =>
    existsSync(recordPath(folder))
      ? readRecord(folder).events.filter((event) => event.kind === "checkpoint-written").length
      : 0;

  /** Trains until the record knows so many checkpoints more. */
  async function trainFor(folder: string, threads: number, more: number): Promise<Command> {
    const enough = numCheckpoints(folder) + more;
    const command = new Command(train(folder, threads));
    while (numCheckpoints(folder) < enough && !command.hasEnded) await sleep(10);
    return command;
  }

  /**
   * Lets its process train a little at a time until the record knows a checkpoint, and leaves it stopped: on
   * a busy machine the record is so late that the run may be at its end before.
   */
  async function stoppedWithCheckpoint(folder: string, command: Command): Promise<number> {
    while (ranksOf(folder).length === 0 && !command.hasEnded) await sleep(10);
    const [worker] = ranksOf(folder);
    process.kill(worker!, "SIGSTOP");
    while (numCheckpoints(folder) === 0 && !command.hasEnded) {
      process.kill(worker!, "SIGCONT");
      await sleep(30);
      process.kill(worker!, "SIGSTOP");
      await sleep(100);
    }
    return worker!;
  }

  beforeAll(async () => {
    file = writeRun(base);
    const { code, stderr } = await longrun(...train(whole, 1));
    expect(stderr).not.toContain("found:");
    expect(code).toBe(0);
  }, 120_000);

  test("of the builtin engine has no ranks, and no Python", async () => {
    const folder = join(base, "ranks");
    expectRefusal(
      await longrun(...train(folder, 1), "--ranks", "2"),
      /--ranks 2 for the builtin/,
      /leave it/,
    );
    const campaign = ["launch", writeCampaign(base), "--folder", folder, "--python", "python3"];
    expectRefusal(await longrun(...campaign), /--python python3 for the builtin engine/, /leave it out/);
    expect(existsSync(folder)).toBe(false);
  });

  test("with two threads, killed again and again, gives the same losses and weights to the bit", async () => {
    const folder = join(base, "two-threads");
    for (const threads of [2, 1, 2]) {
      using command = await trainFor(folder, threads, 1);
      expect((await killAll(command, folder)).killedBy).toBe("SIGKILL");
    }
    const { code, stdout } = await longrun(...train(folder, 2));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { numAttempts: 4 } });
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
    expect(verifyRecord(folder)).toMatchObject({ ok: true });
  });

  test("whose supervisor alone is killed goes on, and is adopted by the next one", async () => {
    const folder = join(base, "supervisor-killed");
    using command = await trainFor(folder, 2, 1);
    const [before] = ranksOf(folder);
    process.kill(command.pid, "SIGKILL");
    await command.ended;
    expect(ranksOf(folder)).toEqual([before]);
    expect(readdirSync(folder).filter((name) => name.startsWith(".standby-"))).toHaveLength(1);
    const { code, stdout, stderr } = await longrun(...train(folder, 2));
    expect(code).toBe(0);
    expect(stderr).not.toContain("goes on from step");
    expect(readdirSync(folder).filter((name) => name.startsWith(".standby-"))).toEqual([]);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { numAttempts: 1 } });
    expect(incidentsOf(folder)).toEqual([]);
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
    expect(verifyRecord(folder)).toMatchObject({ ok: true });
  });

  test("that ended while nobody supervised it is not trained again", async () => {
    const folder = join(base, "ended-alone");
    using command = await trainFor(folder, 2, 1);
    process.kill(command.pid, "SIGKILL");
    await command.ended;
    while (ranksOf(folder).length > 0) await sleep(20);
    const { code, stdout } = await longrun(...train(folder, 2));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { numAttempts: 1 } });
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
  });

  test("whose process alone is killed is restarted, with an incident in the record", async () => {
    const folder = join(base, "worker-killed");
    using command = await trainFor(folder, 2, 1);
    const [worker] = ranksOf(folder);
    process.kill(worker!, "SIGKILL");
    const { code, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /killed by SIGKILL .*; failure 1 of this kind, at step \d+: restarted in place from/,
    );
    expect(stderr).toMatch(/goes on from step \d+/);
    expect(incidentsOf(folder)).toEqual(["the run's process died"]);
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
  });

  test("whose process hangs is replaced, with an incident that says how long it was silent", async () => {
    const folder = join(base, "hung");
    using command = new Command(train(folder, 2));
    const worker = await stoppedWithCheckpoint(folder, command);
    const { code } = await command.ended;
    expect(code).toBe(0);
    const incident = readRecord(folder).events.find(({ kind }) => kind === "incident");
    expect(incident?.data).toMatchObject({
      what: "the run's process hung",
      evidence: {
        rank: 0,
        section: expect.stringMatching(/^(step|checkpoint)$/),
        what: expect.stringMatching(/^stopped by a signal: silent for /),
      },
      response: { action: "restart" },
    });
    expect(processStart(worker)).toBeNull();
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
  });

  test("whose newest checkpoint is damaged goes on from the one before, with an incident", async () => {
    const folder = join(base, "damaged");
    using command = await trainFor(folder, 2, 2);
    await killAll(command, folder);
    const [before, newest] = checkpointsOf(folder).slice(-2);
    const path = join(newest!, "optimiser.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(path, bytes);
    const { code, stderr } = await longrun(...train(folder, 2));
    expect(code).toBe(0);
    expect(stderr).toContain(`goes on from step ${Number(before!.split("-").at(-1))}`);
    expect(stderr).toMatch(
      /step-\d+ is damaged and passed over: optimiser.safetensors does not have its checksum/,
    );
    expect(incidentsOf(folder)).toEqual(["damaged checkpoint passed over"]);
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
  });

  test("does not read a shard of another tokenizer: preparing makes it anew", async () => {
    const folder = join(base, "foreign-shard");
    cpSync(join(whole, "corpus"), join(folder, "corpus"), { recursive: true });
    const path = join(folder, "corpus", "tokens", "notes.train.00000.json");
    const header = JSON.parse(readFileSync(path, "utf8")) as { tokenizerHash: string };
    writeFileSync(path, JSON.stringify({ ...header, tokenizerHash: "0".repeat(64) }));
    expect(() => openCorpus(join(folder, "corpus"))).toThrow(
      /notes.train.00000.bin was made with the tokenizer 000000000000/,
    );
    expect((await longrun(...train(folder, 2))).code).toBe(0);
    expect(numbersOf(folder)).toEqual(numbersOf(whole));
  });
});

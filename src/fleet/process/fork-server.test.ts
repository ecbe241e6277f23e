import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { processStart } from "../../record/lock.ts";
import type { Attempt, ProcessExit, ProcessLaunch } from "../backend.ts";
import { writeProcesses } from "./attempt-folder.ts";
import { LocalBackend } from "./local-backend.ts";

const top = join(import.meta.dirname, "..", "..", "..");
const command = [
  "python3",
  join(top, "trainers", "torch", "standby.py"),
  join(top, "test", "fixtures", "forked-trainer.py"),
];
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const base = mkdtempSync(join(tmpdir(), "longrun-fork-"));
afterAll(() => rmSync(base, { recursive: true }));

const launch = (rank: number, environment: Record<string, string>): ProcessLaunch => ({
  rank,
  place: "here",
  program: { kind: "forked", command },
  environment: { SAYS: `rank ${rank}`, ...environment },
});

async function exitOf(attempt: Attempt, rank: number): Promise<ProcessExit> {
  for (;;) {
    const exit = attempt.exits.find((each) => each.rank === rank);
    if (exit) return exit;
    await sleep(5);
  }
}

async function written(path: string): Promise<string> {
  while (!existsSync(path) || readFileSync(path, "utf8") === "") await sleep(5);
  return readFileSync(path, "utf8");
}

describe.skipIf(!hasPython)("ranks that a server forks (skipped where there is no python3)", () => {
  test("get their environment, a session and a log of their own; how they end is told", async () => {
    const folder = join(base, "ends");
    using backend = new LocalBackend(base);
    const ends = ["7", "kill", "raise", "0"];
    const attempt = await backend.start({
      folder,
      processes: ends.map((end, rank) => launch(rank, { ENDS: end })),
    });
    const exits = await Promise.all(ends.map((_, rank) => exitOf(attempt, rank)));
    expect(exits).toEqual([
      { rank: 0, code: 7, signal: null },
      { rank: 1, code: null, signal: "SIGKILL" },
      { rank: 2, code: 1, signal: null },
      { rank: 3, code: 0, signal: null },
    ]);
    expect(readFileSync(join(folder, "said-3"), "utf8")).toBe("rank 3 True");
    expect(readFileSync(join(folder, "rank-3.log"), "utf8")).toBe("printed\n");
    expect(readFileSync(join(folder, "rank-2.log"), "utf8")).toMatch(/^printed\n.*ValueError: as told\n$/s);
  });

  test("live on when the server dies, are seen to end, and the next ones have a server of their own", async () => {
    const folder = join(base, "orphans");
    using backend = new LocalBackend(base);
    const attempt = await backend.start({ folder, processes: [launch(0, {}), launch(1, {})] });
    const [first, second] = attempt.processes;
    await written(join(folder, "said-1"));
    const stat = readFileSync(`/proc/${first!.pid}/stat`, "utf8");
    const server = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    process.kill(server, "SIGKILL");
    while (processStart(server) !== null) await sleep(5);
    expect(processStart(second!.pid)).toBe(second!.started);
    process.kill(first!.pid, "SIGKILL");
    expect(await exitOf(attempt, 0)).toEqual({ rank: 0, code: null, signal: null });
    const next = await backend.start({ folder: join(base, "next"), processes: [launch(0, { ENDS: "3" })] });
    expect(await exitOf(next, 0)).toEqual({ rank: 0, code: 3, signal: null });
    await attempt.stop();
    expect(processStart(second!.pid)).toBeNull();
  });

  test("outlive the backend, whose server ends, and are adopted by the next", async () => {
    const folder = join(base, "adopted");
    {
      using backend = new LocalBackend(base);
      const { processes } = await backend.start({ folder, processes: [launch(0, {})] });
      writeProcesses(folder, processes);
    }
    using backend = new LocalBackend(base);
    using attempt = backend.adopt(folder)!;
    await written(join(folder, "said-0"));
    expect(attempt.probe(0)?.state).toBe("waiting");
    await attempt.stop();
    expect(attempt.exits).toEqual([{ rank: 0, code: null, signal: null }]);
    expect(readdirSync(base).filter((name) => name.startsWith(".standby"))).toEqual([]);
  });

  test("are refused, with what it printed, where the trainer cannot be imported", async () => {
    const trainer = join(base, "broken.py");
    writeFileSync(trainer, "import no_such_package\n");
    using backend = new LocalBackend(base);
    const program = { kind: "forked", command: [...command.slice(0, 2), trainer] } as const;
    await expect(
      backend.start({ folder: join(base, "broken"), processes: [{ ...launch(0, {}), program }] }),
    ).rejects.toThrow(
      /standby.py .*broken.py ended \(exit code 1\) before it started a rank: .*no_such_package/s,
    );
  });

  test("are refused where there is no such program", async () => {
    using backend = new LocalBackend(base);
    const program = { kind: "forked", command: ["no-such-python", "x"] } as const;
    await expect(
      backend.start({ folder: join(base, "none"), processes: [{ ...launch(0, {}), program }] }),
    ).rejects.toThrow(/the command no-such-python x ended \(ENOENT\) before it started a rank/);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { addCommands, COMMANDS } from "../commands.ts";
import { failureFacts } from "./failures.ts";

const folder = mkdtempSync(join(tmpdir(), "longrun-plan-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** What a command prints. */
async function printed(line: string): Promise<string> {
  let text = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const program = new Command("longrun").enablePositionalOptions();
  addCommands(program, COMMANDS);
  await program.parseAsync(["plan", ...line.split(" ")], { from: "user" });
  return text;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const LAW = file(
  "law.json",
  JSON.stringify({
    law: "chinchilla",
    parameters: { A: 482, B: 2085, E: 1.82, alpha: 0.348, beta: 0.366 },
  }),
);

describe("what is given in people's own ways", () => {
  test("size: 60 is 60 days, as 60d is; estimate: 4k is 4096 tokens", async () => {
    const size = (days: string) => printed(`size --law ${LAW} --cluster h100:4096 --days ${days}`);
    expect(await size("60")).toBe(await size("60d"));
    const lines = (sequence: string) =>
      printed(`estimate --params 12e9 --batch-sequences 512 --sequence ${sequence}`);
    const text = await lines("4k");
    expect(text).toBe(await lines("4096"));
    expect(text).toMatch(/90 % interval [\d.]+ GB\/s to [\d.]+ GB\/s/);
  });
  test("files that are not what they should be are refused as what they are", async () => {
    const broken = file("broken.json", "{");
    await expect(printed(`size --law ${broken} --compute 1e22`)).rejects.toThrow(
      /broken.json is not a saved law/,
    );
    expect(() => failureFacts({ observed: broken }, 8, 8)).toThrow(/broken.json is not JSON/);
    const days = file("days.csv", "1\n2\nday,3\n");
    expect(() => failureFacts({ failureDays: days }, 8, 8)).toThrow(/days.csv, line 3: "day"/);
  });
});

describe("as a person reads it", () => {
  test("time: Llama 3's facts give a goodput above 90 % with its interval, and a figure", async () => {
    const svg = join(folder, "time.svg");
    const text = await printed(
      `time --cluster h100:16384 --elapsed 54d --model llama3-405b --failures 419/54d --svg ${svg}`,
    );
    expect(text).toMatch(/goodput +9[0-4]\.\d % \(8\d\.\d % to 9\d\.\d %\)/);
    expect(text).toContain("one in 3 h 0");
    expect(text).toContain("a PUE of 1.1 to 1.45");
    expect(readFileSync(svg, "utf8")).toContain("A run on 16,384 H100");
  });
  test("size: the sentence first, with what was assumed last", async () => {
    const text = await printed(`size --law ${LAW} --cluster h100:4096 --days 60d --unique-tokens 500B`);
    expect(text).toMatch(/^Data binds/);
    expect(text).toContain("an MFU of 0.3 to 0.5");
    expect(text).toContain("the law file holds no refits");
  });
  test("estimate: formulas with numbers", async () => {
    const text = await printed("estimate --params 12e9 --batch-sequences 512 --sequence 2048");
    expect(text).toContain("2 bytes x 12.0 B = 24.0 GB");
    expect(text).toContain("6 N D = 6 x 12.0 B x 1.05 M = 7.55e16 FLOP");
  });
  test("launch: the example says to wait, and names the fix that is worth most", async () => {
    const text = await printed(`launch ${join(import.meta.dirname, "../../../docs/examples/launch.yaml")}`);
    expect(text).toMatch(/^Wait until 2026-12-0/);
    expect(text.indexOf("loss spikes", text.indexOf("Worth fixing"))).toBeLessThan(
      text.indexOf("network switch", text.indexOf("Worth fixing")),
    );
  });
});

test("--json is JSON, with an interval for every answer", async () => {
  const line =
    "time --cluster h100:512 --tokens 1T --params 7B --mfu 0.38..0.45 --price 2..3 --hardware-age 0d --json";
  const answer = JSON.parse(await printed(line)) as Record<
    string,
    { lo: number; median: number; hi: number }
  >;
  const names = ["elapsedSeconds", "goodput", "failures", "restarts", "deviceHours", "energyKwh", "cost"];
  for (const name of names) {
    expect(answer[name]!.lo, name).toBeLessThanOrEqual(answer[name]!.median);
    expect(answer[name]!.hi, name).toBeGreaterThan(answer[name]!.lo);
  }
});

describe("what was seen to fail", () => {
  test("a count, of this cluster or another", async () => {
    const { record } = failureFacts({ failures: "12/30d/1024" }, 4096, 8);
    expect(record).toMatchObject({ numDevices: 1024, days: 30 });
    expect(Object.values(record!.counts).reduce((a, b) => a + b, 0)).toBeCloseTo(12, 9);
    expect(() => failureFacts({ failures: "0/3d" }, 64, 8)).toThrow(/a count above 0/);
  });
  test("causes by their names in people's own lists", async () => {
    const path = file(
      "causes.json",
      JSON.stringify({ gpus: 1024, run_days: 30, causes: { "GPU Xid 79": 5, "IB link": 2, OOM: 1, Fan: 1 } }),
    );
    const { record } = failureFacts({ observed: path }, 4096, 8);
    expect(record!.counts).toEqual({ accelerator: 5, network: 2, other: 1, host: 1 });
  });
  test("a log of days: the rate at its end, and its trend", async () => {
    const path = file("days.txt", "0.5\n1\n2\n4\n8\n16\n30\n");
    const { record, observed } = failureFacts({ failureDays: path }, 4096, 8);
    expect(observed!.exponent.median).toBeLessThan(1);
    expect(observed!.days).toBe(30);
    const perDay = Object.values(record!.counts).reduce((a, b) => a + b, 0) / record!.days;
    expect(perDay).toBeCloseTo((observed!.exponent.median * 6) / 30, 9);
  });
  test("one at a time", async () => {
    expect(() => failureFacts({ failures: "1/3d", observed: "x" }, 64, 8)).toThrow(/2 records of failures/);
  });
});

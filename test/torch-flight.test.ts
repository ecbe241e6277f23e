/**
 * @file Real ranks of gloo that stand still, and what `longrun flight` makes of their dumps. One seed of each
 * kind of fault; LONGRUN_TORCH_SEEDS=10 takes ten.
 */

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FlightFindings } from "../src/audit/flight/divergence.ts";
import { expectRefusal, longrun } from "./support/processes.ts";
import { describeTorch } from "./support/torch.ts";

const numSeeds = Number(process.env.LONGRUN_TORCH_SEEDS ?? 1);
const RANKS = join(import.meta.dirname, "fixtures", "flight", "gloo_faults.py");

/** What gloo_faults.py has done. */
type Planted = { readonly rank: number; readonly group: string; readonly number: number };

describeTorch("flight", (python) => {
  const base = mkdtempSync(join(tmpdir(), "longrun-flight-"));
  afterAll(() => rmSync(base, { recursive: true }));
  beforeAll(
    async () => {
      await promisify(execFile)(python, [RANKS, base, String(numSeeds)]);
    },
    120_000 * numSeeds + 120_000,
  );

  const planted = (name: string): Planted =>
    JSON.parse(readFileSync(join(base, name, "expected.json"), "utf8"));
  const found = async (name: string): Promise<FlightFindings> => {
    const { stdout, stderr } = await longrun("flight", join(base, name), "--json");
    expect(stderr).toBe("");
    return JSON.parse(stdout);
  };

  for (const seed of Array.from({ length: numSeeds }, (_, i) => i + 1)) {
    test(`names the rank that hangs, and the call that it did not come to (seed ${seed})`, async () => {
      const name = `hang-${seed}`;
      const { rank, group, number } = planted(name);
      const { verdict } = await found(name);
      expect(verdict).toMatchObject({ kind: "behind", group, ranks: [rank], number, call: { number } });
    });

    test(`names the rank that has left out a call, and the call (seed ${seed})`, async () => {
      const name = `missing-call-${seed}`;
      const { rank, group, number } = planted(name);
      const { verdict } = await found(name);
      switch (verdict.kind) {
        case "differs":
          expect(verdict).toMatchObject({ group, number });
          expect(verdict.sides[0]!.ranks).toEqual([rank]);
          break;
        case "behind":
          expect(verdict.ranks).toEqual([rank]);
          expect(verdict.slip?.call.number ?? verdict.number).toBe(number);
          break;
        case "crossed":
          // It has come to the next call of another group.
          expect(verdict.waits).toContainEqual(expect.objectContaining({ group, number, waitsFor: rank }));
          break;
        default:
          expect(verdict.kind).toBe("differs");
      }
    });

    test(`names the rank that calls with another size (seed ${seed})`, async () => {
      const name = `wrong-size-${seed}`;
      const { rank, group, number } = planted(name);
      const { verdict } = await found(name);
      // Gloo ends the process whose buffer is too small: an absent dump is evidence, too.
      if (verdict.kind === "absent") expect(verdict.ranks).toEqual([rank]);
      else {
        expect(verdict).toMatchObject({ kind: "differs", group, number });
        expect(verdict.kind === "differs" && verdict.sides.map(({ ranks }) => ranks)).toContainEqual([rank]);
      }
    });

    test(`names the groups that a rank calls in another order (seed ${seed})`, async () => {
      const name = `crossed-groups-${seed}`;
      const { rank } = planted(name);
      const { verdict } = await found(name);
      expect(verdict.kind).toBe("crossed");
      expect(verdict.kind === "crossed" && verdict.waits[0]!.ranks).toEqual([rank]);
    });
  }

  test("dumps of one rank twice, and files that are none, are refused; a file without a rank is no dump", async () => {
    const folder = join(base, "hang-1");
    const [dump] = readdirSync(folder).filter((name) => name.startsWith("dump_"));
    const copy = join(base, `copy_${dump!.slice(5)}`);
    writeFileSync(copy, readFileSync(join(folder, dump!)));
    expectRefusal(await longrun("flight", folder, copy), /two dumps of rank/, /leave one of them out/);
    writeFileSync(copy, "no dump");
    expectRefusal(await longrun("flight", copy), /is no dump of a flight recorder/, /write it again/);
    writeFileSync(copy, Buffer.from("gAJjcG9zaXgKc3lzdGVtCnEALg==", "base64"));
    expectRefusal(await longrun("flight", copy), /with code: it names posix\.system/, /do not unpickle it/);
    expectRefusal(await longrun("flight", join(folder, "expected.json")), /no rank in the name/, /rename it/);
  });
});

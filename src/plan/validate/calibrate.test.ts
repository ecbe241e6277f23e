import { expect, test } from "vitest";
import { CONSTANTS } from "../constants.ts";
import { errorsLeftOut } from "./calibrate.ts";
import { idealSeconds, medianUtilisation } from "./published-run.ts";
import { publishedTable } from "./read-runs.ts";

const { runs } = publishedTable();
const timed = runs.filter(({ stepSeconds }) => stepSeconds !== null);

test("utilisation is what the source prints, where it counts as we do", () => {
  // MosaicML prints 41.25 % with attention in full; half of it is 12 s h / (6 N + 12 s h) of the FLOPs less:
  // 1.2 % here.
  const first = runs.find(({ rowId }) => rowId === "1")!;
  const ours = idealSeconds(first) / first.stepSeconds!;
  expect(ours).toBeLessThan(0.4125);
  expect(ours).toBeGreaterThan(0.4125 * 0.97);
});

test("the median utilisation of runs; null without a time", () => {
  const [a, b, c] = timed as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
  const at = (run: typeof a, share: number) => ({ ...run, stepSeconds: idealSeconds(run) / share });
  expect(medianUtilisation([at(a, 0.2), at(b, 0.3), at(c, 0.5)])).toBeCloseTo(0.3, 12);
  expect(medianUtilisation([{ ...a, stepSeconds: null }])).toBeNull();
});

test("recipes are left out whole, each once", () => {
  const some = timed.slice(0, 12).map((run, index) => ({ ...run, recipe: `r${index % 7}` }));
  const learnt: string[][] = [];
  const errors = errorsLeftOut(some, (learned) => {
    learnt.push([...new Set(learned.map(({ recipe }) => recipe))]);
    return CONSTANTS;
  });
  expect(errors!.rows).toBe(12);
  expect(learnt).toHaveLength(5);
  const left = learnt.flatMap((each) =>
    ["r0", "r1", "r2", "r3", "r4", "r5", "r6"].filter((r) => !each.includes(r)),
  );
  expect(left.sort()).toEqual(["r0", "r1", "r2", "r3", "r4", "r5", "r6"]);
  expect(errorsLeftOut(some.slice(0, 1), () => CONSTANTS)).toBeNull();
});

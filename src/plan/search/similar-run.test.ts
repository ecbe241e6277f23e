import { expect, test } from "vitest";
import { parseCluster } from "../hardware/cluster.ts";
import { publishedTable } from "../validate/read-runs.ts";
import { differences, mostSimilar, type RunTraits } from "./similar-run.ts";

const runs = publishedTable().runs.filter(({ stepSeconds }) => stepSeconds !== null);

test("a run is most like itself, and differs in nothing", () => {
  for (const run of runs.filter((_, index) => index % 97 === 0)) {
    expect(differences(run, run)).toEqual([]);
    expect(differences(mostSimilar(run, runs)!, run)).toEqual([]);
  }
});

test("distances are symmetric, and the heaviest difference comes first", () => {
  const [a, b] = [runs[0]!, runs.at(-1)!];
  const total = (list: ReturnType<typeof differences>) =>
    list.reduce((sum, { distance }) => sum + distance, 0);
  expect(total(differences(a, b))).toBeCloseTo(total(differences(b, a)), 9);
  const distances = differences(a, b).map(({ distance }) => distance);
  expect(distances).toEqual(distances.toSorted((first, second) => second - first));
});

test("twice the devices is a smaller step than another accelerator", () => {
  const base: RunTraits = { ...runs[0]!, cluster: parseCluster("h100:64") };
  const doubled = { ...base, cluster: parseCluster("h100:128") };
  const other = { ...base, cluster: parseCluster("b200:64") };
  expect(mostSimilar(base, [other, doubled])).toBe(doubled);
  expect(mostSimilar(base, [])).toBeNull();
});

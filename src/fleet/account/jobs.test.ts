import { expect, test } from "vitest";
import { type Draft, recordOf } from "../../record/fixture.ts";
import { jobsIn, placesOfEvents } from "./jobs.ts";

const job = (name: string, restarts: number, nodes: readonly string[]): Draft => ({
  run: null,
  kind: "job-started",
  data: { job: name, cluster: "c", restarts, nodes },
});
const start = (attempt: number, places: readonly string[]): Draft => ({
  run: "r",
  kind: "run-started",
  data: { attempt, fromStep: 0, exact: true, numThreads: 1, spec: null, places, numSpares: 1 },
});
const incident = (what: string, evidence: object): Draft => ({
  run: "r",
  kind: "incident",
  data: { what, evidence, severity: "warning" },
});
const left: Draft = { run: null, kind: "job-ended", data: { how: "time limit", reason: "why" } };

/** A job that was queued again, whose second start loses a node and its own; then a launch without Slurm. */
const events = [
  [job("7", 0, ["a", "b", "c"]), start(1, ["a/0", "a/1", "b/0"]), left],
  [
    job("7", 1, ["b", "c", "d"]),
    start(2, ["b/0", "b/1", "c/0"]),
    incident("a place failed", { place: "b/1", what: "no word" }),
    start(3, ["d/0", "d/1", "c/0"]),
    incident("slow", { rank: { rank: 2, place: "c/0" }, stepSeconds: 3 }),
  ],
  [incident("diverged", {}), start(4, [])],
].flatMap((launch, i) => recordOf(launch).map((event) => ({ ...event, launch: i + 1 })));

test("tells each start of a job with its attempts, its end, and the nodes that it lost", () => {
  expect(jobsIn(events)).toMatchObject([
    { job: "7", restarts: 0, end: { how: "time limit" }, attempts: [{ attempt: 1 }], lost: [] },
    {
      job: "7",
      restarts: 1,
      end: null,
      attempts: [
        { attempt: 2, places: ["b/0", "b/1", "c/0"] },
        { attempt: 3, places: ["d/0", "d/1", "c/0"] },
      ],
      lost: [{ node: "b", why: "no word" }],
    },
  ]);
});

test("tells of each event its job, the attempt of its run, and the node that it is about", () => {
  const places = placesOfEvents(events).map(({ job, attempt, nodes }) => [job, attempt, nodes.join()]);
  expect(places).toEqual([
    ["7", null, ""],
    ["7", 1, "a,b"],
    ["7", null, ""],
    ["7", null, ""],
    ["7", 2, "b,c"],
    ["7", 2, "b"],
    ["7", 3, "d,c"],
    ["7", 3, "c"],
    [null, 3, "d,c"],
    [null, 4, ""],
  ]);
});

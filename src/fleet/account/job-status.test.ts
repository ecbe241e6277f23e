import { expect, test } from "vitest";
import { jobsOf } from "../slurm/queue.ts";
import { jobStatus } from "./job-status.ts";
import type { CarriedJob } from "./jobs.ts";

const attempt = (number: number, places: readonly string[], isUnderWay: boolean) => ({
  run: "r",
  attempt: number,
  places,
  isUnderWay,
});
const first: CarriedJob = {
  job: "7",
  cluster: "c",
  restarts: 0,
  nodes: ["a", "b"],
  startedAt: "2026-01-01T00:00:00.000Z",
  end: { how: "time limit", reason: "in run r", at: "2026-01-01T01:00:00.000Z" },
  attempts: [attempt(1, ["a/0", "a/1"], false)],
  lost: [],
};
const second: CarriedJob = {
  ...first,
  restarts: 1,
  nodes: ["a", "b", "c"],
  end: null,
  attempts: [attempt(2, ["a/0", "a/1", "b/0"], false), attempt(3, ["c/0", "c/1", "b/0"], true)],
  lost: [{ node: "a", why: "no word", incident: 9 }],
};

/** As Slurm 22.05 prints it, but for fields that are not read. */
const printed = (jobs: readonly object[]) =>
  JSON.stringify({
    meta: {},
    errors: [],
    jobs: jobs.map((job) => ({
      job_id: 7,
      job_state: "RUNNING",
      state_reason: "None",
      restart_cnt: 1,
      start_time: 1_767_225_601,
      command: "/runs/x/slurm.sh node longrun.js run",
      ...job,
    })),
  });
const told = (...jobs: readonly object[]) => ({
  jobs: jobsOf(printed(jobs), "/runs/x", ["7"]),
  silence: null,
});

test("tells of each start of a job how it ended, and of the nodes of the one that runs what they do", () => {
  expect(jobStatus([first, second], told({}))).toMatchObject({
    jobs: [
      { job: "7", state: "ended", why: "time limit: in run r", attempts: [{ attempt: 1 }] },
      { job: "7", state: "running", nodes: ["a", "b", "c"], attempts: [{ attempt: 2 }, { attempt: 3 }] },
    ],
    nodes: [
      { node: "a", does: "lost", ranks: [], why: "no word" },
      { node: "b", does: "trains", ranks: [{ run: "r", attempt: 3, rank: 2 }] },
      { node: "c", does: "trains", ranks: [{ rank: 0 }, { rank: 1 }] },
    ],
    slurmIsSilent: null,
  });
  const spares = { ...second, attempts: [attempt(2, ["a/0"], true)], lost: [] };
  expect(jobStatus([spares], told({})).nodes.map(({ does }) => does)).toEqual(["trains", "spare", "spare"]);
});

test("tells of what waits why, and when Slurm expects it to begin", () => {
  const waiting = { job_id: 8, job_state: "PENDING", state_reason: "Resources", restart_cnt: 0 };
  const { jobs } = jobStatus([second], told({}, waiting, { ...waiting, job_id: 9, start_time: 0 }));
  expect(jobs.slice(1)).toEqual([
    {
      job: "8",
      state: "waiting",
      why: "Resources",
      begins: "2026-01-01T00:00:01.000Z",
      nodes: [],
      attempts: [],
    },
    { job: "9", state: "waiting", why: "Resources", begins: null, nodes: [], attempts: [] },
  ]);
  const requeued = jobStatus([first], told({ job_state: "PENDING", state_reason: "BeginTime" }));
  expect(requeued.jobs.map(({ state }) => state)).toEqual(["ended", "waiting"]);
  expect(requeued.nodes).toEqual([]);
});

test("tells of a job that ended without a word what Slurm says; of one that it does not know, nothing", () => {
  const ended = (...jobs: readonly object[]) => jobStatus([second], told(...jobs)).jobs[0];
  expect(ended({ job_state: "NODE_FAIL" })).toMatchObject({
    state: "ended",
    why: "without a word; Slurm says NODE_FAIL",
  });
  expect(ended()).toMatchObject({ state: "ended", why: "without a word" });
  expect(jobStatus([], told({ job_state: "FAILED" })).jobs).toMatchObject([
    { job: "7", state: "ended", why: "Slurm says FAILED; see slurm-7.log" },
  ]);
  const unheard = { jobs: null, silence: "no squeue on this machine" };
  const silent = jobStatus([second], unheard);
  expect(silent).toMatchObject({
    jobs: [{ state: "unknown" }],
    nodes: [{ does: "lost" }, { does: "trains" }, { does: "trains" }],
    slurmIsSilent: "no squeue on this machine",
    mayHaveMore: true,
  });
  // The first was to be queued again.
  expect(jobStatus([first], unheard).mayHaveMore).toBe(true);
  expect(jobStatus([], unheard).mayHaveMore).toBe(true);
  const done = { ...second, end: { how: "finished", reason: "", at: second.startedAt } } as const;
  expect(jobStatus([done], unheard).mayHaveMore).toBe(false);
  expect(jobStatus([second], told({})).mayHaveMore).toBe(false);
});

test("knows jobs of a folder by their script, and reads the form of later versions", () => {
  const later = {
    job_state: ["PENDING", "REQUEUED"],
    start_time: { set: false, infinite: false, number: 0 },
  };
  const other = { command: "/runs/x/slurm.sh.old a", job_id: 3 };
  expect(jobsOf(printed([later, other]), "/runs/x", [])).toEqual([
    {
      job: "7",
      state: "PENDING",
      reason: null,
      restarts: 1,
      beginsAt: null,
    },
  ]);
  expect(jobsOf(printed([other]), "/runs/x", ["3"])).toHaveLength(1);
});

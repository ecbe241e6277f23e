import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { mungeSocketIn } from "./configuration.ts";
import { type SlurmFacts, slurmChecks } from "./slurm-checks.ts";

const SETTINGS = `Configuration data as of 2026-12-01T04:50:18
AuthInfo                = socket=/run/munge/munge.socket.2,cred_expire=5
SchedulerParameters     = batch_sched_delay=0,bf_interval=1,max_rpc_cnt=9
SlurmctldHost[0]        = head(10.0.0.1)
SlurmdTimeout           = 20 sec
SLURM_VERSION           = 22.05.8
`;
const well: SlurmFacts = {
  programs: ["sbatch", "srun"].map((name) => ({ name, isThere: true })),
  configuration: { answer: { path: "/etc/slurm/slurm.conf", mungeSocket: "/run/munge/munge.socket.2" } },
  mungeSilence: null,
  settings: { answer: SETTINGS },
};
const amiss = (facts: Partial<SlurmFacts>) =>
  slurmChecks({ ...well, ...facts })
    .filter(({ status }) => status !== "ok")
    .map(({ name, status, found }) => [name, status, found]);

test("finds nothing amiss where all of it answers and nothing waits for long", () => {
  const checks = slurmChecks(well);
  expect(amiss({})).toEqual([]);
  expect(checks.map(({ remedy }) => remedy)).toEqual(checks.map(() => null));
  expect(checks.find(({ name }) => name === "controller")?.found).toBe("head(10.0.0.1), Slurm 22.05.8");
});

test("names the settings that keep a run waiting that is queued again, by default too", () => {
  const slow = SETTINGS.replace("cred_expire=5", "ttl=9").replace("bf_interval=1,", "bf_interval=60,");
  expect(amiss({ settings: { answer: slow.replace("20 sec", "300 sec") } })).toEqual([
    ["cred_expire", "warn", "2 min 00 s"],
    ["bf_interval", "warn", "1 min 00 s"],
    ["SlurmdTimeout", "warn", "5 min 00 s"],
  ]);
  const [check] = slurmChecks({ ...well, settings: { answer: slow } }).filter(
    ({ remedy }) => remedy !== null,
  );
  expect(check).toMatchObject({
    expected: "30.0 s at most",
    remedy:
      "a job that is queued again is held until its credential has expired; ask whoever runs the cluster for " +
      "AuthInfo=cred_expire=30 in slurm.conf",
  });
});

test("names what is missing, and asks for nothing that needs it", () => {
  expect(amiss({ programs: [{ name: "srun", isThere: false }] })).toEqual([["Slurm", "missing", "no srun"]]);
  expect(amiss({ mungeSilence: "ECONNREFUSED", settings: null })).toEqual([
    ["munge", "missing", "/run/munge/munge.socket.2: ECONNREFUSED"],
  ]);
  const refused = new UserError("found", "expected", "remedy");
  expect(amiss({ settings: { refused } })).toEqual([["controller", "missing", "found"]]);
  expect(amiss({ configuration: { refused }, settings: null })).toEqual([["slurm.conf", "missing", "found"]]);
});

test("the socket of munge is that of slurm.conf, whatever the case of its keys; none where others are used", () => {
  expect(mungeSocketIn("authinfo = cred_expire=5,socket=/a/b,ttl=3\n")).toBe("/a/b");
  expect(mungeSocketIn("#AuthInfo=socket=/a\nAuthInfo=ttl=3\n")).toBe("/run/munge/munge.socket.2");
  expect(mungeSocketIn("AuthType=auth/slurm\n")).toBe(null);
});

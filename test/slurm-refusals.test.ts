/** @file What a run on Slurm is refused for: each time what was found, what Slurm said, and what to do. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { writeRun } from "./support/campaigns.ts";
import { describeSlurm, type LoginNode, PROGRAM } from "./support/login-node.ts";

/** Slurm's own number of an unknown quality of service; a real one takes a database. */
const ESLURM_INVALID_QOS = 2066;
const SUBMIT_SCRIPT = `
function slurm_job_submit(job, partitions, user)
  if job.qos == "gold" then return ${ESLURM_INVALID_QOS} end
  return slurm.SUCCESS
end
function slurm_job_modify(job, record, partitions, user) return slurm.SUCCESS end
`;

const refusals = (login: LoginNode) => {
  const { longrunIn, queue, ended } = login;
  let runFile: string;
  beforeAll(() => {
    runFile = writeRun(login.base);
  });

  type Environment = Readonly<Record<string, string>>;
  const train = (folder: string, options: readonly string[], environment: Environment = {}) =>
    longrunIn(environment, "run", runFile, "--folder", folder, "--threads", "1", ...options);
  /** What it says. */
  const refused = (options: readonly string[], environment?: Environment) => {
    const { status, stderr } = train(join(login.base, "refused"), options, environment);
    expect(queue()).toBe("");
    expect(status, stderr).toBe(2);
    return stderr;
  };
  const onSlurm = ["--on", "slurm"];
  /** The cluster's configuration with something else in it. */
  const changed = (what: RegExp, by: string) => {
    const text = readFileSync(login.cluster.environment.SLURM_CONF!, "utf8");
    expect(text).toMatch(what);
    const path = join(login.base, "changed.conf");
    writeFileSync(path, text.replace(what, by));
    return { SLURM_CONF: path };
  };

  test("names what Slurm will never take", () => {
    expect(refused([...onSlurm, "--sbatch=--partition=gold"])).toMatch(
      /^found: sbatch: .*invalid partition.*\nexpected: a partition of the cluster\nremedy: .*sinfo -s/,
    );
    expect(refused([...onSlurm, "--spares", "9"])).toMatch(
      /^found: sbatch: .*configuration is not available\nexpected: no more nodes/,
    );
    expect(refused([...onSlurm, "--sbatch=--qos=gold"])).toMatch(
      /^found: sbatch: .*Invalid qos specification\nexpected: an account and a quality of service .*\nremedy: .*--qos=NAME/,
    );
    for (const option of ["/bin/true", "", "--array=1-2"])
      expect(refused([...onSlurm, `--sbatch=${option}`])).toMatch(
        /^found: --sbatch ".*"\nexpected: an option of sbatch/,
      );
    expect(refused([...onSlurm, "--sbatch=--test-only"])).toMatch(/^found: sbatch has queued nothing, and/);
    expect(refused([...onSlurm, "--nodes", "2"])).toMatch(/^found: 1 rank on 2 nodes\n/);
    expect(refused(["--nodes", "2"])).toMatch(/^found: --nodes.* without --on/);
  });

  test("names the configuration that cannot be read, the socket of munge and a name that is not resolved", () => {
    expect(refused(onSlurm, { SLURM_CONF: join(login.base, "no.conf") })).toMatch(
      /^found: SLURM_CONF is .*no\.conf, which cannot be read \(ENOENT\)\n/,
    );
    const socket = join(login.base, "munge.socket");
    expect(refused(onSlurm, changed(/socket=[^,]+/, `socket=${socket}`))).toMatch(
      new RegExp(`^found: munge does not answer at ${socket} \\(ENOENT\\), its socket by .*changed\\.conf\n`),
    );
    expect(refused(onSlurm, changed(/SlurmctldHost=.*/, "SlurmctldHost=nowhere.invalid"))).toMatch(
      /^found: sbatch: .*Unable to resolve "nowhere\.invalid".*\nexpected: names of machines that are resolved/,
    );
  });

  test("names a munge that does not answer before nodes are asked for", () => {
    const environment = changed(/socket=[^,]+/, "socket=/nowhere/munge.socket");
    const { status, stdout } = longrunIn(environment, "fleet", "check", ...onSlurm, "--json");
    const { slurm, checks } = JSON.parse(stdout);
    expect(slurm.at(-1)).toMatchObject({
      ...{ name: "munge", status: "missing", found: "/nowhere/munge.socket: ENOENT" },
    });
    expect([status, checks]).toEqual([1, []]);
  });

  test("gives up its job when it is interrupted before it has nodes", async () => {
    const words = ["fleet", "check", ...onSlurm, "--sbatch=--begin=now+1hour"];
    const child = spawn(process.execPath, [PROGRAM, ...words], { env: login.cluster.environment });
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said += data.toString();
    });
    while (!said.includes("waits for its nodes (BeginTime)")) await sleep(20);
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("exit", resolve)), said).toBe(130);
    expect(queue()).toBe("");
  });

  /** What the job of a run on two nodes says when it has ended. */
  async function saidOn(nodes: string, folder: string, environment?: Environment) {
    const options = ["--spares", "1", ...onSlurm, `--sbatch=--nodelist=${nodes}`];
    const { status, stderr } = train(folder, options, environment);
    expect(status, stderr).toBe(0);
    await ended();
    const log = readdirSync(folder).find((name) => name.startsWith("slurm-"))!;
    return readFileSync(join(folder, log), "utf8");
  }

  /** The clock of n2 is an hour ahead. */
  const shifted = (): Environment => {
    const shift = join(login.base, "shift");
    writeFileSync(shift, "3600000");
    const preload = join(import.meta.dirname, "fixtures", "shifted-node.ts");
    return { NODE_OPTIONS: `--import=${preload}`, SHIFTED_NODE: "n2", LONGRUN_CLOCK_SHIFT: shift };
  };

  test("names nodes whose clocks are apart", async () => {
    expect(await saidOn("n1,n2", join(login.base, "clocks"), shifted())).toMatch(
      /found: the clock of n2 is [\d hmins]+ ahead of that of n1\nexpected: clocks that are at most 5\S* s apart/,
    );
  });

  /** What `fleet check` finds amiss on nodes, without the all-reduce. */
  async function failedOn(nodes: string, folder: string) {
    const words = ["fleet", "check", ...onSlurm, "--json", "--folder", folder, "--python", "none"];
    const where = ["--nodes", String(nodes.split(",").length), `--sbatch=--nodelist=${nodes}`];
    const { status, stdout, stderr } = longrunIn(shifted(), ...words, ...where);
    expect(status, stderr).toBe(1);
    await ended();
    const { slurm, checks } = JSON.parse(stdout) as {
      readonly slurm: readonly { readonly status: string }[];
      readonly checks: readonly {
        readonly place: string;
        readonly name: string;
        readonly verdict: string;
      }[];
    };
    expect(slurm.every((each) => each.status === "ok")).toBe(true);
    expect(checks.filter(({ name }) => name === "disk").map(({ place }) => place)).toEqual(["n1", "n2"]);
    return checks.filter(({ verdict }) => verdict === "failed").map(({ place, name }) => [place, name]);
  }

  const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;
  const why = mayMount ? "" : " (skipped: a mount of a node's own takes root)";
  test.skipIf(!mayMount)(`names the node that does not see the folder${why}`, async () => {
    const folder = join(login.base, "unshared");
    mkdirSync(folder);
    login.cluster.losePower("n4");
    const hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', folder];
    login.cluster.startNode("n4", hidden);
    await login.cluster.idle(["n4"]);
    expect(await saidOn("n1,n4", folder)).toMatch(
      /found: what is written to .*unshared on \S+ is not seen on n4\nexpected: a folder on a disk that all nodes share/,
    );
    expect(existsSync(join(folder, "nodes", "n4"))).toBe(false);
    expect(await failedOn("n1,n2,n4", folder)).toEqual([
      ["n4", "folder"],
      ["n2", "clock"],
    ]);
  });
};

describeSlurm("a refusal on Slurm", refusals, { submitScript: SUBMIT_SCRIPT });

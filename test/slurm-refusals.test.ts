/** @file What a run on Slurm is refused for: each time what was found, what Slurm said, and what to do. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeRun, writeTexts } from "./support/campaigns.ts";
import { SlurmCluster, slurmIsMissing } from "./support/slurm.ts";

const PROGRAM = join(import.meta.dirname, "..", "bin", "longrun.js");
const missing = slurmIsMissing();
/** Slurm's own number of an unknown quality of service; a real one takes a database. */
const ESLURM_INVALID_QOS = 2066;
const SUBMIT_SCRIPT = `
function slurm_job_submit(job, partitions, user)
  if job.qos == "gold" then return ${ESLURM_INVALID_QOS} end
  return slurm.SUCCESS
end
function slurm_job_modify(job, record, partitions, user) return slurm.SUCCESS end
`;

describe.skipIf(missing !== null)(
  `a refusal on Slurm${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let cluster: SlurmCluster;
    let base: string;
    let runFile: string;
    beforeAll(async () => {
      cluster = await SlurmCluster.start(SUBMIT_SCRIPT);
      base = mkdtempSync(join(cluster.folder, "work-"));
      writeTexts(base);
      runFile = writeRun(base);
    });
    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
    });

    const submit = (options: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
      const words = ["run", runFile, "--folder", join(base, "refused"), "--threads", "1", ...options];
      const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], {
        env: { ...cluster.environment, ...environment },
        encoding: "utf8",
      });
      expect(cluster.command("squeue", "-h")).toBe("");
      expect(status, stderr).toBe(2);
      return stderr;
    };
    const onSlurm = ["--on", "slurm"];
    /** The cluster's configuration with something else in it. */
    const changed = (what: RegExp, by: string) => {
      const text = readFileSync(cluster.environment.SLURM_CONF!, "utf8");
      expect(text).toMatch(what);
      const path = join(base, "changed.conf");
      writeFileSync(path, text.replace(what, by));
      return { SLURM_CONF: path };
    };

    test("names what Slurm will never take", () => {
      expect(submit([...onSlurm, "--sbatch=--partition=gold"])).toMatch(
        /^found: sbatch: .*invalid partition.*\nexpected: a partition of the cluster\nremedy: .*sinfo -s/,
      );
      expect(submit([...onSlurm, "--spares", "9"])).toMatch(
        /^found: sbatch: .*configuration is not available\nexpected: no more nodes/,
      );
      expect(submit([...onSlurm, "--sbatch=--qos=gold"])).toMatch(
        /^found: sbatch: .*Invalid qos specification\nexpected: an account and a quality of service .*\nremedy: .*--qos=NAME/,
      );
      expect(submit([...onSlurm, "--nodes", "2"])).toMatch(/^found: 1 rank on 2 nodes\n/);
      expect(submit(["--nodes", "2"])).toMatch(/^found: --nodes.* without --on/);
    });

    test("names the configuration that cannot be read, the socket of munge and a name that is not resolved", () => {
      expect(submit(onSlurm, { SLURM_CONF: join(base, "no.conf") })).toMatch(
        /^found: SLURM_CONF is .*no\.conf, which cannot be read \(ENOENT\)\n/,
      );
      const socket = join(base, "munge.socket");
      expect(submit(onSlurm, changed(/socket=[^,]+/, `socket=${socket}`))).toMatch(
        new RegExp(
          `^found: munge does not answer at ${socket} \\(ENOENT\\), its socket by .*changed\\.conf\n`,
        ),
      );
      expect(submit(onSlurm, changed(/SlurmctldHost=.*/, "SlurmctldHost=nowhere.invalid"))).toMatch(
        /^found: sbatch: .*Unable to resolve "nowhere\.invalid".*\nexpected: names of machines that are resolved/,
      );
    });

    /** What the job of a run on two nodes says when it has ended. */
    async function saidOn(nodes: string, folder: string, environment: Readonly<Record<string, string>> = {}) {
      const words = ["run", runFile, "--folder", folder, "--threads", "1", "--spares", "1", ...onSlurm];
      const { status, stderr } = spawnSync(
        process.execPath,
        [PROGRAM, ...words, `--sbatch=--nodelist=${nodes}`],
        {
          env: { ...cluster.environment, ...environment },
          encoding: "utf8",
        },
      );
      expect(status, stderr).toBe(0);
      while (cluster.command("squeue", "-h") !== "") await sleep(100);
      const log = readdirSync(folder).find((name) => name.startsWith("slurm-"))!;
      return readFileSync(join(folder, log), "utf8");
    }

    test("names nodes whose clocks are apart", async () => {
      const shift = join(base, "shift");
      writeFileSync(shift, "3600000");
      const preload = join(import.meta.dirname, "fixtures", "shifted-node.ts");
      const environment = {
        NODE_OPTIONS: `--import=${preload}`,
        SHIFTED_NODE: "n2",
        LONGRUN_CLOCK_SHIFT: shift,
      };
      expect(await saidOn("n1,n2", join(base, "clocks"), environment)).toMatch(
        /found: the clock of n2 is [\d hmins]+ ahead of that of n1\nexpected: clocks that are at most 5\S* s apart/,
      );
    });

    const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;
    const why = mayMount ? "" : " (skipped: a mount of a node's own takes root)";
    test.skipIf(!mayMount)(`names the node that does not see the folder${why}`, async () => {
      const folder = join(base, "unshared");
      mkdirSync(folder);
      cluster.losePower("n4");
      const hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', folder];
      cluster.startNode("n4", hidden);
      await cluster.idle(["n4"]);
      expect(await saidOn("n1,n4", folder)).toMatch(
        /found: what is written to .*unshared on \S+ is not seen on n4\nexpected: a folder on a disk that all nodes share/,
      );
      expect(existsSync(join(folder, "nodes", "n4"))).toBe(false);
    });
  },
);

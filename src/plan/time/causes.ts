/** @file Why runs stop: causes, what they are counted by, records of how often, published or own. */

import { z } from "zod";
import { parseJsonAs } from "../../input-file.ts";
import { formatWhole } from "../../units/print.ts";

/** What a cause's rate is counted by, accelerators or hosts: with four on a host, twice the hosts fail. */
export type Exposure = "device" | "node";

export const CAUSES = ["accelerator", "silent corruption", "host", "network", "software", "other"] as const;

/** The causes of failures. */
export type CauseName = (typeof CAUSES)[number];

/** What a cause is, whoever counted it. */
export type FailureCause = {
  readonly exposure: Exposure;
  /** Whether the node goes to repair, so that a spare has to take its place. */
  readonly removesNode: boolean;
  /** Whose burn-in raises it: see burn-in.ts. */
  readonly ages: "hardware" | "software";
};

// Exposure of network and software: no published count separates links and lines of code from devices.
// Assumption: they grow with devices.
export const CAUSE: Readonly<Record<CauseName, FailureCause>> = {
  accelerator: { exposure: "device", removesNode: true, ages: "hardware" },
  "silent corruption": { exposure: "device", removesNode: true, ages: "hardware" },
  host: { exposure: "node", removesNode: true, ages: "hardware" },
  network: { exposure: "device", removesNode: true, ages: "hardware" },
  software: { exposure: "device", removesNode: false, ages: "software" },
  other: { exposure: "device", removesNode: true, ages: "hardware" },
};

/** Interruptions counted somewhere. */
export type FailureRecord = {
  readonly source: string;
  readonly numDevices: number;
  readonly devicesPerNode: number;
  readonly days: number;
  readonly counts: Readonly<Partial<Record<CauseName, number>>>;
  /** Planned stops a day: maintenance, new settings. Null: not counted. */
  readonly plannedPerDay: number | null;
};

const LLAMA_3_PLANNED_PER_DAY = 47 / 54;

/**
 * The Llama 3 Herd of Models (arXiv 2407.21783), table 5: 419 unexpected and 47 planned interruptions in 54
 * days on 16,384 H100. The counts are used, not the printed shares: 148 faulty GPUs of 419 are 35.3 %, the
 * paper prints 30.1 %.
 */
export const LLAMA_3: FailureRecord = {
  source: "Llama 3 405B, 419 interruptions in 54 days on 16,384 H100 (arXiv 2407.21783, table 5)",
  numDevices: 16_384,
  devicesPerNode: 8,
  days: 54,
  counts: {
    // Faulty GPU 148, HBM3 72, SRAM 19, system processor 17, thermal interface and sensor 6.
    accelerator: 262,
    "silent corruption": 6,
    // Host maintenance 32, SSD 3, power supply 3, chassis 2, IO board 2, CPU 2, system memory 2.
    host: 46,
    // Switch or cable 35, NIC 7, NCCL watchdog timeouts 7.
    network: 49,
    // Software bug 54, dependency 2.
    software: 56,
  },
  plannedPerDay: LLAMA_3_PLANNED_PER_DAY,
};

/**
 * How far clusters differ from one another: standard deviation of the log of device-hours per failure over
 * Llama 3 (50,700), StepFun's trace (584 faults on 400 nodes in 349 days, taken as 8 devices each: 45,900),
 * Meta's research clusters (29,500 as projected for 16,384 devices, 8,100 for 1,024; arXiv 2410.21680) and
 * OPT-175B (992 A100, 56 days, about 105 restarts: 12,700); the last three are not checked against the
 * papers. All others failed more often than Llama 3's, the only one counted by cause.
 */
export const CLUSTERS_LOG_SD = 0.8;

const fileSchema = z.looseObject({
  gpus: z.number().positive(),
  run_days: z.number().positive(),
  gpus_per_node: z.int().positive().optional(),
  planned: z.number().nonnegative().optional(),
  causes: z.record(z.string(), z.number().nonnegative()),
  source: z.string().optional(),
});

/** Words by which a cause is known in people's own lists; the first that matches counts. */
const WORDS: readonly (readonly [RegExp, CauseName])[] = [
  [/silent|sdc|corruption/i, "silent corruption"],
  [/nccl|watchdog|switch|cable|\bnic\b|network|link|infiniband|\broce|rnic/i, "network"],
  [/gpu|hbm|sram|xid|accelerator|tpu|nvlink|thermal/i, "accelerator"],
  [/software|bug|depend|crash|config|kernel panic|file system|driver/i, "software"],
  [/host|node|ssd|disk|power|chassis|board|cpu|memory|fan|server|maintenance/i, "host"],
];

const EXPECTED =
  'JSON such as {"gpus": 1024, "run_days": 30, "causes": {"GPU": 9, "network": 3, "software": 4}}';

/** A record of one's own: JSON with gpus, run_days, counts by cause. Unknown causes count as "other". */
export function readFailureRecord(text: string, source: string, devicesPerNode: number): FailureRecord {
  const remedy = "correct the file and give the same command again";
  const read = parseJsonAs(fileSchema, text, source, EXPECTED, remedy);
  const { gpus, run_days, gpus_per_node, planned, causes } = read;
  const counts: Partial<Record<CauseName, number>> = {};
  for (const [name, count] of Object.entries(causes)) {
    const cause = WORDS.find(([words]) => words.test(name))?.[1] ?? "other";
    counts[cause] = (counts[cause] ?? 0) + count;
  }
  return {
    source: read.source ?? source,
    numDevices: gpus,
    devicesPerNode: gpus_per_node ?? devicesPerNode,
    days: run_days,
    counts,
    plannedPerDay: planned === undefined ? null : planned / run_days,
  };
}

/** So many interruptions of unknown cause on so many devices: shared out as Llama 3's were. */
export function recordOfTotal(
  failures: number,
  days: number,
  numDevices: number,
  devicesPerNode: number,
): FailureRecord {
  const total = totalOf(LLAMA_3);
  const counts = Object.fromEntries(
    Object.entries(LLAMA_3.counts).map(([name, count]) => [name, (failures * count) / total]),
  );
  return {
    source:
      `${failures} interruptions in ${days} days on ${formatWhole(numDevices)} devices, causes ` +
      "in Llama 3's shares",
    numDevices,
    devicesPerNode,
    days,
    counts,
    plannedPerDay: null,
  };
}

/**
 * Planned stops a day where nobody has counted them: none below one node; else Llama 3's in proportion to the
 * devices, which have the maintenance, and at most those, for a stop serves all. An assumption.
 */
export function plannedStopsPerDay(numDevices: number, devicesPerNode: number): number {
  if (numDevices < devicesPerNode) return 0;
  return LLAMA_3_PLANNED_PER_DAY * Math.min(1, numDevices / LLAMA_3.numDevices);
}

/** All interruptions that were not planned. */
export function totalOf({ counts }: FailureRecord): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Units of exposure of one cause in a cluster: devices or nodes. */
export function exposureOf(cause: CauseName, numDevices: number, devicesPerNode: number): number {
  return CAUSE[cause].exposure === "device" ? numDevices : Math.ceil(numDevices / devicesPerNode);
}

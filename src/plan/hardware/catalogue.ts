/** @file The accelerators that the planner knows by name, each number with its source. */

import { UserError } from "../../errors.ts";
import { perhaps } from "../../math/edit-distance.ts";
import type { Accelerator } from "./accelerator.ts";

const TERA = 1e12;
const GIGA = 1e9;
const GIB = 2 ** 30;

/**
 * The largest matrix product found by search, stas00/ml-engineering, "Maximum Achievable Matmul FLOPS". Rates
 * that it lacks are assumed equal to those of the nearest relative, and `source` says so.
 */
const MAMF = "reachable: stas00/ml-engineering MAMF table";

/** What most modules of eight have in common. */
const GPU = {
  kind: "gpu",
  exponentialsPerClock: 16,
  domainSize: 8,
  devicesPerNode: 8,
  networkBandwidth: 50 * GIGA,
} as const;

const A100: Accelerator = {
  ...GPU,
  name: "a100",
  label: "A100-80GB",
  peakFlops: { bf16: 312 * TERA, fp32: 156 * TERA },
  reachable: { bf16: 0.869, fp32: 0.85 },
  legacyRate: 1,
  memoryBytes: 80 * GIB,
  memoryBandwidth: 2039 * GIGA,
  numUnits: 108,
  domainBandwidth: 300 * GIGA,
  networkBandwidth: 25 * GIGA,
  deviceWatts: 400,
  nodeWattsPerDevice: 600,
  source:
    `NVIDIA A100 datasheet (2021); fp32 is TF32; ${MAMF}; 200 Gb/s per GPU and 600 W share: assumptions ` +
    "after DGX A100",
};

const H100: Accelerator = {
  ...GPU,
  name: "h100",
  label: "H100-80GB",
  peakFlops: { fp8: 1979 * TERA, bf16: 989.5 * TERA, fp32: 494 * TERA },
  reachable: { fp8: 0.709, bf16: 0.803, fp32: 0.8 },
  // mma.sync against wgmma, arXiv 2402.13499; assumed the same on Blackwell.
  legacyRate: 0.62,
  memoryBytes: 80 * GIB,
  memoryBandwidth: 3350 * GIGA,
  numUnits: 132,
  domainBandwidth: 450 * GIGA,
  deviceWatts: 700,
  nodeWattsPerDevice: 856,
  source:
    `NVIDIA H100 SXM datasheet (2023); ${MAMF}; 856 W all in: MLPerf Training v4.0 power logs, GPT-3 on ` +
    "64 nodes",
};

const B200: Accelerator = {
  ...GPU,
  name: "b200",
  label: "B200",
  peakFlops: { fp4: 9000 * TERA, fp8: 4500 * TERA, bf16: 2250 * TERA, fp32: 1100 * TERA },
  reachable: { fp4: 0.65, fp8: 0.763, bf16: 0.776, fp32: 0.75 },
  legacyRate: H100.legacyRate,
  memoryBytes: 180 * GIGA,
  memoryBandwidth: 7700 * GIGA,
  numUnits: 148,
  domainBandwidth: 900 * GIGA,
  deviceWatts: 1000,
  nodeWattsPerDevice: 1200,
  source:
    `NVIDIA DGX B200 datasheet (2024), dense rates; ${MAMF}, fp4 assumed; 1200 W: MLPerf power logs of ` +
    "8xB200 nodes",
};

const GB200: Accelerator = {
  ...B200,
  name: "gb200",
  label: "GB200",
  peakFlops: { fp4: 10000 * TERA, fp8: 5000 * TERA, bf16: 2500 * TERA, fp32: 1250 * TERA },
  reachable: { fp4: 0.62, fp8: 0.72, bf16: 0.729, fp32: 0.72 },
  memoryBytes: 186 * GIGA,
  memoryBandwidth: 8000 * GIGA,
  domainSize: 72,
  devicesPerNode: 4,
  deviceWatts: 1200,
  nodeWattsPerDevice: 1700,
  source:
    `NVIDIA GB200 NVL72 datasheet (2024), dense rates per GPU; ${MAMF}, fp8 and fp4 assumed; 1700 W: ` +
    "about 120 kW a rack of 72",
};

const MI300X: Accelerator = {
  ...GPU,
  name: "mi300x",
  label: "MI300X",
  peakFlops: { fp8: 2615 * TERA, bf16: 1307 * TERA, fp32: 653 * TERA },
  reachable: { fp8: 0.45, bf16: 0.514, fp32: 0.5 },
  legacyRate: 1,
  memoryBytes: 192 * GIGA,
  memoryBandwidth: 5300 * GIGA,
  numUnits: 304,
  domainBandwidth: 448 * GIGA,
  deviceWatts: 750,
  nodeWattsPerDevice: 950,
  source: `AMD MI300X datasheet (2023), dense rates; ${MAMF}, fp8 assumed; 950 W share assumed`,
};

/**
 * Links: all of a chip's links together, one direction: half of what Google's pages call bidirectional (600,
 * 400, 1200, 800 GB/s). Reachable: such that fully sharded training with full recomputation, assumed for want
 * of a stated layout, runs as in Google's tpu-recipes.
 */
const TPUS = [
  // bf16 TFLOP/s, reachable, memory in GiB, its GB/s, cores, GB/s of links and network, watts, chips of a pod
  ["tpu-v4", "TPU-v4", 275, 0.9, 32, 1228, 2, 300, 6.25, 170, 4096],
  ["tpu-v5e", "TPU-v5e", 197, 0.9, 16, 819, 1, 200, 3.125, 200, 256],
  ["tpu-v5p", "TPU-v5p", 459, 0.9, 95, 2765, 2, 600, 6.25, 350, 8960],
  ["trillium", "TPU-trillium", 918, 0.62, 32, 1640, 1, 400, 12.5, 300, 256],
] as const;

function tpuOf(row: (typeof TPUS)[number]): Accelerator {
  const [name, label, teraFlops, part, gib, bandwidth, cores, link, network, watts, pod] = row;
  return {
    name,
    label,
    kind: "tpu",
    peakFlops: { bf16: teraFlops * TERA, fp32: (teraFlops * TERA) / 6 },
    reachable: { bf16: part, fp32: part },
    legacyRate: 1,
    memoryBytes: gib * GIB,
    memoryBandwidth: bandwidth * GIGA,
    numUnits: cores,
    // One lane of the 8 x 128 of a core's vector unit each (assumption).
    exponentialsPerClock: 1024,
    domainSize: pod,
    domainBandwidth: link * GIGA,
    devicesPerNode: 4,
    networkBandwidth: network * GIGA,
    deviceWatts: watts,
    nodeWattsPerDevice: watts * 1.5,
    source:
      "Google Cloud TPU system pages (2025): rates, memory, cores, links, network between pods (v4's " +
      "assumed as v5p's); reachable after tpu-recipes (v4, v5e assumed as v5p); exponentials and watts " +
      "assumed",
  };
}

export const CATALOGUE: readonly Accelerator[] = [
  { ...A100, name: "a100-40", label: "A100-40GB", memoryBytes: 40 * GIB, memoryBandwidth: 1555 * GIGA },
  A100,
  H100,
  {
    ...H100,
    name: "h800",
    label: "H800-80GB",
    domainBandwidth: 200 * GIGA,
    source:
      'H100 SXM with NVLink cut to 400 GB/s, both directions together (DeepSeek-V3\'s "160 GB/s" ' +
      "reached, arXiv 2412.19437, section 3.2.2); all else as H100",
  },
  {
    ...H100,
    name: "h100-500w",
    label: "H100-96GB, 500 W",
    reachable: { fp8: 0.6, bf16: 0.68, fp32: 0.68 },
    memoryBytes: 96 * GIGA,
    memoryBandwidth: 2400 * GIGA,
    deviceWatts: 500,
    nodeWattsPerDevice: 650,
    source:
      "torchtitan's benchmarks: H100 with 96 GB of HBM2e at 2.4 TB/s, limited to 500 W; reachable " +
      "assumed: H100's less 15 %, clocks following a root of the power; 650 W share assumed",
  },
  {
    ...H100,
    name: "h200",
    label: "H200",
    memoryBytes: 141 * GIGA,
    memoryBandwidth: 4800 * GIGA,
    nodeWattsPerDevice: 870,
    source: "NVIDIA H200 datasheet (2024); reachable as H100; 870 W share: assumption after H100",
  },
  B200,
  GB200,
  {
    ...B200,
    name: "b300",
    label: "B300",
    peakFlops: { ...B200.peakFlops, fp4: 13500 * TERA },
    reachable: { ...B200.reachable, fp4: 0.6 },
    memoryBytes: 270 * GIGA,
    exponentialsPerClock: 32,
    networkBandwidth: 100 * GIGA,
    deviceWatts: 1100,
    nodeWattsPerDevice: 1400,
    source:
      "NVIDIA HGX B300 datasheet (2025), dense rates; reachable as B200, fp4 assumed; 1400 W share assumed",
  },
  {
    ...GB200,
    name: "gb300",
    label: "GB300",
    peakFlops: { ...GB200.peakFlops, fp4: 15000 * TERA },
    reachable: { fp4: 0.65, fp8: 0.84, bf16: 0.85, fp32: 0.84 },
    memoryBytes: 279 * GIGA,
    exponentialsPerClock: 32,
    networkBandwidth: 100 * GIGA,
    deviceWatts: 1400,
    nodeWattsPerDevice: 1950,
    source:
      "NVIDIA GB300 NVL72 datasheet (2025), dense rates per GPU; reachable assumed: GB200's scaled with " +
      "the power limit, 1400 / 1200; twice the exponentials of GB200; 1950 W: about 140 kW a rack of 72",
  },
  MI300X,
  {
    ...MI300X,
    name: "mi355x",
    label: "MI355X",
    peakFlops: { fp4: 10066 * TERA, fp8: 5033 * TERA, bf16: 2517 * TERA, fp32: 1250 * TERA },
    reachable: { fp4: 0.55, fp8: 0.6, bf16: 0.62, fp32: 0.6 },
    memoryBytes: 288 * GIGA,
    memoryBandwidth: 8000 * GIGA,
    numUnits: 256,
    domainBandwidth: 537 * GIGA,
    deviceWatts: 1400,
    nodeWattsPerDevice: 1700,
    source: `AMD MI355X datasheet (2025), dense rates; ${MAMF} for bf16, others and 1700 W share assumed`,
  },
  ...TPUS.map(tpuOf),
];

/** Spellings found in tables and on command lines. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["a100-80gb", "a100"],
  ["a100-80", "a100"],
  ["a100-sxm4-80gb", "a100"],
  ["a100-40gb", "a100-40"],
  ["a100-sxm4-40gb", "a100-40"],
  ["h100-80gb", "h100"],
  ["h100-sxm", "h100"],
  ["h100-96gb", "h100-500w"],
  ["tpu-trillium", "trillium"],
  ["tpu-v6e", "trillium"],
  ["v6e", "trillium"],
  ["v5e", "tpu-v5e"],
  ["v5p", "tpu-v5p"],
  ["v4", "tpu-v4"],
]);

/** Cards named like a module of the catalogue that are another chip, by datasheet. "NVL72" is no card. */
const CARDS: readonly { readonly spelt: RegExp; readonly differs: string }[] = [
  {
    spelt: /^a100.*pcie/,
    differs:
      "the A100 PCIe card has 300 W, 1.56 (40 GB) or 1.94 TB/s (80 GB), and NVLink between two cards only",
  },
  {
    spelt: /^h[18]00.*pcie/,
    differs:
      "the H100 PCIe card has 114 units, 756 TFLOP/s in bf16, 350 W, 2.0 TB/s, and NVLink between two " +
      "cards only",
  },
  {
    spelt: /^h100.*nvl(?!\d)/,
    differs:
      "the H100 NVL card has 94 GB at 3.9 TB/s, 835 TFLOP/s in bf16, 400 W, and NVLink between two " +
      "cards only",
  },
  {
    spelt: /^h200.*(pcie|nvl(?!\d))/,
    differs: "the H200 NVL card has 835 TFLOP/s in bf16, 600 W, and NVLink between two or four cards only",
  },
];

function spelling(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/^nvidia[- ]/, "");
}

/** Memory sizes as printed differ from what is usable by up to so much: 192 of 180 GB, 288 of 270. */
const SIZE_TOLERANCE = 0.07;

/** Whether a spelling names no memory size, or this accelerator's, in GB or GiB. */
function sizeAgrees(key: string, { memoryBytes }: Accelerator): boolean {
  const size = Number(/(\d+) ?g(i?b)?\b/.exec(key)?.[1] ?? 0);
  if (size === 0) return true;
  return [GIGA, GIB].some((unit) => Math.abs((size * unit) / memoryBytes - 1) <= SIZE_TOLERANCE);
}

/** The accelerator of that name or spelling, the user's own first; null if there is none. */
export function findAccelerator(name: string, more: readonly Accelerator[] = []): Accelerator | null {
  const key = spelling(name);
  const own = more.find((each) => each.name === key);
  if (own) return own;
  if (CARDS.some(({ spelt }) => spelt.test(key))) return null;
  if (/^a100\b.*\b40 ?g/.test(key)) return CATALOGUE.find((each) => each.name === "a100-40")!;
  const wanted = ALIASES.get(key) ?? (/^h100.*(500 ?w|96 ?gb)/.test(key) ? "h100-500w" : key);
  const known = [...more, ...CATALOGUE];
  return (
    known.find((each) => each.name === wanted) ??
    // "h100-sxm5-80gb", "b200 (hgx)": what follows a known name and is no letter or digit does not change the
    // chip; another size does.
    known.find(
      (each) =>
        wanted.startsWith(each.name) &&
        /^[^a-z0-9]/.test(wanted.slice(each.name.length)) &&
        sizeAgrees(wanted.slice(each.name.length), each),
    ) ??
    null
  );
}

/** The accelerator of that name, or the mistake put into words with the nearest names. */
export function accelerator(name: string, more: readonly Accelerator[] = []): Accelerator {
  const found = findAccelerator(name, more);
  if (found) return found;
  const card = CARDS.find(({ spelt }) => spelt.test(spelling(name)));
  if (card)
    throw new UserError(
      `accelerator "${name}"`,
      `an SXM module or another of the catalogue: ${card.differs}`,
      "describe yours in a JSON file (--hardware FILE), domainSize and domainBandwidth included",
    );
  const known = [...more, ...CATALOGUE].map((each) => each.name);
  const close = perhaps(name.trim().toLowerCase(), known);
  throw new UserError(
    `accelerator "${name}"`,
    `one of ${known.join(", ")}`,
    close
      ? `${close}; or describe yours in a JSON file (--hardware FILE)`
      : "choose one, or describe yours in a JSON file (--hardware FILE)",
  );
}

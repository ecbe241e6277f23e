/**
 * @file What the planner knows of one accelerator: peak rates, memory, links, power; plain data in SI units.
 */

/** Number formats of matrix products. The two 8-bit recipes differ in their scales, not in the peak. */
export const PRECISIONS = ["fp32", "bf16", "fp8", "mxfp8", "nvfp4"] as const;

/** The number format of a run. */
export type Precision = (typeof PRECISIONS)[number];

/** The width that the hardware has a rate for: bf16 stands for fp16 as well, fp8 for mxfp8. */
export type Width = "fp32" | "bf16" | "fp8" | "fp4";

/** A device: its rates, its memory, its links. */
export type Accelerator = {
  /** Short name in lower case, as given on the command line. */
  readonly name: string;
  readonly label: string;
  readonly kind: "gpu" | "tpu" | "cpu";
  /** Dense matrix-product FLOP/s by width; a width that is missing runs at the next wider one. */
  readonly peakFlops: Readonly<Partial<Record<Width, number>>>;
  /** Part of the peak that a large matrix product reaches, by width, measured. */
  readonly reachable: Readonly<Partial<Record<Width, number>>>;
  /**
   * Part of the bf16 rate that kernels written for the generation before reach: flash attention 2 on Hopper.
   */
  readonly legacyRate: number;
  readonly memoryBytes: number;
  /** Bytes per second. */
  readonly memoryBandwidth: number;
  /** Streaming multiprocessors, compute units or cores: what tiles of a matrix product are dealt to. */
  readonly numUnits: number;
  /** Exponentials per clock of one unit: what bounds softmax. */
  readonly exponentialsPerClock: number;
  /** Devices that share one fast fabric (NVLink, Infinity Fabric, ICI). */
  readonly domainSize: number;
  /** Bytes per second and direction of one device inside the domain. */
  readonly domainBandwidth: number;
  /** Devices on one host, for counting nodes and failures. */
  readonly devicesPerNode: number;
  /** Bytes per second and direction of one device to the outside, unless the cluster says otherwise. */
  readonly networkBandwidth: number;
  /** The device's own power limit. */
  readonly deviceWatts: number;
  /** Its share of the whole node, switches and cooling of the hall not counted. */
  readonly nodeWattsPerDevice: number;
  /** Where the numbers come from. */
  readonly source: string;
};

/** The rate of the widest format that is not narrower than asked for. */
export function peakFlopsOf(accelerator: Accelerator, precision: Precision): number {
  return accelerator.peakFlops[widthOn(accelerator, precision)] ?? 0;
}

/** The width that a precision really runs at: formats that the device lacks run at the next wider one. */
export function widthOn({ peakFlops }: Accelerator, precision: Precision): Width {
  for (const width of WIDTHS[precision]) if (peakFlops[width]) return width;
  return "fp32";
}

/** The width wanted and the wider ones, in rising order. */
const WIDTHS: Readonly<Record<Precision, readonly Width[]>> = {
  fp32: ["fp32"],
  bf16: ["bf16", "fp32"],
  fp8: ["fp8", "bf16", "fp32"],
  mxfp8: ["fp8", "bf16", "fp32"],
  nvfp4: ["fp4", "fp8", "bf16", "fp32"],
};

/** @file The time of a step by rule of thumb, and the network that hides its gradients. */

import { certain, type Interval, scaledBy } from "../../math/interval.ts";
import { formatBytes, formatCount, formatFlops, formatSeconds, significant } from "../../units/print.ts";
import { USUAL_MFU } from "../usual.ts";
import type { EstimateFacts, EstimateLine } from "./facts.ts";

/** 6 N D over what the devices reach. */
export function timeLines(facts: EstimateFacts) {
  const { parameters, batchSequences, sequence, numDevices, peakFlopsPerDevice, deviceName } = facts;
  const tokens = batchSequences * sequence;
  const flops = 6 * parameters * tokens;
  const mfu = facts.mfu ?? USUAL_MFU;
  const atPeak = flops / (numDevices * peakFlopsPerDevice);
  const computeSeconds = { median: atPeak / mfu.median, lo: atPeak / mfu.hi, hi: atPeak / mfu.lo };
  const lines: EstimateLine[] = [
    {
      id: "tokens",
      name: "tokens of a step",
      group: "time",
      unit: "count",
      formula: `${formatCount(batchSequences)} x ${formatCount(sequence)}`,
      value: certain(tokens),
    },
    {
      id: "flops",
      name: "work of a step",
      group: "time",
      unit: "FLOP",
      formula: `6 N D = 6 x ${formatCount(parameters)} x ${formatCount(tokens)}`,
      value: certain(flops),
    },
    {
      id: "stepSeconds",
      name: "time of a step",
      group: "time",
      unit: "s",
      formula: `${formatFlops(flops)} / (${formatCount(numDevices)} ${deviceName} x ${formatFlops(peakFlopsPerDevice)}/s x MFU ${significant(mfu.median, 2)})`,
      value: computeSeconds,
    },
  ];
  return { lines, computeSeconds };
}

/**
 * Gradients in bf16 around a ring: each device sends and receives 2 (n - 1) / n of them; two thirds of the
 * work is backward.
 */
export function communicationLines(facts: EstimateFacts, computeSeconds: Interval) {
  const { parameters, numDevices, networkBandwidth } = facts;
  const volume = ((2 * (numDevices - 1)) / numDevices) * 2 * parameters;
  const backward = scaledBy(computeSeconds, 2 / 3);
  const needed = { median: volume / backward.median, lo: volume / backward.hi, hi: volume / backward.lo };
  const seconds = volume / networkBandwidth;
  const n = formatCount(numDevices);
  const lines: EstimateLine[] = [
    {
      id: "allReduceBytes",
      name: "gradient all-reduce, sent by each device",
      group: "communication",
      unit: "bytes",
      formula: `2 (n - 1) / n x 2 bytes x N = 2 x ${formatCount(numDevices - 1)} / ${n} x 2 bytes x ${formatCount(parameters)}`,
      value: certain(volume),
    },
    {
      id: "allReduceSeconds",
      name: "time for it on the network",
      group: "communication",
      unit: "s",
      formula: `${formatBytes(volume)} / ${formatBytes(networkBandwidth)}/s`,
      value: certain(seconds),
    },
    {
      id: "backwardSeconds",
      name: "backward pass to hide it behind",
      group: "communication",
      unit: "s",
      formula: `2 / 3 of ${formatSeconds(computeSeconds.median)}`,
      value: backward,
    },
    {
      id: "bandwidthToHide",
      name: "bandwidth to hide it",
      group: "communication",
      unit: "bytes/s",
      formula: `${formatBytes(volume)} / ${formatSeconds(backward.median)}`,
      value: needed,
    },
  ];
  return { lines, verdict: hidingVerdict(needed, networkBandwidth, numDevices) };
}

function hidingVerdict(needed: Interval, has: number, numDevices: number): string {
  if (numDevices === 1) return "One device: no gradients to exchange.";
  const text = `${formatBytes(needed.median)}/s needed (90 % interval ${formatBytes(needed.lo)}/s to ${formatBytes(needed.hi)}/s), ${formatBytes(has)}/s there`;
  if (needed.hi <= has) return `Data-parallel gradients hide behind the backward pass: ${text}.`;
  if (needed.lo > has) {
    return `Data-parallel gradients do not hide behind the backward pass: ${text}. A larger batch, fewer replicas of a tensor-parallel group, or more network would.`;
  }
  return `Whether data-parallel gradients hide behind the backward pass depends on the MFU: ${text}.`;
}
